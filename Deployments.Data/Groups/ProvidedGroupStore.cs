using Dapper;
using Deployments.Data.Accounts;
using Npgsql;

namespace Deployments.Data.Groups;

/// <summary>
/// Keeps of whom a provider said, at the last sign-in, that they are in groups which make members here.
/// </summary>
/// <param name="database">The database.</param>
public sealed class ProvidedGroupStore(NpgsqlDataSource database)
{
    /// <summary>Takes over what a provider says; writes nothing, and so tells nobody, when it said so before.</summary>
    /// <param name="identity">Of whom.</param>
    /// <param name="groups">All groups or roles that it says.</param>
    /// <param name="ct">Cancels.</param>
    public async Task FollowAsync(Identity identity, IReadOnlyCollection<string> groups, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(identity);
        await using var connection = await database.OpenConnectionAsync(ct);
        // A trigger tells of every statement that could change something: so first whether there is anything to do.
        var parameters = new
        {
            identity.Issuer,
            identity.Subject,
            identity.Provider,
            groups = groups.Where(group => !group.Contains('\0', StringComparison.Ordinal)).ToArray(),
        };
        if (!await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            """
            with person as (
                select account_identity_id from account_identities where issuer = @Issuer and subject = @Subject
            ),
            said as (
                select access_group_claim_id from access_group_claims
                where lower(provider) = lower(@Provider) and claim = any (@groups)
            ),
            kept as (
                select access_group_claim_id from access_group_claim_holders
                where account_identity_id = (select account_identity_id from person)
            )
            select exists (select from person) and (
                exists (select * from said except select * from kept)
                or exists (select * from kept except select * from said))
            """, parameters, cancellationToken: ct)))
            return;
        await connection.ExecuteAsync(new CommandDefinition(
            """
            delete from access_group_claim_holders h
            using account_identities i, access_group_claims c
            where i.issuer = @Issuer and i.subject = @Subject and h.account_identity_id = i.account_identity_id
              and c.access_group_claim_id = h.access_group_claim_id
              and not (lower(c.provider) = lower(@Provider) and c.claim = any (@groups));
            insert into access_group_claim_holders (account_identity_id, access_group_claim_id)
            select i.account_identity_id, c.access_group_claim_id
            from account_identities i
            join access_group_claims c on lower(c.provider) = lower(@Provider) and c.claim = any (@groups)
            where i.issuer = @Issuer and i.subject = @Subject
            on conflict do nothing
            """, parameters, cancellationToken: ct));
    }
}
