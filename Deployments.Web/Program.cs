using System.Net.Sockets;
using Deployments.Web.Embedded;
using Deployments.Web.Startup;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Deployments.Web;

/// <summary>The program: settings, parts, pipeline, in the order in which they matter.</summary>
public static class Program
{
    /// <summary>
    /// Runs the server, with <c>--demo</c> on an invented history where it would be empty; or with <c>--migrate</c>
    /// brings the database up to date and ends; or with <c>--backup FILE</c>, <c>--restore FILE</c> or
    /// <c>--verify-ledger</c> does that.
    /// </summary>
    /// <returns>
    /// 0; or 1 when the program could not start, with the reason on standard error, or the ledger does not verify.
    /// </returns>
    public static async Task<int> Main(string[] args)
    {
        try
        {
            if (await BackupCommands.RunAsync(args))
                return 0;
            if (await LedgerCommand.IsSoundOrNullAsync(args) is { } isSound)
                return isSound ? 0 : 1;
            // The configuration would take the argument that follows one of these for its value.
            await using var app = await BuildAsync(
                [.. DemoSetup.Settings(args), .. args.Where(arg => arg is not ("--migrate" or "--demo"))]);
            if (args.Contains("--migrate"))
                return 0;
            if (args.Contains("--demo"))
                await app.LoadDemoAsync();
            await app.StartAsync();
            app.SayWhereItRuns();
            await app.WaitForShutdownAsync();
            return 0;
        }
        catch (Exception refusal) when (IsAboutListening(refusal))
        {
            await Console.Error.WriteLineAsync($"The program cannot listen where it should: {refusal.Message}");
            return 1;
        }
        catch (CannotStartException refusal)
        {
            await Console.Error.WriteLineAsync(refusal.Message);
            return 1;
        }
    }

    // A port that is taken or not allowed, an address of another machine, a certificate that is missing.
    static bool IsAboutListening(Exception refusal) =>
        refusal is SocketException or IOException { InnerException: AddressInUseException }
        || refusal.Source == typeof(KestrelServer).Assembly.GetName().Name;

    /// <summary>Builds the server with its database reachable and migrated, ready to run.</summary>
    /// <exception cref="CannotStartException">It cannot start as configured; the message says what to do.</exception>
    public static async Task<WebApplication> BuildAsync(string[] args)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            // Settings are read once; watching their files would cost an inotify instance, of which a machine has few.
            Args = ["--hostBuilder:reloadConfigOnChange=false", .. args],
            ApplicationName = typeof(Program).Assembly.GetName().Name,
            ContentRootPath = AppContext.BaseDirectory,
        });
        builder.AddQuietLog();
        var settings = builder.AddSettings();
        builder.AddTls(settings);
        var connectionString = await builder.AddDatabaseAsync(settings);
        builder.AddAccounts(settings);
        builder.AddGateway(settings);
        builder.AddManagementApi();
        builder.AddRecordApi();
        builder.AddEvents();
        builder.AddInventory();
        builder.AddVulnerabilities();
        builder.AddNotifications();
        builder.AddOctopus();
        builder.AddLedger();
        builder.AddJobs(connectionString);
        builder.AddPages();
        builder.AddTelemetry();
        builder.AddDemo();
        var app = builder.Build();
        try
        {
            app.BeginTelemetry();
            await app.MigrateAsync();
            await app.ProtectKeyRingAsync();
            app.UseKnownProxies(settings);
            app.UseWellFormedHosts();
            app.UseSecurityHeaders();
            app.UseProGetHeaders();
            app.UseErrorPages();
            app.UseStandbys(settings);
            app.UsePageFiles();
            app.UseAccounts();
            await app.MapGatewayAsync();
            await app.MapJobsAsync();
            app.MapManagementApi();
            app.MapRecordApi();
            app.MapEvents();
            app.MapInventory();
            app.MapVulnerabilities();
            app.MapOctopus();
            app.MapLedger();
            await app.MapTelemetryAsync();
            app.MapRazorPages();
            return app;
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }
}
