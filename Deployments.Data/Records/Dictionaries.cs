using System.Security.Cryptography;
using System.Text;
using Dapper;
using Deployments.Data.Findings;
using Npgsql;

namespace Deployments.Data.Records;

/// <summary>
/// Turns the names of a batch into the small ids of the dictionary tables, adding what is new. Names are asked for in
/// sorted order, table after table in one fixed order, so that two batches never wait for each other in a circle; and
/// only missing ones are inserted, so that ids are not used up by names that exist.
/// </summary>
sealed class Dictionaries(NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken ct)
{
    static readonly string Targets = Names("targets", "target_id");
    static readonly string Applications = Names("applications", "application_id");
    static readonly string Users = Names("users", "user_id");
    static readonly string Recorders = Names("recorders", "recorder_id");
    static readonly string Texts = Names("texts", "text_id");

    const string Packages =
        """
        with wanted as (
                select * from unnest(@types, @group_keys, @name_keys, @groups, @names)
                    as w (type, group_key, name_key, group_name, name)),
             added as (
                insert into packages (type, group_key, name_key, group_name, name)
                select type, group_key, name_key, group_name, name from wanted
                where not exists (
                    select from packages p
                    where p.name_key = wanted.name_key and p.type = wanted.type and p.group_key = wanted.group_key)
                order by name_key, type, group_key
                on conflict do nothing
                returning type, group_key, name_key, package_id, group_name, name)
        select type, group_key, name_key, package_id as id, p.group_name, p.name
        from packages p join wanted using (name_key, type, group_key)
        union all
        select type, group_key, name_key, package_id, group_name, name from added
        """;

    const string Versions =
        """
        with wanted as (
                select * from unnest(@packages, @version_keys, @qualifiers, @versions, @sort_keys)
                    as w (package_id, version_key, qualifier, version, sort_key)),
             added as (
                insert into package_versions (package_id, version_key, qualifier, version, sort_key)
                select package_id, version_key, qualifier, version, sort_key from wanted
                where not exists (
                    select from package_versions v
                    where v.package_id = wanted.package_id and v.version_key = wanted.version_key
                      and v.qualifier = wanted.qualifier)
                order by package_id, version_key, qualifier
                on conflict do nothing
                returning package_id, version_key, qualifier, version_id, version)
        select package_id, version_key, qualifier, version_id as id, v.version, false as is_new
        from package_versions v join wanted using (package_id, version_key, qualifier)
        union all
        select package_id, version_key, qualifier, version_id, version, true from added
        """;

    public Task<Dictionary<string, Named>> TargetsAsync(IEnumerable<string> names) => NamesAsync(Targets, names);

    public Task<Dictionary<string, Named>> ApplicationsAsync(IEnumerable<string> names) =>
        NamesAsync(Applications, names);

    public Task<Dictionary<string, Named>> UsersAsync(IEnumerable<string> names) => NamesAsync(Users, names);

    public Task<Dictionary<string, Named>> RecordersAsync(IEnumerable<string> names) => NamesAsync(Recorders, names);

    public async Task<Dictionary<string, int>> TextsAsync(IEnumerable<string> texts)
    {
        var wanted = texts.Distinct(StringComparer.Ordinal).Select(text => (Key: TextKey(text), Text: text))
            .OrderBy(pair => pair.Key).ToArray();
        var parameters = new
        {
            keys = wanted.Select(pair => pair.Key).ToArray(),
            names = wanted.Select(pair => pair.Text).ToArray(),
        };
        var ids = await UntilCompleteAsync(wanted.Length, async () =>
            (await QueryAsync<(Guid Key, int Id, string Text)>(Texts, parameters))
            .ToDictionary(row => row.Key, row => row.Id));
        return wanted.ToDictionary(pair => pair.Text, pair => ids[pair.Key], StringComparer.Ordinal);
    }

    public async Task<Dictionary<(string Type, string Group, string Name), NamedPackage>> PackagesAsync(
        IEnumerable<NewRecord> records)
    {
        var wanted = records.DistinctBy(r => (r.PackageType, r.GroupKey, r.NameKey)).ToArray();
        var parameters = new
        {
            types = wanted.Select(r => r.PackageType).ToArray(),
            group_keys = wanted.Select(r => r.GroupKey).ToArray(),
            name_keys = wanted.Select(r => r.NameKey).ToArray(),
            groups = wanted.Select(r => r.GroupName).ToArray(),
            names = wanted.Select(r => r.Name).ToArray(),
        };
        return await UntilCompleteAsync(wanted.Length, async () =>
            (await QueryAsync<(string Type, string Group, string Name, int Id, string GroupName, string Spelling)>(
                Packages, parameters))
            .ToDictionary(
                row => (row.Type, row.Group, row.Name),
                row => new NamedPackage(row.Id, row.GroupName, row.Spelling)));
    }

