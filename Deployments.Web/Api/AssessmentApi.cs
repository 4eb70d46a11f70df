using System.Globalization;
using Deployments.Data.Accounts;
using Deployments.Data.Feeds;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Accounts;
using Deployments.Web.Feeds;
using Deployments.Web.Vulnerabilities;

namespace Deployments.Web.Api;

/// <summary>The API of what is decided about vulnerabilities: lists, assesses and revokes.</summary>
sealed class AssessmentApi(
    VulnerabilityQueries vulnerabilities, AssessmentQueries queries, AssessmentStore store, FeedTypeCatalog types,
    TimeProvider time)
{
    /// <summary>The newest that are shown of one vulnerability.</summary>
    public const int AssessmentsMax = 1_000;

    public static void Map(IEndpointRouteBuilder routes)
    {
        var one = routes.MapGroup("/api/vulnerabilities/{id}")
            .AddEndpointFilter(UnexpectedErrors.AnswerAsync).AddEndpointFilter(ApiRefusal.AnswerAsync);
        one.MapGet("/assessments", (HttpContext context, string id, AssessmentApi api) => api.ListAsync(context, id))
            .RequirePermission(Permissions.View, anyFeed: true);
        one.MapPost("/assessments", (HttpContext context, string id, AssessmentApi api) =>
            api.AssessAsync(context, id)).RequirePermission(Permissions.Manage);
        one.MapDelete("/assessments/{assessment}",
            (HttpContext context, string id, string assessment, AssessmentApi api) =>
                api.RevokeAsync(context, id, assessment)).RequirePermission(Permissions.Manage);
    }

    /// <summary>The vulnerability of that id or alias, of those that the caller sees.</summary>
    /// <exception cref="ApiRefusal">404: there is none.</exception>
    public static async Task<Vulnerability> FindAsync(
        VulnerabilityQueries vulnerabilities, string id, VisibleFeeds visible, CancellationToken ct) =>
        id.Contains('\0', StringComparison.Ordinal)
            || await vulnerabilities.FindOrNullAsync(id, visible, ct) is not { } found
            ? throw ApiRefusal.NotFound("No advisory has this id.")
            : found;

    async Task<IResult> ListAsync(HttpContext context, string id)
    {
        var visible = CallerFeeds.Of(context);
        var found = await FindAsync(vulnerabilities, id, visible, context.RequestAborted);
        var rows = await queries.OfGroupAsync(found.GroupId, AssessmentsMax, visible, context.RequestAborted);
        var now = time.GetUtcNow();
        return Results.Json(new { items = rows.Select(row => AssessmentText.ToJson(row, now)) });
    }

    async Task<IResult> AssessAsync(HttpContext context, string id)
    {
        var found = await FindAsync(vulnerabilities, id, VisibleFeeds.All, context.RequestAborted);
        var given = await ApiFields.ReadAsync(context);
        var fields = new AssessmentFields
        {
            Type = given.Text("type"),
            Group = given.Text("group"),
            Name = given.Text("name"),
            Target = given.Text("target"),
            State = given.Text("state"),
            Justification = given.Text("justification"),
            Reason = given.Text("reason"),
            ExpiresAt = given.Text("expiresAt"),
        }.Trimmed();
        ApiValidation.ThrowUnlessValid(new AssessmentFieldsValidator(time), fields);

        var (outcome, made) = await store.AssessAsync(
            fields.ToAssessment(found, types), time.GetUtcNow(), ApiAccess.CallerOf(context).ActorFor(context),
            context.RequestAborted);
        if (AssessmentText.ProblemOrNull(outcome) is var (property, problem))
            throw ApiRefusal.Invalid(property, problem);
        var rows = await queries.OfGroupAsync(
            found.GroupId, AssessmentsMax, VisibleFeeds.All, context.RequestAborted);
        return Results.Json(AssessmentText.ToJson(rows.First(row => row.AssessmentId == made), time.GetUtcNow()));
    }

    async Task<IResult> RevokeAsync(HttpContext context, string id, string assessment)
    {
        var found = await FindAsync(vulnerabilities, id, VisibleFeeds.All, context.RequestAborted);
        if (!int.TryParse(assessment, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || !await store.RevokeAsync(
                found.GroupId, number, time.GetUtcNow(), ApiAccess.CallerOf(context).ActorFor(context),
                context.RequestAborted))
            throw ApiRefusal.NotFound("No assessment of this vulnerability has this id and still counts.");
        return Results.Ok();
    }
}
