using Deployments.Web.Api;

namespace Deployments.Web.Startup;

/// <summary>The addresses below <c>/api</c>.</summary>
static class ApiSetup
{
    public static void AddApi(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<PackageDeploymentValidator>();
        builder.Services.AddSingleton<Deployments.Web.Accounts.CallerResolver>();builder.Services.AddSingleton<Deployments.Web.Accounts.ConnectorSecrets>();
        builder.Services.AddSingleton<PackageDeploymentApi>();
        builder.Services.AddSingleton<PackageDeploymentBatchApi>();
    }

    public static void MapApi(this WebApplication app)
    {
        PackageDeploymentApi.Map(app);
        PackageDeploymentBatchApi.Map(app);
    }
}
