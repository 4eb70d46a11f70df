using Dapper;
using Deployments.Data.Feeds;
using Deployments.Data.Packages;
using Deployments.Data.Records;
using Deployments.Data.Removals;
using Deployments.Data.Targets;
using Deployments.Tests.Records;
using Deployments.Tests.Support;

namespace Deployments.Tests.Removals;

/// <summary>What a removal changes, now and in the past, in whatever order the facts arrive.</summary>
public sealed class RemovalStoreTests : IAsyncLifetime
{
    TestDatabase database = null!;
    Seed seed = null!;
    RemovalStore store = null!;

    public async Task InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        seed = await new Seed(database).FeedAsync("main", "nuget");
        await seed.FeedAsync("other", "nuget");
        store = new RemovalStore(database.DataSource);
    }

    public async Task DisposeAsync() => await database.DisposeAsync();

    [Fact]
    public async Task What_was_removed_runs_no_longer_and_ran_until_then()
    {
        await seed.DeployAsync("A 1.0", "WEB-01", 0);
        await seed.DeployAsync("B 1.0", "WEB-01", 0);
        await seed.DeployAsync("A 1.0", "WEB-02", 0);

        var result = await RemoveAsync("A", "web-01", 10);

        Assert.Equal(RemovalOutcome.Removed, result.Outcome);
        Assert.Equal("B 1.0", await NowAsync("WEB-01"));
        Assert.Equal("A 1.0", await NowAsync("WEB-02"));
        Assert.Equal("A 1.0, B 1.0", await AtAsync("WEB-01", 9));
        Assert.Equal("B 1.0", await AtAsync("WEB-01", 10));
        Assert.Equal("B 1.0", await AtAsync("WEB-01", 99));
        Assert.Equal((1L, Seed.Start), await TargetAsync("WEB-01"));
        var removal = Assert.Single(await RemovedAsync("WEB-01"));
        Assert.Equal(
            (result.RemovalId, Seed.Start.AddMinutes(10), "main", "nuget", "A", "1.0", "WEB-01",
                "uninstall.sh", "jdoe"),
            (removal.RemovalId, removal.RemovedAt, removal.Feed, removal.Type, removal.Name, removal.Version,
                removal.Target, removal.Application, removal.User));
        Assert.Equal(
            ("decommissioned", "https://example.com/7", "API key \"ci\"", RecordRoad.Api),
            (removal.Description, removal.Url, removal.RecordedBy, removal.Road));
    }

    [Fact]
    public async Task A_later_deployment_makes_it_run_again()
    {
        await seed.DeployAsync("A 1.0", "WEB-01", 0);
        await RemoveAsync("A", "WEB-01", 10);
        await seed.DeployAsync("A 1.1", "WEB-01", 20);

        Assert.Equal("A 1.1", await NowAsync("WEB-01"));
        Assert.Equal("", await AtAsync("WEB-01", 15));
        Assert.Equal("A 1.1", await AtAsync("WEB-01", 20));
        Assert.Empty(await RemovedAsync("WEB-01"));
        Assert.Equal("1.1 Return, 1.0 First", await HistoryAsync("A"));
    }

    [Fact]
    public async Task A_removal_older_than_the_last_deployment_changes_nothing_now()
    {
        await seed.DeployAsync("A 1.0", "WEB-01", 0);
        await seed.DeployAsync("A 1.1", "WEB-01", 20);

        Assert.Equal(RemovalOutcome.Removed, (await RemoveAsync("A", "WEB-01", 10)).Outcome);

        Assert.Equal("A 1.1", await NowAsync("WEB-01"));
        Assert.Equal("", await AtAsync("WEB-01", 15));
        Assert.Equal("1.1 Return, 1.0 First", await HistoryAsync("A"));
    }

    [Fact]
    public async Task A_late_record_older_than_the_removal_does_not_bring_it_back()
    {
        await seed.DeployAsync("A 1.0", "WEB-01", 0);
        await RemoveAsync("A", "WEB-01", 10);
        await seed.DeployAsync("A 1.1", "WEB-01", 5);

        Assert.Equal("", await NowAsync("WEB-01"));
        Assert.Equal("A 1.1", await AtAsync("WEB-01", 7));
        Assert.Equal("1.1", Assert.Single(await RemovedAsync("WEB-01")).Version);
    }

    [Fact]
    public async Task The_first_removal_behind_the_last_deployment_counts_whatever_came_first()
    {
        await seed.DeployAsync("A 1.0", "WEB-01", 0);
        await RemoveAsync("A", "WEB-01", 40);
        await RemoveAsync("A", "WEB-01", 10);

        Assert.Equal(Seed.Start.AddMinutes(10), Assert.Single(await RemovedAsync("WEB-01")).RemovedAt);

        await seed.DeployAsync("A 1.1", "WEB-01", 20);

        Assert.Equal("", await NowAsync("WEB-01"));
        Assert.Equal("A 1.1", await AtAsync("WEB-01", 30));
        Assert.Equal(Seed.Start.AddMinutes(40), Assert.Single(await RemovedAsync("WEB-01")).RemovedAt);
    }

    [Fact]
    public async Task Of_a_deployment_and_a_removal_at_one_time_the_removal_is_the_later()
    {
        await seed.DeployAsync("A 1.0", "WEB-01", 0);
        await RemoveAsync("A", "WEB-01", 10);
        await seed.DeployAsync("A 1.1", "WEB-01", 10);

        Assert.Equal("", await NowAsync("WEB-01"));
        Assert.Equal("", await AtAsync("WEB-01", 10));
    }

    [Fact]
    public async Task Said_twice_it_is_one_removal()
    {
        await seed.DeployAsync("A 1.0", "WEB-01", 0);

        var first = await RemoveAsync("A", "WEB-01", 10);
        var again = await RemoveAsync("A", "WEB-01", 10);
        var undated = await RemoveAsync("A", "WEB-01", null);

        Assert.Equal((RemovalOutcome.Duplicate, first.RemovalId), (again.Outcome, again.RemovalId));
        Assert.Equal((RemovalOutcome.Duplicate, first.RemovalId), (undated.Outcome, undated.RemovalId));
        Assert.Equal(1, await CountAsync());
    }

    [Fact]
    public async Task Without_a_date_it_is_removed_now_even_if_its_record_is_dated_ahead()
    {
        await seed.DeployAsync("A 1.0", "WEB-01", 60);

        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => RemoveAsync("A", "WEB-01", null)));

        Assert.Single(results, result => result.Outcome == RemovalOutcome.Removed);
        Assert.Equal("", await NowAsync("WEB-01"));
        Assert.Equal(Seed.Start.AddMinutes(60), Assert.Single(await RemovedAsync("WEB-01")).RemovedAt);
    }

    [Fact]
    public async Task What_was_never_there_through_the_feed_cannot_be_removed_and_leaves_nothing()
    {
        await seed.DeployAsync("A 1.0", "WEB-01", 0);
        await seed.DeployAsync("B 1.0", "WEB-02", 0);

        Assert.Equal(RemovalOutcome.NeverThere, (await RemoveAsync("A", "WEB-02", 10)).Outcome);
        Assert.Equal(RemovalOutcome.NeverThere, (await RemoveAsync("C", "WEB-01", 10)).Outcome);
        Assert.Equal(RemovalOutcome.NeverThere, (await RemoveAsync("A", "WEB-09", 10)).Outcome);
        Assert.Equal(RemovalOutcome.NeverThere, (await RemoveAsync("A", "WEB-01", 10, "other")).Outcome);
        Assert.Equal(0, await CountAsync());
        await using var connection = await database.DataSource.OpenConnectionAsync();
        Assert.Equal(0, await connection.ExecuteScalarAsync<long>(
            "select count(*) from applications where name = 'uninstall.sh'"));
    }

    [Fact]
    public async Task A_named_version_must_have_run_there_then()
    {
        await seed.DeployAsync("A 1.0", "WEB-01", 0);
        await seed.DeployAsync("A 2.0", "WEB-01", 20);

        Assert.Equal(RemovalOutcome.OtherVersion, (await RemoveAsync("A", "WEB-01", 30, version: "1.0")).Outcome);
        Assert.Equal("A 2.0", await NowAsync("WEB-01"));
        Assert.Equal(RemovalOutcome.Removed, (await RemoveAsync("A", "WEB-01", 10, version: "1.0")).Outcome);
        Assert.Equal(RemovalOutcome.Removed, (await RemoveAsync("A", "WEB-01", 30, version: "2.0")).Outcome);
        Assert.Equal("", await NowAsync("WEB-01"));
    }

    [Fact]
    public async Task Records_and_removals_at_once_end_in_what_their_dates_say()
    {
        await seed.DeployAsync("A 1.0", "WEB-01", -1);
        await seed.DeployAsync("A 1.0", "WEB-02", -1);

        await Task.WhenAll(Enumerable.Range(0, 12).SelectMany(i => (Task[])
        [
            seed.DeployAsync($"A 2.{i}", "WEB-01", i * 10), RemoveAsync("A", "WEB-01", (i * 10) + 5),
            seed.DeployAsync($"A 2.{i}", "WEB-02", (i * 10) + 5), RemoveAsync("A", "WEB-02", i * 10),
        ]));

        Assert.Equal("", await NowAsync("WEB-01"));
        Assert.Equal(Seed.Start.AddMinutes(115), Assert.Single(await RemovedAsync("WEB-01")).RemovedAt);
        Assert.Equal("A 2.11", await NowAsync("WEB-02"));
        Assert.Equal("A 2.7", await AtAsync("WEB-01", 74));
        Assert.Equal("", await AtAsync("WEB-01", 75));
    }

    [Fact]
    public async Task Changes_on_a_target_tell_when_each_version_was_removed()
    {
        await seed.DeployAsync("A 1.0", "WEB-01", 0);
        await RemoveAsync("A", "WEB-01", 10);
        await seed.DeployAsync("A 1.1", "WEB-01", 20);
        await RemoveAsync("A", "WEB-01", 30);
        var queries = new TargetQueries(database.DataSource);
        var target = (await queries.FindOrNullAsync("WEB-01", VisibleFeeds.All, default))!;

        async Task<string> ChangesAsync(double to) => string.Join(", ", (await queries.ChangesAsync(
                target.TargetId, Seed.Start.AddDays(-1), Seed.Start.AddMinutes(to), 10, 10, VisibleFeeds.All, default))
            .Select(row => $"{row.Version} until {(row.RemovedAt - Seed.Start)?.TotalMinutes ?? -1}"));

        Assert.Equal("1.0 until 10, 1.1 until 30", await ChangesAsync(40));
        Assert.Equal("1.0 until 10, 1.1 until -1", await ChangesAsync(25));
    }

    async Task<RemovalResult> RemoveAsync(
        string package, string target, double? minutes, string feed = "main", string? version = null) =>
        await store.RemoveAsync(
            new NewRemoval
            {
                FeedId = seed.IdOf(feed),
                Package = new PackageKey("nuget", "", package.ToLowerInvariant()),
                VersionKey = version is null ? null : version + ".0",
                Target = target,
                Application = "uninstall.sh",
                Description = "decommissioned",
                Url = "https://example.com/7",
                UserName = "jdoe",
                RemovedAt = minutes is null ? null : Seed.Start.AddMinutes(minutes.Value),
                RecordedAt = Seed.Start.AddMinutes(minutes ?? 50),
                Recorder = "API key \"ci\"",
                Road = RecordRoad.Api,
            }, CancellationToken.None);

    async Task<string> NowAsync(string target) => Text(
        await new TargetQueries(database.DataSource).NowAsync(await IdAsync(target), VisibleFeeds.All, default));

    async Task<string> AtAsync(string target, double minutes) => Text(
        await new TargetQueries(database.DataSource).AtAsync(
            await IdAsync(target), Seed.Start.AddMinutes(minutes), VisibleFeeds.All, default));

    static string Text(IEnumerable<InstalledRow> rows) =>
        string.Join(", ", rows.Select(row => $"{row.Name} {row.Version}"));

    async Task<int> IdAsync(string target) => (await new TargetQueries(database.DataSource)
        .FindOrNullAsync(target, VisibleFeeds.All, default))!.TargetId;

    async Task<(long, DateTimeOffset?)> TargetAsync(string target)
    {
        var row = Assert.Single((await new TargetQueries(database.DataSource).PageAsync(
            new TargetFilter(target), TargetOrder.Packages, null, 9, VisibleFeeds.All, default)).Items);
        return (row.Packages, row.LastDeployedAt);
    }

    async Task<IReadOnlyList<RemovalRow>> RemovedAsync(string target) =>
        await new RemovalQueries(database.DataSource).OfTargetAsync(
            await IdAsync(target), 10, VisibleFeeds.All, default);

    async Task<string> HistoryAsync(string package) => string.Join(", ", (await new HistoryQueries(database.DataSource)
            .PageAsync(
                new HistoryFilter { Package = new PackageKey("nuget", "", package.ToLowerInvariant()) }, null, 10,
                VisibleFeeds.All, default))
        .Rows.Select(row => $"{row.Version} {row.Change}"));

    async Task<long> CountAsync()
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<long>("select count(*) from removals");
    }
}
