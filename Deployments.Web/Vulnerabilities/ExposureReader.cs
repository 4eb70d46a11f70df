using Deployments.Data.Database;
using Deployments.Data.Feeds;
using Deployments.Data.TargetGroups;
using Deployments.Data.Vulnerabilities;

namespace Deployments.Web.Vulnerabilities;

/// <summary>Reads the exposure to a vulnerability, for the printed report and the API.</summary>
public sealed class ExposureReader(
    VulnerabilityQueries queries, AssessmentQueries assessments, TargetGroupQueries groups, TimeProvider time)
{
    /// <summary>How many installations of now, and how many of before, are read at most.</summary>
    public const int InstallationsMax = 10_000;

    /// <summary>The exposure as it is now.</summary>
    /// <param name="groupId">The vulnerability.</param>
    /// <param name="targetGroup">
    /// Only targets of this group, in any case; <see cref="TargetGroupSql.None"/>: of none; null: all.
    /// </param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<ExposureReport> OfAsync(
        int groupId, string? targetGroup, VisibleFeeds visible, CancellationToken ct)
    {
        var at = time.GetUtcNow();
        var now = await queries.TargetsNowAsync(groupId, InstallationsMax, targetGroup, visible, ct);
        var before = await queries.TargetsBeforeAsync(groupId, InstallationsMax, targetGroup, visible, ct);
        var inForce = await assessments.InForceAsync(groupId, at, visible, ct);
        var inGroups = await groups.OfTargetsAsync(now.Select(row => row.Target), ct);
        return new ExposureReport(
            at, Exposure.Of(now, before, inForce, inGroups), inForce, inGroups,
            now.Count == InstallationsMax || before.Count == InstallationsMax);
    }
}

/// <summary>The exposure to a vulnerability at a time.</summary>
/// <param name="At">The time.</param>
/// <param name="Exposure">Who is exposed, and how fast others were mended.</param>
/// <param name="InForce">What was assessed.</param>
/// <param name="Groups">The groups of the exposed targets, by name; those without are in none.</param>
/// <param name="IsTruncated">
/// Whether there may be more installations than were read; the longest exposed and the last to leave were.
/// </param>
public sealed record ExposureReport(
    DateTimeOffset At, Exposure Exposure, AssessmentsInForce InForce, IReadOnlyDictionary<string, string> Groups,
    bool IsTruncated);
