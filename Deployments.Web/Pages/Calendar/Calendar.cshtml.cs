using Deployments.Data.Calendar;
using Deployments.Data.Feeds;
using Deployments.Web.Accounts;
using Deployments.Web.Calendar;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Calendar;

/// <summary>A year of days: how much was deployed on each, and what was rolled back.</summary>
public sealed class CalendarModel(CalendarQueries calendar, FeedQueries feeds, TimeProvider time) : PageModel
{
    const int YearsShown = 2; // as many as are counted

    internal CalendarQuery Query { get; private set; } = null!;

    internal CalendarCount Count { get; private set; } = new([], default, 0, null);

    internal IReadOnlyList<string> Feeds { get; private set; } = [];

    internal IEnumerable<int> Years => Enumerable.Range(0, YearsShown).Select(i => time.GetUtcNow().Year - i);

    /// <summary>Shows the page.</summary>
    public async Task OnGetAsync(CancellationToken ct)
    {
        Query = CalendarQuery.Read(Request.Query, DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime));
        if (Query.Given.Problem is not null)
        {
            Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        var visible = CallerFeeds.Of(HttpContext);
        Feeds = [.. (await feeds.AllAsync(visible, ct)).Select(feed => feed.Name)];
        Count = await calendar.OfAsync(
            Query.First, Query.Last, Query.Given.TextOrNull("feed"), Query.Given.TextOrNull("targetGroup"), visible,
            ct);
    }
}
