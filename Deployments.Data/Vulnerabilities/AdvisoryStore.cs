using Dapper;
using Deployments.Data.Findings;
using Deployments.Data.Notifications;
using Npgsql;

namespace Deployments.Data.Vulnerabilities;

/// <summary>Writes advisories, and with them what they find.</summary>
/// <param name="database">The database.</param>
public sealed class AdvisoryStore(NpgsqlDataSource database)
{
    // To be raised when more is taken out of advisories: then one that comes unchanged is stored anew.
    const short Reading = 3;

    // Stands for null in an array of times, whose type is told from its first element; PostgreSQL reads infinity.
    static readonly DateTime Never = DateTime.SpecifyKind(DateTime.MaxValue, DateTimeKind.Utc);

    /// <summary>
    /// Stores advisories in one transaction and matches them with every known version. One that is not newer than
    /// what is stored under its id is left out.
    /// </summary>
    /// <param name="advisories">Some hundred at most: other nodes' new versions wait for the transaction.</param>
    /// <param name="ct">Cancels before the commit; then nothing is stored.</param>
    /// <returns>How many were new or newer.</returns>
    /// <exception cref="NpgsqlException">The database is away or refuses; nothing is stored.</exception>
    public async Task<int> ImportAsync(IReadOnlyList<NewAdvisory> advisories, CancellationToken ct)
    {
        if (advisories.Count == 0)
            return 0;
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await FindingMatch.LockAsync(connection, transaction, ct);

        var newest = advisories.GroupBy(a => a.Id, StringComparer.Ordinal)
            .Select(same => same.MaxBy(a => a.Modified)!).ToList();
        var stored = (await connection.QueryAsync<(string Id, DateTime Modified, int Group, short Reading)>(
            new CommandDefinition(
            "select osv_id, modified_at, group_id, reading from advisories where osv_id = any(@ids)",
            new { ids = newest.Select(a => a.Id).ToArray() }, transaction, cancellationToken: ct)))
            .ToDictionary(row => row.Id, StringComparer.Ordinal);
        var changed = newest.Where(a =>
            !stored.TryGetValue(a.Id, out var old) || old.Modified < a.Modified.UtcDateTime
            || (old.Modified == a.Modified.UtcDateTime && old.Reading < Reading)).ToList();
        if (changed.Count > 0)
        {
            var ids = await SaveAsync(connection, transaction, changed, ct);
            await SavePackagesAsync(connection, transaction, changed, ids, ct);
            await SaveNamesAsync(connection, transaction, changed, ids, ct);
            var groups = changed.Where(a => stored.ContainsKey(a.Id)).Select(a => stored[a.Id].Group).ToArray();
            await AdvisoryGroups.KeepAsync(connection, transaction, [.. ids.Values], groups, ct);
            var isTold = await NotificationEvents.AreFindingsWantedAsync(connection, transaction, ct);
            var opened = await FindingMatch.AdvisoriesAsync(connection, transaction, [.. ids.Values], isTold, ct);
            await NotificationEvents.AfterFindingsAsync(connection, transaction, opened, ct);
        }

        await transaction.CommitAsync(ct);
        return changed.Count;
    }

