using Dapper;
using Npgsql;

namespace Deployments.Data.Accounts;

/// <summary>Reads which identities are bound to which accounts, and whom invitations are for.</summary>
/// <param name="database">The database.</param>
public sealed class IdentityQueries(NpgsqlDataSource database)
{
    /// <summary>The account that an identity is bound to; null when it is bound to none.</summary>
    public async Task<int?> AccountIdOrNullAsync(Identity identity, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<int?>(new CommandDefinition(
            "select account_id from account_identities where issuer = @Issuer and subject = @Subject",
            new { identity.Issuer, identity.Subject }, cancellationToken: ct));
    }

    /// <summary>The identities of one account, or (null) of all, oldest first.</summary>
    public async Task<IReadOnlyList<BoundIdentity>> OfAsync(int? accountId, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<BoundIdentity>(new CommandDefinition(
            """
            select account_identity_id, account_id, issuer, subject, provider, created_at, last_used_at
            from account_identities
            where @accountId::int is null or account_id = @accountId
            order by account_identity_id
            """, new { accountId }, cancellationToken: ct))];
    }

    /// <summary>Whom an invitation is for that counts still; null when there is none.</summary>
    /// <param name="tokenHash">SHA-256 of what the link has.</param>
    /// <param name="now">The time.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<string?> InvitedNameOrNullAsync(byte[] tokenHash, DateTimeOffset now, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<string?>(new CommandDefinition(
            """
            select a.name
            from account_invitations i
            join accounts a using (account_id)
            where i.token_hash = @tokenHash and i.used_at is null and i.expires_at > @now and a.active
            """, new { tokenHash, now }, cancellationToken: ct));
    }
}
