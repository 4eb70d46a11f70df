namespace Deployments.Data.Packages;

/// <summary>The keys under which a package is one, whatever its spelling.</summary>
/// <param name="Type">Package URL type.</param>
/// <param name="GroupKey">Normalised group; empty when there is none.</param>
/// <param name="NameKey">Normalised name.</param>
public sealed record PackageKey(string Type, string GroupKey, string NameKey);

/// <summary>Which records to show. What is null is not asked for.</summary>
public sealed record HistoryFilter
{
    /// <summary>Only this package.</summary>
    public PackageKey? Package { get; init; }

    /// <summary>Only this version of that package, normalised.</summary>
    public string? VersionKey { get; init; }

    /// <summary>Only on this target.</summary>
    public string? Target { get; init; }

    /// <summary>Only on targets of this group; <see cref="Database.TargetGroupSql.None"/>: in none.</summary>
    public string? TargetGroup { get; init; }

    /// <summary>Only by this application or tool.</summary>
    public string? Application { get; init; }

    /// <summary>Only by this person.</summary>
    public string? User { get; init; }

    /// <summary>Not before this time.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Before this time.</summary>
    public DateTimeOffset? To { get; init; }
}

/// <summary>A place between two records in their order by date and id.</summary>
/// <param name="DeployedAt">Date of the record beside it.</param>
/// <param name="Id">Id of that record.</param>
/// <param name="Newer">Whether the page lies on the newer side of it.</param>
public sealed record HistoryCursor(DateTimeOffset DeployedAt, long Id, bool Newer);

/// <summary>Some records, newest first.</summary>
/// <param name="Rows">The records.</param>
/// <param name="ToNewer">Where newer ones begin; null when these are the newest.</param>
/// <param name="ToOlder">Where older ones begin; null when these are the oldest.</param>
public sealed record HistoryPage(IReadOnlyList<HistoryRow> Rows, HistoryCursor? ToNewer, HistoryCursor? ToOlder)
{
    /// <summary>
    /// Date of the record next to these on the newer side; null when these are the newest. What happened before it,
    /// and not before the oldest of these, belongs on this page.
    /// </summary>
    public DateTimeOffset? NewerAt { get; init; }

    /// <summary>
    /// The time that is this page's, so that what happened beside the records belongs to exactly one page of a filter:
    /// not before the one (null: from the beginning), and before the other (null: without end).
    /// </summary>
    internal (DateTimeOffset? Oldest, DateTimeOffset? Newest) TimeOf(HistoryFilter filter) =>
        (Rows.Count == 0 || ToOlder is null ? filter.From : Later(filter.From, Rows[^1].DeployedAt),
            Earlier(filter.To, NewerAt));

    static DateTimeOffset? Later(DateTimeOffset? one, DateTimeOffset other) => one > other ? one : other;

    static DateTimeOffset? Earlier(DateTimeOffset? one, DateTimeOffset? other) =>
        one is null || other < one ? other ?? one : one;

    // One row more than a page has was asked for: it tells whether there is a next page on the side it was read
    // towards.
    internal static HistoryPage Of(List<HistoryRow> rows, HistoryCursor? cursor, int count)
    {
        var isMore = rows.Count > count;
        var newer = cursor is { Newer: true };
        var newerAt = !newer ? cursor?.DeployedAt : isMore ? rows[0].DeployedAt : null;
        if (isMore)
            rows.RemoveAt(newer ? 0 : count);
        if (rows.Count == 0)
            return new HistoryPage(rows, null, null);
        var hasNewer = newer ? isMore : cursor is not null;
        var hasOlder = newer || isMore;
        return new HistoryPage(
            rows,
            hasNewer ? new HistoryCursor(rows[0].DeployedAt, rows[0].Id, Newer: true) : null,
            hasOlder ? new HistoryCursor(rows[^1].DeployedAt, rows[^1].Id, Newer: false) : null)
        {
            NewerAt = newerAt,
        };
    }
}
