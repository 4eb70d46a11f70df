using System.Net;
using System.Net.Http.Json;
using Dapper;
using Deployments.Data.Inbox;
using Deployments.Data.Records;
using Deployments.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Deployments.Tests.Durability;

/// <summary>The database is away for a while: downloads go on, and the journal keeps what they said.</summary>
public sealed class OutageTests : IAsyncLifetime
{
    TestDatabase database = null!;

    public async Task InitializeAsync() => database = await TestDatabase.CreateAsync();

    public async Task DisposeAsync() => await database.DisposeAsync();

    [Fact]
    public async Task Downloads_go_on_while_the_database_is_away_and_nothing_is_lost()
    {
        await using var app = await TestApp.StartAsync(database);
        var path = await UniversalPackage.InNewFeedAsync(app.Admin, "main");
        await using var load = new TaggedLoad(app.Client, path, pause: TimeSpan.FromMilliseconds(5));

        await load.MoreAsync("recorded");
        await database.TakeAwayAsync();
        await load.MoreAsync("journaled", more: 2000); // more than the ids in hand
        await database.BringBackAsync();
        await load.MoreAsync("recorded");
        await load.StopAsync();

        Assert.True(load.Others == 0 && load.Unread == 0, $"{load.LastOther}, {load.Unread} unread");
        await EmptyAsync(app);
        await Recorded.DrainedAsync(database);
        var ids = (await Recorded.AllAsync(database)).Select(record => record.Id).ToList();
        Assert.Equal(load.Promised.Keys.Order(), ids);
    }

    [Fact]
    public async Task A_database_that_hangs_holds_no_download_up()
    {
        await using var app = await TestApp.StartAsync(database);
        var path = await UniversalPackage.InNewFeedAsync(app.Admin, "main");
        await using (var load = new TaggedLoad(app.Client, path, parallel: 4))
        {
            await load.MoreAsync("recorded");
            await using var connection = await database.DataSource.OpenConnectionAsync();
            await using (var transaction = await connection.BeginTransactionAsync())
            {
                await connection.ExecuteAsync(
                    "lock table deployment_inbox in access exclusive mode", transaction: transaction);
                await load.MoreAsync("journaled"); // while the lock is held
                await transaction.RollbackAsync();
            }

            await load.MoreAsync("recorded");
            await load.StopAsync();
            Assert.True(load.Others == 0 && load.Unread == 0, load.LastOther);
            await EmptyAsync(app);
            await Recorded.DrainedAsync(database);
            Assert.Equal(load.Promised.Keys.Order(), (await Recorded.AllAsync(database)).Select(record => record.Id));
        }
    }

    [Fact]
    public async Task A_commit_that_hangs_holds_no_download_up_and_nothing_is_recorded_twice()
    {
        // As with a synchronous standby that is away: the entries are there, and the answer does not come.
        await using var app = await TestApp.StartAsync(database);
        var path = await UniversalPackage.InNewFeedAsync(app.Admin, "main");
        await using var connection = await database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(
            """
            create function wait_for_test() returns trigger language plpgsql as
                $$ begin perform pg_advisory_xact_lock_shared(4711); return null; end $$;
            create constraint trigger wait_for_test after insert on deployment_inbox
                deferrable initially deferred for each row execute function wait_for_test();
            """);
        await using var load = new TaggedLoad(app.Client, path, parallel: 4);
        await load.MoreAsync("recorded");
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await connection.ExecuteAsync("select pg_advisory_xact_lock(4711)", transaction: transaction);
            await load.MoreAsync("journaled"); // while the lock is held
            await transaction.RollbackAsync();
        }

