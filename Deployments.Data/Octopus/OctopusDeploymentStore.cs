using Dapper;
using Deployments.Data.Database;
using Deployments.Data.Records;
using Npgsql;

namespace Deployments.Data.Octopus;

/// <summary>
/// Which deployments Octopus told of, and what became of each: it is recorded, or set aside, in the transaction that
/// notes it as done, so that push, poll and a restart at any point neither lose nor double one.
/// </summary>
/// <param name="database">The database.</param>
public sealed class OctopusDeploymentStore(NpgsqlDataSource database)
{
    /// <summary>Notes a deployment that a push named; one that is known stays as it is.</summary>
    public async Task PushAsync(
        int connectionId, string spaceId, string deploymentId, DateTimeOffset now, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            insert into octopus_deployments (connection_id, deployment_id, space_id, is_pushed, next_at)
            values (@connectionId, @deploymentId, @spaceId, true, @now)
            on conflict do nothing
            """, new { connectionId, deploymentId, spaceId, now }, cancellationToken: ct));
    }

    /// <summary>How far the spaces were listed, by name.</summary>
    public async Task<IReadOnlyList<OctopusSpace>> SpacesAsync(int connectionId, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<OctopusSpace>(new CommandDefinition(
            """
            select connection_id, space_id, name, completed_until, listing_began_at, listing_newest, listing_skip,
                listing_total
            from octopus_spaces
            where connection_id = @connectionId
            order by lower(name), space_id
            """, new { connectionId }, cancellationToken: ct))];
    }

    /// <summary>Notes the deployments of a page of tasks and how far the listing is, together.</summary>
    /// <param name="space">The space as it is after the page.</param>
    /// <param name="deploymentIds">Those of the page; known ones stay as they are.</param>
    /// <param name="now">When they may be looked into.</param>
    /// <param name="ct">Cancels; then nothing is noted.</param>
    public async Task NotePageAsync(
        OctopusSpace space, IReadOnlyCollection<string> deploymentIds, DateTimeOffset now, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(space);
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            insert into octopus_deployments (connection_id, deployment_id, space_id, is_pushed, next_at)
            select @ConnectionId, id, @SpaceId, false, @now
            from unnest(@ids) as id
            on conflict do nothing
            """,
            new { space.ConnectionId, space.SpaceId, now, ids = deploymentIds.Order(StringComparer.Ordinal).ToArray() },
            transaction, cancellationToken: ct));
        await connection.ExecuteAsync(new CommandDefinition(
            """
            insert into octopus_spaces (
                connection_id, space_id, name, completed_until, listing_began_at, listing_newest, listing_skip,
                listing_total)
            values (
                @ConnectionId, @SpaceId, @Name, @CompletedUntil, @ListingBeganAt, @ListingNewest, @ListingSkip,
                @ListingTotal)
            on conflict (connection_id, space_id) do update
            set name = excluded.name,
                completed_until = excluded.completed_until,
                listing_began_at = excluded.listing_began_at,
                listing_newest = excluded.listing_newest,
                listing_skip = excluded.listing_skip,
                listing_total = excluded.listing_total
            """, space, transaction, cancellationToken: ct));
        await transaction.CommitAsync(ct);
    }

    /// <summary>The next deployment to look into, pushed ones first; null when none is due.</summary>
    public async Task<OctopusWaiting?> NextOrNullAsync(int connectionId, DateTimeOffset now, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await AlongIndexes.BeginAsync(transaction, ct);
        return await connection.QueryFirstOrDefaultAsync<OctopusWaiting>(new CommandDefinition(
            """
            (select deployment_id, space_id, attempts
             from octopus_deployments
             where connection_id = @connectionId and is_pushed and done_at is null and next_at <= @now
             order by next_at
             limit 1)
            union all
            (select deployment_id, space_id, attempts
             from octopus_deployments
             where connection_id = @connectionId and not is_pushed and done_at is null and next_at <= @now
             order by next_at
             limit 1)
            """, new { connectionId, now }, transaction, cancellationToken: ct));
    }

    /// <summary>Has a deployment looked into again later.</summary>
    public async Task PostponeAsync(
        int connectionId, string deploymentId, DateTimeOffset until, string note, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            update octopus_deployments
            set next_at = @until, attempts = attempts + 1, note = @note
            where connection_id = @connectionId and deployment_id = @deploymentId and done_at is null
            """, new { connectionId, deploymentId, until, note }, cancellationToken: ct));
    }

    /// <summary>Records a deployment, sets aside what cannot be, and notes it as done: one transaction.</summary>
    /// <param name="connectionId">The connection.</param>
    /// <param name="deploymentId">The deployment.</param>
    /// <param name="outcome">What becomes of it.</param>
    /// <param name="now">The time.</param>
    /// <param name="ct">Cancels before the commit; then nothing has happened.</param>
    /// <returns>False when it was done already, or its connection is gone: nothing is recorded again.</returns>
    /// <exception cref="NpgsqlException">The database is away or refuses a record; nothing has happened.</exception>
    public async Task<bool> CompleteAsync(
        int connectionId, string deploymentId, OctopusOutcome outcome, DateTimeOffset now, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var isMine = await connection.ExecuteAsync(new CommandDefinition(
            """
            update octopus_deployments
            set done_at = @now, records = @records, set_aside = @setAside, note = @Note
            where connection_id = @connectionId and deployment_id = @deploymentId and done_at is null
            """,
            new
            {
                connectionId,
                deploymentId,
                now,
                records = outcome.Records.Count,
                setAside = outcome.SetAside.Count,
                outcome.Note,
            }, transaction, cancellationToken: ct));
        if (isMine == 0)
            return false;
        await RecordStore.RecordAsync(connection, transaction, outcome.Records, ct);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            insert into octopus_set_aside (
                connection_id, deployment_id, project_id, action, reference, octopus_feed_id, package, version, targets,
                application, description, url, user_name, deployed_at, reason, received_at)
            values (
                @ConnectionId, @DeploymentId, @ProjectId, @Action, @Reference, @OctopusFeedId, @Package, @Version,
                @Targets, @Application, @Description, @Url, @UserName, @DeployedAt, @Reason, @ReceivedAt)
            """, outcome.SetAside, transaction, cancellationToken: ct));
        await transaction.CommitAsync(ct);
        return true;
    }

    /// <summary>What is known of a connection's deployments, in numbers.</summary>
    public async Task<OctopusCounts> CountsAsync(int connectionId, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.QuerySingleAsync<OctopusCounts>(new CommandDefinition(
            """
            select count(*) as found,
                count(*) filter (where done_at is null) as waiting,
                count(*) filter (where done_at is null and attempts > 0) as troubled,
                coalesce(sum(records), 0) as records,
                (select count(*) from octopus_set_aside s where s.connection_id = @connectionId) as set_aside,
                min(found_at) filter (where done_at is null) as oldest_found_at
            from octopus_deployments
            where connection_id = @connectionId
            """, new { connectionId }, cancellationToken: ct));
    }

    /// <summary>Deployments that could not be read when they were tried last, longest tried first.</summary>
    public async Task<IReadOnlyList<OctopusTrouble>> TroublesAsync(int connectionId, int limit, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<OctopusTrouble>(new CommandDefinition(
            """
            select deployment_id, attempts, next_at, note
            from octopus_deployments
            where connection_id = @connectionId and done_at is null and attempts > 0
            order by attempts desc, deployment_id
            limit @limit
            """, new { connectionId, limit }, cancellationToken: ct))];
    }
}

