using System.Data;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Deployments.Data.Database;

/// <summary>
/// How this program talks to PostgreSQL: one pooled data source, automatically prepared statements, UTC times.
/// </summary>
public static class DatabaseSetup
{
    const int NoWait = -1; // the cancellation is sent, and its answer not waited for
    const string HostRecheck = "Host Recheck Seconds";

    /// <summary>
    /// Adds the data source and everything in this assembly that reads (*Queries) or writes (*Store).
    /// </summary>
    /// <param name="services">
    /// The program's services; a <see cref="TimeProvider"/> and logging must be among them.
    /// </param>
    /// <param name="connectionString">An Npgsql connection string.</param>
    /// <param name="standbyHosts">Hosts of standbys that may be read from; null: there are none.</param>
    public static IServiceCollection AddDeploymentsData(
        this IServiceCollection services, string connectionString, string? standbyHosts = null)
    {
        services.AddSingleton(_ => CreateDataSource(connectionString, "main"));
        services.AddSingleton(provider => new ReadDatabase(
            provider.GetRequiredService<NpgsqlDataSource>(),
            standbyHosts is null ? null : ReadDatabase.OpenStandby(connectionString, standbyHosts, "standbys"),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(_ => ExportDatabase.Create(connectionString, standbyHosts));
        var parts = typeof(DatabaseSetup).Assembly.GetExportedTypes()
            .Where(type => type is { IsClass: true, IsAbstract: false })
            .Where(type => type.Name.EndsWith("Queries", StringComparison.Ordinal)
                || type.Name.EndsWith("Store", StringComparison.Ordinal));
        foreach (var part in parts)
            services.AddSingleton(part);
        return services.AddSingleton<Migrator>();
    }

    /// <summary>Makes the data source that every query and store shares.</summary>
    /// <param name="connectionString">An Npgsql connection string; several hosts are allowed.</param>
    /// <param name="pool">What metrics call its pool; null: by the connection string, without its password.</param>
    /// <exception cref="ArgumentException">The text is not a connection string.</exception>
    public static NpgsqlDataSource CreateDataSource(string connectionString, string? pool = null)
    {
        DefaultTypeMap.MatchNamesWithUnderscores = true;
        SqlMapper.AddTypeHandler(new UtcTimeHandler());
        SqlMapper.RemoveTypeMap(typeof(DateTimeOffset));

        var settings = new NpgsqlConnectionStringBuilder(ForWhoWrites(connectionString))
        {
            ApplicationName = "Deployments",
        };
        // Statements seen twice are prepared: parsing costs as much as running most of these queries.
        if (settings.MaxAutoPrepare == 0)
            settings.MaxAutoPrepare = 100;
        if (settings.AutoPrepareMinUsages > 2)
            settings.AutoPrepareMinUsages = 2;
        // What is asked for decides which index is best: one application made half of the records, another ten.
        // No query here runs as long as PostgreSQL takes to compile one (jit).
        settings.Options = $"{settings.Options} -c plan_cache_mode=force_custom_plan -c jit=off".TrimStart();
        if (settings.TargetSessionAttributes is not { } target)
            return new NpgsqlDataSourceBuilder(settings.ConnectionString) { Name = pool }.Build();
        // Of several hosts, the builder wants to be told afterwards which are meant.
        settings.TargetSessionAttributes = null;
        return new NpgsqlDataSourceBuilder(settings.ConnectionString) { Name = pool }.BuildMultiHost()
            .WithTargetSession(Enum.Parse<TargetSessionAttributes>(
                target.Replace("-", "", StringComparison.Ordinal), ignoreCase: true));
    }

    /// <summary>
    /// A connection string with what a program needs that relies on what it was told is committed: of several hosts
    /// the primary is meant, and looked for each second; and a command that took too long has failed, whatever the
    /// server says. Where a synchronous standby is away PostgreSQL ends the wait for it when the command is cancelled,
    /// with success, although no other machine has what was committed.
    /// </summary>
    /// <param name="connectionString">An Npgsql connection string; what it says itself stays.</param>
    /// <exception cref="ArgumentException">The text is not a connection string.</exception>
    public static string ForWhoWrites(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString) { CancellationTimeout = NoWait };
        if (settings.Host?.Contains(',', StringComparison.Ordinal) != true && settings.TargetSessionAttributes is null)
            return settings.ConnectionString;
        settings.TargetSessionAttributes ??= "primary";
        if (!settings.ShouldSerialize(HostRecheck))
            settings.HostRecheckSeconds = 1;
        return settings.ConnectionString;
    }

    sealed class UtcTimeHandler : SqlMapper.TypeHandler<DateTimeOffset>
    {
        public override void SetValue(IDbDataParameter parameter, DateTimeOffset value) =>
            parameter.Value = value.UtcDateTime;

        public override DateTimeOffset Parse(object value) =>
            value is DateTimeOffset time ? time : new DateTimeOffset((DateTime)value, TimeSpan.Zero);
    }
}
