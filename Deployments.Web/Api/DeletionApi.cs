using System.Globalization;
using Deployments.Data.Accounts;
using Deployments.Data.Feeds;
using Deployments.Data.Packages;
using Deployments.Web.Accounts;
using Deployments.Web.Feeds;
using Deployments.Web.Records;

namespace Deployments.Web.Api;

/// <summary>
/// <c>/api/packages/safe-to-delete</c>: whether versions can be deleted from any registry without anybody missing
/// them. Whoever does not see every feed is never told that one can.
/// </summary>
sealed class DeletionApi(DeletionQueries deletion, FeedQueries feeds, FeedTypeCatalog types, TimeProvider time)
{
    /// <summary>For how many days a version counts as used that no target has any more.</summary>
    public const int DaysDefault = 30;

    /// <summary>How many of the versions that each group got last are kept.</summary>
    public const int KeepDefault = 3;

    const int DaysMax = 3650;
    const int KeepMax = 100;
    const int VersionsMax = 500;

    public static void Map(IEndpointRouteBuilder routes)
    {
        var deletion = routes.MapGroup("/api/packages").RequirePermission(Permissions.View, anyFeed: true)
            .AddEndpointFilter(ApiRefusal.AnswerAsync);
        deletion.MapGet("/safe-to-delete", (HttpContext context, DeletionApi api) => api.OfPackageAsync(context));
        deletion.MapPost("/safe-to-delete", (HttpContext context, DeletionApi api) => api.OfListAsync(context));
    }

