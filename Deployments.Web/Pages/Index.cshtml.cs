using System.Globalization;
using Deployments.Data.Following;
using Deployments.Data.Inventory;
using Deployments.Data.Octopus;
using Deployments.Data.Records;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Accounts;
using Deployments.Web.Vulnerabilities;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages;

/// <summary>The dashboard: what happened lately and what waits.</summary>
public sealed class IndexModel(
    DashboardQueries dashboard, DashboardCache figures, RecordQueries records, VulnerabilityQueries vulnerabilities,
    OctopusConnectionStore octopus, FollowQueries follows, TimeProvider time) : PageModel
{
    const int NewestShown = 10;

    // The job that empties the inbox runs every second; an entry as old as this one was passed over.
    static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(30);

    // A restart of an Octopus server is nobody's business.
    static readonly TimeSpan FailingMin = TimeSpan.FromHours(1);

    internal DashboardFigures Figures { get; private set; } = new([], [], [], []);

    internal IReadOnlyList<RunningVulnerabilities> Running { get; private set; } = [];

    /// <summary>On how many targets a vulnerable version was seen that nobody recorded.</summary>
    internal long SeenOnly { get; private set; }

    /// <summary>How many differences are open, of each kind that there is.</summary>
    internal IReadOnlyDictionary<DriftKind, long> Drift { get; private set; } = new Dictionary<DriftKind, long>();

    internal DateTimeOffset CountedAt { get; private set; }

    internal IReadOnlyList<RecordRow> Newest { get; private set; } = [];

    internal IReadOnlyDictionary<int, VersionBadge> Badges { get; private set; } = VulnerabilityText.NoBadges;

    /// <summary>Connections that have failed for an hour, for administrators.</summary>
    internal IReadOnlyList<OctopusConnection> FailingOctopus { get; private set; } = [];

    /// <summary>What is new on the targets that the reader follows; null when they follow none.</summary>
    internal FollowedNews? News { get; private set; }

    /// <summary>When the page was made.</summary>
    internal DateTimeOffset MadeAt { get; private set; }

    internal WaitingCounts Waiting { get; private set; } = new();

    internal bool IsEmpty => Newest.Count == 0;

    /// <summary>Whether records wait longer than they should.</summary>
    internal bool IsQueueLate =>
        Waiting.OldestReceivedAt is { } oldest && time.GetUtcNow() - oldest > WaitMax;

    internal long Total => Figures.Days.Sum(day => day.Deployments);

    internal string FirstDay => Figures.Days[0].Day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    internal bool CanManage => PageAccess.CallerOf(HttpContext).CanManage();

    /// <summary>A number that was counted up to a limit.</summary>
    internal static string Counted(long count) => count > WaitingCounts.Max
        ? WaitingCounts.Max.ToString("N0", CultureInfo.InvariantCulture) + "+"
        : count.ToString("N0", CultureInfo.InvariantCulture);

    public async Task OnGetAsync(CancellationToken ct)
    {
        var visible = CallerFeeds.Of(HttpContext);
        Waiting = await dashboard.WaitingAsync(visible, ct);
        if (CanManage)
            FailingOctopus = await octopus.FailingSinceAsync(time.GetUtcNow() - FailingMin, ct);
        Newest = (await records.PageAsync(new RecordFilter { Limit = NewestShown }, visible, ct)).Items;
        MadeAt = time.GetUtcNow();
        if (PageAccess.CallerOf(HttpContext).AccountName is { } account)
            News = await follows.NewsAsync(account, NewestShown, visible, ct) is { Targets: > 0 } news ? news : null;
        Badges = await vulnerabilities.BadgesAsync(
            Newest.Concat(News?.Newest ?? []).Select(row => row.VersionId), ct);
        if (!IsEmpty)
            (Figures, Running, SeenOnly, Drift, CountedAt) = await figures.GetAsync(visible, ct);
    }
}
