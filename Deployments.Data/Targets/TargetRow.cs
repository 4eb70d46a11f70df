using System.Globalization;

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

    /// <summary>The group of targets that it is in; null when it is in none.</summary>
    public string? Group { get; init; }

    /// <summary>How many packages are installed there now.</summary>
    public long Packages { get; init; }

    /// <summary>When something was deployed there last; null when every record is gone.</summary>
    public DateTimeOffset? LastDeployedAt { get; init; }

    /// <summary>What the list is ordered by, where it is not the name; zero where it is.</summary>
    public long Rank { get; init; }
}

/// <summary>Which targets to list.</summary>
/// <param name="Text">Part of the name, in any case; null: whatever it is.</param>
/// <param name="Group">
/// The group that they are in, in any case; <see cref="Database.TargetGroupSql.None"/>: in none; null: any.
/// </param>
public sealed record TargetFilter(string? Text, string? Group = null);

/// <summary>What a list of targets is ordered by.</summary>
public enum TargetOrder
{
    /// <summary>By name.</summary>
    Name,

    /// <summary>The newest deployment first.</summary>
    Last,

    /// <summary>The most packages first.</summary>
    Packages,
}

/// <summary>A place in the list of targets: next to one of them, looking one way.</summary>
/// <param name="NameKey">That target's name key.</param>
/// <param name="Rank">What the list is ordered by, for that target; zero in a list by name.</param>
/// <param name="Before">Whether the page ends there; else it begins there.</param>
public sealed record TargetEdge(string NameKey, long Rank, bool Before)
{
    /// <summary>The place as it stands in an address; opaque to clients.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{(Before ? 'b' : 'a')}{Rank}-{NameKey}");

    /// <summary>Reads what <see cref="ToString"/> wrote; null when the text is something else.</summary>
    public static TargetEdge? TryParse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        return dash > 1 && text[0] is 'a' or 'b' && dash < text.Length - 1
            && long.TryParse(text.AsSpan(1, dash - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var rank)
            && !text.Contains('\0', StringComparison.Ordinal)
                ? new TargetEdge(text[(dash + 1)..], rank, text[0] == 'b')
                : null;
    }
}

/// <summary>One page of targets.</summary>
/// <param name="Items">The targets.</param>
/// <param name="Previous">Where the previous page ends; null on the first page.</param>
/// <param name="Next">Where the next page begins; null on the last page.</param>
public sealed record TargetPage(IReadOnlyList<TargetRow> Items, TargetEdge? Previous, TargetEdge? Next);

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

    /// <summary>The package's id: the same for every spelling.</summary>
    public int PackageId { get; init; }

    /// <summary>Package group; empty when there is none.</summary>
    public string Group { get; init; } = "";

    /// <summary>Package name.</summary>
    public string Name { get; init; } = "";

    /// <summary>The version in the database; never told to clients.</summary>
    public int VersionId { get; init; }

    /// <summary>Package version.</summary>
    public string Version { get; init; } = "";

    /// <summary>What tells two files of the version apart; empty when nothing does.</summary>
    public string Qualifier { get; init; } = "";

    /// <summary>Bytewise-ordered key of the version; null when it is not one of its ecosystem.</summary>
    public byte[]? SortKey { get; init; }

    /// <summary>Application or tool that deployed.</summary>
    public string Application { get; init; } = "";

    /// <summary>Who deployed, as the client said.</summary>
    public string User { get; init; } = "";

    /// <summary>The target, where several are read at once; else empty.</summary>
    public string Target { get; init; } = "";

    /// <summary>The group that the target is in, where several are read at once; null: in none.</summary>
    public string? TargetGroup { get; init; }

    /// <summary>When the package was removed after that, where that was asked for; null when it was not.</summary>
    public DateTimeOffset? RemovedAt { get; init; }
}