    async Task<IResult> OfPackageAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var visible = CallerFeeds.Of(context);
        var (type, package) = await WhichAsync(name => query[name].ToString(), visible, context.RequestAborted);
        var keys = type.Normalize(package);
        var key = new PackageKey(type.PackageType, keys.Group, keys.Name);
        IReadOnlyList<(string Key, string Version)> versions = package.Version.Length > 0
            ? [(keys.Version, package.Version)]
            : await deletion.VersionsAsync(key, VersionsMax, visible, context.RequestAborted);
        return await AnswerAsync(
            context, [.. versions.Select(version => new Asked(type, package with { Version = version.Version },
                new DeletionCandidate(key, version.Key)))],
            Number(query["days"], "days", 0, DaysMax, DaysDefault),
            Number(query["keep"], "keep", 0, KeepMax, KeepDefault));
    }

    async Task<IResult> OfListAsync(HttpContext context)
    {
        var given = await ApiFields.ReadAsync(context);
        var items = given.TextObjects("items") ?? throw ApiRefusal.Invalid("items", "is required");
        if (items.Count > VersionsMax)
            throw ApiRefusal.Invalid("items", $"must be at most {VersionsMax}");
        var asked = new List<Asked>();
        foreach (var item in items)
        {
            var (type, package) = await WhichAsync(
                name => item.GetValueOrDefault(name, ""), CallerFeeds.Of(context), context.RequestAborted);
            if (package.Version.Length == 0)
                throw ApiRefusal.Invalid("version", "is required for each item");
            var keys = type.Normalize(package);
            asked.Add(new Asked(type, package, new DeletionCandidate(
                new PackageKey(type.PackageType, keys.Group, keys.Name), keys.Version)));
        }

        return await AnswerAsync(
            context, asked, Within("days", given.Number("days") ?? DaysDefault, 0, DaysMax),
            Within("keep", given.Number("keep") ?? KeepDefault, 0, KeepMax));
    }

    async Task<IResult> AnswerAsync(HttpContext context, IReadOnlyList<Asked> asked, int days, int keep)
    {
        var visible = CallerFeeds.Of(context);
        var facts = await deletion.OfAsync(
            [.. asked.Select(one => one.Candidate)], time.GetUtcNow().AddDays(-days), keep, visible,
            context.RequestAborted);
        return Results.Json(new
        {
            days,
            keep,
            items = asked.Zip(facts, (one, said) => new
            {
                type = one.Type.PackageType,
                one.Package.Group,
                one.Package.Name,
                one.Package.Version,
                safe = said.IsSafe && visible.IsAll,
                reasons = Reasons(said, days, keep, visible),
                runsOn = said.RunsOn,
                seenOn = said.SeenOn,
                lastDeployedAt = said.LastDeployedAt is { } at ? TimeText.Write(at) : null,
            }),
        });
    }

    static IEnumerable<object> Reasons(DeletionFacts facts, int days, int keep, VisibleFeeds visible)
    {
        if (facts.RunsOn > 0)
            yield return Reason("runsNow", $"runs on {Count(facts.RunsOn, "target")}");
        if (facts.RunsByDigestOn > 0)
            yield return Reason("runsByDigest", $"images run by digest on {Count(facts.RunsByDigestOn, "target")}, "
                + "and no record says which tag they have");
        if (facts.SeenOn > 0)
            yield return Reason("seenNow", $"inventories show it on {Count(facts.SeenOn, "target")}");
        if (facts is { IsRecent: true, RunsOn: 0 })
            yield return Reason("usedLately", $"ran somewhere within {Count(days, "day")}");
        foreach (var group in facts.LastOf)
            yield return Reason("amongLast", $"is among the last {keep} deployed to "
                + (group.Length > 0 ? $"the group {group}" : "targets that are in no group"));
        if (!facts.IsSafe)
            yield break;
        yield return facts.LastDeployedAt is null
            ? Reason("neverDeployed", "no deployment of it is on record")
            : Reason("notUsed", $"ran nowhere within {Count(days, "day")}");
        if (!visible.IsAll)
            yield return Reason("notAllSeen", "there are feeds that you do not see, so nobody can promise it");

        static object Reason(string code, string text) => new { code, text };
    }

    async Task<(IFeedType Type, PackageCoordinates Package)> WhichAsync(
        Func<string, string> value, VisibleFeeds visible, CancellationToken ct)
    {
        if (Clean("purl") is { Length: > 0 } purl)
            return OfPurl(purl);
        if (Clean("name") is not { Length: > 0 } name)
            throw ApiRefusal.Invalid("name", "is required, or a purl");
        if (Clean("type") is { Length: > 0 } type)
            return (TypeOf(type), TypeOf(type).FromNames(Clean("group"), name, Clean("version")));
        if (Clean("feed") is not { Length: > 0 } feed)
            throw ApiRefusal.Invalid("feed", "is required, or a type or a purl");
        if (await feeds.ByNameOrNullAsync(feed, visible, ct) is not { } found)
            throw ApiRefusal.NotFound("No feed has this name.");
        return (types[found.FeedType], types[found.FeedType].FromNames(Clean("group"), name, Clean("version")));

        string Clean(string field) => value(field).Trim().Replace('\0', '\ufffd');

        IFeedType TypeOf(string name) => types.FindOrNull(name)
            ?? throw ApiRefusal.Invalid("type", "is no known type of packages");

        (IFeedType, PackageCoordinates) OfPurl(string text)
        {
            try
            {
                var parts = PackageUrlParts.Parse(text);
                return (TypeOf(parts.PackageType), parts.PackageOf(TypeOf(parts.PackageType)));
            }
            catch (FormatException exception)
            {
                throw ApiRefusal.Invalid("purl", exception.Message);
            }
        }
    }

    static int Number(string? text, string name, int min, int max, int usual) =>
        string.IsNullOrWhiteSpace(text) ? usual
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? Within(name, number, min, max)
            : throw Outside(name, min, max);

    static int Within(string name, int number, int min, int max) =>
        number >= min && number <= max ? number : throw Outside(name, min, max);

    static ApiRefusal Outside(string name, int min, int max) =>
        ApiRefusal.Invalid(name, $"must be a number from {min} to {max}");

    static string Count(long count, string word) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:N0} {word}{(count == 1 ? "" : "s")}");

    sealed record Asked(IFeedType Type, PackageCoordinates Package, DeletionCandidate Candidate);
}