        await load.MoreAsync("recorded");
        await load.StopAsync();
        Assert.True(load.Others == 0 && load.Unread == 0, load.LastOther);
        await EmptyAsync(app);
        await Recorded.DrainedAsync(database);
        Assert.Equal(load.Promised.Keys.Order(), (await Recorded.AllAsync(database)).Select(record => record.Id));
    }

    [Theory]
    [InlineData("57P01")] // the server ends its sessions
    [InlineData("25006")] // it has become a standby
    public async Task What_a_takeover_interrupts_is_recorded_later_and_not_rejected(string fault)
    {
        await using var app = await TestApp.StartAsync(database);
        var path = await UniversalPackage.InNewFeedAsync(app.Admin, "main");
        await using var connection = await database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(
            $$"""
            create sequence tries;
            create function interrupt_for_test() returns trigger language plpgsql as
                $$ begin perform nextval('tries'); raise 'interrupted' using errcode = '{{fault}}'; end $$;
            create trigger interrupt_for_test before insert on deployments
                for each row execute function interrupt_for_test();
            """);
        using (var answer = await app.Client.SendAsync(TaggedLoad.Request(path)))
            Assert.Equal("recorded", answer.Headers.GetValues("X-Deployment-Status").Single());
        using (var posted = await app.Admin.PostAsJsonAsync("/api/package-deployment/", new
        {
            FeedName = "main",
            PackageName = "app",
            Version = "1.0.0",
            Application = "a",
            Description = "d",
            Target = "t",
        }))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, posted.StatusCode);
            Assert.NotNull(posted.Headers.RetryAfter);
        }

        await Patience.UntilAsync(async () => await connection.ExecuteScalarAsync<long>(
            "select last_value from tries") > 3); // one is that of the post
        await connection.ExecuteAsync("drop trigger interrupt_for_test on deployments");

        await Recorded.DrainedAsync(database);
        Assert.Single(await Recorded.AllAsync(database));
        Assert.Empty(await Recorded.RejectedAsync(database));
    }

    [Fact]
    public async Task The_journal_of_an_earlier_run_is_delivered_and_its_half_line_passed_over()
    {
        var feedId = await FeedAsync();
        var directory = Directory.CreateTempSubdirectory("deployments-test-").FullName;
        try
        {
            var journal = new Journal(directory);
            journal.Append([Entry(feedId, 1), Entry(feedId, 2)]);
            await File.AppendAllTextAsync(
                Path.Combine(directory, "journal.ndjson"), """{"id":3,"received_at":"2026-01-""");
            // What crashed in the middle of a line starts again with the database away: the next line must not suffer.
            new Journal(directory).Append([Entry(feedId, 4)]);

            await DeliverAsync(new Journal(directory));

            Assert.Empty(Directory.EnumerateFiles(directory));
            Assert.Equal([1L, 2L, 4L], await InboxIdsAsync());
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task What_is_delivered_twice_is_recorded_once()
    {
        await using var app = await TestApp.StartAsync(database);
        await UniversalPackage.InNewFeedAsync(app.Admin, "main");
        var feedId = await FeedIdAsync();
        var journal = app.Service<Journal>();
        for (var delivery = 0; delivery < 2; delivery++)
        {
            // With an explicit date, the second of the two becomes a repetition, and is known as such the next time.
            journal.Append([Entry(feedId, 11), Entry(feedId, 12), Entry(feedId, 13) with { Reason = "no target" },
                Dated(feedId, 14), Dated(feedId, 15)]);
            await EmptyAsync(app);
            await Recorded.DrainedAsync(database);
        }

        Assert.Equal([11L, 12L, 14L], (await Recorded.AllAsync(database)).Select(record => record.Id));
        Assert.Equal(13, Assert.Single(await Recorded.RejectedAsync(database)).Id);
        await using var connection = await database.DataSource.OpenConnectionAsync();
        Assert.Equal([15L], await connection.QueryAsync<long>("select id from duplicate_records"));
    }

    [Fact]
    public async Task An_entry_that_the_database_refuses_is_rejected_and_holds_up_no_other()
    {
        await using var app = await TestApp.StartAsync(database);
        await UniversalPackage.InNewFeedAsync(app.Admin, "main");
        var feedId = await FeedIdAsync();
        // Random, or compression would make it fit into an index.
        var name = Convert.ToHexString(System.Security.Cryptography.RandomNumberGenerator.GetBytes(5000));
        var version = "1.0.0-" + Convert.ToHexString(System.Security.Cryptography.RandomNumberGenerator.GetBytes(5000));
        app.Service<Journal>().Append([Entry(feedId, 21), Entry(feedId, 22) with { Name = name }, Entry(feedId, 23),
            Entry(feedId, 24) with { Version = version }, Entry(feedId, 25)]);

        await EmptyAsync(app);
        await Recorded.DrainedAsync(database);

        Assert.Equal([21L, 23L, 25L], (await Recorded.AllAsync(database)).Select(record => record.Id));
        var rejected = await Recorded.RejectedAsync(database);
        Assert.Equal([22L, 24L], rejected.Select(record => record.Id));
        Assert.All(rejected, record =>
            Assert.StartsWith("The record could not be stored", record.Reason, StringComparison.Ordinal));
    }

    [Fact]
    public async Task No_bytes_of_a_client_stop_the_recording()
    {
        await using var app = await TestApp.StartAsync(database);
        var path = await UniversalPackage.InNewFeedAsync(app.Admin, "main");
        // Cut at 500 characters, this one would end in half a character.
        var raw = $"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            + $"User-Agent: {new string('x', 499)}\U0001F600\r\n"
            + "X-ProGet-Deployment-Application: a\r\nX-ProGet-Deployment-Description: d\r\n"
            + "X-ProGet-Deployment-Target: t\r\n\r\n";
        using (var socket = new System.Net.Sockets.TcpClient())
        {
            await socket.ConnectAsync(app.Url.Host, app.Url.Port);
            await using var stream = socket.GetStream();
            await stream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(raw));
            using var reader = new StreamReader(stream);
            var answer = await reader.ReadToEndAsync().WaitAsync(Patience.Limit);
            Assert.Contains("X-Deployment-Status: recorded", answer, StringComparison.Ordinal);
        }

        using var after = await app.Client.SendAsync(TaggedLoad.Request(path)).WaitAsync(Patience.Limit);
        Assert.Equal("recorded", after.Headers.GetValues("X-Deployment-Status").Single());
        await Recorded.DrainedAsync(database);
        Assert.Equal(2, (await Recorded.AllAsync(database)).Count);
    }

    async Task DeliverAsync(Journal journal)
    {
        await using var writer = new InboxWriter(
            database.DataSource, new InboxStore(database.DataSource), journal, NullLogger<InboxWriter>.Instance);
        await EmptyAsync(journal);
    }

    static Task EmptyAsync(TestApp app) => EmptyAsync(app.Service<Journal>());

    static Task EmptyAsync(Journal journal) =>
        Patience.UntilAsync(() => journal.IsEmpty, () => "The journal is not delivered.");

    async Task<int> FeedAsync()
    {
        await using var app = await TestApp.StartAsync(database);
        await UniversalPackage.InNewFeedAsync(app.Admin, "main");
        return await FeedIdAsync();
    }

    async Task<int> FeedIdAsync()
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<int>("select min(feed_id) from feeds");
    }

    async Task<IEnumerable<long>> InboxIdsAsync()
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        return await connection.QueryAsync<long>("select id from deployment_inbox order by id");
    }

    static InboxEntry Entry(int feedId, long id) => new()
    {
        Id = id,
        ReceivedAt = new DateTimeOffset(2026, 1, 31, 8, 15, 0, TimeSpan.Zero),
        FeedId = feedId,
        GroupName = "",
        Name = "app",
        Version = "1.0.0",
        Qualifier = "",
        Application = "a",
        Description = "d",
        Target = "t",
        UserName = "u",
        Recorder = "Anonymous",
        Road = RecordRoad.Header,
        RawPath = "/",
    };

    static InboxEntry Dated(int feedId, long id) =>
        Entry(feedId, id) with { DeployedAt = new DateTimeOffset(2026, 1, 30, 0, 0, 0, TimeSpan.Zero) };
}
