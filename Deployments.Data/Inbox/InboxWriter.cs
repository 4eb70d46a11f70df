using System.Diagnostics;
using System.Threading.Channels;
using Deployments.Data.Telemetry;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Deployments.Data.Inbox;

/// <summary>
/// Makes tagged downloads durable. Group commit: one writer takes whatever is waiting, sends it in one COPY, and its
/// one commit answers all who waited; while that commit is under way the next group gathers. Under load the price of a
/// commit is shared by dozens of downloads, without load nobody waits for company.
/// <para>When the database cannot take a group, the group goes to the <see cref="Journal"/>, and so do the following
/// ones at once, until a delivery in the background has succeeded. Ids make delivery harmless: an entry whose commit
/// was in doubt is known by its id.</para>
/// </summary>
public sealed class InboxWriter : IAsyncDisposable
{
    const int GroupMax = 1000; // entries in one COPY: about 1 MB
    const int DeliveryLines = 1000; // journaled entries put into the inbox by one statement
    static readonly TimeSpan DatabasePatience = TimeSpan.FromSeconds(2); // a download must not wait noticeably
    static readonly TimeSpan DeliveryPause = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long after a wake-up of the drain the next one waits: PostgreSQL's notice wakes every connection that
    /// listens to the database, which for each group costs more than the group.
    /// </summary>
    public static readonly TimeSpan WakePause = TimeSpan.FromMilliseconds(200);

    readonly Channel<Waiting> queue = Channel.CreateUnbounded<Waiting>(new() { SingleReader = true });
    readonly Channel<bool> written = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    readonly CancellationTokenSource stopping = new();
    readonly NpgsqlDataSource database;
    readonly InboxStore inbox;
    readonly Journal journal;
    readonly ILogger<InboxWriter> logger;
    readonly InboxRows rows = new();
    readonly Task writing;
    readonly Task waking;
    readonly Task delivering;
    NpgsqlConnection? connection;
    volatile bool databaseIsAway;

    /// <summary>Starts the writer, which first of all delivers what an earlier run left in the journal.</summary>
    public InboxWriter(NpgsqlDataSource database, InboxStore inbox, Journal journal, ILogger<InboxWriter> logger)
    {
        this.database = database;
        this.inbox = inbox;
        this.journal = journal;
        this.logger = logger;
        writing = Task.Run(WriteGroupsAsync);
        waking = Task.Run(WakeDrainsAsync);
        delivering = Task.Run(DeliverJournalAsync);
    }

    /// <summary>Writes one entry down. When the task ends, the entry is as safe as the outcome says.</summary>
    public Task<InboxOutcome> AddAsync(InboxEntry entry)
    {
        var waiting = new Waiting(entry);
        return queue.Writer.TryWrite(waiting) ? waiting.Outcome.Task : Task.FromResult(InboxOutcome.Failed);
    }

