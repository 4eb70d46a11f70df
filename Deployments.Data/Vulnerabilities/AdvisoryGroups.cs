using Dapper;
using Npgsql;

namespace Deployments.Data.Vulnerabilities;

/// <summary>
/// Keeps together the advisories that are the same vulnerability: those that share an id or alias, directly or through
/// others.
/// </summary>
static class AdvisoryGroups
{
    /// <summary>Groups anew whatever the changed advisories are, or were, together with.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="transaction">The transaction in which the names were changed.</param>
    /// <param name="changed">The changed advisories.</param>
    /// <param name="groupsBefore">The groups they were in.</param>
    /// <param name="ct">Cancels.</param>
    public static async Task KeepAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, int[] changed, int[] groupsBefore,
        CancellationToken ct)
    {
        var before = await QueryAsync<int>(
            "select advisory_id from advisories where group_id = any(@groups)", new { groups = groupsBefore });
        var names = new List<(string Name, int Id)>();
        var seen = new HashSet<int>();
        var next = changed.Union(before).ToArray();
        // Each round reads only what the round before has newly reached.
        while (next.Length > 0)
        {
            seen.UnionWith(next);
            var rows = await QueryAsync<(string Name, int Id)>(
                """
                select distinct o.name, o.advisory_id
                from advisory_names n
                join advisory_names o on o.name = n.name
                where n.advisory_id = any(@next)
                """, new { next });
            names.AddRange(rows);
            next = [.. rows.Select(row => row.Id).Where(id => !seen.Contains(id)).Distinct()];
        }

        var groups = Join(names);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            update advisories a
            set group_id = g.group_id, is_lead = false
            from unnest(@ids, @groups) as g (advisory_id, group_id)
            where a.advisory_id = g.advisory_id and a.group_id <> g.group_id
            """, new { ids = groups.Keys.ToArray(), groups = groups.Values.ToArray() }, transaction,
            cancellationToken: ct));
        await ChooseLeadsAsync(connection, transaction, [.. groups.Values.Union(groupsBefore)], ct);

        async Task<List<T>> QueryAsync<T>(string sql, object parameters) =>
            [.. await connection.QueryAsync<T>(new CommandDefinition(sql, parameters, transaction,
                cancellationToken: ct))];
    }

    // Two statements: a group has one lead at any time, and another one takes its place.
    static Task<int> ChooseLeadsAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, int[] groups, CancellationToken ct) =>
        connection.ExecuteAsync(new CommandDefinition(
            """
            update advisories set is_lead = false where group_id = any(@groups) and is_lead;
            update advisories a
            set is_lead = true
            from (
                select distinct on (group_id) advisory_id
                from advisories
                where group_id = any(@groups)
                order by group_id, withdrawn_at is null desc, severity desc, osv_id like 'GHSA-%' desc, osv_id
            ) l
            where a.advisory_id = l.advisory_id
            """, new { groups }, transaction, cancellationToken: ct));

    /// <summary>The group of each advisory: the smallest id that it hangs together with.</summary>
    internal static Dictionary<int, int> Join(IReadOnlyCollection<(string Name, int Id)> names)
    {
        var parents = names.Select(pair => pair.Id).Distinct().ToDictionary(id => id);
        foreach (var same in names.GroupBy(pair => pair.Name, pair => pair.Id, StringComparer.Ordinal))
        {
            var first = Root(same.First());
            foreach (var id in same)
            {
                var root = Root(id);
                (parents[Math.Max(first, root)], first) = (Math.Min(first, root), Math.Min(first, root));
            }
        }

        return parents.Keys.ToDictionary(id => id, Root);

        int Root(int id)
        {
            while (parents[id] != id)
                id = parents[id] = parents[parents[id]];
            return id;
        }
    }
}
