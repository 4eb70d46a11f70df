using System.Data;
using System.Text.Json;
using System.Text.Json.Serialization;
using Dapper;
using Deployments.Data.Ledger;
using Npgsql;

namespace Deployments.Data.Evidence;

/// <summary>Verifies the ledger, and remembers what that found.</summary>
/// <param name="database">The database.</param>
/// <param name="chain">Chains what waits before it is verified.</param>
/// <param name="time">The clock.</param>
public sealed class LedgerVerificationStore(NpgsqlDataSource database, LedgerChainStore chain, TimeProvider time)
{
    const int Kept = 100;

    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter() },
    };

    /// <summary>Checks every row of the ledger, within one snapshot, and every entry.</summary>
    /// <param name="witness">What the ledger was earlier, noted outside of this database.</param>
    /// <param name="ct">Ends it without a result.</param>
    /// <exception cref="NpgsqlException">The database went away.</exception>
    public async Task<LedgerReport> VerifyAsync(LedgerWitness witness, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(witness);
        await chain.ChainAsync(ct);
        var startedAt = time.GetUtcNow();
        LedgerReport report;
        await using (var connection = await database.OpenConnectionAsync(ct))
        {
            await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
            var noted = await NotedAsync(connection, snapshot, ct);
            report = await new LedgerVerifier(
                connection, snapshot, [.. witness.Anchors, .. noted], witness.Problems).RunAsync(ct);
        }

        report = report with { StartedAt = startedAt, EndedAt = time.GetUtcNow() };
        await KeepAsync(report, ct);
        return report;
    }

    /// <summary>What the newest verification found; null when there was none.</summary>
    public async Task<LedgerReport?> LatestOrNullAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var json = await connection.QuerySingleOrDefaultAsync<string>(new CommandDefinition(
            "select report::text from ledger_verifications order by verification_id desc limit 1",
            cancellationToken: ct));
        return json is null ? null : JsonSerializer.Deserialize<LedgerReport>(json, Json);
    }

    /// <summary>Whether the newest verification found anything wrong.</summary>
    public async Task<bool> FoundProblemsAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<bool>(new CommandDefinition(
            "select problems > 0 from ledger_verifications order by verification_id desc limit 1",
            cancellationToken: ct));
    }

    static async Task<IEnumerable<LedgerAnchor>> NotedAsync(
        NpgsqlConnection connection, NpgsqlTransaction snapshot, CancellationToken ct) =>
        (await connection.QueryAsync<NotedAnchor>(new CommandDefinition(
            "select anchored_at, size, root from ledger_anchors", transaction: snapshot, commandTimeout: 120,
            cancellationToken: ct)))
        .Select(noted => new LedgerAnchor(
            noted.Size, noted.Root, noted.AnchoredAt, "this database's own list of anchors", IsOutside: false));

    async Task KeepAsync(LedgerReport report, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            with kept as (
                insert into ledger_verifications (started_at, ended_at, problems, report)
                values (@startedAt, @endedAt, @ProblemCount, @json::jsonb)
                returning verification_id)
            delete from ledger_verifications where verification_id <= (select verification_id - @Kept from kept)
            """,
            new
            {
                startedAt = report.StartedAt.UtcDateTime,
                endedAt = report.EndedAt.UtcDateTime,
                report.ProblemCount,
                json = JsonSerializer.Serialize(report, Json),
                Kept,
            }, cancellationToken: ct));
    }
}
