namespace Deployments.Data.Records;

/// <summary>A package version as it is displayed, and as its ecosystem tells it from others.</summary>
public abstract record IdentifiedPackage
{
    /// <summary>Package URL type, such as <c>nuget</c>.</summary>
    public required string PackageType { get; init; }

    /// <summary>Group as displayed; empty when there is none.</summary>
    public required string GroupName { get; init; }

    /// <summary>Package name as displayed.</summary>
    public required string Name { get; init; }

    /// <summary>Version as displayed.</summary>
    public required string Version { get; init; }

    /// <summary>What tells two files of the version apart; empty when nothing does.</summary>
    public required string Qualifier { get; init; }

    /// <summary>Group under which spellings are equal.</summary>
    public required string GroupKey { get; init; }

    /// <summary>Name under which spellings are equal.</summary>
    public required string NameKey { get; init; }

    /// <summary>Version under which spellings are equal.</summary>
    public required string VersionKey { get; init; }

    /// <summary>Bytewise-ordered key of the version, or null when it is not a version of its ecosystem.</summary>
    public byte[]? VersionSortKey { get; init; }
}
