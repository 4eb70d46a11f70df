namespace Deployments.Data.Packages;

/// <summary>A package of a feed.</summary>
public sealed record PackageRow
{
    /// <summary>Group as displayed; empty when there is none.</summary>
    public string GroupName { get; init; } = "";

    /// <summary>Name as displayed.</summary>
    public string Name { get; init; } = "";

    /// <summary>Normalised group.</summary>
    public string GroupKey { get; init; } = "";

    /// <summary>Normalised name.</summary>
    public string NameKey { get; init; } = "";

    /// <summary>The highest version that was deployed; null when none was.</summary>
    public string? LatestVersion { get; init; }

    /// <summary>How many targets run it now.</summary>
    public int TargetsNow { get; init; }

    /// <summary>When it was last deployed through the feed.</summary>
    public DateTimeOffset LastDeployedAt { get; init; }

    /// <summary>Where that was.</summary>
    public string LastTarget { get; init; } = "";
}

/// <summary>A place in the order of packages by name: after this one.</summary>
/// <param name="NameKey">Its normalised name.</param>
/// <param name="GroupKey">Its normalised group.</param>
public sealed record PackagePlace(string NameKey, string GroupKey);

/// <summary>Some packages, by name.</summary>
/// <param name="Rows">The packages.</param>
/// <param name="Next">Where the next page begins; null when there is none.</param>
public sealed record PackagePage(IReadOnlyList<PackageRow> Rows, PackagePlace? Next)
{
    // One row more than a page has was asked for: it tells whether there is a next page.
    internal static PackagePage Of(List<PackageRow> rows, int count)
    {
        if (rows.Count <= count)
            return new PackagePage(rows, null);
        rows.RemoveAt(count);
        return new PackagePage(rows, new PackagePlace(rows[^1].NameKey, rows[^1].GroupKey));
    }
}

/// <summary>One package in numbers.</summary>
public sealed record PackageSummary
{
    /// <summary>Its key.</summary>
    public int PackageId { get; init; }

    /// <summary>Group as displayed; empty when there is none.</summary>
    public string GroupName { get; init; } = "";

    /// <summary>Name as displayed.</summary>
    public string Name { get; init; } = "";

    /// <summary>The highest version that was deployed.</summary>
    public string? LatestVersion { get; init; }

    /// <summary>How many targets run it now.</summary>
    public int TargetsNow { get; init; }

    /// <summary>How many of its versions run somewhere now.</summary>
    public int VersionsNow { get; init; }

    /// <summary>How many of its versions were ever deployed.</summary>
    public int Versions { get; init; }

    /// <summary>How many records name it.</summary>
    public long Records { get; init; }

    /// <summary>When it was first deployed.</summary>
    public DateTimeOffset? FirstDeployedAt { get; init; }

    /// <summary>When it was last deployed.</summary>
    public DateTimeOffset? LastDeployedAt { get; init; }
}

/// <summary>One version of a package.</summary>
public sealed record VersionRow
{
    /// <summary>Its key.</summary>
    public int VersionId { get; init; }

    /// <summary>Version as displayed.</summary>
    public string Version { get; init; } = "";

    /// <summary>What tells two files of the version apart; empty when nothing does.</summary>
    public string Qualifier { get; init; } = "";

    /// <summary>How many targets run it now.</summary>
    public int TargetsNow { get; init; }

    /// <summary>How many records name it.</summary>
    public long Records { get; init; }

    /// <summary>When it was first deployed.</summary>
    public DateTimeOffset? FirstDeployedAt { get; init; }

    /// <summary>When it was last deployed.</summary>
    public DateTimeOffset? LastDeployedAt { get; init; }
}

/// <summary>A target that runs a package now.</summary>
public sealed record InstallationRow
{
    /// <summary>The target.</summary>
    public string Target { get; init; } = "";

    /// <summary>The version it runs.</summary>
    public string Version { get; init; } = "";

    /// <summary>What tells two files of the version apart; empty when nothing does.</summary>
    public string Qualifier { get; init; } = "";

    /// <summary>Since when.</summary>
    public DateTimeOffset DeployedAt { get; init; }

    /// <summary>The record that says so.</summary>
    public long DeploymentId { get; init; }
}

/// <summary>A feed through which a package was deployed.</summary>
public sealed record PackageFeedRow
{
    /// <summary>The feed's name.</summary>
    public string Name { get; init; } = "";

    /// <summary>Whether the feed still exists.</summary>
    public bool Exists { get; init; }

    /// <summary>How many records came through it.</summary>
    public long Records { get; init; }

    /// <summary>When the last one was deployed.</summary>
    public DateTimeOffset LastDeployedAt { get; init; }
}

/// <summary>Deployments of a package in one month by one application.</summary>
public sealed record UsageRow
{
    /// <summary>The first moment of the month, UTC.</summary>
    public DateTimeOffset Month { get; init; }

    /// <summary>The application.</summary>
    public string Application { get; init; } = "";

    /// <summary>How many records.</summary>
    public long Records { get; init; }

    /// <summary>On how many targets.</summary>
    public int Targets { get; init; }
}
