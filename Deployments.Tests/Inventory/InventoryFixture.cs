using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Deployments.Tests.Support;

namespace Deployments.Tests.Inventory;

/// <summary>One program for all tests of a class that send inventories; each test has targets of its own.</summary>
public sealed class InventoryFixture : IAsyncLifetime
{
    public TestApp App { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        App = await TestApp.StartAsync();
        await App.CreateFeedAsync("main", "nuget");
        await App.CreateFeedAsync("js", "npm");
        await App.CreateFeedAsync("py", "pypi");
        await App.CreateFeedAsync("debian", "debian");
        await App.CreateFeedAsync("images", "docker");
    }

    public Task DisposeAsync() => App.DisposeAsync().AsTask();

    /// <summary>A target that no other test uses.</summary>
    public static string NewTarget() => $"server-{Guid.NewGuid():N}";

    /// <summary>Lines of <c>dpkg-query</c> for packages, <c>name version</c>.</summary>
    public static string Dpkg(params string[] packages) => string.Concat(packages
        .Select(package => package.Split(' '))
        .Select(parts => $"ii \t{parts[0]}\t{parts[1]}\tamd64\t{parts[0]}\t{parts[1]}\t1700000000\n"));

    /// <summary>Sends an inventory that must be taken.</summary>
    internal async Task<JsonNode> TakeAsync(string target, string body, string query = "")
    {
        var (status, text) = await SendAsync(target, Encoding.UTF8.GetBytes(body), query);
        Assert.True(status == HttpStatusCode.OK, text);
        return JsonNode.Parse(text)!;
    }

    internal async Task<(HttpStatusCode Status, string Body)> SendAsync(string target, byte[] body, string query = "")
    {
        using var content = new ByteArrayContent(body);
        using var answer = await App.Admin.PostAsync($"/api/inventory/{target}{query}", content);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Records a deployment through the API.</summary>
    internal async Task RecordAsync(
        string target, string feed, string name, string version, string date = "2026-01-01")
    {
        using var answer = await App.Admin.PostAsJsonAsync("/api/package-deployment/", new
        {
            FeedName = feed,
            PackageName = name,
            Version = version,
            Application = "test",
            Description = "",
            Target = target,
            Date = date,
        });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>What was seen there, as <c>name version</c>, by name.</summary>
    internal async Task<IReadOnlyList<string>> SeenAsync(string target, string query = "?all=true") =>
    [
        .. JsonNode.Parse(await App.Admin.GetStringAsync($"/api/inventory/{target}{query}"))!["packages"]!.AsArray()
            .Select(package => $"{package!["name"]} {package["version"]}"),
    ];
}
