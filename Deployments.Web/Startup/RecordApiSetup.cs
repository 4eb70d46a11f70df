using Deployments.Web.Api;

namespace Deployments.Web.Startup;

/// <summary>The Package Deployment API, single and batch.</summary>
static class RecordApiSetup
{
    public static void AddRecordApi(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<PackageDeploymentValidator>();
        builder.Services.AddSingleton<PackageDeploymentApi>();
        builder.Services.AddSingleton<PackageDeploymentBatchApi>();
    }

    public static void MapRecordApi(this WebApplication app)
    {
        PackageDeploymentApi.Map(app);
        PackageDeploymentBatchApi.Map(app);
    }
}
