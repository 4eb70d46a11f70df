using System.Globalization;
using Deployments.Data.Feeds;
using Deployments.Data.Packages;
using Deployments.Data.Removals;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Accounts;
using Deployments.Web.Feeds;
using Deployments.Web.Records;
using Deployments.Web.Vulnerabilities;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;

namespace Deployments.Web.Pages.Packages;

/// <summary>Every deployment of one package, newest first.</summary>
public sealed class HistoryModel(
    FeedQueries feeds, PackageQueries packages, HistoryQueries history, HistoryMarkQueries marks,
    RemovalQueries removals, VulnerabilityQueries vulnerabilities, FeedTypeCatalog types)
    : PackageModel(feeds, packages, types)
{
    const int RowsPerPage = 50;

    /// <summary>Only on this target.</summary>
    [BindProperty(SupportsGet = true)]
    public string? Target { get; set; }

    /// <summary>Only on targets of this group.</summary>
    [BindProperty(SupportsGet = true)]
    public string? TargetGroup { get; set; }

    /// <summary>Only by this application.</summary>
    [BindProperty(SupportsGet = true)]
    public string? Application { get; set; }

    /// <summary>Only by this person.</summary>
    [BindProperty(SupportsGet = true)]
    public new string? User { get; set; }

    /// <summary>From the beginning of this day, UTC.</summary>
    [BindProperty(SupportsGet = true)]
    public string? From { get; set; }

    /// <summary>To the end of this day, UTC.</summary>
    [BindProperty(SupportsGet = true)]
    public string? To { get; set; }

    /// <summary>The page of records newer than this place.</summary>
    [BindProperty(SupportsGet = true)]
    public string? Newer { get; set; }

    /// <summary>The page of records older than this place.</summary>
    [BindProperty(SupportsGet = true)]
    public string? Older { get; set; }

    /// <summary>What is shown.</summary>
    public HistoryPage Records { get; private set; } = new([], null, null);

    /// <summary>What is known to be vulnerable, by version.</summary>
    public IReadOnlyDictionary<int, VersionBadge> Badges { get; private set; } = VulnerabilityText.NoBadges;

    /// <summary>What became known of its versions in the time of these records, newest first.</summary>
    public IReadOnlyList<HistoryMark> Marks { get; private set; } = [];

    /// <summary>The removals in the time of these records, newest first.</summary>
    public IReadOnlyList<RemovalRow> Removals { get; private set; } = [];

    /// <summary>Whether there are more removals in that time than are shown.</summary>
    public bool HasMoreRemovals { get; private set; }

    /// <summary>The filters in force: label, value, and the address without each.</summary>
    public IReadOnlyList<(string Label, string Value, string Without)> Chips { get; private set; } = [];

    /// <summary>Where the newer page is; null on the first.</summary>
    public string? NewerUrl => Records.ToNewer is { } place ? Address(("newer", Text(place))) : null;

    /// <summary>Where the older page is; null on the last.</summary>
    public string? OlderUrl => Records.ToOlder is { } place ? Address(("older", Text(place))) : null;

    /// <summary>The same package without any filter.</summary>
    public string Unfiltered => PackageLinks.Package(Feed.Name, Package.Group, Package.Name, "history");

    /// <summary>Every record that is filtered, as CSV.</summary>
    public string CsvUrl => "/api/package-deployments.csv" + Export;

    /// <summary>Every record that is filtered, as JSON in pages.</summary>
    public string JsonUrl => "/api/package-deployments" + Export;

    /// <summary>Whether the reader may add records.</summary>
    public bool CanAdd => PageAccess.CallerOf(HttpContext).CanAdd(Feed.FeedId);

    /// <summary>The form that adds a record of this package.</summary>
    public string AddUrl => QueryHelpers.AddQueryString("/deployments/new", Given(
        ("feed", Feed.Name), ("group", Package.Group), ("package", Package.Name), ("version", Package.Version)));

    /// <summary>Shows the page.</summary>
    public async Task<IActionResult> OnGetAsync(
        string feed, string name, string? group, string? version, CancellationToken ct)
    {
        if (!await LoadAsync(feed, name, group, version, ct))
            return NotFound();
        (Target, Application, User) = (Clean(Target), Clean(Application), Clean(User));
        (From, To, TargetGroup) = (Clean(From), Clean(To), Clean(TargetGroup));

        var from = Time(nameof(From), From, TimeText.TryParse(From));
        var to = Time(nameof(To), To, TimeText.TryParseEnd(To));
        if (from >= to)
            ModelState.AddModelError(nameof(To), "The last day is before the first.");
        Chips = [.. Filters.Where(filter => filter.Value.Length > 0)
            .Select(filter => (filter.Label, filter.Value, Address((filter.Name, ""))))];
        var place = Place(nameof(Newer), Newer, newer: true) ?? Place(nameof(Older), Older, newer: false);
        if (!ModelState.IsValid)
        {
            Response.StatusCode = StatusCodes.Status400BadRequest;
            return Page();
        }

        var filter = new HistoryFilter
        {
            Package = Key,
            VersionKey = VersionKey,
            Target = Target,
            TargetGroup = TargetGroup,
            Application = Application,
            User = User,
            From = from,
            To = to,
        };
        Records = await history.PageAsync(
            filter, place, RowsPerPage, Visible, ct);
        Marks = await marks.OfPageAsync(filter, Records, Visible, ct);
        var removed = await removals.OfPageAsync(filter, Records, Visible, ct);
        HasMoreRemovals = removed.Count > RemovalQueries.OfPageMax;
        Removals = [.. removed.Take(RemovalQueries.OfPageMax)];
        Badges = await vulnerabilities.BadgesAsync(Records.Rows.Select(row => row.VersionId), ct);
        return Page();
    }

    (string Name, string Label, string Value)[] Filters =>
    [
        ("version", "Version", Package.Version), ("target", "Target", Target ?? ""),
        ("targetGroup", "Target group", TargetGroup ?? ""),
        ("application", "With", Application ?? ""), ("user", "By", User ?? ""),
        ("from", "From", From ?? ""), ("to", "To", To ?? ""),
    ];

    // The read API finds packages by their keys, in whatever spelling this page was asked for.
    string Export => QueryHelpers.AddQueryString("", Given([
        ("type", Type.PackageType), ("group", Key.GroupKey.Length > 0 ? Key.GroupKey : RecordQuery.NoGroup),
        ("name", Key.NameKey), ("version", VersionKey ?? ""), .. Filters[1..].Select(f => (f.Name, f.Value))]));

    static Dictionary<string, string?> Given(params (string Name, string Value)[] values) =>
        values.Where(pair => pair.Value.Length > 0).ToDictionary(pair => pair.Name, pair => (string?)pair.Value);

    // This page with one parameter changed, always from the first row on unless the change says where.
    string Address((string Name, string Value) change)
    {
        var query = QueryString.Empty;
        if (Package.Group.Length > 0)
            query = query.Add("group", Package.Group);
        foreach (var (name, _, value) in Filters)
            if (name != change.Name && value.Length > 0)
                query = query.Add(name, value);
        if (change.Value.Length > 0)
            query = query.Add(change.Name, change.Value);
        return PackageLinks.Package(Feed.Name, "", Package.Name, "history") + query;
    }

    DateTimeOffset? Time(string field, string text, DateTimeOffset? read)
    {
        if (text.Length > 0 && read is null)
            ModelState.AddModelError(field, "Write a date as year-month-day, for instance 2026-01-31.");
        return read;
    }

    static string Text(HistoryCursor place) =>
        string.Create(CultureInfo.InvariantCulture, $"{place.DeployedAt.UtcTicks}-{place.Id}");

    HistoryCursor? Place(string field, string? text, bool newer)
    {
        if (string.IsNullOrEmpty(text))
            return null;
        if (text.Split('-') is [var ticks, var id]
            && long.TryParse(ticks, NumberStyles.None, CultureInfo.InvariantCulture, out var at)
            && at <= DateTime.MaxValue.Ticks
            && long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var record))
            return new HistoryCursor(new DateTimeOffset(at, TimeSpan.Zero), record, newer);
        ModelState.AddModelError(field, $"{field.ToLowerInvariant()} {RecordQuery.NoCursor}.");
        return null;
    }
}
