using Deployments.Data.Feeds;
using Deployments.Data.Figures;
using Deployments.Web.Accounts;
using Deployments.Web.Figures;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Figures;

/// <summary>How often and how fast software comes to production, and what had to be taken back.</summary>
public sealed class FiguresModel(FigureReader reader, FeedQueries feeds, TimeProvider time) : PageModel
{
    const int RowsMax = 50;
    const int QuartersOffered = 12;

    internal FigureQuery Query { get; private set; } = null!;

    /// <summary>Names of the groups of targets, in their order.</summary>
    internal IReadOnlyList<string> Groups { get; private set; } = [];

    internal IReadOnlyList<string> Feeds { get; private set; } = [];

    internal DateTimeOffset Now { get; private set; }

    /// <summary>Quarter by quarter.</summary>
    internal FigureReport Quarters { get; private set; } = new(new FigureRow(), [], false, true, null);

    /// <summary>The same broken down otherwise; null when quarters were asked for.</summary>
    internal FigureReport? Broken { get; private set; }

    /// <summary>Keys of the quarters that the form offers, the current one first.</summary>
    internal IEnumerable<int> QuartersToChoose => Enumerable.Range(0, QuartersOffered).Select(
        i => FigureRow.QuarterOf(DateOnly.FromDateTime(Now.UtcDateTime)) - i);

    /// <summary>Shows the page.</summary>
    public async Task OnGetAsync(CancellationToken ct)
    {
        Now = time.GetUtcNow();
        var visible = CallerFeeds.Of(HttpContext);
        (Groups, Query) = await reader.QueryAsync(Request.Query, ct);
        Feeds = [.. (await feeds.AllAsync(visible, ct)).Select(feed => feed.Name)];
        if (Query.Given.Problem is not null)
        {
            Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        Quarters = await reader.OfAsync(Query, FigureBy.Quarter, FigureQueries.RowsMax, visible, ct);
        if (Query.By != FigureBy.Quarter)
            Broken = await reader.OfAsync(Query, Query.By, RowsMax, visible, ct);
    }

    /// <summary>The bars of a figure.</summary>
    /// <param name="value">How high each is; null where there is none.</param>
    /// <param name="text">What stands above it.</param>
    internal IReadOnlyList<FigureBar> Bars(Func<FigureRow, double?> value, Func<FigureRow, string> text) =>
        [.. Quarters.Rows.Select(row => new FigureBar(FigureText.Name(FigureBy.Quarter, row), value(row), text(row)))];

    /// <summary>How many a week came in a quarter.</summary>
    internal double PerWeek(FigureRow row) => row.Deployments / FigureQuery.Weeks(row.Key, row.Key, Now);
}
