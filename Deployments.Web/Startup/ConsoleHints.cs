using Deployments.Web.Settings;

namespace Deployments.Web.Startup;

/// <summary>What a new administrator must read on the console, whatever the log level.</summary>
static class ConsoleHints
{
    /// <summary>Says who may read, where visitors without an account may not.</summary>
    public static void TellWhoMayRead(this WebApplication app)
    {
        if (!app.Services.GetRequiredService<DeploymentsSettings>().AnonymousView)
            Console.WriteLine("Pages and the read API need an account; Deployments__AnonymousView=true opens them.");
    }
}
