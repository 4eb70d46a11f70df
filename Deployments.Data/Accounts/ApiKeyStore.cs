using Dapper;
using Deployments.Data.Audit;
using Npgsql;

namespace Deployments.Data.Accounts;

/// <summary>Makes and revokes API keys. Each change and its audit event are one transaction.</summary>
/// <param name="database">The database.</param>
public sealed class ApiKeyStore(NpgsqlDataSource database)
{
    /// <summary>Makes a key.</summary>
    /// <returns>How it ended, and the key's number when it was made.</returns>
    public async Task<(ApiKeyOutcome Outcome, int ApiKeyId)> AddAsync(NewApiKey key, Actor by, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var feedId = await connection.QuerySingleOrDefaultAsync<int?>(new CommandDefinition(
            "select feed_id from feed_names where name_key = lower(@Feed)",
            new { key.Feed }, transaction, cancellationToken: ct));
        if (key.Feed is not null && feedId is null)
            return (ApiKeyOutcome.UnknownFeed, 0);
        var accountId = await connection.QuerySingleOrDefaultAsync<int?>(new CommandDefinition(
            "select account_id from accounts where lower(name) = lower(@Account)",
            new { key.Account }, transaction, cancellationToken: ct));
        if (key.Account is not null && accountId is null)
            return (ApiKeyOutcome.UnknownAccount, 0);

        try
        {
            var id = await InsertAsync(connection, transaction, key, feedId, accountId, by, ct);
            await transaction.CommitAsync(ct);
            return (ApiKeyOutcome.Saved, id);
        }
        catch (PostgresException clash) when (clash.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return (ApiKeyOutcome.KeyTaken, 0);
        }
    }

    /// <summary>Makes a key good for every feed, unless there is, or ever was, any key.</summary>
    /// <returns>Whether it was made.</returns>
    public async Task<bool> AddFirstAsync(NewApiKey key, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        // Two nodes that start together must not both find the table empty.
        await connection.ExecuteAsync(new CommandDefinition(
            "lock table api_keys in share row exclusive mode", transaction: transaction, cancellationToken: ct));
        if (await connection.QuerySingleAsync<bool>(new CommandDefinition(
            "select exists (select from api_keys)", transaction: transaction, cancellationToken: ct)))
            return false;

        await InsertAsync(connection, transaction, key, null, null, Actor.Program, ct);
        await transaction.CommitAsync(ct);
        return true;
    }

    /// <summary>Ends a key for good.</summary>
    /// <param name="apiKeyId">Its number.</param>
    /// <param name="at">When.</param>
    /// <param name="by">Who does it.</param>
    /// <param name="ct">Cancels.</param>
    /// <param name="owner">Whose personal key it must be; null: anybody's, or nobody's.</param>
    /// <returns>False when there is none of that number, or it is revoked already, or not theirs.</returns>
    public async Task<bool> RevokeAsync(
        int apiKeyId, DateTimeOffset at, Actor by, CancellationToken ct, string? owner = null)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var name = await connection.QuerySingleOrDefaultAsync<string>(new CommandDefinition(
            """
            update api_keys
            set revoked_at = @at
            where api_key_id = @apiKeyId and revoked_at is null
              and (@owner::text is null
                or account_id = (select account_id from accounts where lower(name) = lower(@owner)))
            returning display_name
            """, new { apiKeyId, at, owner }, transaction, cancellationToken: ct));
        if (name is null)
            return false;

        var change = new AuditedChange(
            "apiKey.revoke", "apiKey", Subject(apiKeyId, name), new { Revoked = false }, new { Revoked = true });
        await AuditStore.CommitAsync(transaction, change, by, ct);
        return true;
    }

    /// <summary>Sets when a key ends by itself.</summary>
    /// <param name="apiKeyId">Its number.</param>
    /// <param name="expiresAt">When it ends; null: never.</param>
    /// <param name="by">Who does it.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>False when there is none of that number, or it is revoked.</returns>
    public async Task<bool> ChangeExpiryAsync(int apiKeyId, DateTimeOffset? expiresAt, Actor by, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var before = await connection.QuerySingleOrDefaultAsync<ExpiryRow>(new CommandDefinition(
            """
            select display_name, expires_at
            from api_keys
            where api_key_id = @apiKeyId and revoked_at is null
            for update
            """, new { apiKeyId }, transaction, cancellationToken: ct));
        if (before is null)
            return false;
        if (before.ExpiresAt == expiresAt)
            return true;
        await connection.ExecuteAsync(new CommandDefinition(
            "update api_keys set expires_at = @expiresAt where api_key_id = @apiKeyId",
            new { apiKeyId, expiresAt }, transaction, cancellationToken: ct));
        var change = new AuditedChange("apiKey.update", "apiKey", Subject(apiKeyId, before.DisplayName),
            new { before.ExpiresAt }, new { ExpiresAt = expiresAt });
        await AuditStore.CommitAsync(transaction, change, by, ct);
        return true;
    }

    /// <summary>Notes when keys were last used; several nodes may do so in any order.</summary>
    /// <param name="uses">Time of the last use by key number.</param>
    /// <param name="ct">Cancels.</param>
    public async Task NoteUsesAsync(IReadOnlyDictionary<int, DateTimeOffset> uses, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            update api_keys k
            set last_used_at = greatest(k.last_used_at, u.at)
            from unnest(@ids, @times) as u(api_key_id, at)
            where k.api_key_id = u.api_key_id
            """,
            new { ids = uses.Keys.ToArray(), times = uses.Values.Select(time => time.UtcDateTime).ToArray() },
            cancellationToken: ct));
    }

    static async Task<int> InsertAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, NewApiKey key, int? feedId, int? accountId,
        Actor by,
        CancellationToken ct)
    {
        var permissions = Enum.GetValues<Permissions>()
            .Where(one => int.IsPow2((int)one) && key.Permissions.HasFlag(one))
            .Select(one => one.ToString().ToLowerInvariant())
            .ToArray();
        var id = await connection.QuerySingleAsync<int>(new CommandDefinition(
            """
            insert into api_keys (key_hash, key_type, display_name, description, permissions, feed_id, account_id,
                expires_at, properties, policy_application, policy_description, policy_target)
            values (@KeyHash, @Type, @DisplayName, @Description, @permissions, @feedId, @accountId, @ExpiresAt,
                @Properties::jsonb, @PolicyApplication, @PolicyDescription, @PolicyTarget)
            returning api_key_id
            """,
            new
            {
                key.KeyHash,
                key.Type,
                key.DisplayName,
                key.Description,
                permissions,
                feedId,
                accountId,
                key.ExpiresAt,
                key.Properties,
                PolicyApplication = key.Policy?.Application,
                PolicyDescription = key.Policy?.Description,
                PolicyTarget = key.Policy?.Target,
            },
            transaction,
            cancellationToken: ct));
        var after = new
        {
            key.Type,
            key.DisplayName,
            key.Description,
            Permissions = permissions,
            key.Feed,
            key.Account,
            key.ExpiresAt,
            key.Policy,
        };
        await AuditStore.AddAsync(connection, transaction,
            new AuditedChange("apiKey.create", "apiKey", Subject(id, key.DisplayName), null, after), by, ct);
        return id;
    }

    static string Subject(int apiKeyId, string displayName) =>
        displayName.Length == 0 ? $"#{apiKeyId}" : $"#{apiKeyId} {displayName}";

    sealed record ExpiryRow
    {
        public string DisplayName { get; init; } = "";

        public DateTimeOffset? ExpiresAt { get; init; }
    }
}
