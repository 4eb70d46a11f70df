using Deployments.Web.Events;

namespace Deployments.Web.Startup;

/// <summary>What takes the events of delivery tools.</summary>
static class EventsSetup
{
    public static void AddEvents(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<CdEventTaker>();
        builder.Services.AddSingleton<CdEventsApi>();
    }

    public static void MapEvents(this WebApplication app) => CdEventsApi.Map(app);
}
