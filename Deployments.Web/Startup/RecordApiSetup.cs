using Deployments.Web.Api;

namespace Deployments.Web.Startup;

/// <summary>The API that takes deployment records, single and in batches, and the one that reads them.</summary>
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
        ReadApi.Map(app);
        OpenApi.Map(app);
    }
}
