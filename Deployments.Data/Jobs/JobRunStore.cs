using Dapper;
using Npgsql;

namespace Deployments.Data.Jobs;

/// <summary>Writes down when background jobs ran and how that went.</summary>
/// <param name="database">The database.</param>
public sealed class JobRunStore(NpgsqlDataSource database)
{
    const int MessageLengthMax = 2000;
    const int RunsKept = 2000; // a day and a half of a job that runs all day, years of a nightly one
    const int RunsAlwaysKept = 20;
    static readonly TimeSpan Age = TimeSpan.FromDays(90);
    static readonly TimeSpan NodeAge = TimeSpan.FromDays(30);

    /// <summary>Notes that a run began.</summary>
    /// <returns>Its number, for <see cref="EndAsync"/>.</returns>
    public async Task<long> BeginAsync(string job, ThisNode node, DateTimeOffset at, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            """
            insert into job_runs (job, node_id, node, started_at)
            values (@job, @Id, @Name, @at)
            returning job_run_id
            """, new { job, node.Id, node.Name, at }, cancellationToken: ct));
    }

    /// <summary>Notes that a run ended.</summary>
    public async Task EndAsync(long jobRunId, DateTimeOffset at, JobRunEnd end, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            update job_runs
            set ended_at = @at, outcome = @outcome, items = @Items, took_ms = @TookMs, message = @message
            where job_run_id = @jobRunId
            """,
            new { jobRunId, at, outcome = Outcome(end), end.Items, end.TookMs, message = Cut(end.Message) },
            cancellationToken: ct));
    }

    /// <summary>Notes several runs that ended, as one row.</summary>
    /// <param name="job">Name of the job.</param>
    /// <param name="node">Where they ran.</param>
    /// <param name="runs">How many: at least 1.</param>
    /// <param name="startedAt">When the first began.</param>
    /// <param name="endedAt">When the last ended.</param>
    /// <param name="end">How they went, together.</param>
    /// <param name="ct">Cancels.</param>
    public async Task AddAsync(
        string job, ThisNode node, int runs, DateTimeOffset startedAt, DateTimeOffset endedAt, JobRunEnd end,
        CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            insert into job_runs (job, node_id, node, started_at, ended_at, outcome, runs, items, took_ms, message)
            values (@job, @Id, @Name, @startedAt, @endedAt, @outcome, @runs, @Items, @TookMs, @message)
            """,
            new
            {
                job,
                node.Id,
                node.Name,
                startedAt,
                endedAt,
                outcome = Outcome(end),
                runs,
                end.Items,
                end.TookMs,
                message = Cut(end.Message),
            }, cancellationToken: ct));
    }

    /// <summary>
    /// Forgets runs of more than 90 days ago and all but the newest 2,000 of each job, though never the newest 20; and
    /// nodes not seen for 30 days.
    /// </summary>
    /// <param name="now">The time to count from.</param>
    /// <param name="ct">Cancels; then nothing is forgotten.</param>
    /// <returns>How many runs were forgotten.</returns>
    public async Task<int> PruneAsync(DateTimeOffset now, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<int>(new CommandDefinition(
            """
            with aged as (
                select job_run_id, started_at,
                    row_number() over (partition by job order by job_run_id desc) as newness
                from job_runs),
            forgotten as (
                delete from job_runs
                using aged
                where job_runs.job_run_id = aged.job_run_id
                  and (aged.newness > @RunsKept
                    or (aged.newness > @RunsAlwaysKept and aged.started_at < @before))
                returning 1),
            nodes_forgotten as (
                delete from nodes where seen_at < @nodesBefore returning 1)
            select count(*)::int from forgotten
            """, new { RunsKept, RunsAlwaysKept, before = now - Age, nodesBefore = now - NodeAge },
            cancellationToken: ct));
    }

    static string Outcome(JobRunEnd end) => end.Stopped ? "stopped" : end.Ok ? "ok" : "failed";

    // A zero byte cannot be stored; half a surrogate pair neither.
    static string? Cut(string? message)
    {
        if (message is null)
            return null;
        var text = message.Replace('\0', '\ufffd');
        if (text.Length <= MessageLengthMax)
            return text;
        var length = char.IsHighSurrogate(text[MessageLengthMax - 1]) ? MessageLengthMax - 1 : MessageLengthMax;
        return text[..length];
    }
}
