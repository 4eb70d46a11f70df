using System.Text;
using Deployments.Web.Feeds;

namespace Deployments.Tests.Feeds;

/// <summary>Visual Studio does not run here: its requests are replayed.</summary>
public sealed class VsixFeedTests : FeedTypeContract, IDisposable
{
    readonly TemporaryTree place = new();

    protected override IFeedType Type { get; } = new VsixFeed();

    protected override IReadOnlyList<Download> Downloads =>
    [
        new("download/Acme.Tool/1.2.0.4", "", "Acme.Tool", "1.2.0.4"),
        new("download/acme%20tool/1", "", "acme tool", "1"),
    ];

    protected override IReadOnlyList<string> NotDownloads =>
    [
        "", "download", "download/acme", "download/acme/latest", "download/acme/1.0/x", "image/acme/1.0",
        "download/acme%2fx/1.0", "download/%2e%2e%2fx/1.0", "download/acme%5cx/1.0", "Download/acme/1.0",
        "download/асme/1.0", "download/acme/1.0.0.0.0", "acme.vsix",
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Equal =>
    [
        (new("", "Acme.Tool", "1.0"), new("", "acme.tool", "1.0")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Different =>
    [
        (new("", "acme", "1.0"), new("", "acme", "1.0.0")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, string)> Purls =>
    [
        (new("", "Acme Tool", "1.0"), "pkg:vsix/Acme%20Tool@1.0"),
    ];

    public void Dispose() => place.Dispose();

    [Fact]
    public async Task An_uploaded_extension_is_in_the_gallery()
    {
        Assert.Null(await AskAsync(""));
        Assert.Equal(201, await StatusAsync("", "POST", Extension("Acme.Tool", "1.2")));
        Assert.Equal(409, await StatusAsync("", "PUT", Extension("acme.tool", "1.2")));

        var gallery = Encoding.UTF8.GetString(Assert.IsType<LocalAnswer.Document>(await AskAsync("")).Content);
        Assert.Contains($"src=\"{Given.FeedUrl}download/Acme.Tool/1.2\"", gallery, StringComparison.Ordinal);
        Assert.Contains("&lt;b&gt;", gallery, StringComparison.Ordinal);
        Assert.IsType<LocalAnswer.File>(await AskAsync("download/ACME.Tool/1.2"));
        Assert.Equal(404, await StatusAsync("download/Acme.Tool/1.3"));
        Assert.Null(await AskAsync("download/Other/1.3"));
        Assert.Equal(204, await StatusAsync("download/Acme.Tool/1.2", "DELETE"));
        Assert.Null(await AskAsync("download/Acme.Tool/1.2"));
    }

    [Theory]
    [InlineData("../evil", "1.0")]
    [InlineData("acme", "latest")]
    [InlineData("acme", "")]
    public async Task An_extension_without_proper_names_is_refused(string id, string version) =>
        Assert.Equal(400, await StatusAsync("", "PUT", Extension(id, version)));

    [Fact]
    public async Task What_is_no_extension_is_refused()
    {
        Assert.Equal(400, await StatusAsync("", "PUT", Given.Bytes("x")));
        Assert.Equal(400, await StatusAsync("", "PUT", Given.Zip(("a.txt", Given.Bytes("x")))));
        Assert.Equal(400, await StatusAsync("", "PUT", Given.Zip(("extension.vsixmanifest",
            Given.Bytes("<!DOCTYPE x [<!ENTITY a 'b'>]><x/>")))));
        Assert.Equal(400, await StatusAsync("a/b", "PUT", Extension("acme", "1.0")));
    }

    [Fact]
    public void An_upstreams_gallery_is_led_through_the_feed()
    {
        var context = new RewriteContext(Given.Request(""), new Uri("https://up.test/g.xml"), url => $"SEALED({url})");
        var gallery = Uri.UnescapeDataString(Encoding.UTF8.GetString(Type.Rewrite(Given.Bytes(
            """
            <feed xmlns="http://www.w3.org/2005/Atom"><entry><id>x</id><link rel="icon" href="https://img.test/i.png"/>
              <content src="files/tool.vsix"/>
              <Vsix xmlns="http://schemas.microsoft.com/developer/vsx-syndication-schema/2010">
                <Id>Acme.Tool</Id><Version>1.2</Version></Vsix></entry></feed>
            """), context)));
        Assert.Contains("~SEALED(https://up.test/files/tool.vsix)/download/Acme.Tool/1.2\"", gallery,
            StringComparison.Ordinal);
        Assert.DoesNotContain("\"https://img.test", gallery, StringComparison.Ordinal);
        Assert.Throws<FormatException>(() => Type.Rewrite(Given.Bytes("{}"), context));
    }

    static byte[] Extension(string id, string version) => Given.Zip(("extension.vsixmanifest", Given.Bytes(
        $"""
        <PackageManifest xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011"><Metadata>
          <Identity Id="{id}" Version="{version}" Publisher="Ada"/><DisplayName>&lt;b&gt;</DisplayName>
        </Metadata></PackageManifest>
        """)));

    ValueTask<LocalAnswer?> AskAsync(string path, string method = "GET", byte[]? body = null) =>
        Type.AnswerAsync(Given.Request(path, method, body), place.Tree, CancellationToken.None);

    async Task<int> StatusAsync(string path, string method = "GET", byte[]? body = null) =>
        Assert.IsType<LocalAnswer.Status>(await AskAsync(path, method, body)).Code;
}
