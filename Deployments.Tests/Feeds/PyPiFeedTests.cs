using System.Text;
using System.Text.Json;
using Deployments.Tests.Support;
using Deployments.Web.Feeds;

namespace Deployments.Tests.Feeds;

public sealed class PyPiFeedTests : StaticFeedContract
{
    const string Zope = "zope_interface-6.1-cp311-cp311-manylinux_2_17_x86_64.whl";
    const string Connector = "http://up.test/simple/";

    protected override IFeedType Type { get; } = new PyPiFeed();

    protected override string OtherVersionPath => "packages/zope-interface/6.1/zope.interface-6.1.tar.gz";

    protected override string IndexPath => "simple/zope-interface/index.html";

    protected override bool MakesIndex => true;

    protected override IReadOnlyList<Download> Downloads =>
    [
        new($"packages/zope-interface/6.1/{Zope}", "", "zope-interface", "6.1", $"file={Zope}"),
        new("packages/my-pkg-extra/1.0.post1/my-pkg-extra-1.0.post1.tar.gz", "", "my-pkg-extra", "1.0.post1",
            "file=my-pkg-extra-1.0.post1.tar.gz"),
        new("packages/my-pkg/1.0-1/my-pkg-1.0-1.zip", "", "my-pkg", "1.0-1", "file=my-pkg-1.0-1.zip"),
        new("packages/My.Pkg/1!2.0rc1/My_Pkg-1!2.0rc1.tar.gz", "", "my-pkg", "1!2.0rc1",
            "file=My_Pkg-1%212.0rc1.tar.gz"),
        new($"packages/aa/bb/{new string('c', 60)}/{Zope}", "", "zope-interface", "6.1", $"file={Zope}"),
        new("packages/aa/bb/cc/acme-1.0-1-py3-none-any.whl", "", "acme", "1.0", "file=acme-1.0-1-py3-none-any.whl"),
        new("packages/aa/acme-1.0-py2.7.egg", "", "acme", "1.0", "file=acme-1.0-py2.7.egg"),
        // The path claims another project than the file: the file is what will be installed.
        new("packages/other/1.0/acme-2.0.tar.gz", "", "acme", "2.0", "file=acme-2.0.tar.gz"),
        new("packages/aa/acme.tar.gz", "", "packages/aa/acme.tar.gz", "", "unresolved=path"),
        new("packages/aa/acme-1.0.whl", "", "packages/aa/acme-1.0.whl", "", "unresolved=path"),
        new("packages/aa/асme-1.0.tar.gz", "", "packages/aa/асme-1.0.tar.gz", "", "unresolved=path"),
    ];

