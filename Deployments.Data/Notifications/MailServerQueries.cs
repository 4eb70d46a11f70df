using Dapper;
using Npgsql;

namespace Deployments.Data.Notifications;

/// <summary>Reads which mail server an administrator named.</summary>
/// <param name="database">The database.</param>
public sealed class MailServerQueries(NpgsqlDataSource database)
{
    /// <summary>The server; null when none was named.</summary>
    public async Task<MailServer?> StoredOrNullAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await ReadOrNullAsync(connection, null, ct);
    }

    /// <summary>The same, within a transaction.</summary>
    internal static Task<MailServer?> ReadOrNullAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, CancellationToken ct) =>
        connection.QuerySingleOrDefaultAsync<MailServer>(new CommandDefinition(
            "select host, port, encryption, user_name, password_encrypted, sender from mail_server",
            transaction: transaction, cancellationToken: ct));
}
