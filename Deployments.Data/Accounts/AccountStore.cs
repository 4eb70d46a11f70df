using Dapper;
using Deployments.Data.Audit;
using Npgsql;

namespace Deployments.Data.Accounts;

/// <summary>Makes and changes accounts. Each change and its audit event are one transaction.</summary>
/// <param name="database">The database.</param>
public sealed class AccountStore(NpgsqlDataSource database)
{
    /// <summary>Makes an account.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="passwordHash">The password's hash; empty: it has none here.</param>
    /// <param name="role">What the person may do.</param>
    /// <param name="by">Who makes it.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns><c>Saved</c> or <c>NameTaken</c>.</returns>
    public async Task<AccountOutcome> AddAsync(
        string name, string passwordHash, AccountRole role, Actor by, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        try
        {
            await connection.ExecuteAsync(new CommandDefinition(
                "insert into accounts (name, password_hash, role) values (@name, @passwordHash, @role)",
                new { name, passwordHash, role = Text(role) }, transaction, cancellationToken: ct));
        }
        catch (PostgresException clash) when (clash.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return AccountOutcome.NameTaken;
        }

        var change = new AuditedChange("account.create", "account", name, null, new { Role = role, Active = true });
        await AuditStore.CommitAsync(transaction, change, by, ct);
        return AccountOutcome.Saved;
    }

    /// <summary>Makes an administrator, unless there is any account already.</summary>
    /// <returns>Whether it was made.</returns>
    public async Task<bool> AddFirstAsync(string name, string passwordHash, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        // Two nodes that start together must not both find the table empty.
        await connection.ExecuteAsync(new CommandDefinition(
            "lock table accounts in share row exclusive mode", transaction: transaction, cancellationToken: ct));
        var added = await connection.ExecuteAsync(new CommandDefinition(
            """
            insert into accounts (name, password_hash, role)
            select @name, @passwordHash, 'administrator'
            where not exists (select from accounts)
            """, new { name, passwordHash }, transaction, cancellationToken: ct));
        if (added == 0)
            return false;

        var change = new AuditedChange(
            "account.create", "account", name, null, new { Role = AccountRole.Administrator, Active = true });
        await AuditStore.CommitAsync(transaction, change, Actor.Program, ct);
        return true;
    }

    /// <summary>Changes what an account may do. Its sessions end.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="role">Its new role; null leaves it.</param>
    /// <param name="active">Whether the person may sign in; null leaves it.</param>
    /// <param name="by">Who does it.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns><c>Saved</c>, <c>NotFound</c> or <c>LastAdministrator</c>.</returns>
    public async Task<AccountOutcome> ChangeAsync(
        string name, AccountRole? role, bool? active, Actor by, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        // Locking every administrator keeps two of them from removing each other at the same moment. Only those with a
        // password here count: the others are locked out while their identity provider is away.
        var administrators = (await connection.QueryAsync<int>(new CommandDefinition(
            """
            select account_id
            from accounts
            where role = 'administrator' and active and password_hash <> ''
            order by account_id
            for update
            """, transaction: transaction, cancellationToken: ct))).ToList();
        var account = await connection.QuerySingleOrDefaultAsync<Row>(new CommandDefinition(
            "select account_id, name, role, active from accounts where lower(name) = lower(@name) for update",
            new { name }, transaction, cancellationToken: ct));
        if (account is null)
            return AccountOutcome.NotFound;

        var (newRole, newActive) = (role is null ? account.Role : Text(role.Value), active ?? account.Active);
        if (newRole == account.Role && newActive == account.Active)
            return AccountOutcome.Saved;
        if (administrators is [var only] && only == account.AccountId && (newRole != "administrator" || !newActive))
            return AccountOutcome.LastAdministrator;

        await connection.ExecuteAsync(new CommandDefinition(
            """
            update accounts
            set role = @newRole, active = @newActive, security_stamp = gen_random_uuid()
            where account_id = @AccountId
            """, new { newRole, newActive, account.AccountId }, transaction, cancellationToken: ct));
        var change = new AuditedChange("account.update", "account", account.Name,
            new { Role = Enum.Parse<AccountRole>(account.Role, ignoreCase: true), account.Active },
            new { Role = Enum.Parse<AccountRole>(newRole, ignoreCase: true), Active = newActive });
        await AuditStore.CommitAsync(transaction, change, by, ct);
        return AccountOutcome.Saved;
    }

    /// <summary>Gives an account another password. Its sessions end.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="passwordHash">The new password's hash.</param>
    /// <param name="by">Who does it.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns><c>Saved</c> or <c>NotFound</c>.</returns>
    public async Task<AccountOutcome> SetPasswordAsync(string name, string passwordHash, Actor by, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var account = await connection.QuerySingleOrDefaultAsync<string>(new CommandDefinition(
            """
            update accounts
            set password_hash = @passwordHash, security_stamp = gen_random_uuid()
            where lower(name) = lower(@name)
            returning name
            """, new { name, passwordHash }, transaction, cancellationToken: ct));
        if (account is null)
            return AccountOutcome.NotFound;

        var change = new AuditedChange("account.setPassword", "account", account, null, new { PasswordChanged = true });
        await AuditStore.CommitAsync(transaction, change, by, ct);
        return AccountOutcome.Saved;
    }

    /// <summary>Notes that the person signed in.</summary>
    public async Task NoteSignInAsync(int accountId, DateTimeOffset at, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new CommandDefinition(
            "update accounts set last_sign_in_at = @at where account_id = @accountId",
            new { accountId, at }, cancellationToken: ct));
    }

    static string Text(AccountRole role) => role.ToString().ToLowerInvariant();

    sealed record Row
    {
        public int AccountId { get; init; }

        public string Name { get; init; } = "";

        public string Role { get; init; } = "";

        public bool Active { get; init; }
    }
}