    /// <summary>Writes what still waits, then stops.</summary>
    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        await writing;
        written.Writer.TryComplete();
        await waking;
        if (connection is not null)
            await connection.DisposeAsync();
        await stopping.CancelAsync();
        await delivering;
        stopping.Dispose();
    }

    async Task WriteGroupsAsync()
    {
        var group = new List<Waiting>(GroupMax);
        while (await queue.Reader.WaitToReadAsync())
        {
            group.Clear();
            while (group.Count < GroupMax && queue.Reader.TryRead(out var waiting))
                group.Add(waiting);

            var began = Stopwatch.GetTimestamp();
            var outcome = await WriteAsync([.. group.Select(waiting => waiting.Entry)]);
            foreach (var waiting in group)
                waiting.Outcome.SetResult(outcome);
            Measures.Written(group.Count, outcome switch
            {
                InboxOutcome.Recorded => "inbox",
                InboxOutcome.Journaled => "journal",
                _ => Measures.Failed,
            }, began);
        }
    }

    // Catches whatever is thrown: a writer that ends would leave every download waiting.
    async Task<InboxOutcome> WriteAsync(InboxEntry[] entries)
    {
        if (!databaseIsAway)
        {
            try
            {
                await CopyAsync(entries);
                written.Writer.TryWrite(true);
                return InboxOutcome.Recorded;
            }
            catch (Exception exception)
            {
                logger.LogError(exception,
                    "The database did not take {Count} inbox entries; they go to the journal", entries.Length);
                databaseIsAway = true;
            }
        }

        try
        {
            journal.Append(entries);
            return InboxOutcome.Journaled;
        }
        catch (Exception exception)
        {
            logger.LogCritical(exception,
                "Neither the database nor the journal took {Count} deployment records", entries.Length);
            return InboxOutcome.Failed;
        }
    }

    // On a connection of its own: nothing else can keep it waiting for one, and it need not be made good as new after
    // each group.
    async Task CopyAsync(InboxEntry[] entries)
    {
        var input = rows.Write(entries);
        using var patience = new CancellationTokenSource(DatabasePatience);
        connection ??= await OpenAsync(patience.Token);
        try
        {
            var copy = await connection.BeginRawBinaryCopyAsync(InboxRows.Copy, patience.Token);
            copy.ReadTimeout = (int)DatabasePatience.TotalMilliseconds; // for the commit, which takes no token
            try
            {
                await copy.WriteAsync(input, patience.Token);
            }
            catch
            {
                await copy.CancelAsync(); // or what has arrived would be committed now
                throw;
            }

            await copy.DisposeAsync(); // commits
        }
        catch
        {
            await connection.DisposeAsync();
            connection = null;
            throw;
        }
    }

    // The inbox's trigger leaves the waking to whoever says so.
    async Task<NpgsqlConnection> OpenAsync(CancellationToken ct)
    {
        var opened = await database.OpenConnectionAsync(ct);
        try
        {
            await using var command = new NpgsqlCommand("set deployments.wakes_drain = 'self'", opened);
            await command.ExecuteNonQueryAsync(ct);
            return opened;
        }
        catch
        {
            await opened.DisposeAsync();
            throw;
        }
    }

    // At once after a silence. Whatever is written has a wake-up after it; one that is lost costs a second, since every
    // node looks that often.
    async Task WakeDrainsAsync()
    {
        await foreach (var _ in written.Reader.ReadAllAsync())
        {
            using var patience = new CancellationTokenSource(DatabasePatience);
            try
            {
                await inbox.WakeDrainAsync(patience.Token);
            }
            catch (Exception exception)
            {
                logger.LogWarning("The drain is not woken: {Reason}", exception.Message);
            }

            if (!written.Reader.Completion.IsCompleted)
                await Task.Delay(WakePause, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    async Task DeliverJournalAsync()
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                if (databaseIsAway || !journal.IsEmpty)
                    await DeliverOnceAsync();
                await Task.Delay(DeliveryPause, stopping.Token);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                // Stopping; what is undelivered stays in the journal for the next start.
            }
            catch (Exception exception)
            {
                logger.LogWarning("The journal cannot be delivered yet: {Reason}", exception.Message);
                await Task.Delay(DeliveryPause, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    async Task DeliverOnceAsync()
    {
        await inbox.PingAsync(stopping.Token);
        databaseIsAway = false; // first, so that the journal stops growing while it is delivered
        foreach (var file in journal.Seal())
        {
            var count = 0;
            var refusals = new List<string>();
            foreach (var lines in Journal.Read(file).Chunk(DeliveryLines))
            {
                refusals.AddRange(await inbox.DeliverAsync(lines, stopping.Token));
                count += lines.Length;
            }

            foreach (var refused in refusals)
            {
                logger.LogError("The database refuses a journaled entry, kept in journal.refused: {Line}", refused);
                journal.SetAside(refused);
            }

            Journal.Remove(file);
            Measures.Delivered(count);
            logger.LogInformation("Delivered {Count} journaled entries", count);
        }
    }

    sealed record Waiting(InboxEntry Entry)
    {
        // Continuations run elsewhere: the writer must not serve downloads.
        public TaskCompletionSource<InboxOutcome> Outcome { get; } =
            new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
