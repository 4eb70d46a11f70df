using System.Text.Json.Nodes;
using Dapper;
using Deployments.Data.Audit;
using Npgsql;

namespace Deployments.Data.Notifications;

/// <summary>Names the mail server, or none; the change and its audit event are one transaction.</summary>
/// <param name="database">The database.</param>
public sealed class MailServerStore(NpgsqlDataSource database)
{
    const string Subject = "mailServer";

    /// <summary>Names a server instead of the one before; writes nothing when nothing differs.</summary>
    /// <param name="change">
    /// Makes the new one from the current one, null when there is none, which nobody else can change meanwhile.
    /// </param>
    /// <param name="by">Who does it.</param>
    /// <param name="ct">Cancels.</param>
    public async Task SaveAsync(Func<MailServer?, MailServer> change, Actor by, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var before = await LockAsync(connection, transaction, ct);
        var after = change(before);
        if (after == before)
            return;
        await connection.ExecuteAsync(new CommandDefinition(
            """
            insert into mail_server (host, port, encryption, user_name, password_encrypted, sender)
            values (@Host, @Port, @Encryption, @UserName, @PasswordEncrypted, @Sender)
            on conflict (is_only) do update
            set host = excluded.host, port = excluded.port, encryption = excluded.encryption,
                user_name = excluded.user_name, password_encrypted = excluded.password_encrypted,
                sender = excluded.sender, changed_at = now()
            """, after, transaction, cancellationToken: ct));
        var audited = Audited(after)!;
        if (after.PasswordEncrypted != before?.PasswordEncrypted)
            audited["passwordChanged"] = true;
        await AuditStore.CommitAsync(transaction, new AuditedChange(
            before is null ? "mailServer.create" : "mailServer.update", Subject, after.Host, Audited(before), audited),
            by, ct);
    }

    /// <summary>Names none.</summary>
    /// <param name="by">Who does it.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>False when there was none.</returns>
    public async Task<bool> DeleteAsync(Actor by, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await LockAsync(connection, transaction, ct) is not { } before)
            return false;
        await connection.ExecuteAsync(new CommandDefinition(
            "delete from mail_server", transaction: transaction, cancellationToken: ct));
        await AuditStore.CommitAsync(
            transaction, new AuditedChange("mailServer.delete", Subject, before.Host, Audited(before), null), by, ct);
        return true;
    }

    // The row may not be there yet, so the table is locked; nobody waits long for that.
    static async Task<MailServer?> LockAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken ct)
    {
        await connection.ExecuteAsync(new CommandDefinition(
            "lock table mail_server in share row exclusive mode", transaction: transaction, cancellationToken: ct));
        return await MailServerQueries.ReadOrNullAsync(connection, transaction, ct);
    }

    static JsonObject? Audited(MailServer? server) => server is null ? null : new()
    {
        ["host"] = server.Host,
        ["port"] = server.Port,
        ["encryption"] = server.Encryption,
        ["userName"] = server.UserName,
        ["sender"] = server.Sender,
    };
}