/// <summary>A deployment that is to be looked into.</summary>
public sealed record OctopusWaiting
{
    /// <summary>Such as <c>Deployments-11</c>.</summary>
    public string DeploymentId { get; init; } = "";

    /// <summary>Its space; empty: the server's default one.</summary>
    public string SpaceId { get; init; } = "";

    /// <summary>How often that failed.</summary>
    public int Attempts { get; init; }
}

/// <summary>A deployment that could not be read.</summary>
public sealed record OctopusTrouble
{
    /// <summary>Such as <c>Deployments-11</c>.</summary>
    public string DeploymentId { get; init; } = "";

    /// <summary>How often it was tried.</summary>
    public int Attempts { get; init; }

    /// <summary>When it is tried again.</summary>
    public DateTimeOffset NextAt { get; init; }

    /// <summary>What went wrong, for people.</summary>
    public string Note { get; init; } = "";
}

/// <summary>What becomes of a deployment.</summary>
/// <param name="Records">What is recorded; may be empty.</param>
/// <param name="SetAside">What waits for an administrator; may be empty.</param>
/// <param name="Note">Why nothing came of it, for people; empty when something did.</param>
public sealed record OctopusOutcome(
    IReadOnlyList<NewRecord> Records, IReadOnlyList<OctopusSetAside> SetAside, string Note = "");
