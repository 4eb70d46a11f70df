using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Deployments.Tests.Support;
using static Deployments.Tests.Inventory.InventoryFixture;

namespace Deployments.Tests.Inventory;

/// <summary>What becomes of logs of package managers.</summary>
public sealed class LogApiTests(InventoryFixture fixture) : IClassFixture<InventoryFixture>
{
    readonly string target = NewTarget();

    [Fact]
    public async Task Packages_that_a_feed_knows_become_records_with_person_and_command()
    {
        // Goal: what was asked for by name and is known; the same log again, or half of it, is nothing.
        await fixture.RecordAsync(NewTarget(), "debian", "acme-agent", "0.1");
        await fixture.RecordAsync(NewTarget(), "debian", "libacme", "0.1");
        await fixture.RecordAsync(target, "debian", "old-tool", "0.9");

        var first = await TakeAsync(LogFormatTests.Apt, "?format=apt-history&zone=Europe/Berlin");
        var again = await TakeAsync(LogFormatTests.Apt, "?format=apt-history&zone=Europe/Berlin");
        var rest = await TakeAsync(
            LogFormatTests.Apt[LogFormatTests.Apt.IndexOf("Start-Date: 2026-02-02", StringComparison.Ordinal)..],
            "?format=apt-history&zone=Europe/Berlin");

        Assert.Equal((2, 5, 3, 1, 0, 1, 0, 2, 0), Counts(first));
        Assert.Equal((2, 5, 0, 0, 4, 1, 0, 2, 0), Counts(again));
        Assert.Equal((1, 3, 0, 0, 3, 0, 0, 2, 0), Counts(rest));
        var records = await RecordsAsync();
        Assert.Equivalent(
            new[]
            {
                "acme-agent 1.1-1 root apt-get dist-upgrade 2026-02-02T09:00:09Z log apt",
                "libacme 2:1.1 root apt-get dist-upgrade 2026-02-02T09:00:09Z log apt",
                "acme-agent 1.0-1 jane apt-get install acme-agent 2026-02-01T09:00:05Z log apt",
            }, records.Where(record => record.Contains(" log ", StringComparison.Ordinal)), strict: true);
        var installed = JsonNode.Parse(await fixture.App.Admin.GetStringAsync($"/api/targets/{target}"))!;
        Assert.DoesNotContain(installed["items"]?.AsArray() ?? installed["packages"]!.AsArray(),
            package => (string?)package!["name"] == "old-tool");
    }

    [Fact]
    public async Task Packages_that_no_feed_knows_are_left_out_but_on_demand()
    {
        var text = LogFormatTests.Zypp.Replace("acme", target, StringComparison.Ordinal);
        await fixture.App.CreateFeedAsync("rpm-" + target[..12], "rpm");

        var known = await TakeAsync(text, "?format=zypp-history&zone=UTC");
        var all = await TakeAsync(text, "?format=zypp-history&zone=UTC&all=true&feed=rpm-" + target[..12]);
        var automatic = await TakeAsync(
            text, $"?format=zypp-history&zone=UTC&all=true&automatic=true&feed=rpm-{target[..12]}");

        Assert.Equal((2, 3, 0, 0, 0, 1, 2, 0, 0), Counts(known));
        Assert.Equal((2, 3, 1, 0, 0, 1, 1, 0, 0), Counts(all));
        Assert.Equal((2, 3, 1, 0, 1, 0, 1, 0, 0), Counts(automatic));
    }

    [Fact]
    public async Task What_another_road_told_of_the_same_minutes_is_not_told_again()
    {
        await fixture.RecordAsync(target, "debian", "acme-agent", "1.0-1", "2026-02-01T08:58:00Z");

        var answer = await TakeAsync(LogFormatTests.Apt, "?format=apt-history&zone=Europe/Berlin");

        Assert.Equal(1, (int)answer["repeated"]!);
        Assert.Equal(1, (await RecordsAsync()).Count(record =>
            record.StartsWith("acme-agent 1.0-1 ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_was_put_there_and_taken_away_in_one_log_does_not_run()
    {
        await fixture.RecordAsync(NewTarget(), "debian", "brief", "1");
        const string log =
            """
            Start-Date: 2026-02-01  10:00:00
            Install: brief:amd64 (1.0)
            End-Date: 2026-02-01  10:00:05

            Start-Date: 2026-02-01  11:00:00
            Purge: brief:amd64 (1.0)
            End-Date: 2026-02-01  11:00:05
            """;

        var answer = await TakeAsync(log, "?format=apt-history&zone=UTC");

        Assert.Equal((2, 2, 1, 1, 0, 0, 0, 0, 0), Counts(answer));
        Assert.Equal((2, 2, 0, 0, 2, 0, 0, 0, 0), Counts(await TakeAsync(log, "?format=apt-history&zone=UTC")));
    }

    [Theory]
    [InlineData("x", "?format=apt-history", "zone: is missing")]
    [InlineData("x", "?format=apt-history&zone=Europe/Atlantis", "zone: is not a time zone")]
    [InlineData("x", "?format=apt-history&zone=UTC&scope=dpkg", "scope: is of inventories")]
    [InlineData("x", "?format=apt-history&zone=UTC&feed=debian", "feed: is for packages that no feed knows")]
    [InlineData("x", "?format=apt-history&zone=UTC&all=yes", "all: is neither true nor false")]
    [InlineData("x", "?format=apt-history&zone=UTC&all=true&feed=main", "feed: is not a feed of deb packages")]
    [InlineData("x", "?format=apt-history&zone=UTC", "line 1 is of a transaction whose beginning is missing")]
    [InlineData("x", "?format=nothing", "nor a log: apt-history, zypp-history")]
    public async Task What_cannot_be_taken_is_named(string body, string query, string problem)
    {
        var answer = await fixture.SendAsync(target, Encoding.UTF8.GetBytes(body), query);

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Contains(problem, answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task This_machines_own_log_is_read()
    {
        const string path = "/var/log/apt/history.log";
        if (!File.Exists(path))
            return; // not on this machine
        var answer = await TakeAsync(await File.ReadAllTextAsync(path), "?format=apt-history&zone=UTC");

        Assert.Equal(0, (int)answer["failed"]!);
    }

    static (int, int, int, int, int, int, int, int, int) Counts(JsonNode answer) => (
        (int)answer["transactions"]!, (int)answer["read"]!, (int)answer["recorded"]!, (int)answer["removed"]!,
        (int)answer["repeated"]!, (int)answer["automatic"]!, (int)answer["unknown"]!, (int)answer["unfinished"]!,
        (int)answer["failed"]!);

    Task<JsonNode> TakeAsync(string log, string query) => fixture.TakeAsync(target, log, query);

    async Task<IReadOnlyList<string>> RecordsAsync() =>
    [
        .. JsonNode.Parse(await fixture.App.Admin.GetStringAsync($"/api/package-deployments?target={target}"))!
            ["items"]!.AsArray().Select(record => $"{record!["name"]} {record["version"]} {record["user"]} "
                + $"{record["description"]} {record["deployedAt"]} {record["road"]} {record["application"]}"),
    ];
}
