using Dapper;
using Npgsql;

namespace Deployments.Data.Accounts;

/// <summary>Reads accounts.</summary>
/// <param name="database">The database.</param>
public sealed class AccountQueries(NpgsqlDataSource database)
{
    /// <summary>Every account, inactive ones too, by name.</summary>
    public async Task<IReadOnlyList<Account>> AllAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. (await connection.QueryAsync<AccountRow>(new CommandDefinition(
            """
            select account_id, name, password_hash, role, active, security_stamp, created_at, last_sign_in_at
            from accounts
            order by lower(name)
            """, cancellationToken: ct))).Select(row => row.ToAccount())];
    }

    /// <summary>The account of that name, in any case; null when there is none.</summary>
    public async Task<Account?> ByNameOrNullAsync(string name, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QuerySingleOrDefaultAsync<AccountRow>(new CommandDefinition(
            """
            select account_id, name, password_hash, role, active, security_stamp, created_at, last_sign_in_at
            from accounts
            where lower(name) = lower(@name)
            """, new { name }, cancellationToken: ct)))?.ToAccount();
    }

    /// <summary>The accounts with these ids; missing ones are left out.</summary>
    public async Task<IReadOnlyList<Account>> ByIdsAsync(IReadOnlyCollection<int> ids, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. (await connection.QueryAsync<AccountRow>(new CommandDefinition(
            """
            select account_id, name, password_hash, role, active, security_stamp, created_at, last_sign_in_at
            from accounts
            where account_id = any(@ids)
            order by account_id
            """, new { ids = ids.ToArray() }, cancellationToken: ct))).Select(row => row.ToAccount())];
    }

    sealed record AccountRow
    {
        public int AccountId { get; init; }

        public string Name { get; init; } = "";

        public string PasswordHash { get; init; } = "";

        public string Role { get; init; } = "";

        public bool Active { get; init; }

        public Guid SecurityStamp { get; init; }

        public DateTimeOffset CreatedAt { get; init; }

        public DateTimeOffset? LastSignInAt { get; init; }

        public Account ToAccount() => new(
            AccountId, Name, PasswordHash, Enum.Parse<AccountRole>(Role, ignoreCase: true), Active, SecurityStamp,
            CreatedAt,
            LastSignInAt);
    }
}
