using Dapper;
using Npgsql;

namespace Deployments.Data.Groups;

/// <summary>Reads groups, who is in them, and what that comes to.</summary>
/// <param name="database">The database.</param>
public sealed class AccessGroupQueries(NpgsqlDataSource database)
{
    // Everybody who is in a group: put into it, or by what a provider said at the last sign-in.
    const string Members =
        """
        select m.access_group_id, m.account_id, m.api_key_id, null as provider
        from access_group_members m
        union all
        select c.access_group_id, i.account_id, null, c.provider
        from access_group_claim_holders h
        join access_group_claims c on c.access_group_claim_id = h.access_group_claim_id
        join account_identities i on i.account_identity_id = h.account_identity_id
        """;

    // What a group g may do, in words; the first few.
    const string GrantWords =
        """
        array(
            select coalesce(f.name, t.feed_pattern) || ': ' || t.level
            from access_group_grants t
            left join feeds f on f.feed_id = t.feed_id
            where t.access_group_id = g.access_group_id and f.deleted_at is null
            order by 1 limit 8) as grants,
        (select count(*) from access_group_grants t
         left join feeds f on f.feed_id = t.feed_id
         where t.access_group_id = g.access_group_id and f.deleted_at is null) as grant_count
        """;

    /// <summary>Every group, by name.</summary>
    public async Task<IReadOnlyList<AccessGroupRow>> ListAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<AccessGroupRow>(new CommandDefinition(
            $"""
            select g.access_group_id, g.name,
                   (select count(account_id) from access_group_members m
                    where m.access_group_id = g.access_group_id) as accounts,
                   (select count(api_key_id) from access_group_members m
                    where m.access_group_id = g.access_group_id) as keys,
                   (select count(*) from access_group_claims c
                    where c.access_group_id = g.access_group_id) as claims,
                   {GrantWords}
            from access_groups g
            order by lower(g.name)
            """, cancellationToken: ct))];
    }

    /// <summary>One group in full; null when there is none of that number.</summary>
    public async Task<AccessGroup?> FindOrNullAsync(int accessGroupId, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await ReadOrNullAsync(connection, null, accessGroupId, ct);
    }

    /// <summary>Every group in full, by name.</summary>
    public async Task<IReadOnlyList<AccessGroup>> AllAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await ReadAsync(connection, null, null, ct);
    }

    /// <summary>The groups that may something on a feed, by name.</summary>
    public async Task<IReadOnlyList<FeedGroupRow>> OfFeedAsync(int feedId, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<FeedGroupRow>(new CommandDefinition(
            $"""
            with members as ({Members}),
            named as (
                select distinct m.access_group_id, coalesce(a.name, nullif(k.display_name, ''), '#' || k.api_key_id)
                    as name
                from members m
                left join accounts a on a.account_id = m.account_id
                left join api_keys k on k.api_key_id = m.api_key_id
                where a.active or k.revoked_at is null and k.api_key_id is not null
            )
            select g.access_group_id, g.name, t.level, t.feed_pattern as pattern,
                   array(select n.name from named n where n.access_group_id = g.access_group_id
                         order by lower(n.name) limit 12) as members,
                   (select count(*) from named n where n.access_group_id = g.access_group_id) as member_count
            from feeds f
            join access_group_grants t on t.feed_id = f.feed_id or lower(f.name) like t.feed_like
            join access_groups g on g.access_group_id = t.access_group_id
            where f.feed_id = @feedId
            order by lower(g.name), t.access_group_grant_id
            """, new { feedId }, cancellationToken: ct))];
    }

    /// <summary>The groups of one account, or (null) of all that are in any.</summary>
    public Task<IReadOnlyList<MembershipRow>> OfAccountsAsync(int? accountId, CancellationToken ct) =>
        MembershipsAsync("m.account_id", accountId, ct);

    /// <summary>The groups of all keys that are in any.</summary>
    public Task<IReadOnlyList<MembershipRow>> OfKeysAsync(CancellationToken ct) =>
        MembershipsAsync("m.api_key_id", null, ct);

    /// <summary>What groups make of these accounts and keys.</summary>
    public async Task<FeedGrants> GrantsAsync(
        IReadOnlyCollection<int> accountIds, IReadOnlyCollection<int> apiKeyIds, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        // One statement, so that what it says was true at one moment.
        var rows = await connection.QueryAsync<GrantRow>(new CommandDefinition(
            $"""
            with members as (
                select access_group_id, account_id, api_key_id
                from ({Members}) m
                where account_id = any (@accountIds) or api_key_id = any (@apiKeyIds)
            )
            select 'limited' as kind, feed_id, null::int as access_group_id, null::int as account_id,
                   null::int as api_key_id, null as level
            from feeds where groups_only
            union all
            select 'member', null, access_group_id, account_id, api_key_id, null from members
            union all
            select 'grant', f.feed_id, t.access_group_id, null, null, t.level
            from access_group_grants t
            join feeds f on f.feed_id = t.feed_id or lower(f.name) like t.feed_like
            where t.access_group_id in (select access_group_id from members)
            """,
            new { accountIds = accountIds.ToArray(), apiKeyIds = apiKeyIds.ToArray() }, cancellationToken: ct));
        var byKind = rows.ToLookup(row => row.Kind);
        return new FeedGrants(
            byKind["limited"].Select(row => row.FeedId!.Value),
            byKind["member"].Select(row =>
                (row.ApiKeyId is not null, row.ApiKeyId ?? row.AccountId!.Value, row.AccessGroupId!.Value)),
            byKind["grant"].Select(row =>
                (row.AccessGroupId!.Value, row.FeedId!.Value, Enum.Parse<AccessLevel>(row.Level!, ignoreCase: true))));
    }

    internal static async Task<AccessGroup?> ReadOrNullAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, int accessGroupId, CancellationToken ct) =>
        (await ReadAsync(connection, transaction, accessGroupId, ct)).SingleOrDefault();

    static async Task<IReadOnlyList<AccessGroup>> ReadAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, int? id, CancellationToken ct)
    {
        await using var read = await connection.QueryMultipleAsync(new CommandDefinition(
            """
            select access_group_id, name from access_groups
            where @id::int is null or access_group_id = @id
            order by lower(name);

            select m.access_group_id, coalesce(a.account_id, k.api_key_id) as id, k.api_key_id is not null as is_key,
                   coalesce(a.name, k.display_name) as name,
                   coalesce(a.active, k.revoked_at is null and (k.expires_at is null or k.expires_at > now()))
                       as counts
            from access_group_members m
            left join accounts a on a.account_id = m.account_id
            left join api_keys k on k.api_key_id = m.api_key_id
            where @id::int is null or m.access_group_id = @id
            order by lower(coalesce(a.name, k.display_name)), m.access_group_member_id;

            select access_group_id, provider, claim from access_group_claims
            where @id::int is null or access_group_id = @id
            order by provider, claim;

            select t.access_group_id, t.feed_id, coalesce(f.name, t.feed_pattern) as feed, t.level,
                   f.deleted_at is not null as is_deleted
            from access_group_grants t
            left join feeds f on f.feed_id = t.feed_id
            where @id::int is null or t.access_group_id = @id
            order by lower(coalesce(f.name, t.feed_pattern)), t.access_group_grant_id
            """, new { id }, transaction, cancellationToken: ct));
        var groups = (await read.ReadAsync<(int Id, string Name)>()).ToList();
        var members = (await read.ReadAsync<MemberRow>()).ToLookup(row => (row.AccessGroupId, row.IsKey));
        var claims = (await read.ReadAsync<(int Id, string Provider, string Claim)>()).ToLookup(row => row.Id);
        var grants = (await read.ReadAsync<DefinedGrantRow>()).ToLookup(row => row.AccessGroupId);
        return
        [
            .. groups.Select(group => new AccessGroup(group.Id, new AccessGroupDefinition(
                group.Name,
                [.. members[(group.Id, false)].Select(row => row.ToMember())],
                [.. members[(group.Id, true)].Select(row => row.ToMember())],
                [.. claims[group.Id].Select(row => new GroupClaim(row.Provider, row.Claim))],
                [.. grants[group.Id].Select(row => row.ToGrant())]))),
        ];
    }

    async Task<IReadOnlyList<MembershipRow>> MembershipsAsync(string member, int? id, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<MembershipRow>(new CommandDefinition(
            $"""
            select distinct {member} as member_id, g.access_group_id, g.name, m.provider, lower(g.name) as by_name,
                   {GrantWords}
            from ({Members}) m
            join access_groups g on g.access_group_id = m.access_group_id
            where {member} is not null and (@id::int is null or {member} = @id)
            order by by_name, m.provider nulls first
            """, new { id }, cancellationToken: ct))];
    }

    sealed record GrantRow
    {
        public string Kind { get; init; } = "";

        public int? FeedId { get; init; }

        public int? AccessGroupId { get; init; }

        public int? AccountId { get; init; }

        public int? ApiKeyId { get; init; }

        public string? Level { get; init; }
    }

    sealed record MemberRow
    {
        public int AccessGroupId { get; init; }

        public int Id { get; init; }

        public bool IsKey { get; init; }

        public string Name { get; init; } = "";

        public bool Counts { get; init; }

        public GroupMember ToMember() => new(Id, Name, Counts);
    }

    sealed record DefinedGrantRow
    {
        public int AccessGroupId { get; init; }

        public int? FeedId { get; init; }

        public string Feed { get; init; } = "";

        public string Level { get; init; } = "";

        public bool IsDeleted { get; init; }

        public AccessGrant ToGrant() =>
            new(FeedId, Feed, Enum.Parse<AccessLevel>(Level, ignoreCase: true)) { IsDeleted = IsDeleted };
    }
}
