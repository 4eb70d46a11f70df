using System.Diagnostics;
using Deployments.Data.Inbox;
using Deployments.Data.Records;
using Deployments.Web.Feeds;
using Deployments.Web.Records;
using Hangfire;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Deployments.Bench;

/// <summary>
/// From entries that come in, eight at a time, to the records that they become: by the inbox, with one drain for each
/// wake-up, against one Hangfire job for each. Both have the same program, database, worker count and door to the
/// records; see db/decisions/0012.
/// </summary>
static class JobPerRecordBench
{
    const int Records = 2_000;
    const int Parallel = 8;

    public static async Task RunAsync(BenchServer server, BenchTable table)
    {
        await server.CreateFeedAsync("jobs");
        await using var command = server.Database.CreateCommand("select feed_id from feeds where name = 'jobs'");
        var feed = (int)(await command.ExecuteScalarAsync())!;
        var services = server.Services;
        var (inbox, jobs) = (services.GetRequiredService<InboxWriter>(),
            services.GetRequiredService<IBackgroundJobClient>());

        var rounds = new List<(double, double)>();
        for (var round = 0; round < 4; round++)
        {
            var drained = await MeasureAsync(server.Database, id => inbox.AddAsync(Entry(id, feed)));
            var each = await MeasureAsync(server.Database, id => Task.Run(() =>
                jobs.Enqueue<RecordOne>(job => job.RunAsync(id, feed))));
            if (round > 0) // the first one warms up
                rounds.Add((drained, each));
        }

        table.Add($"drain for each wake-up, {Records:N0} records", "one Hangfire job for each", rounds, 5, "rec/s");
    }

    /// <summary>How many records a second become of entries that are handed over by so many at once.</summary>
    static async Task<double> MeasureAsync(NpgsqlDataSource database, Func<long, Task> handOver)
    {
        await DrainBench.ForgetAsync(database);
        var measuring = Stopwatch.StartNew();
        await System.Threading.Tasks.Parallel.ForEachAsync(Enumerable.Range(1, Records),
            new ParallelOptions { MaxDegreeOfParallelism = Parallel },
            async (n, _) => await handOver(900_000_000_000 + n));
        await using var count = database.CreateCommand("select count(*) from deployments");
        while ((long)(await count.ExecuteScalarAsync())! < Records)
            await Task.Delay(10);
        return Records / measuring.Elapsed.TotalSeconds;
    }

    static InboxEntry Entry(long id, int feed) => new()
    {
        Id = id,
        ReceivedAt = TimeProvider.System.GetUtcNow(),
        FeedId = feed,
        GroupName = "",
        Name = $"package-{id % 300}",
        Version = "1.0.0",
        Qualifier = "",
        Application = "deploy.sh",
        Description = "Release to production",
        Target = $"server-{id % 1000}",
        UserName = "anna",
        Recorder = "API key \"ci\"",
        Road = RecordRoad.Header,
        RawPath = "/upack/jobs/download/package/1.0.0",
    };

    /// <summary>What people write first.</summary>
    public sealed class RecordOne(RecordStore store, FeedTypeCatalog types)
    {
        public Task RunAsync(long id, int feed) => store.RecordAsync(
            [RecordFactory.ToRecord(types["universal"], Entry(id, feed))], CancellationToken.None);
    }
}
