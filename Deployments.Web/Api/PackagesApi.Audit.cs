using System.Text.Json.Nodes;
using Deployments.Data.Packages;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Feeds;
using Deployments.Web.Gateway;

namespace Deployments.Web.Api;

// Whether a package is fit to be used, by what advisories and administrators say of it.
sealed partial class PackagesApi
{
    const int AuditDetailsMax = 20; // vulnerabilities named; the rest are counted

    /// <summary>
    /// ProGet's audit of a version: <c>C</c> compliant, <c>W</c> warn, <c>N</c> noncompliant, <c>I</c> inconclusive.
    /// </summary>
    /// <remarks>
    /// Its client takes any code for a fault and reads the date otherwise, so that both are always there. A version
    /// that is not here but may be a connector's can be asked about before anybody downloads it.
    /// </remarks>
    async Task<IResult> AuditAsync(HttpContext context, string feed)
    {
        if (await OpenOrNullAsync(context, feed, FeedAccess.Download) is not var (served, _))
            return Results.Empty;
        var ct = context.RequestAborted;
        var choice = PackageChoice.Read(context.Request.Query, served.Type);
        var found = choice.Choose(await FindAsync(context, served), item => item.Package, served.Type);
        if (found.Count == 0 && (choice.Newest is not null || served.Feed.Connectors.Count == 0))
            throw Missing(choice, served);
        var package = found.Count > 0 ? found[0].Package : choice.Exact;
        var status = StatusOf(await DecidedAsync(context, served), served, package);
        var known = await advisories.OfAsync(
            [VersionOf(served.Type, package, Distributions.NamesOf(served.Feed.Distributions))], time.GetUtcNow(), ct);
        var (code, text, detail) = Judge(status, known,
            served.Type.OsvEcosystem is not null && await vulnerabilities.AnyAdvisoryAsync(ct));
        var json = new JsonObject
        {
            ["resultCode"] = code,
            ["statusText"] = text,
            ["analysisDate"] = time.GetUtcNow().UtcDateTime,
        };
        if (detail.Length > 0)
            json["detail"] = detail;
        return Results.Json(json);
    }

    /// <summary>A version as advisories are asked about it.</summary>
    internal static AskedVersion VersionOf(
        IFeedType type, PackageCoordinates package, IReadOnlyList<string>? releases)
    {
        var keys = type.Normalize(package);
        return new AskedVersion(type.PackageType, keys.Group, keys.Name, keys.Version,
            type.VersionOrder.SortKey(package.Version), releases);
    }

    static (string Code, string Text, string Detail) Judge(
        PackageStatus status, IReadOnlyList<AdvisoryMatchRow> known, bool isKnowable)
    {
        var certain = known.Where(row => row.IsCertain).ToList();
        var lines = known.Take(AuditDetailsMax).Select(Line).ToList();
        if (known.Count > lines.Count)
            lines.Add($"and {known.Count - lines.Count} more");
        if (status.Deprecated)
            lines.Insert(0, $"Deprecated. {status.DeprecationReason}".Trim());
        if (status.Allow == false)
            lines.Insert(0, "Downloads are refused by an administrator.");
        var detail = string.Join('\n', lines);
        return status.Allow == false ? ("N", "Noncompliant", detail)
            : certain.Count > 0 || status.Deprecated ? ("W", "Warn", detail)
            : known.Count > 0 ? ("I", "Inconclusive", detail)
            : isKnowable ? ("C", "Compliant", "")
            : ("I", "Inconclusive", "No advisories are known here for packages of this type.");
    }

    static string Line(AdvisoryMatchRow row)
    {
        var doubt = row.IsCertain ? "" : " (it cannot be told whether this version is affected)";
        var cure = row.Fixed is null ? "" : $"; fixed in {row.Fixed}";
        return $"{row.Id}, {row.Severity.ToString().ToLowerInvariant()}: {row.Summary}{cure}{doubt}";
    }
}
