using Deployments.Tests.Feeds;
using Deployments.Tests.Support;

namespace Deployments.Tests.Clients;

/// <summary>curl, as scripts use it.</summary>
public sealed class CurlTests : IAsyncLifetime, IDisposable
{
    const string Path = "upack/files/download/acme/apps/shop/1.2.0";

    readonly ClientHome home = new();
    readonly byte[] package = Given.Zip(
        ("upack.json", Given.Bytes("""{"group":"acme/apps","name":"shop","version":"1.2.0"}""")),
        ("package/a.txt", Given.Bytes("A")));

    TestApp app = null!;

    public async Task InitializeAsync()
    {
        app = await TestApp.StartAsync();
        await app.CreateFeedAsync("files", "universal");
        await home.WriteAsync("x/shop.upack", package);
    }

    public Task DisposeAsync() => app.DisposeAsync().AsTask();

    public void Dispose() => home.Dispose();

    [ClientFact("curl")]
    public async Task Uploads_a_package_and_records_its_download_as_an_Inedo_client_does()
    {
        await UploadAsync();
        var headers = await CurlAsync("-o", "copy.upack", "-D", "-", "-H", "X-ApiKey: " + TestApp.ApiKey,
            "-H", "X-ProGet-Deployment-Application: BuildMaster", "-H", "X-ProGet-Deployment-Description;",
            "-H", "X-ProGet-Deployment-Url: http://ci.example/releases/7", "-H", "X-ProGet-Deployment-Target: web-07",
            app.Url + Path);

        Assert.Equal(package, await File.ReadAllBytesAsync(home.At("x", "copy.upack")));
        Assert.Contains("X-Deployment-Status: recorded", headers, StringComparison.OrdinalIgnoreCase);
        await Recorded.DrainedAsync(app.Database);
        var record = Assert.Single(await Recorded.AllAsync(app.Database));
        Assert.Equal(("acme/apps", "shop", "1.2.0"), (record.GroupName, record.Name, record.Version));
        Assert.Equal(("BuildMaster", "", "web-07"), (record.Application, record.Description, record.Target));
        Assert.Equal("http://ci.example/releases/7", record.Url);
    }

    [ClientFact("curl")]
    public async Task May_look_with_HEAD_and_nothing_is_recorded()
    {
        await UploadAsync();
        var headers = await CurlAsync(["-I", .. Tagged, app.Url + Path]);

        Assert.StartsWith("HTTP/1.1 200", headers, StringComparison.Ordinal);
        Assert.Contains($"Content-Length: {package.Length}", headers, StringComparison.OrdinalIgnoreCase);
        await Recorded.DrainedAsync(app.Database);
        Assert.Empty(await Recorded.AllAsync(app.Database));
    }

    [ClientFact("curl")]
    public async Task Resumes_a_download_and_it_is_recorded_once()
    {
        await UploadAsync();
        var first = await CurlAsync(["-o", "part", "-w", "%{http_code}", "-r", "0-9", .. Tagged, app.Url + Path]);
        var rest = await CurlAsync(["-o", "part", "-w", "%{http_code}", "-C", "-", .. Tagged, app.Url + Path]);

        Assert.Equal(("206", "206"), (first, rest));
        Assert.Equal(package, await File.ReadAllBytesAsync(home.At("x", "part")));
        await Recorded.DrainedAsync(app.Database);
        Assert.Single(await Recorded.AllAsync(app.Database));
    }

    [ClientFact("curl")]
    public async Task Deploys_what_it_holds_already_and_that_is_recorded_too()
    {
        await UploadAsync();
        string[] download =
        [
            "-o", "copy.upack", "-w", "%{http_code}", "--etag-save", "etag", "--etag-compare", "etag", .. Tagged,
            app.Url + Path,
        ];
        var first = await CurlAsync(download);
        var second = await CurlAsync(download);

        Assert.Equal(("200", "304"), (first, second));
        await Recorded.DrainedAsync(app.Database);
        Assert.Equal(2, (await Recorded.AllAsync(app.Database)).Count);
    }

    [ClientFact("curl")]
    public async Task Is_refused_an_upload_without_a_key()
    {
        var status = await CurlAsync("-o", "answer", "-w", "%{http_code}", "--data-binary", "@shop.upack",
            $"{app.Url}upack/files/upload");

        Assert.Equal("401", status);
    }

    [ClientFact("curl")]
    public async Task Reports_a_deployment_to_the_API_in_one_line()
    {
        var answer = await CurlAsync("-f", "-H", "X-ApiKey: " + TestApp.ApiKey, "-d", "FeedName=files",
            "-d", "PackageName=acme/apps/shop", "-d", "Version=1.2.0", "-d", "Application=script",
            "-d", "Target=web-07", "--data-urlencode", "Description=Größe & more",
            $"{app.Url}api/package-deployment/");

        var record = Assert.Single(await Recorded.AllAsync(app.Database));
        Assert.Equal(("acme/apps", "shop", "Größe & more"), (record.GroupName, record.Name, record.Description));
        Assert.Contains(FormattableString.Invariant($"{record.Id}"), answer, StringComparison.Ordinal);
    }

    static string[] Tagged =>
    [
        "-H", "X-ProGet-Deployment-Application: a", "-H", "X-ProGet-Deployment-Description: d",
        "-H", "X-ProGet-Deployment-Target: t",
    ];

    async Task UploadAsync() => Assert.Equal("201", await CurlAsync("-o", "answer", "-w", "%{http_code}",
        "-H", "X-ApiKey: " + TestApp.ApiKey, "-H", "Content-Type: application/zip", "--data-binary", "@shop.upack",
        $"{app.Url}upack/files/upload"));

    Task<string> CurlAsync(params string[] arguments) => home.SucceedAsync("x", "curl", ["-sS", .. arguments]);
}
