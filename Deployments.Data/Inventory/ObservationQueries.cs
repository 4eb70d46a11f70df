using Dapper;
using Deployments.Data.Database;
using Deployments.Data.Feeds;
using Npgsql;

namespace Deployments.Data.Inventory;

/// <summary>Reads what was seen.</summary>
/// <param name="database">The database.</param>
public sealed class ObservationQueries(ReadDatabase database)
{
    /// <summary>The name of a scope <c>s</c>: of the whole machine, so for those who see everything.</summary>
    internal const string ScopeName = "case when @visible::int[] is null then s.name else '' end";

    /// <summary>
    /// What an inventory showed on a target at a time, by package. To whom not everything is visible, only packages
    /// that came through visible feeds alone are.
    /// </summary>
    /// <param name="targetId">The target; one that the reader sees.</param>
    /// <param name="at">The time; null: now.</param>
    /// <param name="isAll">Whether packages are read that no record knows.</param>
    /// <param name="limit">At most this many.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<IReadOnlyList<ObservationRow>> OfTargetAsync(
        int targetId, DateTimeOffset? at, bool isAll, int limit, VisibleFeeds visible, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<ObservationRow>(new CommandDefinition(
            $"""
            select o.observation_id, o.package_id, p.type, p.group_name as "group", p.name, v.version_id, v.version,
                   v.qualifier, {ScopeName} as scope, o.first_seen_at,
                   coalesce(o.last_seen_at, greatest(o.first_seen_at, s.complete_at)) as last_seen_at, o.gone_at
            from observations o
            join inventory_scopes s on s.scope_id = o.scope_id
            join packages p on p.package_id = o.package_id
            join package_versions v on v.version_id = o.version_id
            where o.target_id = @targetId
              and (@at::timestamptz is null and o.gone_at is null
                   or o.first_seen_at <= @at and (o.gone_at is null or o.gone_at > @at))
              and (@isAll or exists (select from feed_packages known where known.package_id = p.package_id))
              and {VisibleSql.Observation}
            order by p.name_key, p.type, p.group_key, v.sort_key, v.version_id, o.observation_id
            limit @limit
            """, new { targetId, at = at?.ToUniversalTime(), isAll, limit, visible = visible.Ids },
            cancellationToken: ct))];
    }

    /// <summary>The inventories that a target sends, by scope; none to whom not everything is visible.</summary>
    /// <param name="targetId">The target.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<IReadOnlyList<ScopeRow>> ScopesAsync(
        int targetId, VisibleFeeds visible, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(visible);
        if (!visible.IsAll)
            return [];
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<ScopeRow>(new CommandDefinition(
            """
            select s.name, s.seen_at, s.complete_at, u.format, r.name as recorder, u.errors
            from inventory_targets told
            join inventory_scopes s on s.scope_id = told.scope_id
            join inventory_uploads u on u.scope_id = s.scope_id and u.at = s.seen_at
            join recorders r on r.recorder_id = u.recorder_id
            where told.target_id = @targetId
            order by s.name, s.scope_id
            """, new { targetId }, cancellationToken: ct))];
    }

    /// <summary>An observation that still holds; null when there is none.</summary>
    /// <param name="observationId">The observation.</param>
    /// <param name="visible">Only of packages of these.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<OpenObservation?> OpenOrNullAsync(
        long observationId, VisibleFeeds visible, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<OpenObservation>(new CommandDefinition(
            $"""
            select t.name as target, p.type, p.group_name as "group", p.name, v.version, v.qualifier, s.name as scope,
                   o.first_seen_at, greatest(o.first_seen_at, s.complete_at) as last_seen_at,
                   greatest(i.deployed_at, i.removed_at) as changed_at,
                   array(
                       select f.name from feed_packages k
                       join feeds f on f.feed_id = k.feed_id and f.deleted_at is null
                       where k.package_id = o.package_id and {VisibleSql.Feed}
                       order by f.name) as feeds
            from observations o
            join inventory_scopes s on s.scope_id = o.scope_id
            join targets t on t.target_id = o.target_id
            join packages p on p.package_id = o.package_id
            join package_versions v on v.version_id = o.version_id
            left join installations i on i.target_id = o.target_id and i.package_id = o.package_id
            where o.observation_id = @observationId and o.gone_at is null and {VisibleSql.Observation}
            """, new { observationId, visible = visible.Ids }, cancellationToken: ct));
    }
}

/// <summary>That a version was seen on a target. Times are UTC.</summary>
public sealed record ObservationRow
{
    /// <summary>Its id.</summary>
    public long ObservationId { get; init; }

    /// <summary>The package's id.</summary>
    public int PackageId { get; init; }

    /// <summary>Package URL type.</summary>
    public string Type { get; init; } = "";

    /// <summary>Package group; empty when there is none.</summary>
    public string Group { get; init; } = "";

    /// <summary>Package name.</summary>
    public string Name { get; init; } = "";

    /// <summary>The version's id.</summary>
    public int VersionId { get; init; }

    /// <summary>The version.</summary>
    public string Version { get; init; } = "";

    /// <summary>What tells two files of the version apart; empty when nothing does.</summary>
    public string Qualifier { get; init; } = "";

    /// <summary>The part of the target whose inventory showed it.</summary>
    public string Scope { get; init; } = "";

    /// <summary>Of what time the first inventory is that showed it.</summary>
    public DateTimeOffset FirstSeenAt { get; init; }

    /// <summary>Of what time the last inventory is that showed it.</summary>
    public DateTimeOffset LastSeenAt { get; init; }

    /// <summary>Of what time the first complete inventory is that no longer did; null while it is there.</summary>
    public DateTimeOffset? GoneAt { get; init; }
}

/// <summary>A part of a target that sends inventories. Times are UTC.</summary>
public sealed record ScopeRow
{
    /// <summary>Its name.</summary>
    public string Name { get; init; } = "";

    /// <summary>Of what time the newest inventory is.</summary>
    public DateTimeOffset SeenAt { get; init; }

    /// <summary>Of what time the newest complete one is; null when none was.</summary>
    public DateTimeOffset? CompleteAt { get; init; }

    /// <summary>Its format.</summary>
    public string Format { get; init; } = "";

    /// <summary>Who brought it.</summary>
    public string Recorder { get; init; } = "";

    /// <summary>How many of its entries could not be read.</summary>
    public int Errors { get; init; }
}

/// <summary>An observation that still holds, with what is needed to write it down as a record.</summary>
public sealed record OpenObservation
{
    /// <summary>Where.</summary>
    public string Target { get; init; } = "";

    /// <summary>Package URL type.</summary>
    public string Type { get; init; } = "";

    /// <summary>Package group; empty when there is none.</summary>
    public string Group { get; init; } = "";

    /// <summary>Package name.</summary>
    public string Name { get; init; } = "";

    /// <summary>The version.</summary>
    public string Version { get; init; } = "";

    /// <summary>What tells two files of the version apart; empty when nothing does.</summary>
    public string Qualifier { get; init; } = "";

    /// <summary>The part of the target whose inventory showed it.</summary>
    public string Scope { get; init; } = "";

    /// <summary>Of what time the first inventory is that showed it.</summary>
    public DateTimeOffset FirstSeenAt { get; init; }

    /// <summary>Of what time the last inventory is that showed it.</summary>
    public DateTimeOffset LastSeenAt { get; init; }

    /// <summary>When the package was deployed there or removed last; null when never.</summary>
    public DateTimeOffset? ChangedAt { get; init; }

    /// <summary>The feeds through which the package was ever deployed anywhere.</summary>
    public string[] Feeds { get; init; } = [];
}
