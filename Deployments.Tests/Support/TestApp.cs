using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Deployments.Web;
using Deployments.Web.Jobs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Deployments.Tests.Support;

/// <summary>The whole program on a real Kestrel and a database of its own, in this process.</summary>
public sealed class TestApp : IAsyncDisposable
{
    /// <summary>The bootstrap API key: may do everything.</summary>
    public const string ApiKey = "test-bootstrap-key";

    /// <summary>The password of the user Admin.</summary>
    public const string AdminPassword = "correct horse battery";

    readonly bool ownsDatabase;

    TestApp(WebApplication app, TestDatabase database, bool ownsDatabase, string dataDirectory)
    {
        this.ownsDatabase = ownsDatabase;
        App = app;
        Database = database;
        DataDirectory = dataDirectory;
        var features = app.Services.GetRequiredService<IServer>().Features;
        Url = new Uri(features.Get<IServerAddressesFeature>()!.Addresses.First());
        Client = NewClient();
        Admin = NewClient();
        Admin.DefaultRequestHeaders.Add("X-ApiKey", ApiKey);
    }

    public WebApplication App { get; }

    public TestDatabase Database { get; }

    public string DataDirectory { get; }

    public Uri Url { get; }

    /// <summary>An anonymous client that keeps no cookies and follows no redirects.</summary>
    public HttpClient Client { get; }

    /// <summary>A client with the bootstrap key.</summary>
    public HttpClient Admin { get; }

    /// <param name="database">A database to share with another node; null for one of its own.</param>
    /// <param name="settings">Further settings as <c>Key=value</c>, with colons between sections.</param>
    public static async Task<TestApp> StartAsync(TestDatabase? database = null, params string[] settings)
    {
        var ownsDatabase = database is null;
        // What only the first start does is there already, unless it is to be done in another way.
        database ??= settings.Any(setting => setting.StartsWith("Deployments:Bootstrap:", StringComparison.Ordinal))
            ? await TestDatabase.CreateAsync()
            : await TestDatabase.CreateStartedAsync();
        var dataDirectory = Directory.CreateTempSubdirectory("deployments-test-").FullName;
        var app = await Program.BuildAsync([
            "--urls=http://127.0.0.1:0",
            "--ConnectionStrings:Deployments=" + database.ConnectionString,
            "--Deployments:DataDirectory=" + dataDirectory,
            "--Deployments:Bootstrap:ApiKey=" + ApiKey,
            "--Deployments:Bootstrap:AdminPassword=" + AdminPassword,
            "--Logging:LogLevel:Default=Warning",
            OpenPages.Argument,
            .. settings.Select(setting => "--" + setting)]);
        await app.StartAsync();
        return new TestApp(app, database, ownsDatabase, dataDirectory);
    }

    public HttpClient NewClient() =>
        new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = Url };

    /// <summary>
    /// Makes a feed, with a connector of the same name where an upstream is given, through the management API.
    /// </summary>
    public async Task CreateFeedAsync(string name, string type, Uri? upstream = null)
    {
        var connectors = upstream is null ? [] : new[] { name };
        if (upstream is not null)
            await PostAsync("/api/management/connectors/create", new { name, feedType = type, url = upstream });
        await PostAsync("/api/management/feeds/create", new { name, feedType = type, connectors });
    }

    /// <summary>Imports an advisory in the OSV format.</summary>
    public Task ImportAdvisoryAsync(JsonNode advisory) => PostAsync("/api/vulnerabilities/import", advisory);

    async Task PostAsync(string path, object body)
    {
        using var answer = await Admin.PostAsJsonAsync(path, body);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Ends what runs in the background, for tests that do its work themselves.</summary>
    public async Task StopJobsAsync()
    {
        foreach (var service in App.Services.GetServices<Microsoft.Extensions.Hosting.IHostedService>()
            .Where(service => service is JobServer or InboxAlarm))
            await service.StopAsync(CancellationToken.None);
    }

    public T Service<T>() where T : notnull => App.Services.GetRequiredService<T>();

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        Admin.Dispose();
        await App.StopAsync();
        await App.DisposeAsync();
        if (ownsDatabase)
            await Database.DisposeAsync();
        Directory.Delete(DataDirectory, recursive: true);
    }
}
