using Dapper;
using Deployments.Data.Audit;
using Npgsql;

namespace Deployments.Data.Accounts;

/// <summary>
/// Binds identities to accounts: to one's own, to the one of an invitation, to a new one. Each change and its audit
/// event are one transaction.
/// </summary>
/// <param name="database">The database.</param>
public sealed class IdentityStore(NpgsqlDataSource database)
{
    /// <summary>Binds an identity to an account that exists.</summary>
    /// <returns><c>Saved</c>, <c>NotFound</c> or <c>IdentityTaken</c>.</returns>
    public async Task<IdentityOutcome> BindAsync(int accountId, Identity identity, Actor by, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        return await BindAsync(transaction, accountId, identity, by, ct);
    }

    /// <summary>Binds an identity to the account that an invitation is for, and uses the invitation up.</summary>
    /// <returns><c>Saved</c>, <c>NotFound</c> or <c>IdentityTaken</c>.</returns>
    public async Task<IdentityOutcome> AcceptAsync(
        byte[] tokenHash, Identity identity, DateTimeOffset now, Actor by, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var accountId = await connection.QuerySingleOrDefaultAsync<int?>(new CommandDefinition(
            """
            update account_invitations
            set used_at = @now
            where token_hash = @tokenHash and used_at is null and expires_at > @now
            returning account_id
            """, new { tokenHash, now }, transaction, cancellationToken: ct));
        return accountId is { } invited
            ? await BindAsync(transaction, invited, identity, by, ct)
            : IdentityOutcome.NotFound;
    }

    /// <summary>Makes an account without a password, bound to an identity.</summary>
    /// <param name="names">What it may be called: the first of them that nobody has.</param>
    /// <param name="role">What the person may do.</param>
    /// <param name="identity">As whom the issuer knows the person.</param>
    /// <param name="by">Who makes it.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns><c>Saved</c>, <c>IdentityTaken</c>, or <c>NotFound</c> when all the names are taken.</returns>
    public async Task<IdentityOutcome> AddAccountAsync(
        IReadOnlyList<string> names, AccountRole role, Identity identity, Actor by, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        foreach (var name in names)
        {
            var accountId = await connection.QuerySingleOrDefaultAsync<int?>(new CommandDefinition(
                """
                insert into accounts (name, password_hash, role) values (@name, '', @role)
                on conflict (lower(name)) do nothing
                returning account_id
                """, new { name, role = role.ToString().ToLowerInvariant() }, transaction, cancellationToken: ct));
            if (accountId is null)
                continue;
            await AuditStore.AddAsync(connection, transaction, new AuditedChange(
                "account.create", "account", name, null, new { Role = role, Active = true }), by, ct);
            return await BindAsync(transaction, accountId.Value, identity, by, ct);
        }

        return IdentityOutcome.NotFound;
    }

    /// <summary>Takes an identity from an account. Its sessions end.</summary>
    /// <param name="accountName">Whose it must be.</param>
    /// <param name="accountIdentityId">Its number.</param>
    /// <param name="needsPassword">Whether it stays where it is the only way in.</param>
    /// <param name="by">Who does it.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>False when the account has no such identity, or could not be entered without it.</returns>
    public async Task<bool> RemoveAsync(
        string accountName, int accountIdentityId, bool needsPassword, Actor by, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var account = await connection.QuerySingleOrDefaultAsync<string?>(new CommandDefinition(
            """
            update accounts a
            set security_stamp = gen_random_uuid()
            where lower(a.name) = lower(@accountName)
              and exists (
                select from account_identities i
                where i.account_id = a.account_id and i.account_identity_id = @accountIdentityId)
              and (not @needsPassword or a.password_hash <> '')
            returning a.name
            """, new { accountName, accountIdentityId, needsPassword }, transaction, cancellationToken: ct));
        if (account is null)
            return false;

        var removed = await connection.QuerySingleAsync<Named>(new CommandDefinition(
            """
            delete from account_identities
            where account_identity_id = @accountIdentityId
            returning provider, issuer, subject
            """, new { accountIdentityId }, transaction, cancellationToken: ct));
        await AuditStore.CommitAsync(transaction, new AuditedChange(
            "account.unlink", "account", account, removed, null), by, ct);
        return true;
    }

    /// <summary>Makes a link with which somebody binds an identity to an account; earlier ones end.</summary>
    /// <returns><c>Saved</c>, or <c>NotFound</c> when there is no such account.</returns>
    public async Task<AccountOutcome> InviteAsync(
        string accountName, byte[] tokenHash, DateTimeOffset expiresAt, Actor by, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var account = await connection.QuerySingleOrDefaultAsync<Invited>(new CommandDefinition(
            "select account_id, name from accounts where lower(name) = lower(@accountName)",
            new { accountName }, transaction, cancellationToken: ct));
        if (account is null)
            return AccountOutcome.NotFound;

        await connection.ExecuteAsync(new CommandDefinition(
            """
            delete from account_invitations where account_id = @AccountId and used_at is null;
            insert into account_invitations (token_hash, account_id, expires_at)
            values (@tokenHash, @AccountId, @expiresAt)
            """, new { account.AccountId, tokenHash, expiresAt }, transaction, cancellationToken: ct));
        await AuditStore.CommitAsync(transaction, new AuditedChange(
            "account.invite", "account", account.Name, null, new { ExpiresAt = expiresAt }), by, ct);
        return AccountOutcome.Saved;
    }

    /// <summary>Notes that a person signed in with an identity.</summary>
    public async Task NoteSignInAsync(
        Account account, Identity identity, DateTimeOffset at, string? address, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            update accounts set last_sign_in_at = @at where account_id = @AccountId;
            update account_identities set last_used_at = @at where issuer = @Issuer and subject = @Subject
            """, new { account.AccountId, at, identity.Issuer, identity.Subject }, transaction,
            cancellationToken: ct));
        await AuditStore.CommitAsync(transaction, new AuditedChange(
            "account.signIn", "account", account.Name, null, new { identity.Provider, account.Role }),
            new Actor(account.Name, address), ct);
    }

    static async Task<IdentityOutcome> BindAsync(
        NpgsqlTransaction transaction, int accountId, Identity identity, Actor by, CancellationToken ct)
    {
        var connection = transaction.Connection!;
        var name = await connection.QuerySingleOrDefaultAsync<string?>(new CommandDefinition(
            "select name from accounts where account_id = @accountId and active for update", new { accountId },
            transaction, cancellationToken: ct));
        if (name is null)
            return IdentityOutcome.NotFound;
        var bound = await connection.ExecuteAsync(new CommandDefinition(
            """
            insert into account_identities (account_id, issuer, subject, provider)
            values (@accountId, @Issuer, @Subject, @Provider)
            on conflict (issuer, subject) do nothing
            """, new { accountId, identity.Issuer, identity.Subject, identity.Provider }, transaction,
            cancellationToken: ct));
        if (bound == 0)
            return IdentityOutcome.IdentityTaken;
        await AuditStore.CommitAsync(transaction, new AuditedChange("account.link", "account", name, null,
            new Named(identity.Provider, identity.Issuer, identity.Subject)), by, ct);
        return IdentityOutcome.Saved;
    }

    sealed record Named(string Provider, string Issuer, string Subject);

    sealed record Invited
    {
        public int AccountId { get; init; }

        public string Name { get; init; } = "";
    }
}
