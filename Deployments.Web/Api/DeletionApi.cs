using Deployments.Data.Accounts;
using Deployments.Web.Accounts;
using Deployments.Web.Deletion;
using Deployments.Web.Records;

namespace Deployments.Web.Api;

/// <summary>
/// <c>/api/packages/safe-to-delete</c>: whether versions can be deleted from any registry without anybody missing
/// them.
/// </summary>
sealed class DeletionApi(DeletionReader deletion)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var deletion = routes.MapGroup("/api/packages").RequirePermission(Permissions.View, anyFeed: true)
            .AddEndpointFilter(ApiRefusal.AnswerAsync);
        deletion.MapGet("/safe-to-delete",
            (HttpContext context, DeletionApi api) => AnswerAsync(() => api.OfPackageAsync(context)));
        deletion.MapPost("/safe-to-delete",
            (HttpContext context, DeletionApi api) => AnswerAsync(() => api.OfListAsync(context)));
    }

    async Task<IResult> OfPackageAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var asked = await deletion.VersionsAsync(
            name => query[name].ToString(), CallerFeeds.Of(context), context.RequestAborted);
        return await JudgeAsync(
            context, asked,
            DeletionReader.Number(query["days"], "days", DeletionReader.DaysMax, DeletionReader.DaysDefault),
            DeletionReader.Number(query["keep"], "keep", DeletionReader.KeepMax, DeletionReader.KeepDefault));
    }

    async Task<IResult> OfListAsync(HttpContext context)
    {
        var given = await ApiFields.ReadAsync(context);
        var items = given.TextObjects("items") ?? throw ApiRefusal.Invalid("items", "is required");
        if (items.Count > DeletionReader.VersionsMax)
            throw ApiRefusal.Invalid("items", $"must be at most {DeletionReader.VersionsMax}");
        var asked = new List<DeletionQuestion>();
        foreach (var item in items)
        {
            var one = await deletion.OneAsync(
                name => item.GetValueOrDefault(name, ""), CallerFeeds.Of(context), context.RequestAborted);
            asked.Add(one.Package.Version.Length > 0
                ? one : throw ApiRefusal.Invalid("version", "is required for each item"));
        }

        return await JudgeAsync(
            context, asked,
            DeletionReader.Within("days", given.Number("days") ?? DeletionReader.DaysDefault, DeletionReader.DaysMax),
            DeletionReader.Within("keep", given.Number("keep") ?? DeletionReader.KeepDefault, DeletionReader.KeepMax));
    }

    async Task<IResult> JudgeAsync(HttpContext context, IReadOnlyList<DeletionQuestion> asked, int days, int keep)
    {
        var answers = await deletion.JudgeAsync(
            asked, days, keep, CallerFeeds.Of(context), context.RequestAborted);
        return Results.Json(new
        {
            days,
            keep,
            items = answers.Select(answer => new
            {
                type = answer.Question.Type.PackageType,
                answer.Question.Package.Group,
                answer.Question.Package.Name,
                answer.Question.Package.Version,
                safe = answer.IsSafe,
                answer.Reasons,
                runsOn = answer.Facts.RunsOn,
                seenOn = answer.Facts.SeenOn,
                lastDeployedAt = answer.Facts.LastDeployedAt is { } at ? TimeText.Write(at) : null,
            }),
        });
    }

    static async Task<IResult> AnswerAsync(Func<Task<IResult>> answer)
    {
        try
        {
            return await answer();
        }
        catch (DeletionException exception)
        {
            throw exception.Field is { } field
                ? ApiRefusal.Invalid(field, exception.Message) : ApiRefusal.NotFound(exception.Message);
        }
    }
}