    public async Task<Dictionary<(int Package, string Version, string Qualifier), Named>> VersionsAsync(
        IReadOnlyCollection<(int Package, NewRecord Record)> records)
    {
        var wanted = records.DistinctBy(r => (r.Package, r.Record.VersionKey, r.Record.Qualifier)).ToArray();
        var parameters = new
        {
            packages = wanted.Select(r => r.Package).ToArray(),
            version_keys = wanted.Select(r => r.Record.VersionKey).ToArray(),
            qualifiers = wanted.Select(r => r.Record.Qualifier).ToArray(),
            versions = wanted.Select(r => r.Record.Version).ToArray(),
            sort_keys = wanted.Select(r => r.Record.VersionSortKey).ToArray(),
        };
        var added = new List<int>();
        var ids = await UntilCompleteAsync(wanted.Length, async () =>
        {
            var rows =
                (await QueryAsync<(int Package, string Key, string Qualifier, int Id, string Version, bool IsNew)>(
                    Versions, parameters)).ToList();
            added.AddRange(rows.Where(row => row.IsNew).Select(row => row.Id));
            return rows.ToDictionary(
                row => (row.Package, row.Key, row.Qualifier), row => new Named(row.Id, row.Version));
        });
        var origins = records.Where(r => DistributionMatch.Concerns(r.Record.PackageType))
            .Select(r => new VersionOrigin(
                ids[(r.Package, r.Record.VersionKey, r.Record.Qualifier)].Id, r.Record.FeedId, r.Record.SourceKey,
                r.Record.SourceVersion, r.Record.SourceSortKey, r.Record.Place, r.Record.IsInPool))
            .ToArray();
        await FindingMatch.VersionsAsync(connection, transaction, added, origins, ct);
        return ids;
    }

    static string Names(string table, string id) =>
        $"""
        with wanted as (select * from unnest(@keys, @names) as w (name_key, name)),
             added as (
                insert into {table} (name_key, name)
                select name_key, name from wanted
                where not exists (select from {table} t where t.name_key = wanted.name_key)
                order by name_key
                on conflict do nothing
                returning {id}, name_key, name)
        select name_key as key, {id} as id, name from {table} where name_key = any(@keys)
        union all
        select name_key, {id}, name from added
        """;

    /// <summary>The key under which two spellings of a server's, a person's or a tool's name are the same.</summary>
    public static string NameKey(string name) => Nfc.Of(name).ToLowerInvariant();

    static Guid TextKey(string text) =>
        new(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16), bigEndian: true);

    async Task<Dictionary<string, Named>> NamesAsync(string sql, IEnumerable<string> names)
    {
        var wanted = names.Select(name => (Key: NameKey(name), Name: name)).DistinctBy(pair => pair.Key)
            .OrderBy(pair => pair.Key, StringComparer.Ordinal).ToArray();
        var parameters = new
        {
            keys = wanted.Select(pair => pair.Key).ToArray(),
            names = wanted.Select(pair => pair.Name).ToArray(),
        };
        return await UntilCompleteAsync(wanted.Length, async () =>
            (await QueryAsync<(string Key, int Id, string Name)>(sql, parameters))
            .ToDictionary(row => row.Key, row => new Named(row.Id, row.Name), StringComparer.Ordinal));
    }

    // A name that another transaction added meanwhile is neither visible to the statement's snapshot nor inserted by
    // it; the next statement sees it.
    static async Task<Dictionary<TKey, T>> UntilCompleteAsync<TKey, T>(
        int count, Func<Task<Dictionary<TKey, T>>> query)
        where TKey : notnull
    {
        if (count == 0)
            return [];
        Dictionary<TKey, T> found;
        do
            found = await query();
        while (found.Count < count);
        return found;
    }

    Task<IEnumerable<T>> QueryAsync<T>(string sql, object parameters) =>
        connection.QueryAsync<T>(new CommandDefinition(sql, parameters, transaction, cancellationToken: ct));
}

/// <summary>A dictionary row: its id, and how it is spelt, which is as it was said first.</summary>
readonly record struct Named(int Id, string Name);

/// <summary>A package of the dictionary, spelt as it was said first.</summary>
readonly record struct NamedPackage(int Id, string GroupName, string Name);
