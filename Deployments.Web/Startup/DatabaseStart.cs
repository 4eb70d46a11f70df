using Deployments.Data.Database;
using Deployments.Web.Backups;
using Deployments.Web.Embedded;
using Deployments.Web.Feeds;
using Deployments.Web.Settings;

namespace Deployments.Web.Startup;

/// <summary>The data directory, and the database: the configured one, else a private one in that directory.</summary>
static class DatabaseStart
{
    /// <summary>
    /// Locks the data directory, starts the private PostgreSQL where none is configured, adds everything that uses
    /// it.
    /// </summary>
    /// <returns>The connection string.</returns>
    /// <exception cref="CannotStartException">
    /// The directory is in use, or PostgreSQL is missing or cannot run.
    /// </exception>
    public static async Task<string> AddDatabaseAsync(this WebApplicationBuilder builder, DeploymentsSettings settings)
    {
        var directory = DataDirectoryLock.Acquire(settings.DataDirectory!);
        if (Restore.ProblemOrNull(settings.DataDirectory!) is { } problem)
        {
            directory.Dispose();
            throw new CannotStartException(problem);
        }

        builder.Services.AddSingleton(_ => directory); // by factory, so that the container disposes it
        var connectionString = builder.Configuration.GetConnectionString("Deployments");
        if (string.IsNullOrWhiteSpace(connectionString))
        {
            using var logging = LoggerFactory.Create(log =>
                log.AddConfiguration(builder.Configuration.GetSection("Logging")).AddConsole());
            try
            {
                var postgres = await PrivatePostgres.StartAsync(
                    directory, settings.PostgresBin, logging.CreateLogger<PrivatePostgres>(), CancellationToken.None);
                builder.Services.AddSingleton(_ => postgres);
                connectionString = postgres.ConnectionString;
            }
            catch
            {
                directory.Dispose();
                throw;
            }
        }

        builder.Services.AddDeploymentsData(connectionString, settings.StandbyHosts);
        return connectionString;
    }

    /// <summary>
    /// Lets pages and the API read from standbys where a request asks and changes nothing. Feeds are left out: what
    /// they need is kept in memory, and they record.
    /// </summary>
    public static void UseStandbys(this WebApplication app, DeploymentsSettings settings)
    {
        if (settings.StandbyHosts is null)
            return;
        var feeds = new FeedTypeCatalog().All.Select(type => new PathString("/" + type.Root)).ToArray();
        app.Use(async (context, next) => // what it begins ends with it
        {
            if ((HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method))
                && !feeds.Any(root => context.Request.Path.StartsWithSegments(root)))
                ReadDatabase.BeginOnlyReads();
            await next(context);
        });
    }

    /// <summary>Brings the database up to date before anything else uses it.</summary>
    /// <exception cref="CannotStartException">
    /// It does not answer, or is not for this version of the program.
    /// </exception>
    public static async Task MigrateAsync(this WebApplication app)
    {
        // What is made first is disposed last: the inbox is flushed while PostgreSQL still runs and the directory is
        // ours.
        app.Services.GetRequiredService<DataDirectoryLock>();
        app.Services.GetService<PrivatePostgres>();
        try
        {
            var applied = await app.Services.GetRequiredService<Migrator>().MigrateAsync(CancellationToken.None);
            if (applied.Count > 0)
                ConsoleNotes.Say(app.Services,
                    $"Applied {applied.Count} migration{(applied.Count == 1 ? "" : "s")}, the last: {applied[^1]}");
        }
        catch (ArgumentException exception)
        {
            throw new CannotStartException(
                $"ConnectionStrings__Deployments is no connection string of Npgsql: {exception.Message}", exception);
        }
        catch (Exception exception) when (exception is System.Data.Common.DbException or InvalidOperationException)
        {
            throw new CannotStartException($"The database cannot be used: {exception.Message}", exception);
        }
    }
}
