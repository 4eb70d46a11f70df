using Deployments.Data.Database;
using Deployments.Web.Settings;

namespace Deployments.Web.Startup;

static class DatabaseStart
{
    /// <summary>Finds the database: the configured one, else the private one, which is started.</summary>
    public static Task AddDatabaseAsync(this WebApplicationBuilder builder, DeploymentsSettings settings)
    {
        var connectionString = builder.Configuration.GetConnectionString("Deployments")
            ?? throw new StartupException($"ConnectionStrings__Deployments is not set ({settings.DataDirectory}).");
        builder.Services.AddDeploymentsData(connectionString);
        return Task.CompletedTask;
    }

    public static Task MigrateAsync(this WebApplication app) =>
        app.Services.GetRequiredService<Migrator>().MigrateAsync(CancellationToken.None);
}
