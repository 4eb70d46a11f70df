using Deployments.Data.Vulnerabilities;

namespace Deployments.Web.Vulnerabilities;

/// <summary>What a vulnerability means here: who is exposed since when, how fast others were mended. Pure.</summary>
public sealed record Exposure
{
    /// <summary>When the first target was exposed; null: none ever was.</summary>
    public DateTimeOffset? FirstAt { get; private init; }

    /// <summary>Who runs an affected version now and is not assessed.</summary>
    public IReadOnlyList<AffectedTargetRow> Open { get; private init; } = [];

    /// <summary>How many targets those are.</summary>
    public int OpenTargets { get; private init; }

    /// <summary>How many targets run one only where it is assessed.</summary>
    public int AssessedTargets { get; private init; }

    /// <summary>How often an affected version was replaced or removed.</summary>
    public int Mended { get; private init; }

    /// <summary>How many days that took in the middle; null: it never was.</summary>
    public double? MedianDays { get; private init; }

    /// <summary>How many targets of which group run which affected version: the most first.</summary>
    public IReadOnlyList<ExposureFlow> Flows { get; private init; } = [];

    /// <summary>Works it out.</summary>
    /// <param name="now">Who runs an affected version now.</param>
    /// <param name="before">Who did.</param>
    /// <param name="inForce">What is assessed.</param>
    /// <param name="groups">The groups of the targets, by name; those without are in none.</param>
    public static Exposure Of(
        IReadOnlyList<AffectedTargetRow> now, IReadOnlyList<AffectedTargetRow> before, AssessmentsInForce inForce,
        IReadOnlyDictionary<string, string> groups)
    {
        ArgumentNullException.ThrowIfNull(inForce);
        var open = now.Where(row => inForce.OfOrNull(row) is null).ToList();
        var exposed = open.Select(row => row.Target).ToHashSet(StringComparer.Ordinal);
        var days = before.Where(row => row.ExposedTo is not null)
            .Select(row => (row.ExposedTo!.Value - row.ExposedFrom).TotalDays).Order().ToList();
        return new Exposure
        {
            FirstAt = now.Concat(before).Select(row => (DateTimeOffset?)row.ExposedFrom).Min(),
            Open = open,
            OpenTargets = exposed.Count,
            AssessedTargets = now.Select(row => row.Target).Distinct().Count(target => !exposed.Contains(target)),
            Mended = days.Count,
            MedianDays = days.Count == 0 ? null : (days[(days.Count - 1) / 2] + days[days.Count / 2]) / 2,
            Flows =
            [
                .. open.GroupBy(row =>
                        (Version: $"{row.Name} {row.Version}", Group: groups.GetValueOrDefault(row.Target)))
                    .Select(rows => new ExposureFlow(
                        rows.Key.Version, rows.Key.Group, rows.Select(row => row.Target).Distinct().Count()))
                    .OrderByDescending(flow => flow.Targets).ThenBy(flow => flow.Version, StringComparer.Ordinal)
                    .ThenBy(flow => flow.Group, StringComparer.Ordinal),
            ],
        };
    }
}

/// <summary>So many targets of a group run an affected version.</summary>
/// <param name="Version">Package and version.</param>
/// <param name="Group">The group; null: in none.</param>
/// <param name="Targets">How many.</param>
public sealed record ExposureFlow(string Version, string? Group, int Targets);
