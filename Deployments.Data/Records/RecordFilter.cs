using System.Globalization;

namespace Deployments.Data.Records;

/// <summary>Which records to read, every condition optional and all of them combined, and which page of them.</summary>
public sealed record RecordFilter
{
    /// <summary>The most records one page holds.</summary>
    public const int LimitMax = 1000;

    /// <summary>Feed name, in any case; a deleted feed counts.</summary>
    public string? Feed { get; init; }

    /// <summary>Package URL type, such as <c>nuget</c>.</summary>
    public string? Type { get; init; }

    /// <summary>Package group, in the spelling of a record or in lower case; empty for packages without one.</summary>
    public string? Group { get; init; }

    /// <summary>Package name, spelled as its ecosystem's key or different from it in case only.</summary>
    public string? Name { get; init; }

    /// <summary>Version as displayed or as normalised.</summary>
    public string? Version { get; init; }

    /// <summary>Target name, in any case.</summary>
    public string? Target { get; init; }

    /// <summary>
    /// The group that the target is in, in any case; <see cref="Database.TargetGroupSql.None"/>: in none.
    /// </summary>
    public string? TargetGroup { get; init; }

    /// <summary>Application name, in any case.</summary>
    public string? Application { get; init; }

    /// <summary>Who deployed, in any case.</summary>
    public string? User { get; init; }

    /// <summary>Deployed at this time or later.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Deployed before this time.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Part of a description, package name or target name, in any case.</summary>
    public string? Text { get; init; }

    /// <summary>Where the page begins; null for the newest records.</summary>
    public RecordCursor? Cursor { get; init; }

    /// <summary>How many records a page holds, 1 to <see cref="LimitMax"/>.</summary>
    public int Limit { get; init; } = 50;
}

/// <summary>A place in the list of records: next to one record, looking one way.</summary>
/// <param name="DeployedAt">When the record at the edge was deployed.</param>
/// <param name="Id">The id of the record at the edge; tells records of one instant apart.</param>
/// <param name="TowardsNewer">Whether the page lies on the newer side of that record; else on the older.</param>
public sealed record RecordCursor(DateTimeOffset DeployedAt, long Id, bool TowardsNewer)
{
    /// <summary>The cursor as it stands in an address; opaque to clients.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{(TowardsNewer ? 'n' : 'o')}{DeployedAt.UtcTicks}-{Id}");

    /// <summary>Reads what <see cref="ToString"/> wrote; null when the text is something else.</summary>
    public static RecordCursor? TryParse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        return dash > 1 && text[0] is 'n' or 'o'
            && long.TryParse(text.AsSpan(1, dash - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var ticks)
            && ticks <= DateTimeOffset.MaxValue.UtcTicks
            && long.TryParse(text.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                ? new RecordCursor(new DateTimeOffset(ticks, TimeSpan.Zero), id, text[0] == 'n')
                : null;
    }
}
