using System.Text;
using Deployments.Web.Feeds;

namespace Deployments.Tests.Feeds;

/// <summary>The client is not packaged for Debian: its requests are replayed.</summary>
public sealed class ConanFeedTests : FeedTypeContract, IDisposable
{
    const string Recipe = "v2/conans/zlib/1.3/_/_/revisions/abc";
    const string Package = Recipe + "/packages/p1/revisions/r1/files/";

    readonly TemporaryTree place = new();

    protected override IFeedType Type { get; } = new ConanFeed();

    protected override IReadOnlyList<Download> Downloads =>
    [
        new(Package + "conan_package.tgz", "", "zlib", "1.3", "pkgid=p1&prev=r1&rrev=abc"),
        new("v2/conans/app/2024.1/acme/stable/revisions/a/packages/b/revisions/c/files/conan_package.tgz", "", "app",
            "2024.1", "channel=stable&pkgid=b&prev=c&rrev=a&user=acme"),
        new("v2/conans/zlіb/1/_/_/revisions/a/packages/b/revisions/c/files/conan_package.tgz", "",
            "v2/conans/zlіb/1/_/_/revisions/a/packages/b/revisions/c/files/conan_package.tgz", "", "unresolved=path"),
    ];

    protected override IReadOnlyList<string> NotDownloads =>
    [
        "", "v1/ping", "v2/users/authenticate", "v2/conans/search?q=zlib", "v2/conans/zlib/1.3/_/_/latest",
        Recipe + "/files/conanfile.py", Recipe + "/files/conan_export.tgz", Package + "conaninfo.txt",
        Package + "conanmanifest.txt", Recipe + "/packages/p1/latest", "v2/conans/zlib%2f1.3/_/_/x",
        Package + "%2e%2e%2fconan_package.tgz", Package + "CONAN_PACKAGE.TGZ", Package + "a%5cconan_package.tgz",
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Equal =>
    [
        (new("", "zlib", "1.3", "pkgid=1"), new("", "zlib", "1.3", "pkgid=2")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Different =>
    [
        (new("", "zlib", "1.3"), new("", "zlib", "1.3.0")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, string)> Purls =>
    [
        (new("", "openssl", "3.0.3", "channel=stable&user=bincrafters"),
            "pkg:conan/openssl@3.0.3?channel=stable&user=bincrafters"),
    ];

    public void Dispose() => place.Dispose();

    [Fact]
    public async Task An_uploaded_package_is_listed_as_the_client_asks()
    {
        Assert.Equal(201, await StatusAsync(Recipe + "/files/conanfile.py", "PUT"));
        Assert.Equal(201, await StatusAsync(Package + "conan_package.tgz", "PUT"));
        Assert.Equal(409, await StatusAsync(Package + "conan_package.tgz", "PUT"));

        Assert.StartsWith("""{"revision":"abc","time":""", await TextAsync("v2/conans/zlib/1.3/_/_/latest"),
            StringComparison.Ordinal);
        Assert.StartsWith("""{"revisions":[{"revision":"r1",""", await TextAsync(Recipe + "/packages/p1/revisions"),
            StringComparison.Ordinal);
        Assert.Equal("""{"files":{"conanfile.py":{}}}""", await TextAsync(Recipe + "/files"));
        Assert.IsType<LocalAnswer.File>(await AskAsync(Package + "conan_package.tgz"));
        Assert.Equal(404, await StatusAsync(Recipe + "/packages/none/latest"));
        Assert.Null(await AskAsync("v2/conans/other/1.3/_/_/latest"));
    }

    [Fact]
    public async Task A_key_is_its_own_token()
    {
        var basic = "Basic " + Convert.ToBase64String("api:KEY"u8);
        var request = Given.Request("v2/users/authenticate", header: name => name == "Authorization" ? basic : null);
        var token = await Type.AnswerAsync(request, place.Tree, CancellationToken.None);
        Assert.Equal("KEY", Encoding.UTF8.GetString(Assert.IsType<LocalAnswer.Document>(token).Content));
        Assert.Equal(401, await StatusAsync("v2/users/authenticate"));
        Assert.Equal(
            ("X-Conan-Server-Capabilities", "revisions"), Assert.Single((await AskAsync("v1/ping"))!.Headers));
    }

    [Theory]
    [InlineData("x.tgz")]
    [InlineData("v2/conans/zlib/1.3/_/_/x")]
    public async Task Any_other_upload_is_refused(string path) => Assert.Equal(400, await StatusAsync(path, "PUT"));

    ValueTask<LocalAnswer?> AskAsync(string path, string method = "GET") =>
        Type.AnswerAsync(Given.Request(path, method, Given.Bytes(path)), place.Tree, CancellationToken.None);

    async Task<int> StatusAsync(string path, string method = "GET") =>
        Assert.IsType<LocalAnswer.Status>(await AskAsync(path, method)).Code;

    async Task<string> TextAsync(string path) => Encoding.UTF8.GetString(
        Assert.IsType<LocalAnswer.Document>(await AskAsync(path)).Content);
}
