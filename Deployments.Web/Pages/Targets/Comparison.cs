using Deployments.Data.Targets;

namespace Deployments.Web.Pages.Targets;

/// <summary>How a package here compares with the same package there.</summary>
public enum Difference
{
    /// <summary>Only here.</summary>
    Added,

    /// <summary>Only there.</summary>
    Removed,

    /// <summary>A later version here.</summary>
    Newer,

    /// <summary>An earlier version here.</summary>
    Older,

    /// <summary>Another version, and nothing says which is later.</summary>
    Other,

    /// <summary>The same version.</summary>
    Same,
}

/// <summary>One package of a comparison; at least one side has it.</summary>
/// <param name="Difference">What differs.</param>
/// <param name="Here">What is here, or null.</param>
/// <param name="There">What is there, or null.</param>
public sealed record ComparedRow(Difference Difference, InstalledRow? Here, InstalledRow? There)
{
    /// <summary>The package, from the side that has it.</summary>
    public InstalledRow Package => Here ?? There!;
}

/// <summary>Two lists of what is installed, side by side.</summary>
public static class Comparison
{
    /// <summary>Every package of either side, by name; packages are equal whatever their spelling.</summary>
    public static IReadOnlyList<ComparedRow> Of(IEnumerable<InstalledRow> here, IEnumerable<InstalledRow> there)
    {
        ArgumentNullException.ThrowIfNull(here);
        var others = there.ToDictionary(row => row.PackageId);
        var rows = new List<ComparedRow>();
        foreach (var row in here)
        {
            others.Remove(row.PackageId, out var other);
            rows.Add(new ComparedRow(Compare(row, other), row, other));
        }

        rows.AddRange(others.Values.Select(other => new ComparedRow(Difference.Removed, null, other)));
        return [.. rows
            .OrderBy(row => row.Package.Name, StringComparer.OrdinalIgnoreCase)
            .ThenBy(row => row.Package.Group, StringComparer.OrdinalIgnoreCase)
            .ThenBy(row => row.Package.PackageId)];
    }

    static Difference Compare(InstalledRow here, InstalledRow? there) =>
        there is null ? Difference.Added : TargetTimeline.Change(there, here) switch
        {
            Data.Packages.VersionChange.Redeploy => Difference.Same,
            Data.Packages.VersionChange.Upgrade => Difference.Newer,
            Data.Packages.VersionChange.Rollback => Difference.Older,
            _ => Difference.Other,
        };
}
