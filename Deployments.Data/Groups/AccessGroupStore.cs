using Dapper;
using Deployments.Data.Audit;
using Deployments.Data.Database;
using Npgsql;

namespace Deployments.Data.Groups;

/// <summary>Makes, changes and removes groups. Each change and its audit event are one transaction.</summary>
/// <param name="database">The database.</param>
public sealed class AccessGroupStore(NpgsqlDataSource database)
{
    /// <summary>Makes a group.</summary>
    /// <returns><c>Saved</c>, <c>NameTaken</c>, <c>TooMany</c> or <c>Unknown</c>; and its number.</returns>
    public async Task<(AccessGroupOutcome Outcome, int AccessGroupId)> AddAsync(
        AccessGroupDefinition group, Actor by, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(group);
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        try
        {
            var id = await connection.QuerySingleOrDefaultAsync<int?>(new CommandDefinition(
                """
                insert into access_groups (name)
                select @Name where (select count(*) from access_groups) < @GroupsMax
                returning access_group_id
                """, new { group.Name, AccessGroupDefinition.GroupsMax }, transaction, cancellationToken: ct));
            if (id is null)
                return (AccessGroupOutcome.TooMany, 0);
            if (!await WriteAsync(transaction, id.Value, group, ct))
                return (AccessGroupOutcome.Unknown, 0);
            await AuditStore.CommitAsync(transaction, new AuditedChange(
                "group.create", "group", group.Name, null, Audited(group)), by, ct);
            return (AccessGroupOutcome.Saved, id.Value);
        }
        catch (PostgresException clash) when (OutcomeOrNull(clash) is not null)
        {
            return (OutcomeOrNull(clash)!.Value, 0);
        }
    }

