using System.Text.Json.Nodes;
using Dapper;
using Deployments.Data.Audit;
using Npgsql;

namespace Deployments.Data.Feeds;

/// <summary>Makes, changes and removes feeds. Each change and its audit event are one transaction.</summary>
/// <param name="database">The database.</param>
public sealed class FeedStore(NpgsqlDataSource database)
{
    /// <summary>Makes a feed.</summary>
    /// <returns><c>Saved</c>, <c>NameTaken</c> or <c>UnknownConnector</c>.</returns>
    public async Task<FeedOutcome> AddAsync(FeedFields feed, Actor by, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        try
        {
            var feedId = await connection.QuerySingleAsync<int>(new CommandDefinition(
                """
                insert into feeds (name, feed_type, alternate_names, description, active, anonymous_access,
                    groups_only, deployment_records_enabled, properties, distributions)
                values (@Name, @FeedType, @AlternateNames, @Description, @Active, @AnonymousAccess, @GroupsOnly,
                    @DeploymentRecordsEnabled, @Properties::jsonb, @Distributions)
                returning feed_id
                """, Parameters(feed), transaction, cancellationToken: ct));
            if (!await ConnectAsync(connection, transaction, feedId, feed.Connectors, ct))
                return FeedOutcome.UnknownConnector;
        }
        catch (PostgresException clash) when (clash.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return FeedOutcome.NameTaken;
        }

        var change = new AuditedChange("feed.create", "feed", feed.Name, null, Audited(feed));
        await AuditStore.CommitAsync(transaction, change, by, ct);
        return FeedOutcome.Saved;
    }

    /// <summary>Changes a feed; writes nothing when nothing differs.</summary>
    /// <param name="name">One of its names.</param>
    /// <param name="change">Makes the new values from the current ones, which nobody else can change meanwhile.</param>
    /// <param name="by">Who does it.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<FeedOutcome> ChangeAsync(
        string name, Func<FeedFields, FeedFields> change, Actor by, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await LockAsync(connection, transaction, name, ct) is not { } before)
            return FeedOutcome.NotFound;

        var after = change(before.Fields);
        try
        {
            await connection.ExecuteAsync(new CommandDefinition(
                """
                update feeds
                set name = @Name, feed_type = @FeedType, alternate_names = @AlternateNames, description = @Description,
                    active = @Active, anonymous_access = @AnonymousAccess, groups_only = @GroupsOnly,
                    deployment_records_enabled = @DeploymentRecordsEnabled, properties = @Properties::jsonb,
                    distributions = @Distributions
                where feed_id = @FeedId
                """, Parameters(after, before.FeedId), transaction, cancellationToken: ct));
            if (!await ConnectAsync(connection, transaction, before.FeedId, after.Connectors, ct))
                return FeedOutcome.UnknownConnector;
        }
        catch (PostgresException clash) when (clash.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return FeedOutcome.NameTaken;
        }

        var (old, @new) = (Audited(before.Fields), Audited(after));
        if (JsonNode.DeepEquals(old, @new))
            return FeedOutcome.Saved;
        await AuditStore.CommitAsync(
            transaction, new AuditedChange("feed.update", "feed", before.Name, old, @new), by, ct);
        return FeedOutcome.Saved;
    }

    /// <summary>Removes a feed from service. Its records stay, and keep its name.</summary>
    /// <param name="name">One of its names.</param>
    /// <param name="by">Who does it.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>False when there is no such feed.</returns>
    public async Task<bool> DeleteAsync(string name, Actor by, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await LockAsync(connection, transaction, name, ct) is not { } feed)
            return false;

        await connection.ExecuteAsync(new CommandDefinition(
            "update feeds set deleted_at = now() where feed_id = @FeedId",
            new { feed.FeedId }, transaction, cancellationToken: ct));
        await connection.ExecuteAsync(new CommandDefinition(
            "delete from feed_connectors where feed_id = @FeedId",
            new { feed.FeedId }, transaction, cancellationToken: ct));
        var change = new AuditedChange("feed.delete", "feed", feed.Name, Audited(feed.Fields), null);
        await AuditStore.CommitAsync(transaction, change, by, ct);
        return true;
    }

    static async Task<Feed?> LockAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, string name, CancellationToken ct)
    {
        await connection.ExecuteAsync(new CommandDefinition(
            """
            select feed_id
            from feeds
            where feed_id = (select n.feed_id from feed_names n where n.name_key = lower(@name))
            for update
            """, new { name }, transaction, cancellationToken: ct));
        return (await FeedQueries.ReadAsync(connection, transaction, name, VisibleFeeds.All, ct)).SingleOrDefault();
    }

    /// <summary>Makes these the feed's connectors, in this order. False when one does not exist.</summary>
    static async Task<bool> ConnectAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, int feedId, IReadOnlyList<string> names,
        CancellationToken ct)
    {
        var wanted = names.Distinct(StringComparer.OrdinalIgnoreCase).ToArray();
        await connection.ExecuteAsync(new CommandDefinition(
            "delete from feed_connectors where feed_id = @feedId", new { feedId }, transaction, cancellationToken: ct));
        // The lock keeps a connector from being deleted between here and the commit.
        var found = await connection.ExecuteAsync(new CommandDefinition(
            """
            with named as (
                select c.connector_id, w.position
                from unnest(@wanted) with ordinality as w(name, position)
                join connectors c on lower(c.name) = lower(w.name)
                for key share of c
            )
            insert into feed_connectors (feed_id, connector_id, position)
            select @feedId, connector_id, position from named
            """, new { feedId, wanted }, transaction, cancellationToken: ct));
        return found == wanted.Length;
    }

    static object Parameters(FeedFields feed, int feedId = 0) => new
    {
        FeedId = feedId,
        feed.Name,
        feed.FeedType,
        AlternateNames = feed.AlternateNames.ToArray(),
        feed.Description,
        feed.Active,
        feed.AnonymousAccess,
        feed.GroupsOnly,
        feed.DeploymentRecordsEnabled,
        feed.Properties,
        Distributions = feed.Distributions.ToArray(),
    };

    static JsonObject Audited(FeedFields feed) => new()
    {
        ["name"] = feed.Name,
        ["feedType"] = feed.FeedType,
        ["alternateNames"] = new JsonArray([.. feed.AlternateNames.Select(name => JsonValue.Create(name))]),
        ["description"] = feed.Description,
        ["active"] = feed.Active,
        ["anonymousAccess"] = feed.AnonymousAccess,
        ["groupsOnly"] = feed.GroupsOnly,
        ["deploymentRecordsEnabled"] = feed.DeploymentRecordsEnabled,
        ["connectors"] = new JsonArray([.. feed.Connectors.Select(name => JsonValue.Create(name))]),
        ["properties"] = JsonNode.Parse(feed.Properties),
        ["distributions"] = new JsonArray([.. feed.Distributions.Select(name => JsonValue.Create(name))]),
    };
}
