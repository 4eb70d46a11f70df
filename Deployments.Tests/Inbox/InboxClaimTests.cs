using Dapper;
using Deployments.Data.Inbox;
using Deployments.Data.Records;
using Deployments.Tests.Records;
using Deployments.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Deployments.Tests.Inbox;

/// <summary>A backlog costs no more for each batch than a handful, whatever the statistics say.</summary>
public sealed class InboxClaimTests : IAsyncLifetime
{
    const int Entries = 20_000;
    const int Batch = 500;

    TestDatabase database = null!;
    Seed seed = null!;

    public async Task InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        seed = await new Seed(database).FeedAsync("main", "universal");
    }

    public async Task DisposeAsync() => await database.DisposeAsync();

    [Fact]
    public async Task Claiming_reads_a_batch_and_not_the_backlog_though_the_statistics_say_it_is_empty()
    {
        await RowsRead.WithLyingStatisticsAsync(
            database, "deployment_inbox", () => InboxSeed.FillAsync(database.DataSource, Entries));
        var inbox = new InboxStore(database.DataSource);

        var read = await RowsRead.OfAsync(database, "deployment_inbox", async () => Assert.Equal(
            Batch, await inbox.DrainAsync(Batch, row => new InboxVerdict(row, null, "", "not today"), default)));

        // The whole inbox is read where a plan for an empty table is used: twice 20,000 rows for each batch.
        Assert.InRange(read, Batch, 4 * Batch);
        Assert.Equal(Entries - Batch, await inbox.CountAsync(default));
    }

    [Theory]
    [InlineData("duplicate_records", "select n, 1, now()")]
    [InlineData("rejected_records", "select n, now(), 1, '', 'app', '1', '', 'r', null, null, 1, '/', '', 'no'")]
    public async Task Delivering_the_journal_looks_up_its_lines_and_reads_no_list_of_what_came_before(
        string table, string row)
    {
        await RowsRead.WithLyingStatisticsAsync(database, table, () => seed.ExecuteAsync(
            $"insert into {table} {Columns(table)} {row} from generate_series(1000000, {1000000 + Entries}) n"));
        var directory = Directory.CreateTempSubdirectory("deployments-test-").FullName;
        try
        {
            var journal = new Journal(directory);
            journal.Append([.. Enumerable.Range(1, Batch).Select(n => Entry(n)), Entry(1_000_000)]);

            var read = await RowsRead.OfAsync(database, table, async () =>
            {
                var inbox = new InboxStore(database.DataSource);
                await using var writer = new InboxWriter(
                    database.DataSource, inbox, journal, NullLogger<InboxWriter>.Instance);
                await Patience.UntilAsync(() => journal.IsEmpty);
            });

            Assert.InRange(read, 1, Batch);
            Assert.Equal(Batch, await new InboxStore(database.DataSource).CountAsync(default));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task A_run_of_retention_does_not_keep_a_drain_from_being_asked_for()
    {
        await using var retention = await database.DataSource.OpenConnectionAsync();
        await retention.ExecuteAsync("select pg_advisory_lock(862403)");
        var woken = false;
        await new InboxStore(database.DataSource).OnOneNodeAtATimeAsync(() => woken = true, default);
        Assert.True(woken);
    }

    static string Columns(string table) => table == "rejected_records"
        ? """
          (id, received_at, feed_id, group_name, name, version, qualifier, recorder, client_address, user_agent, road,
           raw_path, raw_headers, reason)
          """
        : "(id, deployment_id, received_at)";

    InboxEntry Entry(long id) => new()
    {
        Id = id,
        ReceivedAt = Seed.Start,
        FeedId = seed.IdOf("main"),
        GroupName = "",
        Name = "app",
        Version = "1.0.0",
        Qualifier = "",
        Recorder = "r",
        Road = RecordRoad.Header,
        RawPath = "/",
    };
}
