using System.Data.Common;
using Deployments.Data.Database;
using Deployments.Data.Evidence;
using Deployments.Web.Embedded;
using Deployments.Web.Ledger;
using Deployments.Web.Settings;

namespace Deployments.Web.Startup;

/// <summary>The switch <c>--verify-ledger</c>: checks the ledger, says what was checked, and ends.</summary>
static class LedgerCommand
{
    const string Switch = "--verify-ledger";

    /// <summary>Runs what the arguments ask for. The server may run meanwhile.</summary>
    /// <returns>Whether all is well; null when the arguments ask for something else.</returns>
    /// <exception cref="CannotStartException">It cannot be checked; the message says why.</exception>
    public static async Task<bool?> IsSoundOrNullAsync(string[] args)
    {
        if (!args.Contains(Switch))
            return null;
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            Args = ["--hostBuilder:reloadConfigOnChange=false", .. args.Where(arg => arg != Switch)],
            ContentRootPath = AppContext.BaseDirectory,
        });
        builder.AddQuietLog();
        var settings = builder.AddSettings();
        var given = builder.Configuration.GetConnectionString("Deployments");
        await using var app = builder.Build();
        try
        {
            var report = await VerifyAsync(settings, given, app.Logger);
            Say(app.Services, report);
            return report.ProblemCount == 0;
        }
        catch (Exception exception) when (exception is DbException or ArgumentException or InvalidOperationException)
        {
            throw new CannotStartException($"The ledger cannot be verified: {exception.Message}", exception);
        }
    }

    static async Task<LedgerReport> VerifyAsync(DeploymentsSettings settings, string? given, ILogger logger)
    {
        if ((given ?? PrivatePostgres.RunningOrNull(settings.DataDirectory!)) is { } running)
            return await VerifyAsync(settings, running);
        if (PrivatePostgres.MajorOrNull(settings.DataDirectory!) is null)
            throw new CannotStartException(
                $"There is no database in {settings.DataDirectory}: name the data directory with "
                + "Deployments__DataDirectory.");
        using var directory = DataDirectoryLock.Acquire(settings.DataDirectory!);
        await using var postgres = await PrivatePostgres.StartAsync(
            directory, settings.PostgresBin, logger, CancellationToken.None);
        return await VerifyAsync(settings, postgres.ConnectionString);
    }

    static async Task<LedgerReport> VerifyAsync(DeploymentsSettings settings, string connectionString)
    {
        await using var services = new ServiceCollection()
            .AddSingleton(TimeProvider.System)
            .AddLogging()
            .AddDeploymentsData(connectionString)
            .BuildServiceProvider();
        if (await services.GetRequiredService<Migrator>().ProblemOrNullAsync(CancellationToken.None) is { } problem)
            throw new CannotStartException(problem);
        return await services.GetRequiredService<LedgerVerificationStore>().VerifyAsync(
            await LedgerAnchors.ReadAsync(settings, CancellationToken.None), CancellationToken.None);
    }

    static void Say(IServiceProvider services, LedgerReport report)
    {
        ConsoleNotes.Say(services, "Checked:");
        foreach (var line in LedgerText.Checked(report))
            ConsoleNotes.Say(services, $"  {line}");
        ConsoleNotes.Say(services, LedgerText.Outcome(report));
        foreach (var problem in report.Problems)
            ConsoleNotes.Say(services, $"  {problem}");
        if (report.ProblemCount > report.Problems.Count)
            ConsoleNotes.Say(services, $"  and {report.ProblemCount - report.Problems.Count} more");
    }
}
