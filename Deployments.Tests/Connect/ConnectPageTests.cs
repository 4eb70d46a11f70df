using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using Deployments.Tests.Clients;
using Deployments.Tests.Support;

namespace Deployments.Tests.Connect;

public sealed partial class ConnectPageTests
{
    [Fact]
    public async Task Is_empty_without_a_feed_and_knows_only_feeds_that_exist()
    {
        await using var app = await TestApp.StartAsync();
        using var visitor = new Browser(app.Url);
        Assert.Contains("There is no feed yet", await visitor.ReadAsync("/connect"), StringComparison.Ordinal);
        using var answer = await visitor.GetAsync("/connect?feed=nothing");
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task Fills_in_the_feed_that_is_chosen()
    {
        await using var app = await TestApp.StartAsync();
        await app.CreateFeedAsync("apps", "universal");
        await app.CreateFeedAsync("java", "maven");
        using var visitor = new Browser(app.Url);

        var first = await visitor.ReadAsync("/connect");
        Assert.Contains($"{app.Url}upack/apps/download/my-package/1.0.0", first, StringComparison.Ordinal);
        Assert.Contains($"<url>{app.Url}maven2/java/</url>", first, StringComparison.Ordinal);
        var java = await visitor.ReadAsync("/connect?feed=JAVA");
        Assert.Contains($"{app.Url}maven2/java/com/example/my-package/1.0.0/", java, StringComparison.Ordinal);
        var feed = await visitor.ReadAsync("/feeds/apps");
        Assert.Contains("href=\"/connect?feed=apps\"", feed, StringComparison.Ordinal);
    }

    [ClientFact("curl")]
    public async Task Its_curl_snippets_record()
    {
        await using var app = await TestApp.StartAsync();
        await UniversalPackage.InNewFeedAsync(app.Admin, "apps");
        using var visitor = new Browser(app.Url);
        var page = await visitor.ReadAsync("/connect?feed=apps");
        var download = Snippet(page, "curl").Replace("my-package", "app", StringComparison.Ordinal);
        var report = Snippet(page, "Report without a download");
        using var home = new ClientHome();

        await RunAsync(home, download);
        await RunAsync(home, report);

        await Recorded.DrainedAsync(app.Database);
        var records = await Recorded.AllAsync(app.Database);
        Assert.Equal(["app", "my-package"], records.Select(record => record.Name).Order());
    }

    static string Snippet(string page, string title) =>
        Pre().Matches(page).Single(match => match.Groups[1].Value == title).Groups[2].Value;

    static async Task RunAsync(ClientHome home, string script)
    {
        var start = new ProcessStartInfo("bash", ["-euc", script])
        {
            WorkingDirectory = Path.GetDirectoryName(home.At("x", "file"))!,
            RedirectStandardError = true,
        };
        start.Environment["DEPLOYMENTS_KEY"] = TestApp.ApiKey;
        Directory.CreateDirectory(start.WorkingDirectory);
        using var bash = Process.Start(start)!;
        var errors = await bash.StandardError.ReadToEndAsync();
        await bash.WaitForExitAsync();
        Assert.True(bash.ExitCode == 0, errors);
    }

    [GeneratedRegex("<pre tabindex=\"0\" aria-label=\"([^\"]*)\">(.*?)</pre>", RegexOptions.Singleline)]
    private static partial Regex Pre();
}
