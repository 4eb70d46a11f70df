using System.Net.Http.Json;

namespace Deployments.Tests.Support;

/// <summary>Puts groups of targets and deployments into a program, through its API.</summary>
static class FleetSeed
{
    /// <summary>Sets the groups, in their order, and the rules that say who is in which.</summary>
    public static async Task GroupAsync(
        this TestApp app, string[] groups, params (string Pattern, string Group)[] rules)
    {
        using var saved = await app.Admin.PutAsJsonAsync("/api/management/target-groups/update", new
        {
            groups,
            rules = rules.Select(rule => new { pattern = rule.Pattern, group = rule.Group }),
        });
        Assert.True(saved.IsSuccessStatusCode, await saved.Content.ReadAsStringAsync());
    }

    /// <summary>Records a deployment through the feed <c>main</c>.</summary>
    public static async Task DeployAsync(
        this TestApp app, string package, string version, string target, DateTimeOffset at)
    {
        using var recorded = await app.Admin.PostAsJsonAsync("/api/package-deployment", new
        {
            FeedName = "main",
            PackageName = package,
            Version = version,
            Target = target,
            Application = "robot",
            Description = "",
            Date = at.UtcDateTime,
        });
        Assert.True(recorded.IsSuccessStatusCode, await recorded.Content.ReadAsStringAsync());
    }
}
