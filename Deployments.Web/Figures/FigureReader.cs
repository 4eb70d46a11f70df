using Deployments.Data.Feeds;
using Deployments.Data.Figures;
using Deployments.Data.TargetGroups;
using Deployments.Web.Feeds;

namespace Deployments.Web.Figures;

/// <summary>Reads figures for the page and the API.</summary>
public sealed class FigureReader(
    FigureQueries figures, TargetGroupQueries groups, FeedTypeCatalog types, TimeProvider time)
{
    /// <summary>What a query string asks for.</summary>
    /// <param name="query">The query string.</param>
    /// <param name="ct">Stops waiting.</param>
    /// <returns>The names of the groups, in their order, and what is asked for.</returns>
    public async Task<(IReadOnlyList<string> Groups, FigureQuery Query)> QueryAsync(
        IQueryCollection query, CancellationToken ct)
    {
        var names = await groups.GroupNamesAsync(ct);
        return (names, FigureQuery.Read(query, names, types, DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime)));
    }

    /// <summary>The figures, broken down somehow; each quarter has a row, and groups are in their order.</summary>
    /// <param name="query">What is asked for.</param>
    /// <param name="by">By what they are broken down.</param>
    /// <param name="limit">At most this many rows.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<FigureReport> OfAsync(
        FigureQuery query, FigureBy by, int limit, VisibleFeeds visible, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(query);
        var report = await figures.OfAsync(query.Filter, by, limit, visible, ct);
        if (by == FigureBy.Quarter)
        {
            var known = report.Rows.ToDictionary(row => row.Key);
            return report with
            {
                Rows =
                [
                    .. Enumerable.Range(query.FirstQuarter, query.LastQuarter - query.FirstQuarter + 1)
                        .Select(key => known.GetValueOrDefault(key) ?? new FigureRow { Key = key }),
                ],
            };
        }

        if (by != FigureBy.TargetGroup)
            return report;
        var names = await groups.GroupNamesAsync(ct);
        var places = names.Index().ToDictionary(pair => pair.Item, pair => pair.Index);
        return report with
        {
            Rows = [.. report.Rows.OrderBy(row => places.GetValueOrDefault(row.Name, names.Count))],
        };
    }
}
