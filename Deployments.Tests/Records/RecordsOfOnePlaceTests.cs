using Dapper;
using Deployments.Data.Calendar;
using Deployments.Data.Feeds;
using Deployments.Data.Packages;
using Deployments.Data.Targets;
using Deployments.Tests.Support;

namespace Deployments.Tests.Records;

/// <summary>
/// A package that is deployed to the same target again and again: what asks for the last record before another reads
/// that one, not all of them.
/// </summary>
public sealed class RecordsOfOnePlaceTests : IAsyncLifetime
{
    const int Records = 4000;

    TestDatabase database = null!;

    public async Task InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        var seed = await new Seed(database).FeedAsync("main", "nuget");
        await seed.DeployAsync("A 1.0", "T-1", 0);
        await seed.ExecuteAsync(
            $"""
            insert into deployments (
                id, deployed_at, recorded_at, package_id, version_id, target_id, application_id, user_id, recorder_id,
                description_id, feed_id, road)
            select id + n, deployed_at + n * interval '5 seconds', recorded_at, package_id, version_id, target_id,
                   application_id, user_id, recorder_id, description_id, feed_id, road
            from deployments, generate_series(1, {Records - 1}) n
            """);
        await seed.ExecuteAsync("vacuum analyze deployments");
    }

    public Task DisposeAsync() => database.DisposeAsync().AsTask();

    [Fact]
    public async Task A_day_is_counted_by_reading_its_records_a_few_times()
    {
        var store = new CalendarStore(database.DataSource, new Clock(Seed.Start.AddDays(1)));
        var read = await ReadAsync(() => store.CountAsync(TimeSpan.FromMinutes(5), default));

        Assert.InRange(read, Records, 10 * Records);
        await using var connection = await database.DataSource.OpenConnectionAsync();
        Assert.Equal(
            (Records, 0),
            await connection.QuerySingleAsync<(int, int)>("select deployments, rollbacks from deployment_days"));
    }

    [Fact]
    public async Task A_page_of_history_reads_what_it_shows_and_what_was_before()
    {
        var filter = new HistoryFilter { Package = new("nuget", "", "a") };
        var read = await ReadAsync(async () => Assert.Equal(50, (await new HistoryQueries(database.DataSource)
            .PageAsync(filter, null, 50, VisibleFeeds.All, default)).Rows.Count));

        Assert.InRange(read, 50, Records / 2); // it walks by hour
    }

    [Fact]
    public async Task What_ran_at_a_time_is_one_record()
    {
        var queries = new TargetQueries(database.DataSource);
        var target = (await queries.FindOrNullAsync("T-1", VisibleFeeds.All, default))!;
        var read = await ReadAsync(async () => Assert.Single(
            await queries.AtAsync(target.TargetId, Seed.Start.AddHours(3), VisibleFeeds.All, default)));

        Assert.InRange(read, 1, 20);
    }

    [Fact]
    public async Task Whether_a_version_can_be_deleted_is_told_by_a_few_records()
    {
        var wanted = new DeletionCandidate(new PackageKey("nuget", "", "a"), "1.0.0");
        var read = await ReadAsync(async () => Assert.False(Assert.Single(
            await new DeletionQueries(database.DataSource).OfAsync(
                [wanted], Seed.Start.AddDays(30), 3, VisibleFeeds.All, default)).IsSafe));

        Assert.InRange(read, 1, Records / 2); // the last one is looked for in its hour
    }

    Task<long> ReadAsync(Func<Task> work) => RowsRead.OfAsync(database, "deployments", work);
}
