namespace Deployments.Data.Feeds;

/// <summary>
/// The feeds of which a caller sees anything: records, packages, names, counts. Every statement that reads them for
/// somebody takes one and puts it into <see cref="VisibleSql"/>'s conditions (db/decisions/0011).
/// </summary>
public sealed class VisibleFeeds
{
    internal VisibleFeeds(int[]? ids) => Ids = ids;

    /// <summary>Everything, deleted feeds too; for the program itself and whoever may see it all.</summary>
    public static VisibleFeeds All { get; } = new(null);

    /// <summary>Nothing.</summary>
    public static VisibleFeeds None { get; } = new([]);

    /// <summary>Tells apart what may be kept for several callers: equal when the same is seen.</summary>
    public string Key => Ids is null ? "all" : string.Join(' ', Ids);

    /// <summary>Whether everything is seen.</summary>
    public bool IsAll => Ids is null;

    /// <summary>In ascending order; null: all. What the parameter <c>visible</c> is.</summary>
    internal int[]? Ids { get; }
}
