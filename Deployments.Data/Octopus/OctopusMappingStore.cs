using Dapper;
using Deployments.Data.Audit;
using Deployments.Data.Records;
using Npgsql;

namespace Deployments.Data.Octopus;

/// <summary>Which feeds and packages of ours those of Octopus are, and what waits for somebody to say so.</summary>
/// <param name="database">The database.</param>
public sealed class OctopusMappingStore(NpgsqlDataSource database)
{
    const string SelectSetAside =
        """
        select s.set_aside_id, s.connection_id, c.name as connection_name, s.deployment_id, s.project_id, s.action,
            s.reference, s.octopus_feed_id, s.package, s.version, s.targets, s.application, s.description, s.url,
            s.user_name, s.deployed_at, s.reason, s.received_at
        from octopus_set_aside s
        join octopus_connections c using (connection_id)

        """;

    /// <summary>Feeds of Octopus that were met, by name.</summary>
    public async Task<IReadOnlyList<OctopusFeed>> FeedsAsync(int connectionId, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<OctopusFeed>(new CommandDefinition(
            """
            select o.connection_id, o.octopus_feed_id, o.name, o.feed_type, o.feed_uri, o.feed_id, o.is_chosen,
                f.name as our_feed, f.feed_type as our_type
            from octopus_feeds o
            left join feeds f on f.feed_id = o.feed_id and f.deleted_at is null
            where o.connection_id = @connectionId
            order by lower(o.name), o.octopus_feed_id
            """, new { connectionId }, cancellationToken: ct))];
    }

    /// <summary>
    /// Packages that an administrator named for steps, by project and step; without those of feeds deleted since.
    /// </summary>
    public async Task<IReadOnlyList<OctopusPackage>> PackagesAsync(int connectionId, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<OctopusPackage>(new CommandDefinition(
            """
            select p.connection_id, p.project_id, p.action, p.reference, p.feed_id, p.package, f.feed_type as our_type,
                f.name as our_feed
            from octopus_packages p
            join feeds f on f.feed_id = p.feed_id and f.deleted_at is null
            where p.connection_id = @connectionId
            order by p.project_id, p.action, p.reference
            """, new { connectionId }, cancellationToken: ct))];
    }

    /// <summary>Notes a feed of Octopus that was met, and which of ours it is found to be.</summary>
    public async Task NoteFeedAsync(OctopusFeed feed, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            insert into octopus_feeds (connection_id, octopus_feed_id, name, feed_type, feed_uri, feed_id)
            values (@ConnectionId, @OctopusFeedId, @Name, @FeedType, @FeedUri, @FeedId)
            on conflict (connection_id, octopus_feed_id) do update
            set name = excluded.name,
                feed_type = excluded.feed_type,
                feed_uri = excluded.feed_uri,
                feed_id = excluded.feed_id,
                is_chosen = false
            """, feed, cancellationToken: ct));
    }

    /// <summary>What waits for an administrator, oldest first.</summary>
    /// <param name="connectionId">The connection.</param>
    /// <param name="after">Those with a larger id; 0: from the first.</param>
    /// <param name="limit">At most this many.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<IReadOnlyList<OctopusSetAside>> SetAsideAsync(
        int connectionId, long after, int limit, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<OctopusSetAside>(new CommandDefinition(
            SelectSetAside
            + """
            where connection_id = @connectionId and set_aside_id > @after
            order by set_aside_id
            limit @limit
            """, new { connectionId, after, limit }, cancellationToken: ct))];
    }

    /// <summary>What waits for an administrator in any connection, oldest first.</summary>
    /// <param name="limit">At most this many.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>Those, and how many wait in all.</returns>
    public async Task<(IReadOnlyList<OctopusSetAside> Oldest, long Count)> SetAsideAsync(
        int limit, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var oldest = (await connection.QueryAsync<OctopusSetAside>(new CommandDefinition(
            SelectSetAside + "order by set_aside_id limit @limit", new { limit }, cancellationToken: ct))).AsList();
        return oldest.Count < limit
            ? (oldest, oldest.Count)
            : (oldest, await connection.ExecuteScalarAsync<long>(new CommandDefinition(
                "select count(*) from octopus_set_aside", cancellationToken: ct)));
    }

    /// <summary>Says which feed of ours one of Octopus is.</summary>
    public async Task ChooseFeedAsync(
        OctopusConnection octopus, string octopusFeedId, string feed, Actor by, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(octopus);
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            insert into octopus_feeds (connection_id, octopus_feed_id, name, feed_type, feed_uri, feed_id, is_chosen)
            select @ConnectionId, @octopusFeedId, @octopusFeedId, '', '', n.feed_id, true
            from feed_names n
            where n.name_key = lower(@feed)
            on conflict (connection_id, octopus_feed_id) do update
            set feed_id = excluded.feed_id, is_chosen = true
            """, new { octopus.ConnectionId, octopusFeedId, feed }, transaction, cancellationToken: ct));
        await AuditStore.CommitAsync(
            transaction,
            new AuditedChange("octopus.mapFeed", "octopus", octopus.Name, null, new { octopusFeedId, feed }), by, ct);
    }

    /// <summary>Says which package a step deploys.</summary>
    public async Task ChoosePackageAsync(
        OctopusConnection octopus, OctopusSetAside step, string feed, string package, Actor by, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(octopus);
        ArgumentNullException.ThrowIfNull(step);
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            insert into octopus_packages (connection_id, project_id, action, reference, feed_id, package)
            select @ConnectionId, @ProjectId, @Action, @Reference, n.feed_id, @package
            from feed_names n
            where n.name_key = lower(@feed)
            on conflict (connection_id, project_id, action, reference) do update
            set feed_id = excluded.feed_id, package = excluded.package
            """,
            new { octopus.ConnectionId, step.ProjectId, step.Action, step.Reference, feed, package },
            transaction, cancellationToken: ct));
        var said = new { step.ProjectId, step.Action, step.Reference, feed, package };
        await AuditStore.CommitAsync(
            transaction, new AuditedChange("octopus.mapPackage", "octopus", octopus.Name, null, said), by, ct);
    }

    /// <summary>Records some of what waits, each in the transaction that ends its waiting.</summary>
    /// <param name="ids">Which.</param>
    /// <param name="record">The records that one becomes; null: it goes on waiting.</param>
    /// <param name="ct">Cancels before the commit; then nothing has happened.</param>
    /// <returns>How many were recorded.</returns>
    public async Task<int> ReplayAsync(
        IReadOnlyList<long> ids, Func<OctopusSetAside, Task<IReadOnlyList<NewRecord>?>> record, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(record);
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var waiting = (await connection.QueryAsync<OctopusSetAside>(new CommandDefinition(
            SelectSetAside
            + """
            where set_aside_id = any(@ids)
            order by set_aside_id
            for update of s
            """, new { ids = ids.ToArray() }, transaction, cancellationToken: ct))).AsList();
        var records = new List<NewRecord>();
        var done = new List<long>();
        foreach (var one in waiting)
        {
            if (await record(one) is not { } made)
                continue;
            records.AddRange(made);
            done.Add(one.SetAsideId);
        }

        await RecordStore.RecordAsync(connection, transaction, records, ct);
        await connection.ExecuteAsync(new CommandDefinition(
            "delete from octopus_set_aside where set_aside_id = any(@done)",
            new { done = done.ToArray() }, transaction, cancellationToken: ct));
        await transaction.CommitAsync(ct);
        return done.Count;
    }

    /// <summary>Ends the waiting of one without recording it. False when it waits no more.</summary>
    public async Task<bool> DismissAsync(
        OctopusConnection octopus, long setAsideId, Actor by, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(octopus);
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var gone = await connection.QuerySingleOrDefaultAsync<OctopusSetAside>(new CommandDefinition(
            """
            delete from octopus_set_aside
            where connection_id = @ConnectionId and set_aside_id = @setAsideId
            returning *
            """, new { octopus.ConnectionId, setAsideId }, transaction, cancellationToken: ct));
        if (gone is null)
            return false;
        await AuditStore.CommitAsync(
            transaction, new AuditedChange("octopus.dismiss", "octopus", octopus.Name, gone, null), by, ct);
        return true;
    }
}

/// <summary>A feed of Octopus and which of ours it is.</summary>
public sealed record OctopusFeed
{
    /// <summary>The connection.</summary>
    public int ConnectionId { get; init; }

    /// <summary>Such as <c>Feeds-9</c>.</summary>
    public string OctopusFeedId { get; init; } = "";

    /// <summary>As Octopus calls it.</summary>
    public string Name { get; init; } = "";

    /// <summary>Octopus's word for its type, such as <c>NuGet</c>; empty: not known.</summary>
    public string FeedType { get; init; } = "";

    /// <summary>Where it is; empty: not known.</summary>
    public string FeedUri { get; init; } = "";

    /// <summary>Ours; null: an administrator must say.</summary>
    public int? FeedId { get; init; }

    /// <summary>Whether an administrator said so.</summary>
    public bool IsChosen { get; init; }

    /// <summary>The name of ours; null: none, or it was deleted.</summary>
    public string? OurFeed { get; init; }

    /// <summary>The type of ours; null as before.</summary>
    public string? OurType { get; init; }
}

/// <summary>Which package a step deploys, as an administrator said.</summary>
public sealed record OctopusPackage
{
    /// <summary>The connection.</summary>
    public int ConnectionId { get; init; }

    /// <summary>Such as <c>Projects-3</c>.</summary>
    public string ProjectId { get; init; } = "";

    /// <summary>The step's action.</summary>
    public string Action { get; init; } = "";

    /// <summary>Which of its packages; empty: its main one.</summary>
    public string Reference { get; init; } = "";

    /// <summary>Our feed.</summary>
    public int FeedId { get; init; }

    /// <summary>Its name.</summary>
    public string OurFeed { get; init; } = "";

    /// <summary>Its type.</summary>
    public string OurType { get; init; } = "";

    /// <summary>The package's name there.</summary>
    public string Package { get; init; } = "";
}

/// <summary>A package of a deployment that could not be recorded, with all that its records will say.</summary>
public sealed record OctopusSetAside
{
    /// <summary>Its key.</summary>
    public long SetAsideId { get; init; }

    /// <summary>The connection.</summary>
    public int ConnectionId { get; init; }

    /// <summary>Its name.</summary>
    public string ConnectionName { get; init; } = "";

    /// <summary>Such as <c>Deployments-11</c>.</summary>
    public string DeploymentId { get; init; } = "";

    /// <summary>Such as <c>Projects-3</c>.</summary>
    public string ProjectId { get; init; } = "";

    /// <summary>The step's action.</summary>
    public string Action { get; init; } = "";

    /// <summary>Which of its packages; empty: its main one.</summary>
    public string Reference { get; init; } = "";

    /// <summary>The feed as Octopus says it: an id, or an expression with a variable.</summary>
    public string OctopusFeedId { get; init; } = "";

    /// <summary>The package as Octopus says it.</summary>
    public string Package { get; init; } = "";

    /// <summary>The version; empty when Octopus names none.</summary>
    public string Version { get; init; } = "";

    /// <summary>Where it was put.</summary>
    public string[] Targets { get; init; } = [];

    /// <summary>The project.</summary>
    public string Application { get; init; } = "";

    /// <summary>Release, environment, tenant.</summary>
    public string Description { get; init; } = "";

    /// <summary>The deployment's page; null when there is none.</summary>
    public string? Url { get; init; }

    /// <summary>Who deployed.</summary>
    public string UserName { get; init; } = "";

    /// <summary>When the task completed.</summary>
    public DateTimeOffset DeployedAt { get; init; }

    /// <summary>Why it could not be recorded, for people.</summary>
    public string Reason { get; init; } = "";

    /// <summary>When this server heard of it.</summary>
    public DateTimeOffset ReceivedAt { get; init; }
}
