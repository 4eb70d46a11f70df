using System.Net;
using Deployments.Tests.Support;

namespace Deployments.Tests.Vulnerabilities;

/// <summary>Who is affected, of one group of targets: page, API, report and CSV.</summary>
public sealed class AffectedByGroupTests(AffectedByGroupTests.Grouped grouped)
    : IClassFixture<AffectedByGroupTests.Grouped>
{
    const string Api = "/api/vulnerabilities/GHSA-1";

    [Theory]
    [InlineData("", "WEB-1 WEB-1 WEB-2", "OLD-1")]
    [InlineData("?targetGroup=FIRST", "WEB-1 WEB-1", "")]
    [InlineData("?targetGroup=rest", "WEB-2", "OLD-1")]
    [InlineData("?targetGroup=-", "", "")]
    [InlineData("?targetGroup=nothing", "", "")]
    public async Task Only_targets_of_the_group_are_told(string query, string now, string before)
    {
        var one = await grouped.Of.ReadAsync(Api + query);
        var exposure = await grouped.Of.ReadAsync($"{Api}/exposure{query}");
        var csv = await LinesAsync($"{Api}/exposure.csv{query}");

        Assert.Equal(now, Targets(one["targets"]!.AsArray().Select(row => (string)row!["target"]!)));
        Assert.Equal(before, Targets(one["formerTargets"]!.AsArray().Select(row => (string)row!["target"]!)));
        Assert.Equal(now, Targets(exposure["targets"]!.AsArray().Select(row => (string)row!["target"]!)));
        Assert.Equal(now, Targets(csv.Skip(1).Select(line => line.Split(',')[0])));
        Assert.Equal($"{now} {before}".Trim(), Targets((await LinesAsync($"{Api}.csv{query}")).Skip(1)
            .Select(line => line.Split(',')[0]), isSorted: false));
    }

    [Fact]
    public async Task The_CSV_of_an_exposure_names_the_group_of_each_target()
    {
        var lines = await LinesAsync($"{Api}/exposure.csv?targetGroup=first");

        Assert.Equal("target,targetGroup,feed,type,group,name,version,fixed,certain,exposedFrom,deployedAt,"
            + "application,user", lines[0]);
        Assert.Contains(lines, line => line.StartsWith(
            "WEB-1,first,libs,nuget,,Acme.Json,1.0.0,1.5.0,yes,", StringComparison.Ordinal));
        Assert.All(lines.Skip(1), line => Assert.EndsWith(
            ",2026-02-01T00:00:00Z,deploy.sh,jdoe", line, StringComparison.Ordinal));
        using var unknown = await grouped.Of.App.Client.GetAsync("/api/vulnerabilities/GHSA-9/exposure.csv");
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    [Fact]
    public async Task The_page_and_its_report_are_filtered_and_keep_the_filter()
    {
        var page = await grouped.Of.App.Client.GetStringAsync("/vulnerabilities/GHSA-1?targetGroup=first");
        var report = await grouped.Of.App.Client.GetStringAsync("/vulnerabilities/GHSA-1/report?targetGroup=first");

        Assert.Contains("<strong>1 target</strong> of this group", page, StringComparison.Ordinal);
        Assert.Contains("/vulnerabilities/GHSA-1/report?targetGroup=first", page, StringComparison.Ordinal);
        Assert.Contains($"{Api}/exposure.csv?targetGroup=first", report, StringComparison.Ordinal);
        foreach (var text in new[] { page, report })
        {
            Assert.Contains("/targets/WEB-1", text, StringComparison.Ordinal);
            Assert.DoesNotContain("WEB-2", text, StringComparison.Ordinal);
            Assert.DoesNotContain("OLD-1", text, StringComparison.Ordinal);
        }
    }

    static string Targets(IEnumerable<string> targets, bool isSorted = true) =>
        string.Join(' ', isSorted ? targets.Order(StringComparer.Ordinal) : targets);

    async Task<string[]> LinesAsync(string path) => (await grouped.Of.App.Client.GetStringAsync(path))
        .Split("\r\n", StringSplitOptions.RemoveEmptyEntries);

    /// <summary>WEB-1 in one group, all others in another, one of which is mended.</summary>
    public sealed class Grouped : IAsyncLifetime
    {
        internal VulnerableApp Of { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            Of = await VulnerableApp.StartAsync();
            await Of.DeployAsync("Acme.Json", "1.0.0", "OLD-1");
            await Of.DeployAsync("Acme.Json", "2.0.0", "OLD-1", "2026-03-01T00:00:00Z");
            await Of.App.GroupAsync(["first", "rest"], ("WEB-1", "first"), ("*", "rest"));
        }

        public Task DisposeAsync() => Of.DisposeAsync().AsTask();
    }
}
