using Dapper;
using Npgsql;

namespace Deployments.Data.Feeds;

/// <summary>Reads feeds and connectors.</summary>
/// <param name="database">The database.</param>
public sealed class FeedQueries(NpgsqlDataSource database)
{
    /// <summary>
    /// Every feed with its connectors in order, in one snapshot, by name. Inactive feeds too; deleted ones not.
    /// </summary>
    /// <param name="visible">Only of these.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<IReadOnlyList<Feed>> AllAsync(VisibleFeeds visible, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await ReadAsync(connection, null, null, visible, ct);
    }

    /// <summary>
    /// The feed that answers to <paramref name="name"/>, in any case, alternate names included; null when none does.
    /// </summary>
    /// <param name="name">The name.</param>
    /// <param name="visible">Only of these; of others nothing tells that they are there.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<Feed?> ByNameOrNullAsync(string name, VisibleFeeds visible, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await ReadAsync(connection, null, name, visible, ct)).SingleOrDefault();
    }

    /// <summary>Whether an active feed answers to a name, in any case: one look at an index.</summary>
    public async Task<bool> IsServedAsync(string name, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            """
            select exists (
                select from feed_names join feeds using (feed_id)
                where name_key = lower(@name) and active)
            """, new { name }, cancellationToken: ct));
    }

    /// <summary>Every connector, by name.</summary>
    public async Task<IReadOnlyList<Connector>> ConnectorsAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. (await connection.QueryAsync<ConnectorRow>(new CommandDefinition(
            """
            select connector_id, name, feed_type, url, timeout_seconds, username, password_encrypted, properties::text,
                created_at
            from connectors
            order by lower(name)
            """, cancellationToken: ct))).Select(row => row.ToConnector())];
    }

    /// <summary>The connector called <paramref name="name"/>, in any case; null when there is none.</summary>
    public async Task<Connector?> ConnectorByNameOrNullAsync(string name, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await ReadConnectorOrNullAsync(connection, null, name, ct);
    }

    internal static async Task<Connector?> ReadConnectorOrNullAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, string name, CancellationToken ct) =>
        (await connection.QuerySingleOrDefaultAsync<ConnectorRow>(new CommandDefinition(
            """
            select connector_id, name, feed_type, url, timeout_seconds, username, password_encrypted, properties::text,
                created_at
            from connectors
            where lower(name) = lower(@name)
            """, new { name }, transaction, cancellationToken: ct)))?.ToConnector();

    /// <summary>All feeds, or the one called <paramref name="name"/>.</summary>
    internal static async Task<IReadOnlyList<Feed>> ReadAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, string? name, VisibleFeeds visible,
        CancellationToken ct)
    {
        var rows = await connection.QueryAsync<FeedRow, ConnectorRow?, (FeedRow Feed, ConnectorRow? Connector)>(
            new CommandDefinition(
                $"""
                select f.feed_id, f.name, f.feed_type, f.alternate_names, f.description, f.active, f.anonymous_access,
                    f.groups_only,
                    f.deployment_records_enabled, f.properties::text, f.created_at, f.distributions,
                    c.connector_id, c.name, c.feed_type, c.url, c.timeout_seconds, c.username, c.password_encrypted,
                    c.properties::text, c.created_at
                from feeds f
                left join feed_connectors fc on fc.feed_id = f.feed_id
                left join connectors c on c.connector_id = fc.connector_id
                where f.deleted_at is null
                    and (@name::text is null
                        or f.feed_id = (select n.feed_id from feed_names n where n.name_key = lower(@name)))
                    and {VisibleSql.Feed}
                order by lower(f.name), f.feed_id, fc.position
                """, new { name, visible = visible.Ids }, transaction, cancellationToken: ct),
            (feed, connector) => (feed, connector),
            splitOn: "connector_id");
        return [.. rows.GroupBy(row => row.Feed.FeedId).Select(group => group.First().Feed.ToFeed(
            [.. group.Select(row => row.Connector).OfType<ConnectorRow>().Select(row => row.ToConnector())]))];
    }

    sealed record FeedRow
    {
        public int FeedId { get; init; }

        public string Name { get; init; } = "";

        public string FeedType { get; init; } = "";

        public string[] AlternateNames { get; init; } = [];

        public string Description { get; init; } = "";

        public bool Active { get; init; }

        public bool AnonymousAccess { get; init; }

        public bool GroupsOnly { get; init; }

        public bool DeploymentRecordsEnabled { get; init; }

        public string Properties { get; init; } = "{}";

        public DateTimeOffset CreatedAt { get; init; }

        public string[] Distributions { get; init; } = [];

        public Feed ToFeed(IReadOnlyList<Connector> connectors) => new(
            FeedId, Name, FeedType, AlternateNames, Description, Active, AnonymousAccess, DeploymentRecordsEnabled,
            connectors, Properties, CreatedAt, Distributions)
        {
            GroupsOnly = GroupsOnly,
        };
    }

    sealed record ConnectorRow
    {
        public int ConnectorId { get; init; }

        public string Name { get; init; } = "";

        public string FeedType { get; init; } = "";

        public string Url { get; init; } = "";

        public int TimeoutSeconds { get; init; }

        public string? Username { get; init; }

        public string? PasswordEncrypted { get; init; }

        public string Properties { get; init; } = "{}";

        public DateTimeOffset CreatedAt { get; init; }

        public Connector ToConnector() =>
            new(ConnectorId, Name, FeedType, Url, TimeoutSeconds, Username, PasswordEncrypted, Properties, CreatedAt);
    }
}
