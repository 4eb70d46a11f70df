using System.Diagnostics;
using Deployments.Data.Inbox;
using Deployments.Data.Records;
using Deployments.Tests.Support;
using Npgsql;

namespace Deployments.Tests.Inbox;

/// <summary>Groups that are written one after the other wake the drain seldom, and never too late.</summary>
public sealed class InboxWriterTests
{
    const int Groups = 100;

    [Fact]
    public async Task Many_groups_wake_the_drain_a_few_times()
    {
        await using var app = await QuietAppAsync();
        await using var ears = await Ears.ListenAsync(app.Database);

        var started = Stopwatch.GetTimestamp();
        for (var id = 1; id <= Groups; id++) // each is a group by itself
            Assert.Equal(InboxOutcome.Recorded, await app.Service<InboxWriter>().AddAsync(Entry(id)));
        await ears.UntilQuietAsync();

        var pauses = (int)(Stopwatch.GetElapsedTime(started) / InboxWriter.WakePause);
        Assert.InRange(ears.Heard, 1, pauses + 2);
    }

    [Fact]
    public async Task What_is_written_just_after_a_wake_up_has_one_of_its_own()
    {
        await using var app = await QuietAppAsync();
        await using var ears = await Ears.ListenAsync(app.Database);

        await app.Service<InboxWriter>().AddAsync(Entry(1));
        await Patience.UntilAsync(() => Task.FromResult(ears.Heard == 1));
        await app.Service<InboxWriter>().AddAsync(Entry(2));

        await Patience.UntilAsync(() => Task.FromResult(ears.Heard == 2));
    }

    [Fact]
    public async Task Whatever_else_fills_the_inbox_wakes_the_drain_at_once()
    {
        await using var app = await QuietAppAsync();
        await using var ears = await Ears.ListenAsync(app.Database);

        await InboxSeed.FillAsync(app.Database.DataSource, 10);

        await Patience.UntilAsync(() => Task.FromResult(ears.Heard == 1));
    }

    static async Task<TestApp> QuietAppAsync()
    {
        var app = await TestApp.StartAsync();
        await app.CreateFeedAsync("main", "universal");
        await app.StopJobsAsync();
        return app;
    }

    static InboxEntry Entry(long id) => new()
    {
        Id = id,
        ReceivedAt = TimeProvider.System.GetUtcNow(),
        FeedId = 1,
        GroupName = "",
        Name = "acme",
        Version = "1.0.0",
        Qualifier = "",
        Application = "deploy.sh",
        Description = "Release",
        Target = "WEB-07",
        UserName = "anna",
        Recorder = "anna",
        Road = RecordRoad.Header,
        RawPath = "/upack/main/download/acme/1.0.0",
    };

    /// <summary>Counts the wake-ups of a database.</summary>
    sealed class Ears : IAsyncDisposable
    {
        readonly NpgsqlConnection connection;
        readonly CancellationTokenSource stopping = new();
        readonly Task listening;
        int heard;

        Ears(NpgsqlConnection connection)
        {
            this.connection = connection;
            connection.Notification += (_, _) => Interlocked.Increment(ref heard);
            listening = ListenAsync();
        }

        public int Heard => Volatile.Read(ref heard);

        public static async Task<Ears> ListenAsync(TestDatabase database)
        {
            var connection = await database.DataSource.OpenConnectionAsync();
            await using var command = new NpgsqlCommand("listen deployment_inbox", connection);
            await command.ExecuteNonQueryAsync();
            return new Ears(connection);
        }

        /// <summary>Until nothing is heard for longer than any wake-up waits.</summary>
        public async Task UntilQuietAsync()
        {
            int before;
            do
            {
                before = Heard;
                await Task.Delay(5 * InboxWriter.WakePause);
            }
            while (Heard != before);
        }

        public async ValueTask DisposeAsync()
        {
            await stopping.CancelAsync();
            await listening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await connection.DisposeAsync();
            stopping.Dispose();
        }

        async Task ListenAsync()
        {
            while (true)
                await connection.WaitAsync(stopping.Token);
        }
    }
}
