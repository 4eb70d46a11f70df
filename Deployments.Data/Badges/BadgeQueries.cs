using Dapper;
using Deployments.Data.Database;
using Deployments.Data.Feeds;
using Deployments.Data.Records;
using Npgsql;

namespace Deployments.Data.Badges;

/// <summary>A version of a package on a target, or on targets of a group.</summary>
public sealed record BadgeRow
{
    /// <summary>Package URL type.</summary>
    public string Type { get; init; } = "";

    /// <summary>The package's group; empty when it has none.</summary>
    public string Group { get; init; } = "";

    /// <summary>The package's name.</summary>
    public string Name { get; init; } = "";

    /// <summary>The version in the database.</summary>
    public int VersionId { get; init; }

    /// <summary>The version.</summary>
    public string Version { get; init; } = "";

    /// <summary>On how many targets; 1 for a target.</summary>
    public long Targets { get; init; }

    /// <summary>When the last of them got it.</summary>
    public DateTimeOffset DeployedAt { get; init; }

    /// <summary>How many newer versions are known; null: it cannot be compared.</summary>
    public long? Behind { get; init; }
}

/// <summary>Reads what a badge says.</summary>
/// <param name="database">The database.</param>
public sealed class BadgeQueries(ReadDatabase database)
{
    /// <summary>
    /// The versions of a package on a target, or on the targets of a group where no target is called so; the one on
    /// the most targets first. Of several packages of that name the first by type that runs there.
    /// </summary>
    /// <param name="target">Name of a target or a group, in any case.</param>
    /// <param name="package">The package's name, in any case; <c>group/name</c> where it has a group.</param>
    /// <param name="type">Package URL type; null: any.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    /// <returns>Empty when it does not run there; null when nothing is called so.</returns>
    public async Task<IReadOnlyList<BadgeRow>?> OfAsync(
        string target, string package, string? type, VisibleFeeds visible, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(package);
        await using var connection = await database.OpenConnectionAsync(ct);
        var key = Dictionaries.NameKey(target);
        var (targetId, groupId) = await connection.QuerySingleAsync<(int?, int?)>(new CommandDefinition(
            $"""
            select (select t.target_id from targets t where t.name_key = @key and {VisibleSql.Target}),
                   (select target_group_id from target_groups where name_key = @key)
            """, new { key, visible = visible.Ids }, cancellationToken: ct));
        if (targetId is null && groupId is null)
            return null;
        var slash = package.LastIndexOf('/');
        var rows = (await connection.QueryAsync<BadgeRow>(new CommandDefinition(
            $"""
            select p.type, p.group_name as "group", p.name, v.version_id, v.version, n.targets, n.deployed_at,
                   case when v.sort_key is not null then (
                       select count(distinct w.sort_key) from package_versions w
                       where w.package_id = v.package_id and w.sort_key > v.sort_key
                         and exists (
                            select from package_versions v
                            where v.version_id = w.version_id and {VisibleSql.Version})) end as behind
            from (
                select i.package_id, i.version_id, count(*) as targets, max(i.deployed_at) as deployed_at
                from packages p
                join running_installations i on i.package_id = p.package_id
                join targets t on t.target_id = i.target_id
                where (p.name_key in (@package, @packageKey)
                        or p.name_key in (@name, @nameKey) and p.group_key in (@group, @groupKey))
                  and (@type::text is null or p.type = @type)
                  and (t.target_id = @targetId::int or @targetId::int is null and t.target_group_id = @groupId::int)
                  and {VisibleSql.Installation}
                group by i.package_id, i.version_id
            ) n
            join packages p on p.package_id = n.package_id
            join package_versions v on v.version_id = n.version_id
            order by p.type, p.group_key, p.package_id, n.targets desc, v.sort_key desc nulls last
            limit 50
            """,
            new
            {
                package,
                packageKey = Dictionaries.NameKey(package),
                name = package[(slash + 1)..],
                nameKey = Dictionaries.NameKey(package[(slash + 1)..]),
                group = slash < 0 ? null : package[..slash],
                groupKey = slash < 0 ? null : Dictionaries.NameKey(package[..slash]),
                type,
                targetId,
                groupId,
                visible = visible.Ids,
            }, cancellationToken: ct))).AsList();
        return [.. rows.TakeWhile(row =>
            (row.Type, row.Group, row.Name) == (rows[0].Type, rows[0].Group, rows[0].Name))];
    }
}
