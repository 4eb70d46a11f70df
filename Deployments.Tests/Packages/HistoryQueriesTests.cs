using Deployments.Data.Feeds;
using Deployments.Data.Packages;
using Deployments.Data.Records;
using Deployments.Tests.Support;

namespace Deployments.Tests.Packages;

public sealed class HistoryQueriesTests : IAsyncLifetime
{
    static readonly PackageKey Accounts = new("nuget", "", "accounts.web");

    TestDatabase database = null!;
    HistoryQueries history = null!;
    PackageQueries packages = null!;
    PackageSeed seed = null!;
    int feedId;

    public async Task InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        history = new HistoryQueries(database.DataSource);
        packages = new PackageQueries(database.DataSource);
        var feeds = new FeedQueries(database.DataSource);
        seed = await PackageSeed.CreateAsync(
            new FeedStore(database.DataSource), feeds, new RecordStore(database.DataSource));
        feedId = (await feeds.ByNameOrNullAsync("approved", VisibleFeeds.All, default))!.FeedId;
    }

    public async Task DisposeAsync() => await database.DisposeAsync();

    [Fact]
    public async Task Each_record_knows_what_it_replaced_on_its_target()
    {
        foreach (var (version, target, hour) in new[]
            { ("1.9.0", "WEB-01", 0), ("1.10.0", "WEB-01", 1), ("2.0.0", "WEB-02", 2), ("1.10.0", "WEB-01", 3),
                ("1.9.0", "WEB-01", 4) })
            await seed.AddAsync("Accounts.Web", version, target, PackageSeed.Noon.AddHours(hour));

        var page = await PageAsync(new HistoryFilter { Package = Accounts });

        Assert.Equal(
            [VersionChange.Rollback, VersionChange.Redeploy, VersionChange.First, VersionChange.Upgrade,
                VersionChange.First],
            page.Rows.Select(row => row.Change));
        var newest = page.Rows[0];
        Assert.Equal(("1.9.0", "1.10.0", "WEB-01"), (newest.Version, newest.PreviousVersion, newest.Target));
        Assert.Equal(("jdoe", "jdoe", "BuildMaster", "approved"),
            (newest.UserName, newest.Recorder, newest.Application, newest.Feed));
        Assert.Equal((RecordRoad.Header, "192.0.2.7", "curl/8.5"),
            (newest.Road, newest.ClientAddress, newest.UserAgent));
        Assert.Equal(PackageSeed.Noon.AddHours(4), newest.DeployedAt);
    }

    [Fact]
    public async Task Pages_lead_back_and_forth_through_every_record_once()
    {
        // All at one time: the id decides.
        for (var i = 0; i < 7; i++)
            await seed.AddAsync("Accounts.Web", "1.0." + i, "WEB-01", PackageSeed.Noon);
        var filter = new HistoryFilter { Package = Accounts };

        var first = await PageAsync(filter, null, 3);
        var second = await PageAsync(filter, first.ToOlder, 3);
        var third = await PageAsync(filter, second.ToOlder, 3);

        Assert.Null(first.ToNewer);
        Assert.Null(third.ToOlder);
        Assert.Equal(
            ["1.0.6", "1.0.5", "1.0.4", "1.0.3", "1.0.2", "1.0.1", "1.0.0"],
            first.Rows.Concat(second.Rows).Concat(third.Rows).Select(row => row.Version));
        var back = await PageAsync(filter, third.ToNewer, 3);
        Assert.Equal(second.Rows.Select(row => row.Id), back.Rows.Select(row => row.Id));
        Assert.Equal(first.Rows.Select(row => row.Id),
            (await PageAsync(filter, back.ToNewer, 3)).Rows.Select(row => row.Id));
        Assert.Null((await PageAsync(filter, back.ToNewer, 3)).ToNewer);
    }

    [Fact]
    public async Task Every_filter_lets_through_only_its_own()
    {
        await seed.AddAsync("Accounts.Web", "1.0.0", "WEB-01", PackageSeed.Noon);
        await seed.AddAsync("Accounts.Web", "2.0.0", "web-02", PackageSeed.Noon.AddDays(1), user: "m.keller",
            application: "Jenkins");
        await seed.AddAsync("Billing", "1.0.0", "WEB-01", PackageSeed.Noon);
        var all = new HistoryFilter { Package = Accounts };

        Assert.Equal(3, (await PageAsync(new HistoryFilter())).Rows.Count);
        Assert.Equal(2, (await PageAsync(all)).Rows.Count);
        Assert.Equal("2.0.0", Assert.Single((await PageAsync(all with { Target = "WEB-02" })).Rows).Version);
        Assert.Equal("2.0.0", Assert.Single((await PageAsync(all with { User = "M.Keller" })).Rows).Version);
        Assert.Equal("2.0.0", Assert.Single((await PageAsync(all with { Application = "jenkins" })).Rows).Version);
        Assert.Equal("1.0.0", Assert.Single((await PageAsync(all with { VersionKey = "1.0.0" })).Rows).Version);
        Assert.Equal("2.0.0",
            Assert.Single((await PageAsync(all with { From = PackageSeed.Noon.AddHours(1) })).Rows).Version);
        Assert.Equal("1.0.0",
            Assert.Single((await PageAsync(all with { To = PackageSeed.Noon.AddDays(1) })).Rows).Version);
        Assert.Empty((await PageAsync(all with { Target = "nowhere" })).Rows);
        Assert.Empty((await PageAsync(new HistoryFilter { Package = new PackageKey("npm", "", "accounts.web") })).Rows);
    }

    [Fact]
    public async Task A_package_is_summed_up()
    {
        await seed.AddAsync("Accounts.Web", "1.9.0", "WEB-01", PackageSeed.Noon);
        await seed.AddAsync("Accounts.Web", "1.10.0", "WEB-01", PackageSeed.Noon.AddDays(40));
        await seed.AddAsync("Accounts.Web", "1.9.0", "WEB-02", PackageSeed.Noon);

        var summary = (await packages.SummaryOrNullAsync(Accounts, VisibleFeeds.All, default))!;
        Assert.Equal(("1.10.0", 2, 2, 2, 3L),
            (summary.LatestVersion, summary.TargetsNow, summary.VersionsNow, summary.Versions, summary.Records));
        Assert.Null(await packages.SummaryOrNullAsync(new PackageKey("nuget", "", "none"), VisibleFeeds.All, default));

        var versions = await packages.VersionsAsync(summary.PackageId, 10, VisibleFeeds.All, default);
        Assert.Equal([("1.10.0", 1, 1L), ("1.9.0", 1, 2L)], versions.Select(v => (v.Version, v.TargetsNow, v.Records)));
        var running = await packages.InstallationsAsync(summary.PackageId, 10, VisibleFeeds.All, default);
        Assert.Equal([("WEB-01", "1.10.0"), ("WEB-02", "1.9.0")], running.Select(row => (row.Target, row.Version)));
        var source = Assert.Single(await packages.FeedsAsync(summary.PackageId, VisibleFeeds.All, default));
        Assert.Equal(("approved", true, 3L), (source.Name, source.Exists, source.Records));
        var usage = await packages.UsageAsync(
            summary.PackageId, PackageSeed.Noon.AddDays(-1), VisibleFeeds.All, default);
        Assert.Equal([(4, 1L, 1), (3, 2L, 2)], usage.Select(row => (row.Month.Month, row.Records, row.Targets)));
    }

    [Fact]
    public async Task Packages_of_a_feed_are_listed_by_name_and_found_by_a_part_of_it()
    {
        foreach (var name in new[] { "Charlie", "alpha", "Bravo" })
            await seed.AddAsync(name, "1.0.0", "WEB-01", PackageSeed.Noon);

        var first = await packages.InFeedAsync(feedId, "nuget", null, null, 2, VisibleFeeds.All, default);
        Assert.Equal(["alpha", "Bravo"], first.Rows.Select(row => row.Name));
        Assert.Equal(("1.0.0", 1, "WEB-01"),
            (first.Rows[0].LatestVersion, first.Rows[0].TargetsNow, first.Rows[0].LastTarget));
        var second = await packages.InFeedAsync(feedId, "nuget", null, first.Next, 2, VisibleFeeds.All, default);
        Assert.Equal("Charlie", Assert.Single(second.Rows).Name);
        Assert.Null(second.Next);
        var found = await packages.InFeedAsync(feedId, "nuget", "RAV", null, 2, VisibleFeeds.All, default);
        Assert.Equal("Bravo", Assert.Single(found.Rows).Name);
        Assert.Empty((await packages.InFeedAsync(feedId + 1, "nuget", null, null, 2, VisibleFeeds.All, default)).Rows);
    }

    Task<HistoryPage> PageAsync(HistoryFilter filter, HistoryCursor? cursor = null, int count = 50) =>
        history.PageAsync(filter, cursor, count, VisibleFeeds.All, default);
}
