using Dapper;
using Deployments.Data.Database;
using Npgsql;

namespace Deployments.Data.Retention;

/// <summary>Applies the active retention rules.</summary>
/// <param name="database">The database.</param>
public sealed class RetentionRunStore(NpgsqlDataSource database)
{
    const long RetentionLock = AdvisoryLocks.Retention;

    /// <summary>Applies every active rule, one after the other.</summary>
    /// <param name="now">The time to count from.</param>
    /// <param name="ct">Cancels between two batches.</param>
    /// <returns>What was removed; null when another node is doing it.</returns>
    /// <exception cref="NpgsqlException">The database is away; what was removed before stays removed.</exception>
    public async Task<RetentionRun?> ApplyAsync(DateTimeOffset now, CancellationToken ct)
    {
        // The lock belongs to the connection: a node that dies gives it back.
        await using var connection = await database.OpenConnectionAsync(ct);
        if (!await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "select pg_try_advisory_lock(@RetentionLock)", new { RetentionLock }, cancellationToken: ct)))
            return null;
        try
        {
            var rules = (await connection.QueryAsync<int>(new CommandDefinition(
                "select retention_rule_id from retention_rules where active order by retention_rule_id",
                cancellationToken: ct))).AsList();
            var removal = new RetentionRemoval(connection);
            long records = 0;
            foreach (var rule in rules)
                records += await removal.ApplyAsync(rule, now, ct);
            return new RetentionRun(rules.Count, records);
        }
        finally
        {
            if (connection.State == System.Data.ConnectionState.Open)
                await connection.ExecuteAsync("select pg_advisory_unlock(@RetentionLock)", new { RetentionLock });
        }
    }
}

/// <summary>What a run of the retention rules did.</summary>
/// <param name="Rules">How many rules were applied.</param>
/// <param name="Records">How many deployment records and observations were removed.</param>
public sealed record RetentionRun(int Rules, long Records);
