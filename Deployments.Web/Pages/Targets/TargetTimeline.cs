using Deployments.Data.Packages;
using Deployments.Data.Targets;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Pages.Packages;
using Deployments.Web.Pages.Shared;
using Deployments.Web.Records;

namespace Deployments.Web.Pages.Targets;

/// <summary>What ran on a target from when to when, a line for each package.</summary>
static class TargetTimeline
{
    /// <summary>
    /// Lines from records; a redeployment of the version that was there already begins no new bar, and a removal ends
    /// one.
    /// </summary>
    /// <param name="changes">The records of each package together, oldest first.</param>
    /// <param name="end">Until when the last version of each package is known to have run.</param>
    /// <param name="badges">What is known to be vulnerable, by version.</param>
    public static IReadOnlyList<SpanRow> Rows(
        IEnumerable<InstalledRow> changes, DateTimeOffset end, IReadOnlyDictionary<int, VersionBadge> badges) =>
        [.. changes.GroupBy(row => row.PackageId).Select(rows => Row([.. rows], end, badges))];

    /// <summary>What replacing one version by another was.</summary>
    public static VersionChange Change(InstalledRow? before, InstalledRow after)
    {
        if (before is null)
            return VersionChange.First;
        if (before.RemovedAt < after.DeployedAt)
            return VersionChange.Return;
        if (before.Version == after.Version && before.Qualifier == after.Qualifier)
            return VersionChange.Redeploy;
        if (before.SortKey is null || after.SortKey is null)
            return VersionChange.Other;
        return after.SortKey.AsSpan().SequenceCompareTo(before.SortKey) switch
        {
            > 0 => VersionChange.Upgrade,
            < 0 => VersionChange.Rollback,
            _ => VersionChange.Other,
        };
    }

    /// <summary>The stays of one package on one target.</summary>
    /// <param name="records">Oldest first.</param>
    /// <param name="end">Until when the last version is known to have run.</param>
    /// <param name="badges">What is known to be vulnerable, by version.</param>
    public static IReadOnlyList<Span> Spans(
        IReadOnlyList<InstalledRow> records, DateTimeOffset end, IReadOnlyDictionary<int, VersionBadge> badges)
    {
        var spans = new List<Span>();
        InstalledRow? before = null;
        foreach (var record in records)
        {
            var change = Change(before, record);
            if (spans.Count > 0 && change is not (VersionChange.Redeploy or VersionChange.Return))
                spans[^1] = spans[^1] with { To = record.DeployedAt };
            if (change != VersionChange.Redeploy)
                spans.Add(new Span(
                    record.Version, record.DeployedAt, end, change, $"/deployments/{record.DeploymentId}",
                    badges.GetValueOrDefault(record.VersionId)?.KnownFrom));
            spans[^1] = spans[^1] with { To = record.RemovedAt ?? end };
            before = record;
        }

        return spans;
    }

    static SpanRow Row(
        List<InstalledRow> records, DateTimeOffset end, IReadOnlyDictionary<int, VersionBadge> badges)
    {
        var last = records[^1];
        return new SpanRow(
            RecordText.FullName(last.Group, last.Name),
            PackageLinks.Package(last.Feed, last.Group, last.Name, "history"), last.Type, Spans(records, end, badges),
            last.RemovedAt is null ? last.Version : "removed");
    }
}
