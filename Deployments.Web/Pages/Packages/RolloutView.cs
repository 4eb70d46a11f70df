using Deployments.Data.Packages;
using Deployments.Data.Rollout;
using Deployments.Data.Targets;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Pages.Shared;
using Deployments.Web.Pages.Targets;

namespace Deployments.Web.Pages.Packages;

/// <summary>How a version came to the targets, who has not got it, and what ran where before. Pure.</summary>
public sealed class RolloutView
{
    /// <summary>Since when.</summary>
    public DateTimeOffset From { get; private init; }

    /// <summary>Until when.</summary>
    public DateTimeOffset To { get; private init; }

    /// <summary>The version that it is about; null when no version is known.</summary>
    public VersionRow? Version { get; private init; }

    /// <summary>When it was deployed first, within the time; null: not in it.</summary>
    public DateTimeOffset? FirstAt { get; private init; }

    /// <summary>How many targets run the package now.</summary>
    public int Targets { get; private init; }

    /// <summary>How many of them run that version or a newer one.</summary>
    public int Adopted => Targets - Stragglers.Count;

    /// <summary>How many of the targets of now had it at a time: the steps, oldest first.</summary>
    public IReadOnlyList<AdoptionStep> Steps { get; private init; } = [];

    /// <summary>Who runs something older, or something that cannot be compared: by group and name.</summary>
    public IReadOnlyList<Straggler> Stragglers { get; private init; } = [];

    /// <summary>Lanes of targets, or one for each group, with the name of the group: null for those in none.</summary>
    public IReadOnlyList<(string? Group, IReadOnlyList<SpanRow> Lanes)> Lanes { get; private init; } = [];

    /// <summary>Works it out.</summary>
    /// <param name="history">What was read.</param>
    /// <param name="now">The end of the picture.</param>
    /// <param name="wanted">The version that it is about.</param>
    /// <param name="versions">What is known of the package's versions, newest first.</param>
    /// <param name="byGroup">Whether each group is a lane, of what most of its targets had.</param>
    /// <param name="badges">What is known to be vulnerable, by version.</param>
    public static RolloutView Of(
        RolloutHistory history, DateTimeOffset now, VersionRow? wanted, IReadOnlyList<VersionRow> versions,
        bool byGroup, IReadOnlyDictionary<int, VersionBadge> badges)
    {
        ArgumentNullException.ThrowIfNull(history);
        var targets = history.Rows.GroupBy(row => row.Target).Select(rows => rows.ToList()).ToList();
        var inGroups = targets.GroupBy(rows => rows[^1].TargetGroup).ToList();
        var running = targets.Where(rows => rows[^1].RemovedAt is null).ToList();
        var order = versions.Select((version, place) => (version.VersionId, place))
            .ToDictionary(pair => pair.VersionId, pair => pair.place);
        var goal = wanted is null ? int.MaxValue : order.GetValueOrDefault(wanted.VersionId, int.MaxValue);
        bool Has(InstalledRow row) => wanted is not null && (row.Version == wanted.Version
            || goal != int.MaxValue && order.GetValueOrDefault(row.VersionId, int.MaxValue) <= goal);
        return new RolloutView
        {
            From = history.From,
            To = now,
            Version = wanted,
            FirstAt = history.Rows.Where(Has).Select(row => (DateTimeOffset?)row.DeployedAt).Min(),
            Targets = running.Count,
            Steps = StepsOf(running, Has),
            Stragglers =
            [
                .. running.Where(rows => !Has(rows[^1])).Select(rows => new Straggler(
                    rows[^1].Target, rows[^1].TargetGroup, rows[^1].Version, rows[^1].VersionId,
                    order.TryGetValue(rows[^1].VersionId, out var place) && goal != int.MaxValue ? place - goal : null,
                    rows[^1].DeployedAt)),
            ],
            Lanes = targets.Count == 0 ? [] : byGroup
                ? [(null, [.. inGroups.Select(rows => GroupLane(rows.Key, [.. rows], now, badges))])]
                : [.. inGroups.Select(rows => (
                    rows.Key, (IReadOnlyList<SpanRow>)[.. rows.Select(row => Lane(row, now, badges))]))],
        };
    }

