using Deployments.Web.Api;
using Deployments.Web.Feeds;
using Deployments.Web.Groups;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Deployments.Web.Startup;

static class ApiSetup
{
    // Tools explain a failure by an edition that lacks the feature. Nothing here depends on an edition, so the one that
    // lacks nothing is named.
    const string ProGetEdition = "Enterprise";

    /// <summary>Adds what answers the management API.</summary>
    public static void AddManagementApi(this WebApplicationBuilder builder)
    {
        builder.Services.TryAddSingleton<FeedTypeCatalog>();
        builder.Services.AddSingleton<FeedManagementApi>();
        builder.Services.AddSingleton<ConnectorManagementApi>();
        builder.Services.AddSingleton<ApiKeysApi>();
        builder.Services.AddSingleton<PackagesApi>();
        builder.Services.AddSingleton<ContainersApi>();
        builder.Services.AddSingleton<TargetGroupApi>();
        builder.Services.AddSingleton<ChangeWindowApi>();
        builder.Services.AddSingleton<AccessGroupDesk>();
        builder.Services.AddSingleton<AccessGroupApi>();
        builder.Services.AddSingleton<HealthApi>();
    }

    /// <summary>
    /// Marks every answer below <c>/api/</c>, refusals too, as coming from something that is ProGet to its tools.
    /// </summary>
    public static void UseProGetHeaders(this WebApplication app) => app.Use((context, next) =>
    {
        if (context.Request.Path.StartsWithSegments("/api") || context.Request.Path.StartsWithSegments("/health"))
        {
            context.Response.Headers["X-ProGet-Version"] = HealthApi.ProGetVersion;
            context.Response.Headers["X-ProGet-Edition"] = ProGetEdition;
        }

        return next(context);
    });

    /// <summary>Maps ProGet's management of feeds, connectors and API keys, and its health check.</summary>
    public static void MapManagementApi(this WebApplication app)
    {
        FeedManagementApi.Map(app);
        ConnectorManagementApi.Map(app);
        ApiKeysApi.Map(app);
        PackagesApi.Map(app);
        ContainersApi.Map(app);
        TargetGroupApi.Map(app);
        ChangeWindowApi.Map(app);
        AccessGroupApi.Map(app);
        HealthApi.Map(app);
    }
}
