using Dapper;
using Npgsql;

namespace Deployments.Data.Following;

/// <summary>
/// Notes which targets people follow. That is nobody's business but theirs, and so not in the audit log.
/// </summary>
/// <param name="database">The database.</param>
public sealed class FollowStore(NpgsqlDataSource database)
{
    /// <summary>How many targets one person may follow.</summary>
    public const int TargetsMax = 500;

    /// <summary>Follows a target; does nothing where that is so.</summary>
    /// <param name="account">Whose account, by name.</param>
    /// <param name="targetId">The target.</param>
    /// <param name="from">What is deployed from then on is new.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>Whether it is followed now: false beyond <see cref="TargetsMax"/>.</returns>
    public async Task<bool> FollowAsync(string account, int targetId, DateTimeOffset from, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            """
            with whose as (select account_id from accounts where lower(name) = lower(@account)),
            added as (
                insert into followed_targets (account_id, target_id, seen_at)
                select account_id, @targetId, @from from whose
                where (select count(*) from followed_targets where account_id = whose.account_id) < @TargetsMax
                on conflict do nothing
                returning 1
            )
            select exists (select from added) or exists (
                select from followed_targets join whose using (account_id) where target_id = @targetId)
            """, new { account, targetId, from, TargetsMax }, cancellationToken: ct));
    }

    /// <summary>Follows a target no longer.</summary>
    /// <param name="account">Whose account, by name.</param>
    /// <param name="targetId">The target.</param>
    /// <param name="ct">Cancels.</param>
    public Task UnfollowAsync(string account, int targetId, CancellationToken ct) => ExecuteAsync(
        """
        delete from followed_targets f using accounts a
        where a.account_id = f.account_id and lower(a.name) = lower(@account) and f.target_id = @targetId
        """, new { account, targetId }, ct);

    /// <summary>Notes that somebody has seen what there was.</summary>
    /// <param name="account">Whose account, by name.</param>
    /// <param name="at">When the page that they saw was made; what was deployed later stays new.</param>
    /// <param name="ct">Cancels.</param>
    public Task MarkSeenAsync(string account, DateTimeOffset at, CancellationToken ct) => ExecuteAsync(
        """
        update followed_targets f set seen_at = @at
        from accounts a
        where a.account_id = f.account_id and lower(a.name) = lower(@account) and f.seen_at < @at
        """, new { account, at }, ct);

    async Task ExecuteAsync(string sql, object parameters, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new CommandDefinition(sql, parameters, cancellationToken: ct));
    }
}
