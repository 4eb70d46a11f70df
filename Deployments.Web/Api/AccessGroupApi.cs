using Deployments.Data.Accounts;
using Deployments.Data.Groups;
using Deployments.Web.Accounts;
using Deployments.Web.Groups;

namespace Deployments.Web.Api;

/// <summary>The API of groups of people and keys, and of what they may do on feeds.</summary>
sealed class AccessGroupApi(AccessGroupQueries queries, AccessGroupDesk desk)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var groups = routes.MapGroup("/api/management/groups").RequirePermission(Permissions.Manage)
            .AddEndpointFilter(ApiRefusal.AnswerAsync);
        groups.MapGet("/list", (AccessGroupApi api, CancellationToken ct) => api.ListAsync(ct));
        groups.MapGet("/get/{id}", (string id, AccessGroupApi api, CancellationToken ct) => api.GetAsync(Id(id), ct));
        groups.MapMethods("/create", ["POST", "PUT"],
            (HttpContext context, AccessGroupApi api) => api.CreateAsync(context));
        groups.MapMethods("/update/{id}", ["POST", "PUT"],
            (HttpContext context, string id, AccessGroupApi api) => api.UpdateAsync(context, Id(id)));
        groups.MapMethods("/delete/{id}", ["POST", "DELETE"],
            (HttpContext context, string id, AccessGroupApi api) => api.DeleteAsync(context, Id(id)));
    }

    async Task<IResult> ListAsync(CancellationToken ct) => Results.Json((await queries.AllAsync(ct)).Select(ToJson));

    async Task<IResult> GetAsync(int id, CancellationToken ct) =>
        await queries.FindOrNullAsync(id, ct) is { } group ? Results.Json(ToJson(group)) : throw Unknown();

    async Task<IResult> CreateAsync(HttpContext context)
    {
        var input = Read(await ApiFields.ReadAsync(context));
        if (input.Name is null)
            throw ApiRefusal.Invalid("name", "is required");
        var (id, problem) = await desk.AddAsync(
            input, ApiAccess.CallerOf(context).ActorFor(context), context.RequestAborted);
        return problem is null ? await GetAsync(id, context.RequestAborted) : throw Refused(problem);
    }

    async Task<IResult> UpdateAsync(HttpContext context, int id)
    {
        var ct = context.RequestAborted;
        if (await queries.FindOrNullAsync(id, ct) is null)
            throw Unknown();
        var input = Read(await ApiFields.ReadAsync(context));
        return await desk.ChangeAsync(id, _ => input, ApiAccess.CallerOf(context).ActorFor(context), ct) is { } problem
            ? throw Refused(problem)
            : await GetAsync(id, ct);
    }

    async Task<IResult> DeleteAsync(HttpContext context, int id) =>
        await desk.DeleteAsync(id, ApiAccess.CallerOf(context).ActorFor(context), context.RequestAborted)
            ? Results.Ok()
            : throw Unknown();

    static int Id(string text) => int.TryParse(text, out var id) ? id : throw Unknown();

    static AccessGroupInput Read(ApiFields given) => new()
    {
        Name = given.Text("name"),
        Accounts = given.Names("accounts"),
        Keys = given.Numbers("apiKeys"),
        Claims = given.TextObjects("providerGroups") is not { } claims ? null :
            [.. claims.Select(claim => new GroupClaim(
                claim.GetValueOrDefault("provider", ""), claim.GetValueOrDefault("group", "")))],
        Grants = given.TextObjects("grants") is not { } grants ? null :
            [.. grants.Select(grant => new GrantInput(
                grant.GetValueOrDefault("feed", ""), LevelOf(grant.GetValueOrDefault("level", ""))))],
    };

    static AccessLevel LevelOf(string word) => word switch
    {
        "view" => AccessLevel.View,
        "add" => AccessLevel.Add,
        "manage" => AccessLevel.Manage,
        _ => throw ApiRefusal.Invalid("grants", "have a level of view, add or manage"),
    };

    static object ToJson(AccessGroup group) => new
    {
        id = group.AccessGroupId,
        group.Definition.Name,
        accounts = group.Definition.Accounts.Select(member => member.Name),
        apiKeys = group.Definition.Keys.Select(member => member.Id),
        providerGroups = group.Definition.Claims.Select(claim => new { claim.Provider, group = claim.Claim }),
        grants = group.Definition.Grants.Where(grant => !grant.IsDeleted)
            .Select(grant => new { grant.Feed, level = grant.Level.ToString().ToLowerInvariant() }),
    };

    static ApiRefusal Unknown() => ApiRefusal.NotFound("There is no such group.");

    static ApiRefusal Refused(AccessGroupProblem problem) => new(
        problem.IsClash ? StatusCodes.Status409Conflict : StatusCodes.Status400BadRequest, problem.Text);
}
