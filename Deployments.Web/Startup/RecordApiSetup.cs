using Deployments.Web.Api;
using Deployments.Web.Deletion;
using Deployments.Web.Figures;
using Deployments.Web.Pages.ApiDocs;
using Deployments.Web.Records;

namespace Deployments.Web.Startup;

/// <summary>
/// The API that takes deployment records, single and in batches, and those that read and export them.
/// </summary>
static class RecordApiSetup
{
    public static void AddRecordApi(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<PackageDeploymentValidator>();
        builder.Services.AddSingleton<PackageDeploymentApi>();
        builder.Services.AddSingleton<PackageDeploymentBatchApi>();
        builder.Services.AddSingleton<RemovalRequestValidator>();
        builder.Services.AddSingleton<RemovalApi>();
        builder.Services.AddSingleton<RejectedMender>();
        builder.Services.AddSingleton<MatrixApi>();
        builder.Services.AddSingleton<CalendarApi>();
        builder.Services.AddSingleton<FigureReader>();
        builder.Services.AddSingleton<FigureApi>();
        builder.Services.AddSingleton<RolloutApi>();
        builder.Services.AddSingleton<BadgeApi>();
        builder.Services.AddSingleton<DeletionReader>();
        builder.Services.AddSingleton<DeletionApi>();
        builder.Services.AddSingleton<ExportGate>();
    }

    public static void MapRecordApi(this WebApplication app)
    {
        PackageDeploymentApi.Map(app);
        PackageDeploymentBatchApi.Map(app);
        RemovalApi.Map(app);
        ReadApi.Map(app);
        MatrixApi.Map(app);
        CalendarApi.Map(app);
        FigureApi.Map(app);
        RolloutApi.Map(app);
        BadgeApi.Map(app);
        DeletionApi.Map(app);
        ExportApi.Map(app);
        OpenApi.Map(app);
    }
}
