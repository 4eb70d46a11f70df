using Deployments.Data.Accounts;
using Deployments.Data.Calendar;
using Deployments.Data.TargetGroups;
using Deployments.Web.Accounts;
using Deployments.Web.Calendar;

namespace Deployments.Web.Api;

/// <summary>The API of change windows and freezes: all of them are read and written at once, a line for each.</summary>
sealed class ChangeWindowApi(ChangeWindowStore store, TargetGroupQueries groups)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var windows = routes.MapGroup("/api/management/change-windows").RequirePermission(Permissions.Manage)
            .AddEndpointFilter(ApiRefusal.AnswerAsync);
        windows.MapGet("/get", (ChangeWindowApi api, CancellationToken ct) => api.GetAsync(ct));
        windows.MapMethods("/update", ["POST", "PUT"],
            (HttpContext context, ChangeWindowApi api) => api.UpdateAsync(context));
    }

    async Task<IResult> GetAsync(CancellationToken ct)
    {
        var windows = await store.AllAsync(ct);
        return Results.Json(new
        {
            revision = ChangeWindow.RevisionOf(windows),
            lines = windows.Select(window => window.ToString()),
        });
    }

    async Task<IResult> UpdateAsync(HttpContext context)
    {
        var given = await ApiFields.ReadAsync(context);
        var lines = given.Names("lines") ?? throw ApiRefusal.Invalid("lines", "is required");
        var (windows, problems) = ChangeWindowText.Read(
            string.Join('\n', lines), await groups.GroupNamesAsync(context.RequestAborted));
        if (problems.Count > 0)
            throw new ApiRefusal(StatusCodes.Status400BadRequest, string.Join('\n', problems));
        if (!await store.ReplaceAsync(
            windows, given.Text("revision"), ApiAccess.CallerOf(context).ActorFor(context), context.RequestAborted))
            throw ApiRefusal.Clash("Somebody has changed the windows since that revision.");
        return await GetAsync(context.RequestAborted);
    }
}
