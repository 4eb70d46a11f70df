using System.Data.Common;
using Deployments.Data.Database;
using Deployments.Web.Feeds;
using Deployments.Web.Pages;
using Deployments.Web.Pages.Feeds;

namespace Deployments.Web.Startup;

static class PagesSetup
{
    public static void AddPages(this WebApplicationBuilder builder)
    {
        builder.Services.AddRazorPages();
        builder.Services.AddSingleton<DashboardCache>();
        builder.Services.AddSingleton<FeedAccessReader>();
    }

    /// <summary>
    /// Serves style sheet, script and icon; browsers ask each time whether theirs is still right, so that an upgrade
    /// shows at once. (Version numbers in their addresses would need a watch on the files.)
    /// </summary>
    public static void UsePageFiles(this WebApplication app) => app.UseStaticFiles(new StaticFileOptions
    {
        OnPrepareResponse = file => file.Context.Response.Headers.CacheControl = "no-cache",
    });

    /// <summary>
    /// Shows people a page where a request fails. Tools, which do not ask for HTML or call a feed or the API, keep
    /// their bare answer.
    /// </summary>
    public static void UseErrorPages(this WebApplication app)
    {
        var roots = new FeedTypeCatalog().All.Select(type => new PathString("/" + type.Root)).Append("/api").ToArray();
        app.UseWhen(context => IsForPeople(context.Request, roots), pages =>
        {
            pages.UseExceptionHandler(new ExceptionHandlerOptions
            {
                ExceptionHandlingPath = "/error",
                StatusCodeSelector = failure => failure is DbException fault && DatabaseFaults.IsPassing(fault)
                    ? StatusCodes.Status503ServiceUnavailable
                    : StatusCodes.Status500InternalServerError,
            });
            pages.UseStatusCodePagesWithReExecute("/error");
        });
        // After the branch, so that the error page's address is matched when a request comes through here again.
        app.UseRouting();
    }

    static bool IsForPeople(HttpRequest request, PathString[] roots) =>
        request.Headers.Accept.Any(accept => accept?.Contains("text/html", StringComparison.OrdinalIgnoreCase) ?? false)
        && !roots.Any(root => request.Path.StartsWithSegments(root));
}
