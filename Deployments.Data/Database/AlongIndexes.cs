using Dapper;
using Npgsql;

namespace Deployments.Data.Database;

/// <summary>
/// Has statements planned along the index that their condition or order names, whatever the statistics say. Those of a
/// table that fills and empties are mostly of an empty one, and a plan made for that reads a backlog of millions for
/// each batch (db/decisions/0013).
/// </summary>
static class AlongIndexes
{
    /// <summary>From here to <see cref="EndAsync"/>, or to the end of the transaction.</summary>
    public static Task BeginAsync(NpgsqlTransaction transaction, CancellationToken ct) => SetAsync(
        transaction,
        """
        set local enable_seqscan = off;
        set local enable_sort = off;
        set local enable_bitmapscan = off;
        set local enable_indexonlyscan = off
        """, ct);

    /// <summary>What follows is planned as usual.</summary>
    public static Task EndAsync(NpgsqlTransaction transaction, CancellationToken ct) => SetAsync(
        transaction,
        """
        set local enable_seqscan = on;
        set local enable_sort = on;
        set local enable_bitmapscan = on;
        set local enable_indexonlyscan = on
        """, ct);

    static Task<int> SetAsync(NpgsqlTransaction transaction, string sql, CancellationToken ct) =>
        transaction.Connection!.ExecuteAsync(
            new CommandDefinition(sql, transaction: transaction, cancellationToken: ct));
}
