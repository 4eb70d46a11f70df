using Dapper;
using Npgsql;

namespace Deployments.Data.Demo;

/// <summary>How far the load of the invented history has come.</summary>
public sealed record DemoProgress
{
    /// <summary>The end of the history, in UTC.</summary>
    public DateTimeOffset EndsAt { get; init; }

    /// <summary>How many records it has.</summary>
    public int Records { get; init; }

    /// <summary>How many of them are there for certain.</summary>
    public int Done { get; init; }

    /// <summary>When all of it was there; null: not yet.</summary>
    public DateTimeOffset? EndedAt { get; init; }
}

/// <summary>Remembers the load of the invented history, for a start after an interrupted one.</summary>
/// <param name="database">The database.</param>
public sealed class DemoStore(NpgsqlDataSource database)
{
    /// <summary>How far it has come; null when none was begun.</summary>
    public async Task<DemoProgress?> FindOrNullAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<DemoProgress>(new CommandDefinition(
            "select ends_at, records, done, ended_at from demo_load", cancellationToken: ct));
    }

    /// <summary>Begins one.</summary>
    /// <param name="endsAt">The end of the history; kept to the microsecond.</param>
    /// <param name="records">How many records it has.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<DemoProgress> BeginAsync(DateTimeOffset endsAt, int records, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.QuerySingleAsync<DemoProgress>(new CommandDefinition(
            """
            insert into demo_load (ends_at, records) values (@endsAt, @records)
            returning ends_at, records, done, ended_at
            """, new { endsAt = endsAt.UtcDateTime, records }, cancellationToken: ct));
    }

    /// <summary>Notes that as many records are there.</summary>
    public async Task NoteAsync(int done, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new CommandDefinition(
            "update demo_load set done = @done", new { done }, cancellationToken: ct));
    }

    /// <summary>Notes that all of it is there; what was counted meanwhile is counted again.</summary>
    public async Task EndAsync(DateTimeOffset now, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            update demo_load set ended_at = @now;
            update counted_days set counted_at = '-infinity';
            update counted_packages set counted_at = '-infinity'
            """, new { now = now.UtcDateTime }, cancellationToken: ct));
    }
}
