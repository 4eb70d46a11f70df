using System.Globalization;
using Deployments.Web.Backups;
using Deployments.Web.Embedded;

namespace Deployments.Web.Startup;

/// <summary>The switches <c>--backup FILE</c> and <c>--restore FILE</c>: they do their work and end.</summary>
static class BackupCommands
{
    static readonly string[] Switches = ["--backup", "--restore"];

    /// <summary>Runs what the arguments ask for.</summary>
    /// <returns>Whether they asked for one of these.</returns>
    /// <exception cref="CannotStartException">It cannot be done; the message says why.</exception>
    public static async Task<bool> RunAsync(string[] args)
    {
        var at = Array.FindIndex(args, arg => Switches.Contains(arg, StringComparer.Ordinal));
        if (at < 0)
            return false;
        if (at + 1 == args.Length || args[at + 1] is "" || args[at + 1].StartsWith("--", StringComparison.Ordinal))
            throw new CannotStartException($"{args[at]} needs the name of a file.");

        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            Args = ["--hostBuilder:reloadConfigOnChange=false", .. args[..at], .. args[(at + 2)..]],
            ContentRootPath = AppContext.BaseDirectory,
        });
        builder.AddQuietLog();
        var settings = builder.AddSettings();
        var database = builder.Configuration.GetConnectionString("Deployments");
        await using var app = builder.Build();
        if (args[at] == "--backup")
        {
            var bytes = await new Backup(settings, database, TimeProvider.System, app.Logger)
                .WriteAsync(args[at + 1], JobsSetup.ProgramVersion);
            ConsoleNotes.Say(app.Services, string.Create(
                CultureInfo.InvariantCulture, $"Backed up to {args[at + 1]}, {bytes:N0} bytes"));
        }
        else
        {
            var label = await new Restore(settings, database, app.Logger).ReadAsync(args[at + 1]);
            ConsoleNotes.Say(app.Services,
                $"Restored what version {label.Program} backed up at {label.MadeAt:yyyy-MM-dd HH:mm:ss} UTC");
        }

        return true;
    }
}
