using System.Text.Json;
using System.Text.Json.Serialization;
using Deployments.Data.Accounts;
using Deployments.Data.Feeds;
using Deployments.Data.Findings;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Accounts;
using Deployments.Web.Feeds;
using Deployments.Web.Records;
using Deployments.Web.Vulnerabilities;
using Microsoft.AspNetCore.Http.Features;

namespace Deployments.Web.Api;

/// <summary>
/// The part of ProGet's software composition API that asks whether package versions are vulnerable, and assesses
/// vulnerabilities.
/// </summary>
/// <remarks>
/// ProGet's assessments have a type that an administrator names, and no date. Its own three become: <c>Ignore</c>, not
/// affected for the comment's reason; <c>Caution</c>, accepted for <see cref="CautionTime"/>; <c>Blocked</c>, open: an
/// assessment of everything is revoked. Those of ProGet 2026 become: <c>Monitor</c>, accepted for as long as
/// <c>Caution</c>; <c>Remediate</c> and <c>Contain</c>, open: something is still to be done, and nothing hides that. An
/// assessment has no policy here; a policy's name is kept with the reason.
/// </remarks>
sealed class ScaApi(
    AdvisoryMatchQueries advisories, VulnerabilityQueries vulnerabilities, AssessmentQueries assessments,
    AssessmentStore store, FeedTypeCatalog types, TimeProvider time)
{
    /// <summary>For how long a vulnerability that is to be taken with caution is accepted.</summary>
    public static readonly TimeSpan CautionTime = TimeSpan.FromDays(90);

    const int BodyBytesMax = 8 << 20;
    const int VersionsMax = 20_000;

    /// <summary>How ProGet's objects are written: in camel case, without what is null.</summary>
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public static void Map(IEndpointRouteBuilder routes)
    {
        var sca = routes.MapGroup("/api/sca")
            .AddEndpointFilter(UnexpectedErrors.AnswerAsync).AddEndpointFilter(ApiRefusal.AnswerAsync);
        sca.MapPost("/audit-package-vulns", (HttpContext context, ScaApi api) => api.AuditAsync(context))
            .RequirePermission(Permissions.View, anyFeed: true);
        sca.MapPost("/assess", (HttpContext context, ScaApi api) => api.AssessAsync(context))
            .RequirePermission(Permissions.Manage);
    }

    async Task<IResult> AuditAsync(HttpContext context)
    {
        var asked = await ReadAsync(context);
        var versions = asked.Select((one, place) => Version(one, place)).ToList();
        var found = await advisories.OfAsync(versions, time.GetUtcNow(), context.RequestAborted);
        return Results.Json(Told(found), Json);
    }

    /// <summary>
    /// ProGet's <c>VulnerabilityInfo</c> of each vulnerability, with the places of the versions it is about.
    /// </summary>
    public static IEnumerable<object> Told(IEnumerable<AdvisoryMatchRow> found) =>
        found.GroupBy(row => row.Id).Select(rows => (One: rows.First(), Rows: rows)).Select(pair => new
        {
            pair.One.Id,
            summary = NullIfEmpty(pair.One.Summary),
            published = pair.One.PublishedAt is { } published ? TimeText.Write(published) : null,
            withdrawn = pair.One.WithdrawnAt is { } withdrawn ? TimeText.Write(withdrawn) : null,
            details = NullIfEmpty(pair.One.Details),
            pair.One.Cve,
            cvss = pair.One.Score is null ? null : pair.One.SeveritySource,
            numericCvss = pair.One.Score,
            severity = pair.One.Severity == SeverityLevel.Unknown ? null : pair.One.Severity.ToString(),
            affectedPackages = pair.Rows.Select(row => row.Place),
        });

    async Task<IResult> AssessAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var (id, type) = (PackageChoice.Text(query, "id"), PackageChoice.Text(query, "type"));
        if (id.Length == 0)
            throw ApiRefusal.Invalid("id", "is required");
        if (type.Length == 0)
            throw ApiRefusal.Invalid("type", "is required");
        var policy = PackageChoice.Text(query, "policy");
        var reason = PackageChoice.Text(query, "comment") is { Length: > 0 } comment
            ? comment
            : $"Assessed as {type} without a comment.";
        if (policy.Length > 0)
            reason += $" (Policy {policy})";
        if (reason.Length > AssessmentFieldsValidator.ReasonLengthMax)
            throw ApiRefusal.Invalid("comment", "is too long");
        (AssessmentState State, TimeSpan? For)? decision = type.ToUpperInvariant() switch
        {
            "IGNORE" or "IGNORED" or "NOTAFFECTED" => (AssessmentState.NotAffected, null),
            "CAUTION" or "ACCEPTED" or "MONITOR" => (AssessmentState.Accepted, CautionTime),
            "FIXEDBYOTHERMEANS" => (AssessmentState.FixedByOtherMeans, null),
            "BLOCK" or "BLOCKED" or "REMEDIATE" or "CONTAIN" => null,
            _ => throw ApiRefusal.Invalid("type",
                "must be Ignore, Caution or Blocked; or Monitor, Remediate or Contain"),
        };

        var (now, ct) = (time.GetUtcNow(), context.RequestAborted);
        var by = ApiAccess.CallerOf(context).ActorFor(context);
        var found = await AssessmentApi.FindAsync(vulnerabilities, id, VisibleFeeds.All, ct);
        if (decision is not var (state, duration))
        {
            if ((await assessments.InForceAsync(found.GroupId, now, VisibleFeeds.All, ct)).Everywhere is { } old)
                await store.RevokeAsync(found.GroupId, old.AssessmentId, now, by, ct);
            return Results.Ok();
        }

        var (outcome, _) = await store.AssessAsync(
            new NewAssessment
            {
                GroupId = found.GroupId,
                AdvisoryId = found.Id,
                State = state,
                Reason = reason,
                ExpiresAt = now + duration,
            }, now, by, ct);
        return AssessmentText.ProblemOrNull(outcome) is var (property, problem)
            ? throw ApiRefusal.Invalid(property, problem)
            : Results.Ok();
    }

    static async Task<List<Asked>> ReadAsync(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = BodyBytesMax;
        try
        {
            var asked = await JsonSerializer.DeserializeAsync<List<Asked?>>(
                context.Request.Body, Json, context.RequestAborted);
            if (asked is null || asked.Contains(null))
                throw new JsonException();
            return asked.Count <= VersionsMax
                ? [.. asked.OfType<Asked>()]
                : throw new ApiRefusal(
                    StatusCodes.Status413PayloadTooLarge, $"At most {VersionsMax} packages are audited at once.");
        }
        // What is no text, half a surrogate pair, is the latter.
        catch (Exception refused) when (refused is JsonException or InvalidOperationException)
        {
            throw new ApiRefusal(
                StatusCodes.Status400BadRequest, "The body must be a JSON array of packages: type, name, version.");
        }
        catch (BadHttpRequestException tooLarge)
        {
            throw new ApiRefusal(tooLarge.StatusCode, tooLarge.Message);
        }
    }

    // A type that is not known has no advisories.
    AskedVersion Version(Asked asked, int place)
    {
        var (type, name) = (Required(asked.Type, "type", place), Required(asked.Name, "name", place));
        var version = Required(asked.Version, "version", place);
        var group = asked.Group is null ? "" : Plain(asked.Group);
        // Tools name a package's type, people and ProGet itself a feed's.
        var known = types.All.FirstOrDefault(one =>
            one.PackageType.Equals(type, StringComparison.OrdinalIgnoreCase)) ?? types.FindOrNull(type);
        return known is null
            ? new AskedVersion(type, group, name, version, null)
            : PackagesApi.VersionOf(known, known.FromNames(group, name, version), null);
    }

    static string Required(string? text, string property, int place) =>
        text is { Length: > 0 } ? Plain(text) : throw ApiRefusal.Invalid($"[{place}].{property}", "is required");

    // A zero byte cannot be stored, so nothing matches it; PostgreSQL would refuse to be asked.
    static string Plain(string text) => text.Trim().Replace('\0', '\ufffd');

    static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;

    sealed record Asked(string? Type, string? Name, string? Version, string? Group);
}
