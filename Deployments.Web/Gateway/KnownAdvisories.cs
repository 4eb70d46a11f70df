using Deployments.Data.Feeds;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Feeds;

namespace Deployments.Web.Gateway;

/// <summary>
/// Puts together what the advisories that are held say of packages, as feed types tell it to clients.
/// </summary>
sealed class KnownAdvisories(KnownVulnerabilityQueries queries, TimeProvider time)
{
    /// <summary>What is known of the packages.</summary>
    /// <param name="type">The type of the packages.</param>
    /// <param name="packages">The packages; null: every one of the type; empty: none.</param>
    /// <param name="id">An id of the only vulnerability that is wanted; null: any.</param>
    /// <param name="withDetails">Whether the long texts are wanted.</param>
    /// <param name="visible">What the caller sees.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<KnownVulnerabilities> OfAsync(
        IFeedType type, IReadOnlyList<PackageKeys>? packages, string? id, bool withDetails, VisibleFeeds visible,
        CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var changed = await queries.LastChangeOrNullAsync(type.PackageType, now, ct);
        if (changed is null || (packages is { Count: 0 } && id is null))
            return new KnownVulnerabilities(changed, []);
        var found = await queries.OfAsync(type.PackageType,
            packages?.Select(keys => (keys.Group, keys.Name)).ToList(), id, withDetails, now, visible, ct);
        return new KnownVulnerabilities(changed, [.. found.Rows
            .GroupBy(row => (row.GroupKey, row.NameKey, row.GroupId))
            .Select(mentions => Together([.. mentions], found))]);
    }

    // Advisories of one vulnerability mostly say the same, one more than the other: a version is affected when any says
    // so, as findings have it.
    static KnownVulnerability Together(List<KnownVulnerabilityRow> mentions, KnownVulnerabilityRows found)
    {
        var lead = mentions[0];
        var standing = mentions.Where(row => !row.IsWithdrawn).ToList();
        var ranges = standing.SelectMany(row => found.Ranges[row.AdvisoryPackageId]).Select(RangeOf)
            .OrderBy(range => range.LowKey, KeyOrder)
            .DistinctBy(range => (Convert.ToHexString(range.LowKey), Convert.ToHexString(range.HighKey ?? [])))
            .ToList();
        return new KnownVulnerability
        {
            Id = lead.Id,
            Names = lead.Names,
            Keys = new PackageKeys(lead.GroupKey, lead.NameKey, ""),
            Package = lead.Name,
            IsSilent = lead.IsExcused || standing.Count == 0,
            Summary = lead.Summary,
            Details = lead.Details,
            Severity = (int)lead.Severity,
            Score = lead.Score,
            Vector = lead.SeveritySource.StartsWith("CVSS:", StringComparison.Ordinal) ? lead.SeveritySource : null,
            PublishedAt = lead.PublishedAt,
            ModifiedAt = lead.ModifiedAt,
            References = lead.References,
            Ranges = ranges,
            Versions = [.. standing.SelectMany(row => found.Versions[row.AdvisoryPackageId])
                .Where(version => version.SortKey is not { } key || !ranges.Exists(range => range.Contains(key)))
                .Select(version => version.Version).Distinct(StringComparer.Ordinal)],
            Imports = standing.Select(row => row.Imports).FirstOrDefault(imports => imports is not null),
        };
    }

    static readonly Comparer<byte[]> KeyOrder =
        Comparer<byte[]>.Create((x, y) => x.AsSpan().SequenceCompareTo(y));

    static KnownRange RangeOf(KnownRangeRow row) => new(
        row.LowKey.Length == 0 ? null : row.Introduced, row.Fixed, row.LastAffected, row.LowKey, row.HighKey);
}
