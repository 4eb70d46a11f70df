using Deployments.Web.Settings;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Deployments.Web.Startup;

/// <summary>
/// What a person needs at a start, on the console whatever the log level; and of the log no more than warnings, unless
/// the settings say otherwise (<c>Logging__LogLevel__…</c>). With <c>Logging__Console__FormatterName=json</c>
/// everything is lines of JSON.
/// </summary>
static class ConsoleNotes
{
    const string Category = "Start";

    // The lowest source of all: whatever else is set wins.
    static readonly Dictionary<string, string?> Levels = new()
    {
        ["Logging:LogLevel:Default"] = "Warning",
        ["Logging:LogLevel:" + Category] = "Information",
        // Said at each start of a new database, and on each page with a form; neither is anybody's to mend.
        ["Logging:LogLevel:Microsoft.AspNetCore.DataProtection"] = "Error",
        ["Logging:LogLevel:Microsoft.AspNetCore.Antiforgery"] = "Error",
    };

    /// <summary>Makes the log quiet.</summary>
    public static void AddQuietLog(this WebApplicationBuilder builder) =>
        builder.Configuration.Sources.Insert(
            0, new Microsoft.Extensions.Configuration.Memory.MemoryConfigurationSource { InitialData = Levels });

    /// <summary>Says one line, in the form of the log.</summary>
    public static void Say(IServiceProvider services, string line)
    {
        var form = services.GetRequiredService<IConfiguration>()["Logging:Console:FormatterName"];
        if (string.Equals(form, "json", StringComparison.OrdinalIgnoreCase))
            services.GetRequiredService<ILoggerFactory>().CreateLogger(Category).LogInformation("{Line}", line.Trim());
        else
            Console.WriteLine(line);
    }

    /// <summary>Says who may read, and last of all where the program is.</summary>
    public static void SayWhereItRuns(this WebApplication app)
    {
        if (!app.Services.GetRequiredService<DeploymentsSettings>().AnonymousView)
            Say(app.Services,
                "Pages and the read API need an account; Deployments__AnonymousView=true opens them.");
        var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        Say(app.Services, $"Deployments runs at {string.Join(" and ", addresses)}");
    }
}
