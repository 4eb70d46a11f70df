using Dapper;
using Npgsql;

namespace Deployments.Data.Jobs;

/// <summary>Reads when background jobs ran.</summary>
/// <param name="database">The database.</param>
public sealed class JobRunQueries(NpgsqlDataSource database)
{
    /// <summary>The newest run of each of the jobs that has one, by name of the job.</summary>
    /// <param name="jobs">Names of jobs.</param>
    /// <param name="now">The time by which a silent node counts as gone.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<IReadOnlyDictionary<string, JobRun>> NewestAsync(
        IReadOnlyCollection<string> jobs, DateTimeOffset now, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<Row>(new CommandDefinition(
            """
            select r.job_run_id, r.job, r.node, r.started_at, r.ended_at, r.outcome, r.runs, r.items, r.took_ms,
                r.message, n.seen_at is not null and n.stopped_at is null and n.seen_at >= @since as node_is_alive
            from unnest(@jobs) as wanted (job)
            cross join lateral (
                select *
                from job_runs
                where job_runs.job = wanted.job
                order by job_run_id desc
                limit 1) r
            left join nodes n using (node_id)
            """, new { jobs = jobs.ToArray(), since = now - Node.Silence }, cancellationToken: ct)))
            .Select(row => row.ToJobRun()).ToDictionary(run => run.Job, StringComparer.Ordinal);
    }

    /// <summary>One page of a job's runs, newest first.</summary>
    /// <param name="job">Name of the job.</param>
    /// <param name="beforeId">Only runs older than this one; null begins with the newest.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="now">The time by which a silent node counts as gone.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<IReadOnlyList<JobRun>> PageAsync(
        string job, long? beforeId, int limit, DateTimeOffset now, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. (await connection.QueryAsync<Row>(new CommandDefinition(
            """
            select r.job_run_id, r.job, r.node, r.started_at, r.ended_at, r.outcome, r.runs, r.items, r.took_ms,
                r.message, n.seen_at is not null and n.stopped_at is null and n.seen_at >= @since as node_is_alive
            from job_runs r
            left join nodes n using (node_id)
            where r.job = @job and (@beforeId::bigint is null or r.job_run_id < @beforeId)
            order by r.job_run_id desc
            limit @limit
            """, new { job, beforeId, limit, since = now - Node.Silence }, cancellationToken: ct)))
            .Select(row => row.ToJobRun())];
    }

    sealed record Row
    {
        public long JobRunId { get; init; }

        public string Job { get; init; } = "";

        public string Node { get; init; } = "";

        public DateTimeOffset StartedAt { get; init; }

        public DateTimeOffset? EndedAt { get; init; }

        public string? Outcome { get; init; }

        public int Runs { get; init; }

        public long Items { get; init; }

        public long TookMs { get; init; }

        public string? Message { get; init; }

        public bool NodeIsAlive { get; init; }

        public JobRun ToJobRun() => new()
        {
            JobRunId = JobRunId,
            Job = Job,
            Node = Node,
            StartedAt = StartedAt,
            EndedAt = EndedAt,
            State = Outcome switch
            {
                "ok" => JobRunState.Ok,
                "failed" => JobRunState.Failed,
                "stopped" => JobRunState.Stopped,
                _ => NodeIsAlive ? JobRunState.Running : JobRunState.Lost,
            },
            Runs = Runs,
            Items = Items,
            TookMs = TookMs,
            Message = Message,
        };
    }
}
