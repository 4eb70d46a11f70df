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
    /// <summary>
    /// How far records are counted, so that a package with millions is shown as quickly as one with a few.
    /// </summary>
    public const int RecordsMax = 10_000;

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

    /// <summary>How many records name it; one more than <see cref="RecordsMax"/> means "or more".</summary>
    public long Records { get; init; }

    /// <summary>When it was first deployed.</summary>
    public DateTimeOffset? FirstDeployedAt { get; init; }

    /// <summary>When it was last deployed.</summary>
    public DateTimeOffset? LastDeployedAt { get; init; }

    /// <summary>Names of the feeds it came through, without deleted ones.</summary>
    public string[] Feeds { get; init; } = [];
}

/// <summary>One version of a package.</summary>
public sealed record VersionRow
{
    /// <summary>How many records of a version are counted.</summary>
    public const int RecordsMax = 2000;

    /// <summary>Its key.</summary>
    public int VersionId { get; init; }

    /// <summary>Version as displayed.</summary>
    public string Version { get; init; } = "";

    /// <summary>What tells two files of the version apart; empty when nothing does.</summary>
    public string Qualifier { get; init; } = "";

    /// <summary>How many targets run it now.</summary>
    public int TargetsNow { get; init; }

    /// <summary>How many targets ever got it, as far as records are counted.</summary>
    public int TargetsEver { get; init; }

    /// <summary>How many records name it; one more than <see cref="RecordsMax"/> means "or more".</summary>
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

    /// <summary>The version in the database; never told to clients.</summary>
    public int VersionId { get; init; }

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
    /// <summary>How many of the package's newest records are looked at.</summary>
    public const int NewestMax = 5000;

    /// <summary>The feed's name.</summary>
    public string Name { get; init; } = "";

    /// <summary>Whether the feed still exists.</summary>
    public bool Exists { get; init; }

    /// <summary>How many of those records came through it.</summary>
    public long Records { get; init; }

    /// <summary>When the last of them was deployed; null when none of them came through it.</summary>
    public DateTimeOffset? LastDeployedAt { get; init; }
}

/// <summary>Deployments of a package in one month by one application.</summary>
public sealed record UsageRow
{
    /// <summary>How many of a package's newest records are counted.</summary>
    public const int RecordsMax = 100_000;

    /// <summary>The first moment of the month, UTC.</summary>
    public DateTimeOffset Month { get; init; }

    /// <summary>The application.</summary>
    public string Application { get; init; } = "";

    /// <summary>How many records.</summary>
    public long Records { get; init; }

    /// <summary>On how many targets.</summary>
    public int Targets { get; init; }
}
