using Dapper;
using Deployments.Data.Records;
using Deployments.Tests.Support;

namespace Deployments.Tests.Records;

public sealed class RecordIndexStoreTests : IAsyncLifetime
{
    TestDatabase database = null!;
    RecordIndexStore store = null!;

    public async Task InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        store = new RecordIndexStore(database.DataSource);
    }

    public Task DisposeAsync() => database.DisposeAsync().AsTask();

    [Fact]
    public async Task Indexes_are_built_anew_and_stay_the_same()
    {
        var before = await IndexesAsync();

        Assert.True(await store.PackAsync(default));

        var after = await IndexesAsync();
        Assert.Equal(before.Select(index => index.Definition), after.Select(index => index.Definition));
        Assert.Empty(before.Select(index => index.File).Intersect(after.Select(index => index.File)));
    }

    [Fact]
    public async Task A_few_records_are_not_worth_it()
    {
        Assert.False(await store.AreLooseAsync(default));
    }

    [Fact]
    public async Task What_a_killed_run_left_behind_is_removed()
    {
        var before = await IndexesAsync();
        await using var connection = await database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(
            """
            insert into deployments (
                id, deployed_at, recorded_at, package_id, version_id, target_id, application_id, user_id, recorder_id,
                description_id, feed_id, road)
            values (1, now(), now(), 1, 1, 1, 1, 1, 1, 1, 1, 1), (2, now(), now(), 1, 1, 1, 1, 1, 1, 1, 1, 1)
            """);
        await Assert.ThrowsAnyAsync<Exception>(() => connection.ExecuteAsync(
            "create unique index concurrently deployments_by_user_ccnew on deployments (user_id)"));
        Assert.Equal(before.Count + 1, (await IndexesAsync()).Count);

        Assert.True(await store.PackAsync(default));

        Assert.Equal(before.Count, (await IndexesAsync()).Count);
    }

    [Fact]
    public async Task Only_one_node_packs_at_a_time()
    {
        await using var other = await database.DataSource.OpenConnectionAsync();
        await other.ExecuteAsync("select pg_advisory_lock(862404)");

        Assert.False(await store.PackAsync(default));

        await other.ExecuteAsync("select pg_advisory_unlock(862404)");
        Assert.True(await store.PackAsync(default));
    }

    async Task<List<(string Definition, long File)>> IndexesAsync()
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        return (await connection.QueryAsync<(string, long)>(
            """
            select pg_get_indexdef(indexrelid), pg_relation_filenode(indexrelid)::bigint
            from pg_index where indrelid = 'deployments'::regclass order by 1
            """)).ToList();
    }
}
