namespace Deployments.Data.Search;

/// <summary>A package that was found.</summary>
public sealed record PackageHit
{
    /// <summary>Package URL type: <c>nuget</c>, <c>npm</c> ...</summary>
    public string Type { get; init; } = "";

    /// <summary>Group as displayed; empty when there is none.</summary>
    public string GroupName { get; init; } = "";

    /// <summary>Name as displayed.</summary>
    public string Name { get; init; } = "";

    /// <summary>A feed it was deployed through; null when none of them exists any more.</summary>
    public string? Feed { get; init; }

    /// <summary>The highest version that was deployed, or the version that was found.</summary>
    public string? Version { get; init; }

    /// <summary>How many targets run it now: the package, or the version that was found.</summary>
    public int TargetsNow { get; init; }
}

/// <summary>A target that was found.</summary>
public sealed record TargetHit
{
    /// <summary>Its name.</summary>
    public string Name { get; init; } = "";

    /// <summary>How many packages run there now.</summary>
    public int Packages { get; init; }

    /// <summary>When something was last deployed there; null when nothing is installed.</summary>
    public DateTimeOffset? LastDeployedAt { get; init; }
}
