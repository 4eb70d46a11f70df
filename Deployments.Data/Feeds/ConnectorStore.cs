using System.Text.Json.Nodes;
using Dapper;
using Deployments.Data.Audit;
using Npgsql;

namespace Deployments.Data.Feeds;

/// <summary>Makes, changes and removes connectors. Each change and its audit event are one transaction.</summary>
/// <param name="database">The database.</param>
public sealed class ConnectorStore(NpgsqlDataSource database)
{
    /// <summary>Makes a connector.</summary>
    /// <returns><c>Saved</c> or <c>NameTaken</c>.</returns>
    public async Task<FeedOutcome> AddAsync(ConnectorFields connector, Actor by, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        try
        {
            await connection.ExecuteAsync(new CommandDefinition(
                """
                insert into connectors (name, feed_type, url, timeout_seconds, username, password_encrypted, properties)
                values (@Name, @FeedType, @Url, @TimeoutSeconds, @Username, @PasswordEncrypted, @Properties::jsonb)
                """, connector, transaction, cancellationToken: ct));
        }
        catch (PostgresException clash) when (clash.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return FeedOutcome.NameTaken;
        }

        var change = new AuditedChange("connector.create", "connector", connector.Name, null, Audited(connector));
        await AuditStore.CommitAsync(transaction, change, by, ct);
        return FeedOutcome.Saved;
    }

    /// <summary>Changes a connector; writes nothing when nothing differs.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="change">Makes the new values from the current ones, which nobody else can change meanwhile.</param>
    /// <param name="by">Who does it.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns><c>Saved</c>, <c>NotFound</c> or <c>NameTaken</c>.</returns>
    public async Task<FeedOutcome> ChangeAsync(
        string name, Func<ConnectorFields, ConnectorFields> change, Actor by, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await LockAsync(connection, transaction, name, ct) is not { } connector)
            return FeedOutcome.NotFound;

        var before = connector.Fields;
        var after = change(before);
        if (after == before)
            return FeedOutcome.Saved;
        var parameters = new DynamicParameters(after);
        parameters.Add("ConnectorId", connector.ConnectorId);
        try
        {
            await connection.ExecuteAsync(new CommandDefinition(
                """
                update connectors
                set name = @Name, feed_type = @FeedType, url = @Url, timeout_seconds = @TimeoutSeconds,
                    username = @Username, password_encrypted = @PasswordEncrypted, properties = @Properties::jsonb
                where connector_id = @ConnectorId
                """,
                parameters, transaction, cancellationToken: ct));
        }
        catch (PostgresException clash) when (clash.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return FeedOutcome.NameTaken;
        }

        var newFields = Audited(after);
        if (after.PasswordEncrypted != before.PasswordEncrypted)
            newFields["passwordChanged"] = true;
        await AuditStore.CommitAsync(transaction,
            new AuditedChange("connector.update", "connector", before.Name, Audited(before), newFields), by, ct);
        return FeedOutcome.Saved;
    }

    /// <summary>Removes a connector; feeds that asked it ask it no more.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="by">Who does it.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>False when there is none of that name.</returns>
    public async Task<bool> DeleteAsync(string name, Actor by, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await LockAsync(connection, transaction, name, ct) is not { } connector)
            return false;

        var feeds = await connection.QueryAsync<string>(new CommandDefinition(
            """
            select f.name
            from feed_connectors fc
            join feeds f on f.feed_id = fc.feed_id
            where fc.connector_id = @ConnectorId
            order by lower(f.name)
            """, new { connector.ConnectorId }, transaction, cancellationToken: ct));
        await connection.ExecuteAsync(new CommandDefinition(
            "delete from connectors where connector_id = @ConnectorId",
            new { connector.ConnectorId }, transaction, cancellationToken: ct));

        var before = Audited(connector.Fields);
        before["feeds"] = new JsonArray([.. feeds.Select(feed => JsonValue.Create(feed))]);
        await AuditStore.CommitAsync(transaction,
            new AuditedChange("connector.delete", "connector", connector.Name, before, null), by, ct);
        return true;
    }

    static async Task<Connector?> LockAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, string name, CancellationToken ct)
    {
        await connection.ExecuteAsync(new CommandDefinition(
            "select connector_id from connectors where lower(name) = lower(@name) for update",
            new { name }, transaction, cancellationToken: ct));
        return await FeedQueries.ReadConnectorOrNullAsync(connection, transaction, name, ct);
    }

    static JsonObject Audited(ConnectorFields connector) => new()
    {
        ["name"] = connector.Name,
        ["feedType"] = connector.FeedType,
        ["url"] = connector.Url,
        ["timeoutSeconds"] = connector.TimeoutSeconds,
        ["username"] = connector.Username,
        ["hasPassword"] = connector.PasswordEncrypted is not null,
        ["properties"] = JsonNode.Parse(connector.Properties),
    };
}
