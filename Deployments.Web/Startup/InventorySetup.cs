using Deployments.Web.Api;
using Deployments.Web.Inventory;

namespace Deployments.Web.Startup;

/// <summary>What takes inventories, and tells where they and the records differ.</summary>
static class InventorySetup
{
    public static void AddInventory(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<InventoryFormats>();
        builder.Services.AddSingleton<InventoryTaker>();
        builder.Services.AddSingleton<LogTaker>();
        builder.Services.AddSingleton<InventoryApi>();
        builder.Services.AddSingleton<TargetObserver>();
    }

    public static void MapInventory(this WebApplication app)
    {
        InventoryApi.Map(app);
        DriftApi.Map(app);
    }
}
