using System.Globalization;
using Deployments.Data.Records;
using Deployments.Web.Accounts;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages;

/// <summary>The dashboard: what happened lately and what waits.</summary>
public sealed class IndexModel(DashboardQueries dashboard, RecordQueries records, TimeProvider time) : PageModel
{
    const int DaysShown = 30;
    const int NewestShown = 10;
    const int BusiestShown = 8;

    internal IReadOnlyList<DayCount> Days { get; private set; } = [];

    internal IReadOnlyList<RecordRow> Newest { get; private set; } = [];

    internal IReadOnlyList<PackageCount> Packages { get; private set; } = [];

    internal IReadOnlyList<TargetCount> Targets { get; private set; } = [];

    internal WaitingCounts Waiting { get; private set; } = new();

    internal bool IsEmpty => Newest.Count == 0;

    internal long Total => Days.Sum(day => day.Deployments);

    internal string FirstDay => Days[0].Day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    internal bool CanManage => PageAccess.CallerOf(HttpContext).CanManage();

    public async Task OnGetAsync(CancellationToken ct)
    {
        Waiting = await dashboard.WaitingAsync(ct);
        Newest = (await records.PageAsync(new RecordFilter { Limit = NewestShown }, ct)).Items;
        if (IsEmpty)
            return;

        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        Days = await dashboard.PerDayAsync(today, DaysShown, ct);
        var since = new DateTimeOffset(Days[0].Day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);
        Packages = await dashboard.BusiestPackagesAsync(since, BusiestShown, ct);
        Targets = await dashboard.BusiestTargetsAsync(since, BusiestShown, ct);
    }
}