    protected override IReadOnlyList<string> NotDownloads =>
    [
        "", "simple/", "simple/acme/", "simple/acme", "acme/", "pypi/acme/json",
        $"packages/zope-interface/6.1/{Zope}.metadata",
        $"packages/zope-interface/6.1/{Zope}.asc", "packages/acme/1.0/acme-1.0.tar.gz.provenance", "legacy/",
        "packages/acme-1.0", "packages", "packages%2facme%2f1.0%2facme-1.0.tar.gz", "packages/%2e%2e%2facme-1.0.tar.gz",
        "packages/a%5cacme-1.0.tar.gz", "packages/acme/1.0/acme-1.0.exe",
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Equal =>
    [
        (new("", "Zope._-Interface", "6.1"), new("", "zope-interface", "6.1")),
        (new("", "a", "v1.0-1"), new("", "a", "1.0.post1")),
        (new("", "a", "1.0-Alpha.1"), new("", "a", "1.0a1")),
        (new("", "a", "1.0.preview2.DEV03"), new("", "a", "1.0rc2.dev3")),
        (new("", "a", "1.0+ubuntu-01"), new("", "a", "1.0+ubuntu.1")),
        (new("", "a", "01.00"), new("", "a", "1.0")),
        (new("", "a", "1.0r4"), new("", "a", "1.0.post4")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Different =>
    [
        (new("", "a", "1.0"), new("", "a", "1.0.0")),
        (new("", "a", "1!1.0"), new("", "a", "1.0")),
        (new("", "a", "1.0+x"), new("", "a", "1.0")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, string)> Purls =>
    [
        (new("", "Django_x", "1.11.1", "file=x"), "pkg:pypi/django-x@1.11.1"),
        (new("", "a", "1.0+local"), "pkg:pypi/a@1.0%2Blocal"),
    ];

    [Theory]
    [InlineData("<a ")]
    [InlineData("<a \"")]
    [InlineData("<a href='x' \"")]
    [InlineData("<a href=\"x\"")]
    [InlineData("<a b")]
    [InlineData("<a href = ")]
    [InlineData("=\"'")]
    [InlineData("<a\t")]
    public async Task A_page_made_to_keep_a_reader_busy_keeps_none(string piece)
    {
        // With a million pieces, whatever looks at the rest of the page for each would take hours.
        var page = string.Concat(Enumerable.Repeat(piece, 1_000_000));

        var replaced = await Task.Run(() => HtmlAnchors.Replace(page, _ => null)).WaitAsync(Patience.Limit);

        Assert.True(replaced == page);
    }

    [Theory]
    [InlineData("<a href=\"x\">", "<a href=\"[x]\">")]
    [InlineData("<A class='y>' HREF = 'x&amp;y' rel=z>t</A>", "<A class='y>' HREF = \"[x&amp;y]\" rel=z>t</A>")]
    [InlineData("<a\nhref=\"x\"><a href=\"y\">", "<a\nhref=\"[x]\"><a href=\"[y]\">")]
    [InlineData("<a data-href=\"x\" title=\"href='y'\">", "<a data-href=\"x\" title=\"href='y'\">")]
    [InlineData("<abbr href=\"x\"><a>href=\"x\"</a>", "<abbr href=\"x\"><a>href=\"x\"</a>")]
    [InlineData("<a href=x><a href=\"x", "<a href=x><a href=\"x")]
    [InlineData("<a", "<a")]
    [InlineData("", "")]
    public void Addresses_are_found_in_anchors_and_nowhere_else(string page, string expected) =>
        Assert.Equal(expected, HtmlAnchors.Replace(page, address => $"[{address}]"));

    [Fact]
    public void Addresses_of_a_project_page_are_led_through_the_feed()
    {
        var rewritten = Uri.UnescapeDataString(Rewritten("simple/my-pkg/",
            """
            <!DOCTYPE html><html><body>
            <a href="https://files.test/aa/my-pkg-1.0.tar.gz#sha256=abc" data-requires-python="&gt;=3.8">1.0</a>
            <A class='x' HREF='../../files/my_pkg-2.0-py3-none-any.whl?a=1&amp;b=2'>x</A>
            <a data-x="a>b" href="javascript:alert(1)">no</a>
            </body></html>
            """, Connector));

        Assert.Contains(
            $"\"{Given.FeedUrl}~SEALED(https://files.test/aa/my-pkg-1.0.tar.gz)/packages/my-pkg/1.0/my-pkg-1.0.tar.gz"
            + "#sha256=abc\" data-requires-python=\"&gt;=3.8\"", rewritten, StringComparison.Ordinal);
        Assert.Contains(
            "~SEALED(http://up.test/files/my_pkg-2.0-py3-none-any.whl?a=1&amp;b=2)/packages/my-pkg/2.0/"
            + "my_pkg-2.0-py3-none-any.whl\"", rewritten, StringComparison.Ordinal);
        Assert.Contains("href=\"javascript:alert(1)\"", rewritten, StringComparison.Ordinal);
    }

    [Fact]
    public void A_project_page_in_JSON_is_led_too()
    {
        var rewritten = Rewritten("simple/acme/",
            """
            {"name":"acme",
             "files":[{"filename":"acme-1.0.zip","url":"https://files.test/acme-1.0.zip","hashes":{}}]}
            """,
            Connector);
        using var json = JsonDocument.Parse(rewritten);
        Assert.Equal(
            $"{Given.FeedUrl}~SEALED(https://files.test/acme-1.0.zip)/packages/acme/1.0/acme-1.0.zip",
            Uri.UnescapeDataString(json.RootElement.GetProperty("files")[0].GetProperty("url").GetString()!));
    }

    [Fact]
    public void The_list_of_projects_leads_to_this_feed() => Assert.Equal(
        $"<a href=\"{Given.FeedUrl}simple/acme/\">acme</a>",
        Rewritten("simple/", "<a href=\"/simple/acme/\">acme</a>", Connector));

    [Theory]
    [InlineData("http://up.test/", "simple/My_Pkg/", "http://up.test/simple/my-pkg/")]
    [InlineData("http://up.test/simple", "simple/acme", "http://up.test/simple/acme/")]
    [InlineData("http://up.test/whl/cpu/", "acme/", "http://up.test/whl/cpu/acme/")]
    [InlineData("http://up.test/simple/", "simple/", "http://up.test/simple/")]
    [InlineData("http://up.test/simple/", "pypi/acme/json", "http://up.test/pypi/acme/json")]
    public void The_index_is_where_the_connector_says(string connector, string path, string? url) =>
        Assert.Equal(url, Type.UpstreamUrl(Given.Request(path), new Uri(connector), null)?.AbsoluteUri);

    [Fact]
    public void Metadata_lies_beside_its_file() => Assert.Equal(
        "https://files.test/a.whl.metadata",
        Type.LedUrl(Given.Request("packages/a/1/a.whl.metadata"), new Uri("https://files.test/a.whl")).AbsoluteUri);

    [Fact]
    public async Task Uploaded_files_are_listed_in_both_forms()
    {
        Assert.Equal(201, await StatusAsync("My_Pkg-1.0-py3-none-any.whl", "PUT", Given.Bytes("wheel")));
        Assert.Equal(201, await FormAsync("my_pkg-1.1.tar.gz"));
        Assert.Equal(409, await FormAsync("my_pkg-1.1.tar.gz"));

        var page = await ContentAsync("simple/my.pkg/");
        var hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("wheel"u8));
        Assert.Contains(
            $"<a href=\"{Given.FeedUrl}packages/my-pkg/1.0/My_Pkg-1.0-py3-none-any.whl#sha256={hash}\">", page,
            StringComparison.Ordinal);
        Assert.Contains("my_pkg-1.1.tar.gz</a>", page, StringComparison.Ordinal);
        Assert.Contains("<a href=\"" + Given.FeedUrl + "simple/my-pkg/\">", await ContentAsync("simple/"),
            StringComparison.Ordinal);

        var request = Given.Request(
            "simple/my-pkg/", header: name => name == "Accept" ? "application/vnd.pypi.simple.v1+json" : null);
        var json = Assert.IsType<LocalAnswer.Document>(
            await Type.AnswerAsync(request, Place.Tree, CancellationToken.None));
        Assert.Equal("application/vnd.pypi.simple.v1+json", json.ContentType);
        Assert.Contains($"\"sha256\":\"{hash}\"", Encoding.UTF8.GetString(json.Content), StringComparison.Ordinal);
        Assert.Null(await AskAsync("simple/other/"));
    }

    [Theory]
    [InlineData("acme.txt")]
    [InlineData("../acme-1.0.tar.gz")]
    [InlineData("acme-1.0.exe")]
    public async Task A_file_that_is_no_package_is_refused(string file) => Assert.Equal(400, await FormAsync(file));

    [Fact]
    public async Task A_form_without_a_file_is_refused()
    {
        var request = Given.Request("legacy/", "POST", Given.Bytes("--b\r\n\r\n--b--"),
            "multipart/form-data; boundary=b");
        Assert.Equal(400, Assert.IsType<LocalAnswer.Status>(
            await Type.AnswerAsync(request, Place.Tree, CancellationToken.None)).Code);
        Assert.Equal(400, await StatusAsync("legacy/", "POST", Given.Bytes("x")));
    }

    async Task<int> FormAsync(string file)
    {
        var form = "--b\r\nContent-Disposition: form-data; name=\":action\"\r\n\r\nfile_upload\r\n"
            + $"--b\r\nContent-Disposition: form-data; name=\"content\"; filename=\"{file}\"\r\n\r\nbytes\r\n--b--\r\n";
        var request = Given.Request("legacy/", "POST", Given.Bytes(form), "multipart/form-data; boundary=b");
        return Assert.IsType<LocalAnswer.Status>(
            await Type.AnswerAsync(request, Place.Tree, CancellationToken.None)).Code;
    }
}
