using System.Globalization;
using System.Net;
using Deployments.Data.Accounts;
using Deployments.Data.Badges;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Accounts;
using Deployments.Web.Records;

namespace Deployments.Web.Api;

/// <summary>
/// <c>/badge/{target}/{package}.svg</c>: which version of a package runs on a target, or in a group of targets, as a
/// small picture for other pages, and as JSON for those who draw it themselves.
/// </summary>
sealed class BadgeApi(BadgeQueries badges, VulnerabilityQueries vulnerabilities)
{
    const int TextLengthMax = 40;

    public static void Map(IEndpointRouteBuilder routes)
    {
        var badge = routes.MapGroup("/badge/{target}").RequirePermission(Permissions.View, anyFeed: true);
        badge.MapGet("/{package}.svg", (HttpContext context, string target, string package, BadgeApi api) =>
            api.SvgAsync(context, target, package));
        badge.MapGet("/{package}.json", (HttpContext context, string target, string package, BadgeApi api) =>
            api.JsonAsync(context, target, package));
    }

    async Task<IResult> SvgAsync(HttpContext context, string target, string package)
    {
        var badge = await ReadAsync(context, target, package);
        return Results.Text(
            Draw(badge), "image/svg+xml; charset=utf-8",
            statusCode: badge.Rows is null ? StatusCodes.Status404NotFound : StatusCodes.Status200OK);
    }

    async Task<IResult> JsonAsync(HttpContext context, string target, string package)
    {
        var badge = await ReadAsync(context, target, package);
        return Results.Json(
            new
            {
                schemaVersion = 1,
                badge.Label,
                badge.Message,
                color = badge.Color,
                versions = (badge.Rows ?? []).Select(row => new
                {
                    row.Type,
                    row.Group,
                    row.Name,
                    row.Version,
                    row.Targets,
                    deployedAt = TimeText.Write(row.DeployedAt),
                    row.Behind,
                    vulnerabilities = badge.Known.GetValueOrDefault(row.VersionId)?.Count ?? 0,
                }),
            }, statusCode: badge.Rows is null ? StatusCodes.Status404NotFound : StatusCodes.Status200OK);
    }

    async Task<Badge> ReadAsync(HttpContext context, string target, string package)
    {
        // Those who show it ask often, and for a minute it may be a little late.
        context.Response.Headers.CacheControl = "private, max-age=60";
        (target, package) = (Clean(target), Clean(package));
        var type = context.Request.Query["type"].ToString() is { Length: > 0 } given ? Clean(given) : null;
        var rows = await badges.OfAsync(target, package, type, CallerFeeds.Of(context), context.RequestAborted);
        var known = await vulnerabilities.BadgesAsync(
            (rows ?? []).Select(row => row.VersionId), context.RequestAborted);
        var label = $"{package} · {target}";
        return rows switch
        {
            null => new Badge(label, "unknown", "#5a6675", rows, known),
            [] => new Badge(label, "not there", "#5a6675", rows, known),
            _ => new Badge(
                label, Message(rows),
                rows.Any(row => known.ContainsKey(row.VersionId)) ? "#b3261e"
                    : rows.All(row => row.Behind == 0) ? "#1a7f4b" : "#9a5b00", rows, known),
        };
    }

    static string Message(IReadOnlyList<BadgeRow> rows) => rows.Count == 1
        ? rows[0].Version
        : string.Create(CultureInfo.InvariantCulture,
            $"{rows[0].Version} on {rows[0].Targets} of {rows.Sum(row => row.Targets)}");

    static string Draw(Badge badge)
    {
        var (label, message) = (Cut(badge.Label), Cut(badge.Message));
        var (left, right) = (Width(label), Width(message));
        var (whole, text) = (left + right, $"{Encode(label)}: {Encode(message)}");
        return string.Create(CultureInfo.InvariantCulture, $"""
            <svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="20" role="img" aria-label="{text}">
            <title>{text}</title>
            <clipPath id="r"><rect width="{whole}" height="20" rx="3"/></clipPath>
            <g clip-path="url(#r)">
            <rect width="{left}" height="20" fill="#333b46"/>
            <rect x="{left}" width="{right}" height="20" fill="{badge.Color}"/>
            </g>
            <g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
            <text x="{left / 2.0}" y="14" textLength="{left - 12}">{Encode(label)}</text>
            <text x="{left + (right / 2.0)}" y="14" textLength="{right - 12}">{Encode(message)}</text>
            </g></svg>
            """);
    }

    // Fonts differ, so the text is told how long it is to be.
    static int Width(string text) => (int)Math.Ceiling(12 + (text.Length * 6.6));

    static string Cut(string text) =>
        Shown.Of(text) is { Length: > TextLengthMax } shown ? shown[..(TextLengthMax - 1)] + "…" : Shown.Of(text);

    static string Encode(string text) => WebUtility.HtmlEncode(text);

    static string Clean(string text) => RecordText.FromPath(text).Trim().Replace('\0', '\ufffd');

    sealed record Badge(
        string Label, string Message, string Color, IReadOnlyList<BadgeRow>? Rows,
        IReadOnlyDictionary<int, VersionBadge> Known);
}