    static SpanRow Lane(List<InstalledRow> rows, DateTimeOffset now, IReadOnlyDictionary<int, VersionBadge> badges) =>
        new(rows[^1].Target, PackageLinks.Target(rows[^1].Target), null, TargetTimeline.Spans(rows, now, badges),
            rows[^1].RemovedAt is null ? rows[^1].Version : "removed");

    static List<AdoptionStep> StepsOf(IEnumerable<List<InstalledRow>> running, Func<InstalledRow, bool> has)
    {
        var changes = new List<(DateTimeOffset At, int By)>();
        foreach (var rows in running)
        {
            var had = false;
            foreach (var (i, row) in rows.Index())
            {
                if (has(row) != had)
                    changes.Add((row.DeployedAt, had ? -1 : 1));
                had = has(row);
                // Between a removal and the return it had nothing.
                if (had && row.RemovedAt is { } removed && i < rows.Count - 1 && removed < rows[i + 1].DeployedAt)
                {
                    changes.Add((removed, -1));
                    had = false;
                }
            }
        }

        var steps = new List<AdoptionStep>();
        var count = 0;
        foreach (var at in changes.GroupBy(change => change.At).OrderBy(group => group.Key))
            steps.Add(new AdoptionStep(at.Key, count += at.Sum(change => change.By)));
        return steps;
    }

    // What most targets of the group had: of as many the one that came there last.
    static SpanRow GroupLane(
        string? group, IReadOnlyList<List<InstalledRow>> targets, DateTimeOffset now,
        IReadOnlyDictionary<int, VersionBadge> badges)
    {
        var events = new List<(DateTimeOffset At, int Target, InstalledRow? Row)>();
        foreach (var (t, rows) in targets.Index())
        {
            foreach (var (i, row) in rows.Index())
            {
                events.Add((row.DeployedAt, t, row));
                if (row.RemovedAt is { } gone && (i == rows.Count - 1 || gone < rows[i + 1].DeployedAt))
                    events.Add((gone, t, null));
            }
        }

        // Of each version, how many have it, and who got it last.
        var has = new Dictionary<int, InstalledRow>();
        var running = new Dictionary<string, (int Targets, InstalledRow Last)>(StringComparer.Ordinal);
        var lane = new List<InstalledRow>();
        foreach (var (at, target, row) in events.OrderBy(one => one.At))
        {
            if (has.Remove(target, out var old))
            {
                var (rest, last) = running[old.Version];
                if (rest == 1)
                    running.Remove(old.Version);
                else
                    running[old.Version] = (rest - 1, last);
            }

            if (row is not null)
            {
                has[target] = row;
                running[row.Version] = (running.GetValueOrDefault(row.Version).Targets + 1, row);
            }

            var most = running.Count == 0
                ? null
                : running.Values.MaxBy(one => (one.Targets, one.Last.DeployedAt)).Last;
            if (most is null)
                lane[^1] = lane[^1] with { RemovedAt = at };
            else if (lane.Count == 0 || lane[^1].RemovedAt is not null || lane[^1].Version != most.Version)
                lane.Add(most with { DeployedAt = at, RemovedAt = null });
        }

        return new SpanRow(
            group ?? "In no group", $"/targets?targetGroup={Uri.EscapeDataString(group ?? "-")}", null,
            TargetTimeline.Spans(lane, now, badges), lane[^1].RemovedAt is null ? lane[^1].Version : "removed");
    }
}

/// <summary>From a time on so many targets had a version.</summary>
/// <param name="At">The time.</param>
/// <param name="Targets">How many.</param>
public sealed record AdoptionStep(DateTimeOffset At, int Targets);

/// <summary>A target that has not got a version.</summary>
/// <param name="Target">The target.</param>
/// <param name="Group">Its group; null when it is in none.</param>
/// <param name="Version">What it runs.</param>
/// <param name="VersionId">The same in the database.</param>
/// <param name="Behind">By how many known versions it is behind; null when it cannot be compared.</param>
/// <param name="Since">When it got what it runs.</param>
public sealed record Straggler(
    string Target, string? Group, string Version, int VersionId, int? Behind, DateTimeOffset Since);
