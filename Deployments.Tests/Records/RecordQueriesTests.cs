using Deployments.Data.Database;
using Deployments.Data.Feeds;
using Deployments.Data.Records;
using Deployments.Tests.Support;

namespace Deployments.Tests.Records;

public sealed class RecordQueriesTests : IAsyncLifetime
{
    TestDatabase database = null!;
    Seed seed = null!;
    RecordQueries queries = null!;

    public async Task InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        seed = await (await new Seed(database).FeedAsync("main", "nuget")).FeedAsync("scripts", "npm");
        queries = new RecordQueries(database.DataSource);
    }

    public Task DisposeAsync() => database.DisposeAsync().AsTask();

    [Fact]
    public async Task Records_come_newest_first_and_those_of_one_instant_by_id()
    {
        var late = await seed.DeployAsync("A 1.0", "WEB-01", 10);
        var early = await seed.DeployAsync("A 1.1", "WEB-01", 5);
        var tie = await seed.DeployAsync("A 1.2", "WEB-01", 10);

        Assert.Equal([tie, late, early], await IdsAsync(new RecordFilter()));
    }

    [Theory]
    [InlineData(null, null, null)]
    [InlineData("web-01", null, null)]
    [InlineData(null, "a", null)]
    [InlineData("WEB-01", "A", "1.0.0")]
    public async Task Pages_follow_each_other_both_ways_through_ties(string? target, string? name, string? version)
    {
        var ids = new List<long>();
        for (var i = 0; i < 11; i++)
            ids.Insert(0, await seed.DeployAsync("A 1.0.0", "WEB-01", i / 4));
        await seed.DeployAsync("B 2.0.0", "DB-01", -1);
        var filter = new RecordFilter { Target = target, Name = name, Version = version, Limit = 4, From = Seed.Start };

        var first = await queries.PageAsync(filter, VisibleFeeds.All, default);
        var second = await queries.PageAsync(filter with { Cursor = first.Older }, VisibleFeeds.All, default);
        var third = await queries.PageAsync(filter with { Cursor = second.Older }, VisibleFeeds.All, default);
        var secondAgain = await queries.PageAsync(filter with { Cursor = third.Newer }, VisibleFeeds.All, default);
        var firstAgain = await queries.PageAsync(filter with { Cursor = secondAgain.Newer }, VisibleFeeds.All, default);

        Assert.Equal(ids, first.Items.Concat(second.Items).Concat(third.Items).Select(row => row.Id));
        Assert.Null(first.Newer);
        Assert.Null(third.Older);
        Assert.Equal(second.Items, secondAgain.Items);
        Assert.Equal(first.Items, firstAgain.Items);
        Assert.Null(firstAgain.Newer);
        Assert.NotNull(firstAgain.Older);
    }

    public static TheoryData<string, RecordFilter> Filters => new()
    {
        { "feed in any case", new RecordFilter { Feed = "MAIN" } },
        { "type", new RecordFilter { Type = "nuget" } },
        { "name in any case", new RecordFilter { Name = "newtonsoft.JSON" } },
        { "version as displayed", new RecordFilter { Version = "13.0.1" } },
        { "name and version", new RecordFilter { Name = "Newtonsoft.Json", Version = "13.0.1" } },
        { "target", new RecordFilter { Target = "web-01" } },
        { "name and target", new RecordFilter { Name = "Newtonsoft.Json", Target = "WEB-01" } },
        { "application", new RecordFilter { Application = "octopus" } },
        { "user", new RecordFilter { User = "ÄNNE" } },
        { "from", new RecordFilter { From = Seed.Start.AddMinutes(5) } },
        { "text in the description", new RecordFilter { Text = "100% SURE" } },
        { "text in the package", new RecordFilter { Text = "soft.j" } },
        { "text in the target", new RecordFilter { Text = "eb-0" } },
        { "everything", new RecordFilter
            {
                Feed = "main", Type = "nuget", Name = "Newtonsoft.Json", Version = "13.0.1", Target = "WEB-01",
                Application = "Octopus", User = "änne", From = Seed.Start.AddMinutes(5), To = Seed.Start.AddMinutes(6),
                Text = "sure",
            } },
    };

    [Theory]
    [MemberData(nameof(Filters))]
    public async Task Each_filter_finds_one_of_two(string reason, RecordFilter filter)
    {
        var wanted = await seed.DeployAsync("Newtonsoft.Json 13.0.1", "WEB-01", 5, change: record => record with
        {
            Application = "Octopus",
            Description = "100% sure_",
            UserName = "Änne",
        });
        await seed.DeployAsync("@acme/portal 2.0.0", "DB-01", 0, feed: "scripts");

        var found = await IdsAsync(filter);
        Assert.True(found is [var only] && only == wanted, reason);
    }

    [Fact]
    public async Task Group_and_end_are_filters_too()
    {
        var portal = await seed.DeployAsync("@acme/portal 2.0.0", "DB-01", 0, feed: "scripts");
        await seed.DeployAsync("Newtonsoft.Json 13.0.1", "WEB-01", 5);

        Assert.Equal([portal], await IdsAsync(new RecordFilter { Group = "@acme" }));
        Assert.Equal([portal], await IdsAsync(new RecordFilter { To = Seed.Start.AddMinutes(5) }));
    }

    [Theory]
    [InlineData("%")]
    [InlineData("_")]
    [InlineData("\\")]
    [InlineData("'; drop table deployments; --")]
    public async Task Wildcards_in_a_text_are_ordinary_characters(string text)
    {
        await seed.DeployAsync("A 1.0", "WEB-01", 0);

        Assert.Empty(await IdsAsync(new RecordFilter { Text = text }));
    }

    [Fact]
    public async Task An_unknown_name_finds_nothing()
    {
        await seed.DeployAsync("A 1.0", "WEB-01", 0);

        Assert.Empty(await IdsAsync(new RecordFilter { Target = "WEB-99" }));
        Assert.Empty(await IdsAsync(new RecordFilter { Name = "Z" }));
        Assert.Empty(await IdsAsync(new RecordFilter { User = "nobody" }));
    }

    [Fact]
    public async Task Every_field_is_read_back()
    {
        var id = await seed.DeployAsync("@acme/portal 2.0.0", "DB-01", 0, feed: "scripts", change: record => record with
        {
            Url = "https://ci.example/1",
            RawHeaders = "X-ProGet-Deployment-Target: DB-01\n",
        });

        Assert.Equal(
            new RecordRow
            {
                Id = id,
                DeployedAt = Seed.Start,
                RecordedAt = Seed.Start,
                Feed = "scripts",
                FeedType = "npm",
                Type = "npm",
                Group = "@acme",
                Name = "portal",
                VersionId = 1, // the database's first
                Version = "2.0.0",
                Application = "BuildMaster",
                Description = "Release",
                Target = "DB-01",
                Url = "https://ci.example/1",
                User = "jdoe",
                RecordedBy = "API key \"ci\"",
                Road = RecordRoad.Header,
                ClientAddress = "192.0.2.7",
                UserAgent = "NuGet/6.12",
                RawHeaders = "X-ProGet-Deployment-Target: DB-01\n",
            },
            await queries.FindOrNullAsync(id, VisibleFeeds.All, default));
    }

    [Fact]
    public async Task The_id_of_a_repeated_record_finds_the_record_it_repeats()
    {
        static NewRecord WithDate(NewRecord record) => record with { DateIsExplicit = true };
        var first = await seed.DeployAsync("A 1.0", "WEB-01", 0, change: WithDate);
        var second = await seed.DeployAsync("A 1.0", "WEB-01", 0, change: WithDate);

        Assert.Equal(first, second);
        Assert.Equal(first, (await queries.FindOrNullAsync(first + 1, VisibleFeeds.All, default))!.Id);
        Assert.Equal(RecordStatus.Recorded, (await queries.StateOfAsync(first, VisibleFeeds.All, default)).Status);
        Assert.Equal(
            new RecordState { Status = RecordStatus.Duplicate, DeploymentId = first },
            await queries.StateOfAsync(first + 1, VisibleFeeds.All, default));
    }

    [Fact]
    public async Task An_id_may_wait_be_rejected_or_be_unknown()
    {
        await seed.ExecuteAsync(PageSeed.Waiting(71));
        await seed.ExecuteAsync(PageSeed.Rejected(72));

        Assert.Equal(RecordStatus.Waiting, (await queries.StateOfAsync(71, VisibleFeeds.All, default)).Status);
        Assert.Equal(
            new RecordState { Status = RecordStatus.Rejected, Reason = "Target is <b>missing</b>" },
            await queries.StateOfAsync(72, VisibleFeeds.All, default));
        Assert.Equal(new RecordState(), await queries.StateOfAsync(73, VisibleFeeds.All, default));
        Assert.Null(await queries.FindOrNullAsync(71, VisibleFeeds.All, default));
    }

    [Fact]
    public async Task All_matches_are_streamed_whatever_the_page_says()
    {
        for (var i = 0; i < 5; i++)
            await seed.DeployAsync("A 1.0", $"WEB-{i % 2}", i);

        var filter = new RecordFilter { Target = "WEB-0", Limit = 1, Cursor = new RecordCursor(Seed.Start, 1, false) };
        var exports = new ExportDatabase(database.DataSource);
        var streamed = await RecordQueries.StreamAsync(exports, filter, VisibleFeeds.All, default)
            .Select(row => row.Id).ToListAsync();

        Assert.Equal([5, 3, 1], streamed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("o12")]
    [InlineData("x1-2")]
    [InlineData("o-1-2")]
    [InlineData("o9223372036854775807-1")]
    [InlineData("o1-99999999999999999999")]
    public void A_cursor_that_was_not_given_out_is_none(string text) => Assert.Null(RecordCursor.TryParse(text));

    [Fact]
    public void A_cursor_survives_being_written()
    {
        var cursor = new RecordCursor(Seed.Start, 17, TowardsNewer: true);

        Assert.Equal(cursor, RecordCursor.TryParse(cursor.ToString()));
    }

    async Task<long[]> IdsAsync(RecordFilter filter) =>
        [.. (await queries.PageAsync(filter, VisibleFeeds.All, CancellationToken.None)).Items.Select(row => row.Id)];
}
