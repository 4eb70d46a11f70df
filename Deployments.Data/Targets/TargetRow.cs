namespace Deployments.Data.Targets;

/// <summary>A target in the list of targets.</summary>
public sealed record TargetRow
{
    /// <summary>Its id.</summary>
    public int TargetId { get; init; }

    /// <summary>Its name, in the spelling first seen.</summary>
    public string Name { get; init; } = "";

    /// <summary>The name under which spellings are equal; the list is in its order.</summary>
    public string NameKey { get; init; } = "";

    /// <summary>How many packages are installed there now.</summary>
    public long Packages { get; init; }

    /// <summary>When something was deployed there last; null when every record is gone.</summary>
    public DateTimeOffset? LastDeployedAt { get; init; }
}

/// <summary>One page of targets, by name.</summary>
/// <param name="Items">The targets.</param>
/// <param name="Before">The name key before which the previous page ends; null on the first page.</param>
/// <param name="After">The name key after which the next page begins; null on the last page.</param>
public sealed record TargetPage(IReadOnlyList<TargetRow> Items, string? Before, string? After);

/// <summary>A package on a target: the newest record of it there, at one time.</summary>
public sealed record InstalledRow
{
    /// <summary>The record that says so.</summary>
    public long DeploymentId { get; init; }

    /// <summary>When that was deployed.</summary>
    public DateTimeOffset DeployedAt { get; init; }

    /// <summary>Name of the feed it came through, which may have been deleted since.</summary>
    public string Feed { get; init; } = "";

    /// <summary>The feed's type.</summary>
    public string FeedType { get; init; } = "";

    /// <summary>Package URL type.</summary>
    public string Type { get; init; } = "";

    /// <summary>Package group; empty when there is none.</summary>
    public string Group { get; init; } = "";

    /// <summary>Package name.</summary>
    public string Name { get; init; } = "";

    /// <summary>Package version.</summary>
    public string Version { get; init; } = "";

    /// <summary>What tells two files of the version apart; empty when nothing does.</summary>
    public string Qualifier { get; init; } = "";

    /// <summary>Application or tool that deployed.</summary>
    public string Application { get; init; } = "";

    /// <summary>Who deployed, as the client said.</summary>
    public string User { get; init; } = "";
}
