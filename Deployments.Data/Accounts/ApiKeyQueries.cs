using Dapper;
using Npgsql;

namespace Deployments.Data.Accounts;

/// <summary>Reads API keys.</summary>
/// <param name="database">The database.</param>
public sealed class ApiKeyQueries(NpgsqlDataSource database)
{
    /// <summary>Every key, newest first, revoked ones too.</summary>
    public async Task<IReadOnlyList<ApiKey>> AllAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await ReadAsync(connection, null, null, null, ct);
    }

    /// <summary>The personal keys of an account, newest first, revoked ones too.</summary>
    public async Task<IReadOnlyList<ApiKey>> OfAccountAsync(string account, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await ReadAsync(connection, null, null, account, ct);
    }

    /// <summary>The keys with these SHA-256 hashes, revoked and expired ones too; unknown ones are left out.</summary>
    public async Task<IReadOnlyList<ApiKey>> ByHashesAsync(IReadOnlyCollection<byte[]> hashes, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await ReadAsync(connection, null, hashes.ToArray(), null, ct);
    }

    internal static async Task<IReadOnlyList<ApiKey>> ReadAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, byte[][]? hashes, string? account,
        CancellationToken ct) =>
        [.. (await connection.QueryAsync<ApiKeyRow>(new CommandDefinition(
            """
            select k.api_key_id, k.key_hash, k.key_type, k.display_name, k.description, k.permissions, k.feed_id,
                f.name as feed_name, a.name as account_name, a.role as account_role, a.active as account_active,
                a.account_id,
                k.properties::text, k.created_at, k.expires_at, k.revoked_at, k.last_used_at,
                k.policy_application, k.policy_description, k.policy_target
            from api_keys k
            left join feeds f on f.feed_id = k.feed_id
            left join accounts a on a.account_id = k.account_id
            where (@hashes::bytea[] is null or k.key_hash = any(@hashes))
              and (@account::text is null or lower(a.name) = lower(@account))
            order by k.api_key_id desc
            """, new { hashes, account }, transaction, cancellationToken: ct))).Select(row => row.ToApiKey())];

    sealed record ApiKeyRow
    {
        public int ApiKeyId { get; init; }

        public byte[] KeyHash { get; init; } = [];

        public string KeyType { get; init; } = "";

        public string DisplayName { get; init; } = "";

        public string Description { get; init; } = "";

        public string[] Permissions { get; init; } = [];

        public int? FeedId { get; init; }

        public string? FeedName { get; init; }

        public int? AccountId { get; init; }

        public string? AccountName { get; init; }

        public string? AccountRole { get; init; }

        public bool? AccountActive { get; init; }

        public string Properties { get; init; } = "{}";

        public DateTimeOffset CreatedAt { get; init; }

        public DateTimeOffset? ExpiresAt { get; init; }

        public DateTimeOffset? RevokedAt { get; init; }

        public DateTimeOffset? LastUsedAt { get; init; }

        public string? PolicyApplication { get; init; }

        public string? PolicyDescription { get; init; }

        public string? PolicyTarget { get; init; }

        public ApiKey ToApiKey() => new(
            ApiKeyId, KeyHash, KeyType, DisplayName, Description,
            Permissions.Aggregate(Accounts.Permissions.None, (all, one) =>
                all | Enum.Parse<Permissions>(one, ignoreCase: true)),
            FeedId, FeedName,
            AccountName is null
                ? null
                : new ApiKeyAccount(AccountName, Enum.Parse<AccountRole>(AccountRole!, ignoreCase: true),
                    AccountActive == true, AccountId!.Value),
            Properties, CreatedAt, ExpiresAt, RevokedAt, LastUsedAt)
        {
            Policy = PolicyTarget is null
                ? null
                : new RecordingPolicy(PolicyApplication!, PolicyDescription!, PolicyTarget),
        };
    }
}