    /// <summary>Closes the findings of advisories whose announced withdrawal has come.</summary>
    public async Task CloseWithdrawnAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            update findings f
            set closed_at = now(), closed_reason = 'The advisory was withdrawn.'
            from advisories a
            where a.advisory_id = f.advisory_id and f.closed_at is null and a.withdrawn_at <= now()
            """, cancellationToken: ct));
    }

    // Addresses are handed over as lines: arrays of different lengths do not fit into one parameter.
    static async Task<Dictionary<string, int>> SaveAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, List<NewAdvisory> advisories, CancellationToken ct)
    {
        var rows = await connection.QueryAsync<(string Id, int AdvisoryId)>(new CommandDefinition(
            """
            insert into advisories (
                osv_id, modified_at, published_at, withdrawn_at, summary, details, severity, score, severity_source,
                reference_urls, reading)
            select id, modified_at, nullif(published_at, 'infinity'), nullif(withdrawn_at, 'infinity'), summary,
                   details, severity, score, source, string_to_array(urls, chr(10)), @reading
            from unnest(
                @ids, @modified, @published, @withdrawn, @summaries, @details, @severities, @scores, @sources, @urls)
                as n (id, modified_at, published_at, withdrawn_at, summary, details, severity, score, source, urls)
            on conflict (osv_id) do update
            set modified_at = excluded.modified_at, published_at = excluded.published_at,
                withdrawn_at = excluded.withdrawn_at, summary = excluded.summary, details = excluded.details,
                severity = excluded.severity, score = excluded.score, severity_source = excluded.severity_source,
                reference_urls = excluded.reference_urls, reading = excluded.reading, imported_at = now()
            returning osv_id, advisory_id
            """,
            new
            {
                ids = advisories.Select(a => a.Id).ToArray(),
                modified = advisories.Select(a => a.Modified.UtcDateTime).ToArray(),
                published = advisories.Select(a => a.Published?.UtcDateTime ?? Never).ToArray(),
                withdrawn = advisories.Select(a => a.Withdrawn?.UtcDateTime ?? Never).ToArray(),
                summaries = advisories.Select(a => a.Summary).ToArray(),
                details = advisories.Select(a => a.Details).ToArray(),
                severities = advisories.Select(a => (short)a.Severity).ToArray(),
                scores = advisories.Select(a => a.Score).ToArray(),
                sources = advisories.Select(a => a.SeveritySource).ToArray(),
                urls = advisories.Select(a => string.Join('\n', a.References)).ToArray(),
                reading = Reading,
            }, transaction, cancellationToken: ct));
        return rows.ToDictionary(row => row.Id, row => row.AdvisoryId, StringComparer.Ordinal);
    }

    static async Task SavePackagesAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, List<NewAdvisory> advisories,
        Dictionary<string, int> ids, CancellationToken ct)
    {
        await connection.ExecuteAsync(new CommandDefinition(
            "delete from advisory_packages where advisory_id = any(@ids)", new { ids = ids.Values.ToArray() },
            transaction, cancellationToken: ct));
        var packages = advisories.SelectMany(a => a.Packages.Select(package => (Id: ids[a.Id], Package: package)))
            .ToList();
        var keys = (await connection.QueryAsync<long>(new CommandDefinition(
            """
            select nextval(pg_get_serial_sequence('advisory_packages', 'advisory_package_id'))
            from generate_series(1, @count)
            """, new { count = packages.Count }, transaction, cancellationToken: ct))).ToArray();
        var ranges = packages.SelectMany((p, i) => p.Package.Ranges.Select(range => (Key: keys[i], Range: range)))
            .ToList();
        var versions = packages.SelectMany((p, i) => p.Package.Versions
            .Where(version => !IsInside(version, p.Package.Ranges)).Select(v => (Key: keys[i], Version: v))).ToList();
        await connection.ExecuteAsync(new CommandDefinition(
            """
            insert into advisory_packages (
                advisory_package_id, advisory_id, ecosystem, release, type, group_key, name_key, name, imports,
                names_source)
            select key, id, ecosystem, release, type, group_key, name_key, name, imports::jsonb,
                   names_source
            from unnest(@keys, @ids, @ecosystems, @releases, @types, @groups, @nameKeys, @names, @imports,
                        @namesSource)
                as n (key, id, ecosystem, release, type, group_key, name_key, name, imports, names_source);
            insert into advisory_ranges (advisory_package_id, low_key, high_key, introduced, fixed, last_affected)
            select * from unnest(@rangeKeys, @lows, @highs, @introduced, @fixed, @lastAffected);
            insert into advisory_versions (advisory_package_id, version, sort_key)
            select * from unnest(@versionKeys, @versions, @sortKeys)
            """,
            new
            {
                keys,
                ids = packages.Select(p => p.Id).ToArray(),
                ecosystems = packages.Select(p => p.Package.Ecosystem).ToArray(),
                releases = packages.Select(p => p.Package.Release).ToArray(),
                types = packages.Select(p => p.Package.Type).ToArray(),
                groups = packages.Select(p => p.Package.GroupKey).ToArray(),
                nameKeys = packages.Select(p => p.Package.NameKey).ToArray(),
                names = packages.Select(p => p.Package.Name).ToArray(),
                imports = packages.Select(p => p.Package.Imports).ToArray(),
                namesSource = packages.Select(p => p.Package.NamesSource).ToArray(),
                rangeKeys = ranges.Select(r => r.Key).ToArray(),
                lows = ranges.Select(r => r.Range.LowKey).ToArray(),
                highs = ranges.Select(r => r.Range.HighKey).ToArray(),
                introduced = ranges.Select(r => r.Range.Introduced).ToArray(),
                @fixed = ranges.Select(r => r.Range.Fixed).ToArray(),
                lastAffected = ranges.Select(r => r.Range.LastAffected).ToArray(),
                versionKeys = versions.Select(v => v.Key).ToArray(),
                versions = versions.Select(v => v.Version.Version).ToArray(),
                sortKeys = versions.Select(v => v.Version.SortKey).ToArray(),
            }, transaction, commandTimeout: 120, cancellationToken: ct));
    }

    // Most advisories list every version that their ranges cover as well: that would be many rows that say nothing new.
    static bool IsInside(AffectedVersion version, IReadOnlyList<AffectedRange> ranges) =>
        version.SortKey is { } key && ranges.Any(range => range.LowKey is not null
            && range.LowKey.AsSpan().SequenceCompareTo(key) <= 0
            && (range.HighKey is null || range.HighKey.AsSpan().SequenceCompareTo(key) > 0));

    static Task<int> SaveNamesAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, List<NewAdvisory> advisories,
        Dictionary<string, int> ids, CancellationToken ct)
    {
        var names = advisories.SelectMany(a =>
            a.Aliases.Append(a.Id).Distinct(StringComparer.Ordinal).Select(name => (Name: name, Id: ids[a.Id])))
            .ToList();
        return connection.ExecuteAsync(new CommandDefinition(
            """
            delete from advisory_names where advisory_id = any(@all);
            insert into advisory_names (name, advisory_id) select * from unnest(@names, @ids)
            """,
            new
            {
                all = ids.Values.ToArray(),
                names = names.Select(pair => pair.Name).ToArray(),
                ids = names.Select(pair => pair.Id).ToArray(),
            }, transaction, cancellationToken: ct));
    }
}
