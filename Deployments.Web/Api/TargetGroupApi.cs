using Deployments.Data.Accounts;
using Deployments.Data.TargetGroups;
using Deployments.Web.Accounts;
using Deployments.Web.TargetGroups;

namespace Deployments.Web.Api;

/// <summary>The API of the groups of targets: all of them are read and written at once.</summary>
sealed class TargetGroupApi(TargetGroupQueries queries, TargetGroupStore store)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var groups = routes.MapGroup("/api/management/target-groups").RequirePermission(Permissions.Manage)
            .AddEndpointFilter(ApiRefusal.AnswerAsync);
        groups.MapGet("/get", (TargetGroupApi api, CancellationToken ct) => api.GetAsync(ct));
        groups.MapMethods("/update", ["POST", "PUT"],
            (HttpContext context, TargetGroupApi api) => api.UpdateAsync(context));
        groups.MapPost("/preview", (HttpContext context, TargetGroupApi api) => api.PreviewAsync(context));
        groups.MapGet("/proposals", (TargetGroupApi api, CancellationToken ct) => api.ProposeAsync(ct));
        routes.MapGet("/api/target-groups", (HttpContext context, TargetGroupApi api) => api.ListAsync(context))
            .RequirePermission(Permissions.View, anyFeed: true);
    }

    async Task<IResult> ListAsync(HttpContext context) => Results.Json(new
    {
        items = (await queries.AllAsync(CallerFeeds.Of(context), context.RequestAborted))
            .Select(group => new { group.Name, group.Targets }),
    });

    async Task<IResult> GetAsync(CancellationToken ct) => Results.Json(ToJson(await queries.DefinitionAsync(ct)));

    async Task<IResult> UpdateAsync(HttpContext context)
    {
        var (definition, revision) = await ReadAsync(context);
        if (await queries.LostWindowsOrNullAsync(definition, context.RequestAborted) is { } lost)
            throw ApiRefusal.Clash(lost);
        if (!await store.ReplaceAsync(
            definition, revision, ApiAccess.CallerOf(context).ActorFor(context), context.RequestAborted))
            throw ApiRefusal.Clash("Somebody has changed the groups since that revision.");
        return await GetAsync(context.RequestAborted);
    }

    async Task<IResult> PreviewAsync(HttpContext context)
    {
        var (definition, _) = await ReadAsync(context);
        return Results.Json(ToJson(definition, await queries.PreviewAsync(definition, context.RequestAborted)));
    }

    async Task<IResult> ProposeAsync(CancellationToken ct)
    {
        var definition = TargetGroupProposals.Of(await queries.NamesAsync(ct));
        return Results.Json(ToJson(definition, await queries.PreviewAsync(definition, ct)));
    }

    static async Task<(TargetGroupDefinition Definition, string? Revision)> ReadAsync(HttpContext context)
    {
        var given = await ApiFields.ReadAsync(context);
        var definition = new TargetGroupDefinition(
            [.. (given.Names("groups") ?? throw ApiRefusal.Invalid("groups", "is required"))
                .Select(name => name.Trim())],
            [.. (given.TextObjects("rules") ?? throw ApiRefusal.Invalid("rules", "is required"))
                .Select(rule => new TargetGroupRule(
                    rule.GetValueOrDefault("pattern", "").Trim(), rule.GetValueOrDefault("group", "").Trim()))]);
        ApiValidation.ThrowUnlessValid(new TargetGroupValidator(), definition);
        return (definition, given.Text("revision"));
    }

    static object ToJson(TargetGroupDefinition definition) => new
    {
        definition.Revision,
        definition.Groups,
        definition.Rules,
    };

    static object ToJson(TargetGroupDefinition definition, TargetGroupPreview preview) => new
    {
        definition.Groups,
        rules = definition.Rules.Zip(preview.Rules, (rule, taken) => new
        {
            rule.Pattern,
            rule.Group,
            targets = taken.Count,
            taken.Samples,
        }),
        rest = new { targets = preview.Rest.Count, preview.Rest.Samples },
    };
}
