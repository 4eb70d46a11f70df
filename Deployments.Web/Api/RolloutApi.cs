using System.Globalization;
using System.Text;
using Deployments.Data.Accounts;
using Deployments.Data.Feeds;
using Deployments.Data.Packages;
using Deployments.Data.Records;
using Deployments.Data.Rollout;
using Deployments.Web.Accounts;
using Deployments.Web.Feeds;
using Deployments.Web.Pages.Packages;
using Deployments.Web.Records;
using Deployments.Web.Vulnerabilities;

namespace Deployments.Web.Api;

/// <summary><c>/api/rollout</c>: how the versions of a package came to its targets.</summary>
sealed class RolloutApi(
    FeedQueries feeds, PackageQueries packages, RolloutQueries rollout, FeedTypeCatalog types, TimeProvider time)
{
    const int VersionsMax = 200;

    static readonly string[] Header = ["target", "targetGroup", "version", "from", "to", "change"];

    public static void Map(IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/api").RequirePermission(Permissions.View, anyFeed: true)
            .AddEndpointFilter(ApiRefusal.AnswerAsync);
        api.MapGet("/rollout", (HttpContext context, RolloutApi api) => api.JsonAsync(context));
        api.MapGet("/rollout.csv", (HttpContext context, RolloutApi api) => api.CsvAsync(context));
    }

    async Task<IResult> JsonAsync(HttpContext context)
    {
        var view = await ReadAsync(context);
        return Results.Json(new
        {
            version = view.Version?.Version,
            from = TimeText.Write(view.From),
            firstDeployedAt = view.FirstAt is { } first ? TimeText.Write(first) : null,
            targets = view.Targets,
            adopted = view.Adopted,
            steps = view.Steps.Select(step => new { at = TimeText.Write(step.At), step.Targets }),
            stragglers = view.Stragglers.Select(row => new
            {
                row.Target,
                targetGroup = row.Group,
                row.Version,
                row.Behind,
                since = TimeText.Write(row.Since),
            }),
            lanes = view.Lanes.SelectMany(group => group.Lanes, (group, lane) => new
            {
                target = lane.Name,
                targetGroup = group.Group,
                stays = lane.Spans.Select(span => new
                {
                    version = span.Text,
                    from = TimeText.Write(span.From),
                    to = EndOrNull(view, span.To),
                    change = span.Change.ToString().ToLowerInvariant(),
                }),
            }),
        });
    }

    async Task<IResult> CsvAsync(HttpContext context)
    {
        var view = await ReadAsync(context);
        var text = new StringBuilder(CsvCell.Line(Header));
        foreach (var (group, lanes) in view.Lanes)
        {
            foreach (var lane in lanes)
            {
                foreach (var span in lane.Spans)
                    text.Append(CsvCell.Line(
                    [
                        lane.Name, group ?? "", span.Text, TimeText.Write(span.From), EndOrNull(view, span.To) ?? "",
                        span.Change.ToString().ToLower(CultureInfo.InvariantCulture),
                    ]));
            }
        }

        return Results.File(Encoding.UTF8.GetBytes(text.ToString()), "text/csv; charset=utf-8", "rollout.csv");
    }

    async Task<RolloutView> ReadAsync(HttpContext context)
    {
        var (visible, ct) = (CallerFeeds.Of(context), context.RequestAborted);
        var feed = Given("feed") is { Length: > 0 } name ? await feeds.ByNameOrNullAsync(name, visible, ct) : null;
        if (feed is null || types.FindOrNull(feed.FeedType) is not { } type)
            throw ApiRefusal.NotFound("No feed has this name.");
        var package = new PackageCoordinates(Given("group"), Given("name"), Given("version"));
        var keys = type.Normalize(package);
        if (await packages.SummaryOrNullAsync(new PackageKey(type.PackageType, keys.Group, keys.Name), visible, ct)
            is not { } summary)
            throw ApiRefusal.NotFound("No deployment of this package is on record.");
        var versions = await packages.VersionsAsync(summary.PackageId, VersionsMax, visible, ct);
        var now = time.GetUtcNow();
        var history = await rollout.OfAsync(
            summary.PackageId, now.AddMonths(-RolloutModel.MonthsShown),
            Given("targetGroup") is { Length: > 0 } group ? group : null, visible, ct);
        return RolloutView.Of(
            history, now, RolloutModel.Chosen(versions, package.Version.Length > 0 ? keys.Version : null, type),
            versions, byGroup: false, VulnerabilityText.NoBadges);

        string Given(string field) => context.Request.Query[field].ToString().Trim().Replace('\0', '\ufffd');
    }

    static string? EndOrNull(RolloutView view, DateTimeOffset to) => to >= view.To ? null : TimeText.Write(to);
}
