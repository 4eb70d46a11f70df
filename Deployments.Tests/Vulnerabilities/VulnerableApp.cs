using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Deployments.Tests.Support;

namespace Deployments.Tests.Vulnerabilities;

/// <summary>
/// The program with a NuGet feed, an advisory GHSA-1 alias CVE-2026-1 of Acme.Json and Acme.Xml, and targets that run
/// them.
/// </summary>
sealed class VulnerableApp : IAsyncDisposable
{
    VulnerableApp(TestApp app) => App = app;

    public TestApp App { get; }

    public static async Task<VulnerableApp> StartAsync()
    {
        var one = new VulnerableApp(await TestApp.StartAsync());
        await one.App.CreateFeedAsync("libs", "nuget");
        await one.DeployAsync("Acme.Json", "1.0.0", "WEB-1");
        await one.DeployAsync("Acme.Json", "1.2.0", "WEB-2");
        await one.DeployAsync("Acme.Xml", "1.0.0", "WEB-1");
        var advisory = Osv.Advisory("GHSA-1", "Acme.Json", "0", "1.5.0");
        advisory["affected"]!.AsArray().Add(Osv.Affected("Acme.Xml", "0", "2.0.0"));
        advisory["aliases"] = new JsonArray("CVE-2026-1");
        await one.ImportAsync(advisory);
        return one;
    }

    public async Task DeployAsync(string name, string version, string target, string date = "2026-02-01T00:00:00Z")
    {
        using var answer = await App.Admin.PostAsJsonAsync("/api/package-deployment/", new
        {
            FeedName = "libs",
            PackageName = name,
            Version = version,
            Application = "deploy.sh",
            Description = "",
            Target = target,
            UserName = "jdoe",
            Date = date,
        });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    public async Task ImportAsync(JsonNode advisory)
    {
        using var body = new ByteArrayContent(Encoding.UTF8.GetBytes(advisory.ToJsonString()));
        using var answer = await App.Admin.PostAsync("/api/vulnerabilities/import", body);
        Assert.Equal(1, (int)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["imported"]!);
    }

    /// <summary>Assesses through the API and gives what it answers.</summary>
    public async Task<JsonNode> AssessAsync(object assessment, string id = "GHSA-1")
    {
        using var answer = await App.Admin.PostAsJsonAsync($"/api/vulnerabilities/{id}/assessments", assessment);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!;
    }

    public async Task<JsonNode> ReadAsync(string path) => JsonNode.Parse(await App.Client.GetStringAsync(path))!;

    public async ValueTask DisposeAsync() => await App.DisposeAsync();
}
