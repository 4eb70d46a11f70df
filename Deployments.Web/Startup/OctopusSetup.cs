using Deployments.Data.Octopus;
using Deployments.Web.Api;
using Deployments.Web.Octopus;

namespace Deployments.Web.Startup;

/// <summary>Recording what Octopus servers deploy.</summary>
static class OctopusSetup
{
    public static void AddOctopus(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<OctopusSecrets>();
        builder.Services.AddSingleton<OctopusClient>();
        builder.Services.AddSingleton<OctopusReader>();
        builder.Services.AddSingleton<OctopusFeeds>();
        builder.Services.AddSingleton<OctopusRecorder>();
        builder.Services.AddSingleton<OctopusPoller>();
        builder.Services.AddSingleton<OctopusValidator>();
        builder.Services.AddSingleton(provider => new OctopusDesk(
            provider.GetRequiredService<OctopusConnectionStore>(), provider.GetRequiredService<OctopusMappingStore>(),
            provider.GetRequiredService<OctopusClient>(), provider.GetRequiredService<OctopusPoller>(),
            provider.GetRequiredService<OctopusReader>(), provider.GetRequiredService<OctopusRecorder>(),
            provider.GetRequiredService<OctopusSecrets>(), provider.GetRequiredService<TimeProvider>()));
    }

    public static void MapOctopus(this WebApplication app) => OctopusApi.Map(app);
}
