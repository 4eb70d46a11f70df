using Dapper;
using Deployments.Data.Database;
using Deployments.Data.Records;
using Npgsql;

namespace Deployments.Data.Inventory;

/// <summary>Reads what is known already of what a package manager's log tells.</summary>
/// <param name="database">The database.</param>
public sealed class LogQueries(ReadDatabase database)
{
    /// <summary>What is known of each step of a log.</summary>
    /// <param name="target">The target, in any case.</param>
    /// <param name="packageType">The package URL type of all of them.</param>
    /// <param name="steps">The steps.</param>
    /// <param name="feedIds">The feeds of packages of that type.</param>
    /// <param name="ct">Stops waiting.</param>
    /// <returns>One for each, in order.</returns>
    public async Task<IReadOnlyList<LogStepKnown>> KnownAsync(
        string target, string packageType, IReadOnlyList<LogStep> steps, IReadOnlyList<int> feedIds,
        CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        // What another road told of the same minutes is the same deployment: the download by the package manager, say.
        return [.. await connection.QueryAsync<LogStepKnown>(new CommandDefinition(
            """
            select case when s.is_removal then here.feed_id else (
                       select min(k.feed_id)
                       from feed_packages k
                       where k.package_id = p.package_id and k.feed_id = any (@feedIds)) end as feed_id,
                   case when s.is_removal then exists (
                       select from removals r
                       where r.target_id = t.target_id and r.package_id = p.package_id
                         and (r.road = 9 and r.removed_at = s.at
                             or r.road <> 9 and r.removed_at between s.began_at - interval '10 minutes' and s.at))
                   else exists (
                       select from deployments d
                       join package_versions v on v.version_id = d.version_id and v.version_key = s.version_key
                       where d.target_id = t.target_id and d.package_id = p.package_id
                         and (d.road = 9 and d.deployed_at = s.at and v.qualifier = s.qualifier
                             or d.road <> 9 and d.deployed_at between s.began_at - interval '10 minutes' and s.at))
                   end as is_told,
                   exists (
                       select from deployments d
                       where d.target_id = t.target_id and d.package_id = p.package_id
                         and d.deployed_at < s.began_at) as is_here
            from unnest(@nameKeys, @versionKeys, @qualifiers, @beganAts, @ats, @removals) with ordinality
                as s (name_key, version_key, qualifier, began_at, at, is_removal, place)
            left join packages p on p.type = @packageType and p.group_key = '' and p.name_key = s.name_key
            left join targets t on t.name_key = @target
            left join lateral (
                -- Of several architectures of a package the record knows one; another one's removal is not its. Of one
                -- that is for all, apt names the machine's.
                select d.feed_id
                from installations i
                join deployments d on d.id = i.deployment_id
                join package_versions v on v.version_id = i.version_id
                    and v.qualifier in ('', s.qualifier, 'arch=all', 'arch=noarch')
                where i.target_id = t.target_id and i.package_id = p.package_id
            ) here on true
            order by s.place
            """,
            new
            {
                target = Dictionaries.NameKey(target),
                packageType,
                feedIds = feedIds.ToArray(),
                nameKeys = steps.Select(step => step.NameKey).ToArray(),
                versionKeys = steps.Select(step => step.VersionKey).ToArray(),
                qualifiers = steps.Select(step => step.Qualifier).ToArray(),
                beganAts = steps.Select(step => step.BeganAt.ToUniversalTime()).ToArray(),
                ats = steps.Select(step => step.At.ToUniversalTime()).ToArray(),
                removals = steps.Select(step => step.IsRemoval).ToArray(),
            }, cancellationToken: ct))];
    }
}

/// <summary>A step of a log: a package without a group that was put on a target, or taken off it.</summary>
/// <param name="NameKey">Name under which spellings are equal.</param>
/// <param name="VersionKey">Version under which spellings are equal.</param>
/// <param name="Qualifier">What tells two files of the version apart.</param>
/// <param name="BeganAt">When its transaction began.</param>
/// <param name="At">When it was done.</param>
/// <param name="IsRemoval">Whether it was taken off.</param>
public sealed record LogStep(
    string NameKey, string VersionKey, string Qualifier, DateTimeOffset BeganAt, DateTimeOffset At, bool IsRemoval);

/// <summary>What is known of a <see cref="LogStep"/>.</summary>
public sealed record LogStepKnown
{
    /// <summary>
    /// The feed through which the package came to the target, or, where it was put there, to any; null: through none.
    /// </summary>
    public int? FeedId { get; init; }

    /// <summary>Whether it was told before, by this road or another.</summary>
    public bool IsTold { get; init; }

    /// <summary>Whether the package was recorded on the target before.</summary>
    public bool IsHere { get; init; }
}
