using System.Text.Json.Nodes;
using Deployments.Web.Feeds.Versions;
using Npgsql;

namespace Deployments.Bench;

/// <summary>
/// Advisories about the packages of <see cref="HistorySeed"/>, which become npm packages: the texts, severities and
/// references of real ones, with other ids, packages and ranges. Five for each package; a fifth of them unfixed.
/// </summary>
static class AdvisorySeed
{
    public const int Versions = 200_000;
    public const int Advisories = 50_000;

    static readonly JsonObject[] Real = [.. File
        .ReadLines(Path.Combine(AppContext.BaseDirectory, "advisories.ndjson"))
        .Select(line => JsonNode.Parse(line)!.AsObject())];

    /// <summary>Makes npm packages of the history's, with versions that can be compared.</summary>
    public static async Task PrepareAsync(NpgsqlDataSource database)
    {
        await ExecuteAsync(database,
            $"""
            truncate advisories, findings cascade;
            update packages set type = 'npm';
            insert into package_versions (package_id, version_key, qualifier, version)
            select 1 + n % 10000, version, '', version
            from generate_series(1, greatest(0, {Versions} - (select count(*) from package_versions))) n,
                 lateral (select '0.' || n / 10000 || '.0') as t (version)
            on conflict do nothing
            """);
        var keys = new Dictionary<string, byte[]>();
        await using (var command = database.CreateCommand("select distinct version from package_versions"))
        await using (var reader = await command.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
                keys[reader.GetString(0)] = SemVerVersionOrder.Instance.SortKey(reader.GetString(0))!;
        }

        await using var update = database.CreateCommand(
            """
            update package_versions v set sort_key = k.sort_key
            from unnest($1, $2) as k (version, sort_key) where k.version = v.version
            """);
        update.CommandTimeout = 300;
        update.Parameters.Add(new() { Value = keys.Keys.ToArray() });
        update.Parameters.Add(new() { Value = keys.Values.ToArray() });
        await update.ExecuteNonQueryAsync();
        await ExecuteAsync(database, "vacuum analyze package_versions, packages");
    }

    /// <summary>The n-th advisory, one line of JSON: about the package that the name is made for.</summary>
    /// <param name="n">Any number; the same number gives the same advisory.</param>
    /// <param name="name">The package's name.</param>
    /// <param name="latest">The highest middle part of the package's versions, <c>1.{latest}.0</c>.</param>
    public static string Make(int n, string name, int latest)
    {
        var random = new Random(n);
        var advisory = Real[n % Real.Length].DeepClone().AsObject();
        advisory["id"] = $"BENCH-{n:000000}";
        advisory.Remove("aliases");
        advisory.Remove("withdrawn");
        advisory["details"] = string.Concat(Enumerable.Repeat("An attacker may do what must not be done. ", 50));
        var introduced = random.Next(latest + 1);
        var events = new JsonArray(new JsonObject { ["introduced"] = $"1.{introduced}.0" });
        if (n % 5 > 0)
            events.Add(new JsonObject { ["fixed"] = $"1.{introduced + 1 + random.Next(1 + latest / 4)}.0" });
        advisory["affected"] = new JsonArray(new JsonObject
        {
            ["package"] = new JsonObject { ["ecosystem"] = "npm", ["name"] = name },
            ["ranges"] = new JsonArray(new JsonObject { ["type"] = "SEMVER", ["events"] = events }),
        });
        return advisory.ToJsonString();
    }

    /// <summary>How high the versions of each package of the history go, by package number.</summary>
    public static async Task<int[]> LatestAsync(NpgsqlDataSource database)
    {
        var latest = new int[10_001];
        await using var command = database.CreateCommand(
            """
            select package_id, max(split_part(version, '.', 2)::int) from package_versions
            where version like '1.%' group by package_id
            """);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            latest[reader.GetInt32(0)] = reader.GetInt32(1);
        return latest;
    }

    static async Task ExecuteAsync(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        command.CommandTimeout = 300;
        await command.ExecuteNonQueryAsync();
    }
}