    /// <summary>Changes a group; writes nothing when nothing differs.</summary>
    /// <param name="accessGroupId">The group.</param>
    /// <param name="change">Makes the new group of the current one, which nobody else can change meanwhile.</param>
    /// <param name="by">Who does it.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<AccessGroupOutcome> ChangeAsync(
        int accessGroupId, Func<AccessGroupDefinition, AccessGroupDefinition> change, Actor by, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(change);
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await LockAsync(transaction, accessGroupId, ct) is not { } before)
            return AccessGroupOutcome.NotFound;
        var after = change(before);
        if (Same(before, after))
            return AccessGroupOutcome.Saved;
        try
        {
            await connection.ExecuteAsync(new CommandDefinition(
                "update access_groups set name = @Name where access_group_id = @accessGroupId",
                new { after.Name, accessGroupId }, transaction, cancellationToken: ct));
            if (!await WriteAsync(transaction, accessGroupId, after, ct))
                return AccessGroupOutcome.Unknown;
            await AuditStore.CommitAsync(transaction, new AuditedChange(
                "group.update", "group", before.Name, Audited(before), Audited(after)), by, ct);
            return AccessGroupOutcome.Saved;
        }
        catch (PostgresException clash) when (OutcomeOrNull(clash) is not null)
        {
            return OutcomeOrNull(clash)!.Value;
        }
    }

    /// <summary>Removes a group with all that it may do.</summary>
    /// <returns>False when there is none of that number.</returns>
    public async Task<bool> DeleteAsync(int accessGroupId, Actor by, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await LockAsync(transaction, accessGroupId, ct) is not { } before)
            return false;
        await connection.ExecuteAsync(new CommandDefinition(
            "delete from access_groups where access_group_id = @accessGroupId", new { accessGroupId }, transaction,
            cancellationToken: ct));
        await AuditStore.CommitAsync(transaction, new AuditedChange(
            "group.delete", "group", before.Name, Audited(before), null), by, ct);
        return true;
    }

    static async Task<AccessGroupDefinition?> LockAsync(NpgsqlTransaction transaction, int id, CancellationToken ct)
    {
        await transaction.Connection!.ExecuteAsync(new CommandDefinition(
            "select from access_groups where access_group_id = @id for update", new { id }, transaction,
            cancellationToken: ct));
        return (await AccessGroupQueries.ReadOrNullAsync(transaction.Connection!, transaction, id, ct))?.Definition;
    }

    // Rows that stay are left alone: with a claim would go whom its provider named. False: a key is somebody's own.
    static async Task<bool> WriteAsync(
        NpgsqlTransaction transaction, int id, AccessGroupDefinition group, CancellationToken ct)
    {
        var connection = transaction.Connection!;
        var accounts = group.Accounts.Select(member => member.Id).Distinct().ToArray();
        var keys = group.Keys.Select(member => member.Id).Distinct().ToArray();
        await connection.ExecuteAsync(new CommandDefinition(
            """
            delete from access_group_members
            where access_group_id = @id and not coalesce(account_id = any (@accounts), api_key_id = any (@keys));
            insert into access_group_members (access_group_id, account_id)
            select @id, account_id from unnest(@accounts) as a (account_id)
            on conflict do nothing;

            delete from access_group_claims c
            where c.access_group_id = @id and not exists (
                select from unnest(@providers, @claims) as w (provider, claim)
                where w.provider = c.provider and w.claim = c.claim);
            insert into access_group_claims (access_group_id, provider, claim)
            select @id, provider, claim from unnest(@providers, @claims) as w (provider, claim)
            on conflict do nothing;

            delete from access_group_grants where access_group_id = @id;
            insert into access_group_grants (access_group_id, feed_id, feed_pattern, feed_like, level)
            select @id, feed_id, feed_pattern, feed_like, level
            from unnest(@feeds, @patterns, @likes, @levels) as g (feed_id, feed_pattern, feed_like, level)
            """,
            new
            {
                id,
                accounts,
                keys,
                providers = group.Claims.Select(claim => claim.Provider).ToArray(),
                claims = group.Claims.Select(claim => claim.Claim).ToArray(),
                feeds = group.Grants.Select(grant => grant.FeedId).ToArray(),
                patterns = group.Grants.Select(PatternOrNull).ToArray(),
                likes = group.Grants.Select(grant => Like.Matching(PatternOrNull(grant))).ToArray(),
                levels = group.Grants.Select(grant => Text(grant.Level)).ToArray(),
            }, transaction, cancellationToken: ct));
        var known = await connection.QuerySingleAsync<long>(new CommandDefinition(
            """
            with added as (
                insert into access_group_members (access_group_id, api_key_id)
                select @id, k.api_key_id from api_keys k
                where k.api_key_id = any (@keys) and k.account_id is null
                on conflict do nothing
            )
            select count(*) from api_keys where api_key_id = any (@keys) and account_id is null
            """, new { id, keys }, transaction, cancellationToken: ct));
        return known == keys.Length;
    }

    static AccessGroupOutcome? OutcomeOrNull(PostgresException clash) => clash.SqlState switch
    {
        PostgresErrorCodes.UniqueViolation => AccessGroupOutcome.NameTaken,
        PostgresErrorCodes.ForeignKeyViolation => AccessGroupOutcome.Unknown,
        _ => null,
    };

    static string? PatternOrNull(AccessGrant grant) => grant.FeedId is null ? grant.Feed.ToLowerInvariant() : null;

    static string Text(AccessLevel level) => level.ToString().ToLowerInvariant();

    /// <summary>Whether two forms of a group say the same.</summary>
    public static bool Same(AccessGroupDefinition one, AccessGroupDefinition other) =>
        one.Name == other.Name
        && one.Accounts.Select(member => member.Id).ToHashSet().SetEquals(other.Accounts.Select(member => member.Id))
        && one.Keys.Select(member => member.Id).ToHashSet().SetEquals(other.Keys.Select(member => member.Id))
        && one.Claims.ToHashSet().SetEquals(other.Claims)
        && one.Grants.ToHashSet().SetEquals(other.Grants);

    static object Audited(AccessGroupDefinition group) => new
    {
        group.Name,
        Accounts = group.Accounts.Select(member => member.Name).Order(StringComparer.Ordinal),
        ApiKeys = group.Keys.Select(member => $"#{member.Id} {member.Name}".TrimEnd()).Order(StringComparer.Ordinal),
        ProviderGroups = group.Claims.Select(claim => $"{claim.Provider}: {claim.Claim}")
            .Order(StringComparer.Ordinal),
        Grants = group.Grants.Select(grant => $"{grant.Feed}: {Text(grant.Level)}").Order(StringComparer.Ordinal),
    };
}
