using System.Globalization;
using Deployments.Data.Accounts;
using Deployments.Data.Feeds;
using Deployments.Data.Following;
using Deployments.Data.Inventory;
using Deployments.Data.Records;
using Deployments.Data.Removals;
using Deployments.Data.Targets;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Accounts;
using Deployments.Web.Inventory;
using Deployments.Web.Pages.Shared;
using Deployments.Web.Records;
using Deployments.Web.Vulnerabilities;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.WebUtilities;

namespace Deployments.Web.Pages.Targets;

/// <summary>
/// What runs on a target now, or ran there at any time, compared with another target or another time, and its history.
/// </summary>
public sealed class TargetModel(
    TargetQueries targets, RemovalQueries removals, RecordQueries records, VulnerabilityQueries vulnerabilities,
    TargetObserver observer, FollowQueries follows, TimeProvider time) : PageModel
{
    const int PageSize = 25;
    const int FindingsMax = 200;
    const int RemovedMax = 100;

    /// <summary>How many differences the page has; /drift has them all.</summary>
    internal const int DriftMax = 50;

    /// <summary>How many packages the picture has at first: those deployed last.</summary>
    internal const int TimelinePackages = 12;

    /// <summary>How many it has at most; the table has them all.</summary>
    internal const int TimelinePackagesMax = 60;

    const int TimelineRecords = 60;
    const int TimelineMonths = 12;

    /// <summary>The time asked for: a date, or a date with a time; empty for now.</summary>
    [BindProperty(SupportsGet = true, Name = "at")]
    public string? AtText { get; set; }

    /// <summary>The target to compare with; empty for this one at another time.</summary>
    [BindProperty(SupportsGet = true, Name = "compare")]
    public string? CompareText { get; set; }

    /// <summary>The time to compare with; empty for the time that is looked at.</summary>
    [BindProperty(SupportsGet = true, Name = "compareAt")]
    public string? CompareAtText { get; set; }

    /// <summary><c>all</c> to list also what is the same on both sides.</summary>
    [BindProperty(SupportsGet = true)]
    public string? Show { get; set; }

    /// <summary><c>all</c> for a picture of up to <see cref="TimelinePackagesMax"/> packages.</summary>
    [BindProperty(SupportsGet = true, Name = "timeline")]
    public string? TimelineText { get; set; }

    internal TargetRow Target { get; private set; } = new();

    /// <summary>Whether the reader follows it; null for nobody's sessions.</summary>
    internal bool? IsFollowed { get; private set; }

    VisibleFeeds Visible => CallerFeeds.Of(HttpContext);

    internal string? Notice { get; private set; }

    internal DateTimeOffset? At { get; private set; }

    /// <summary>What is wrong with what was asked for.</summary>
    internal List<string> Problems { get; } = [];

    internal IReadOnlyList<InstalledRow> Installed { get; private set; } = [];

    internal bool IsComparing { get; private set; }

    internal IReadOnlyList<ComparedRow> Compared { get; private set; } = [];

    internal IEnumerable<ComparedRow> ComparedShown =>
        ShowsAll ? Compared : Compared.Where(row => row.Difference != Difference.Same);

    internal bool ShowsAll => Show == "all";

    /// <summary>How many packages the picture has at most.</summary>
    internal int TimelineLimit => TimelineText == "all" ? TimelinePackagesMax : TimelinePackages;

    internal string HereName { get; private set; } = "";

    internal string ThereName { get; private set; } = "";

    internal IReadOnlyList<SpanRow> Timeline { get; private set; } = [];

    internal DateTimeOffset TimelineEnd { get; private set; }

    internal DateTimeOffset TimelineStart => TimelineEnd.AddMonths(-TimelineMonths);

    internal IReadOnlyDictionary<int, VersionBadge> Badges { get; private set; } = VulnerabilityText.NoBadges;

    /// <summary>What is known of the versions that run here now; empty for a time in the past.</summary>
    internal IReadOnlyList<FindingRow> Findings { get; private set; } = [];

    /// <summary>What inventories say of what runs here now; null for a time in the past.</summary>
    internal TargetKnowledge? Knowledge { get; private set; }

    /// <summary>Where they and the records differ and nobody accepted it; empty for a time in the past.</summary>
    internal IReadOnlyList<DriftRow> Drift { get; private set; } = [];

    /// <summary>The inventories that are sent of it; empty for a time in the past.</summary>
    internal IReadOnlyList<ScopeRow> Scopes { get; private set; } = [];

    /// <summary>What no longer runs here; empty for a time in the past.</summary>
    internal IReadOnlyList<RemovalRow> Removed { get; private set; } = [];

    /// <summary>Whether the reader may say that a package no longer runs here; not for a time in the past.</summary>
    internal bool CanRemove => At is null && PageAccess.CallerOf(HttpContext).CanSomewhere(Permissions.Add);

    internal RecordPage History { get; private set; } = new([], null, null);

    internal string Path => RecordText.TargetLink(Target.Name);

    internal string? NewerUrl => HistoryLink(History.Newer);

    internal string? OlderUrl => HistoryLink(History.Older);

    internal string JsonUrl => ApiUrl("");

    internal string SbomUrl => ApiUrl("/sbom.json");

    /// <summary>The conditions in force: label, value, and the address without each.</summary>
    internal IEnumerable<(string Label, string Value, string Without)> Chips
    {
        get
        {
            if (AtText is { Length: > 0 })
                yield return ("At", AtText, Link("at", null));
            if (CompareText is { Length: > 0 })
                yield return ("Compared with", CompareText, Link("compare", null));
            if (CompareAtText is { Length: > 0 })
                yield return (CompareText is { Length: > 0 } ? "there at" : "Compared with", CompareAtText,
                    Link("compareAt", null));
        }
    }

    public async Task<IActionResult> OnGetAsync(string name, string? cursor, string? notice, CancellationToken ct)
    {
        if (await targets.FindOrNullAsync(RecordText.FromPath(name), Visible, ct) is not { } target)
            return NotFound();

        Target = target;
        if (PageAccess.CallerOf(HttpContext).AccountName is { } account)
            IsFollowed = await follows.IsFollowedAsync(account, target.TargetId, ct);
        Notice = notice switch
        {
            "removed" => "The package no longer runs here.",
            "changed" => "Nothing was removed: meanwhile something else was recorded of that package.",
            _ => null,
        };
        (AtText, CompareText, CompareAtText) = (Clean(AtText), Clean(CompareText), Clean(CompareAtText));
        At = Time(AtText);
        if (Show is { Length: > 0 } and not "all")
            Problems.Add("show is not all.");
        if (TimelineText is { Length: > 0 } and not "all")
            Problems.Add("timeline is not all.");
        var place = string.IsNullOrEmpty(cursor) ? null : RecordCursor.TryParse(cursor);
        if (place is null && !string.IsNullOrEmpty(cursor))
            Problems.Add($"cursor {RecordQuery.NoCursor}.");
        Installed = await InstalledAsync(target, At, ct);
        await CompareAsync(ct);
        TimelineEnd = At ?? time.GetUtcNow();
        var changes = await targets.ChangesAsync(
            target.TargetId, TimelineStart, TimelineEnd, TimelineLimit, TimelineRecords, Visible, ct);
        if (At is null)
        {
            Findings = await vulnerabilities.OfTargetAsync(target.TargetId, FindingsMax, Visible, ct);
            (Knowledge, var drift) = await observer.OfAsync(target, Visible, ct);
            Drift = [.. drift.Where(row => row.AcceptedBy is null)];
            Scopes = await observer.ScopesAsync(target, Visible, ct);
            Removed = await removals.OfTargetAsync(target.TargetId, RemovedMax, Visible, ct);
        }

        History = await records.PageAsync(
            new RecordFilter
            {
                Target = target.Name,
                Cursor = place,
                Limit = PageSize,
            }, Visible, ct);
        Badges = await vulnerabilities.BadgesAsync(
            [
                .. Installed.Select(row => row.VersionId), .. changes.Select(row => row.VersionId),
                .. History.Items.Select(row => row.VersionId),
            ], ct);
        Timeline = TargetTimeline.Rows(changes, TimelineEnd, Badges);
        if (Problems.Count > 0)
            Response.StatusCode = StatusCodes.Status400BadRequest;
        return Page();
    }

    /// <summary>This page with one condition changed; null or empty takes it away.</summary>
    internal string Link(string condition, string? value) => QueryHelpers.AddQueryString(
        Path, Conditions(condition, value).Where(pair => !string.IsNullOrEmpty(pair.Value)));

    /// <summary>A day, so many days before today, as an address has it.</summary>
    internal string DaysAgo(int days) =>
        time.GetUtcNow().UtcDateTime.Date.AddDays(-days).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    async Task CompareAsync(CancellationToken ct)
    {
        var otherAt = Time(CompareAtText) ?? At;
        if (CompareText is not { Length: > 0 } && (CompareAtText is not { Length: > 0 } || Problems.Count > 0))
            return;
        var other = Target;
        if (CompareText is { Length: > 0 })
        {
            if (await targets.FindOrNullAsync(CompareText, Visible, ct) is not { } found)
            {
                Problems.Add($"Nothing was ever deployed to a target called {CompareText}.");
                return;
            }

            other = found;
        }

        Compared = Comparison.Of(Installed, await InstalledAsync(other, otherAt, ct));
        HereName = $"{Target.Name} {When(AtText)}";
        ThereName = $"{other.Name} {When(CompareAtText is { Length: > 0 } ? CompareAtText : AtText)}";
        IsComparing = true;
    }

    Task<IReadOnlyList<InstalledRow>> InstalledAsync(TargetRow target, DateTimeOffset? at, CancellationToken ct) =>
        at is { } then
            ? targets.AtAsync(target.TargetId, then, Visible, ct)
            : targets.NowAsync(target.TargetId, Visible, ct);

    DateTimeOffset? Time(string? text)
    {
        if (text is not { Length: > 0 })
            return null;
        if (TimeText.TryParseEnd(text) is { } read)
            return read;
        Problems.Add($"“{text}” {TimeText.Problem}.");
        return null;
    }

    string? HistoryLink(RecordCursor? cursor) =>
        cursor is null ? null : Link("cursor", cursor.ToString()) + "#history";

    string ApiUrl(string form) => QueryHelpers.AddQueryString(
        $"/api/targets/{Uri.EscapeDataString(Target.Name)}{form}",
        At is null ? [] : new Dictionary<string, string?> { ["at"] = AtText });

    Dictionary<string, string?> Conditions(string condition, string? value) => new()
    {
        ["at"] = AtText,
        ["compare"] = CompareText,
        ["compareAt"] = CompareAtText,
        ["show"] = ShowsAll ? "all" : null,
        ["timeline"] = TimelineText == "all" ? "all" : null,
        [condition] = value,
    };

    static string When(string? text) => text is { Length: > 0 } ? $"on {text}" : "now";

    // A zero byte cannot be stored, so nothing matches it; PostgreSQL would refuse to be asked.
    static string Clean(string? text) => (text ?? "").Trim().Replace('\0', '\ufffd');
}
