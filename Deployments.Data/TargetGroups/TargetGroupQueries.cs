using Dapper;
using Deployments.Data.Database;
using Deployments.Data.Feeds;
using Deployments.Data.Records;
using Npgsql;

namespace Deployments.Data.TargetGroups;

/// <summary>Reads the groups of targets, and what rules would take.</summary>
/// <param name="database">The database.</param>
public sealed class TargetGroupQueries(NpgsqlDataSource database)
{
    /// <summary>How many names of targets are looked at, of those that were added last, to propose groups.</summary>
    public const int NamesMax = 20_000;

    const int SamplesMax = 5;

    /// <summary>Groups and rules as they are.</summary>
    public async Task<TargetGroupDefinition> DefinitionAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await ReadAsync(connection, null, ct);
    }

    /// <summary>
    /// That change windows would go with a group which a definition leaves out, in a sentence; null when none would.
    /// </summary>
    /// <param name="definition">What is to be in force.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<string?> LostWindowsOrNullAsync(TargetGroupDefinition definition, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(definition);
        await using var connection = await database.OpenConnectionAsync(ct);
        var lost = (await connection.QueryAsync<string>(new CommandDefinition(
            """
            select name from target_groups g
            where name_key <> all (@keys)
              and exists (select from change_windows w where w.target_group_id = g.target_group_id)
            order by place
            """, new { keys = definition.Groups.Select(Dictionaries.NameKey).ToArray() }, cancellationToken: ct)))
            .ToList();
        return lost.Count == 0
            ? null
            : $"Change windows would go with {string.Join(", ", lost)}: change or remove them first, or keep the name.";
    }

    /// <summary>The names of the groups in their order.</summary>
    public async Task<IReadOnlyList<string>> GroupNamesAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<string>(new CommandDefinition(
            "select name from target_groups order by place", cancellationToken: ct))];
    }

    /// <summary>The groups in their order, with how many targets are in each.</summary>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<IReadOnlyList<TargetGroupRow>> AllAsync(VisibleFeeds visible, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<TargetGroupRow>(new CommandDefinition(
            $"""
            select g.target_group_id, g.name,
                   (select count(*) from targets t
                    where t.target_group_id = g.target_group_id and {VisibleSql.Target}) as targets
            from target_groups g
            order by g.place
            """, new { visible = visible.Ids }, cancellationToken: ct))];
    }

    /// <summary>The groups of targets, by the targets' names; those without are in none.</summary>
    public async Task<IReadOnlyDictionary<string, string>> OfTargetsAsync(
        IEnumerable<string> targets, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<(string Target, string Group)>(new CommandDefinition(
            """
            select t.name, g.name
            from targets t
            join target_groups g using (target_group_id)
            where t.name_key = any (@keys)
            """, new { keys = targets.Select(Dictionaries.NameKey).Distinct().ToArray() }, cancellationToken: ct)))
            .ToDictionary(row => row.Target, row => row.Group);
    }

    /// <summary>What each rule would take if the rules were these.</summary>
    public async Task<TargetGroupPreview> PreviewAsync(TargetGroupDefinition definition, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(definition);
        await using var connection = await database.OpenConnectionAsync(ct);
        var taken = (await connection.QueryAsync<(long Place, long Count, string[] Samples)>(new CommandDefinition(
            """
            select coalesce(r.place, 0) as place, count(*) as count,
                   (array_agg(t.name order by t.name_key))[1:@SamplesMax] as samples
            from targets t
            left join lateral (
                select r.place
                from unnest(@patterns) with ordinality as r (pattern_like, place)
                where t.name_key like r.pattern_like
                order by r.place
                limit 1
            ) r on true
            group by r.place
            """, new { patterns = Patterns(definition), SamplesMax }, cancellationToken: ct)))
            .ToDictionary(row => row.Place, row => new TargetsTaken(row.Count, row.Samples));
        return new TargetGroupPreview(
            [.. definition.Rules.Select((_, i) => taken.GetValueOrDefault(i + 1, TargetsTaken.Nothing))],
            taken.GetValueOrDefault(0, TargetsTaken.Nothing));
    }

    /// <summary>The names of targets, those added last first; at most <see cref="NamesMax"/>.</summary>
    public async Task<IReadOnlyList<string>> NamesAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<string>(new CommandDefinition(
            "select name from targets order by target_id desc limit @NamesMax", new { NamesMax },
            cancellationToken: ct))];
    }

    internal static string[] Patterns(TargetGroupDefinition definition) =>
        [.. definition.Rules.Select(rule => Like.Wildcards(Dictionaries.NameKey(rule.Pattern)))];

    internal static async Task<TargetGroupDefinition> ReadAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, CancellationToken ct)
    {
        await using var results = await connection.QueryMultipleAsync(new CommandDefinition(
            """
            select name from target_groups order by place;
            select r.pattern, g.name as "group"
            from target_group_rules r
            join target_groups g using (target_group_id)
            order by r.place
            """, transaction: transaction, cancellationToken: ct));
        return new TargetGroupDefinition(
            [.. await results.ReadAsync<string>()],
            [.. (await results.ReadAsync<(string Pattern, string Group)>())
                .Select(row => new TargetGroupRule(row.Pattern, row.Group))]);
    }
}
