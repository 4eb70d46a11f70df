using Dapper;
using Deployments.Data.Database;
using Npgsql;

namespace Deployments.Data.Packages;

/// <summary>Reads which package versions were deployed through a feed.</summary>
/// <param name="database">The database.</param>
public sealed class DeployedVersionQueries(ReadDatabase database)
{
    /// <summary>The versions deployed through a feed, by package, the newest version first.</summary>
    /// <param name="feedId">The feed.</param>
    /// <param name="type">Package URL type of its packages.</param>
    /// <param name="groupKey">Normalised group; null: any, "": none.</param>
    /// <param name="nameKey">Normalised name; null: any.</param>
    /// <param name="count">How many at most.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<IReadOnlyList<DeployedVersionRow>> ThroughFeedAsync(
        int feedId, string type, string? groupKey, string? nameKey, int count, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<DeployedVersionRow>(new CommandDefinition(
            """
            select p.group_name, p.name, v.version, v.qualifier, v.first_seen_at
            from feed_packages f
            join packages p on p.package_id = f.package_id
            join package_versions v on v.package_id = p.package_id
            where f.feed_id = @feed_id and p.type = @type
              and (@group_key::text is null or p.group_key = @group_key)
              and (@name_key::text is null or p.name_key = @name_key)
              and v.version <> ''
              and exists (select from deployments d where d.version_id = v.version_id and d.feed_id = @feed_id)
            order by p.name_key, p.group_key, v.sort_key desc nulls last, v.version_id desc
            limit @count
            """,
            new { feed_id = feedId, type, group_key = groupKey, name_key = nameKey, count },
            cancellationToken: ct))).AsList();
    }
}

/// <summary>A package version that was deployed.</summary>
public sealed record DeployedVersionRow
{
    /// <summary>Group as displayed; empty when there is none.</summary>
    public string GroupName { get; init; } = "";

    /// <summary>Name as displayed.</summary>
    public string Name { get; init; } = "";

    /// <summary>Version as displayed.</summary>
    public string Version { get; init; } = "";

    /// <summary>What tells two files of the version apart; empty when nothing does.</summary>
    public string Qualifier { get; init; } = "";

    /// <summary>When the first record that names it was made.</summary>
    public DateTimeOffset FirstSeenAt { get; init; }
}
