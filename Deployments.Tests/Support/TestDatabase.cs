using Deployments.Data.Database;
using Deployments.Web.Jobs;
using Npgsql;

namespace Deployments.Tests.Support;

/// <summary>
/// A migrated database of a test's own, on a real PostgreSQL: cloned from a template made once per run, dropped at the
/// end.
/// </summary>
public sealed class TestDatabase : IAsyncDisposable
{
    const string Migrated = "deployments_template";
    const string Started = "deployments_started";

    static readonly Lazy<Task> MigratedTemplate = new(MakeMigratedAsync);
    static readonly Lazy<Task> StartedTemplate = new(MakeStartedAsync);
    static int count;

    readonly string name;

    TestDatabase(string name, string connectionString)
    {
        this.name = name;
        ConnectionString = connectionString;
        DataSource = DatabaseSetup.CreateDataSource(connectionString);
    }

    public string ConnectionString { get; }

    public NpgsqlDataSource DataSource { get; }

    /// <summary>A database with the current schema, or (<paramref name="migrated"/> false) an empty one.</summary>
    public static async Task<TestDatabase> CreateAsync(bool migrated = true)
    {
        await MigratedTemplate.Value;
        return await CreateAsync(migrated ? $" template {Migrated}" : "");
    }

    /// <summary>
    /// A database as the first start of a <see cref="TestApp"/> leaves it: with its account, its key and its timetable,
    /// so that the next one need not make them.
    /// </summary>
    public static async Task<TestDatabase> CreateStartedAsync()
    {
        await StartedTemplate.Value;
        return await CreateAsync($" template {Started}");
    }

    static async Task<TestDatabase> CreateAsync(string template)
    {
        var server = await PostgresServer.ConnectionStringAsync();
        var name = $"test_{Interlocked.Increment(ref count)}";
        await ExecuteAsync(server, $"create database {name}{template} strategy file_copy");
        return new TestDatabase(name, For(server, name));
    }

    /// <summary>Ends every connection and takes no new ones, as a database does that is being restarted.</summary>
    public async Task TakeAwayAsync()
    {
        var server = await PostgresServer.ConnectionStringAsync();
        await ExecuteAsync(server, $"alter database {name} allow_connections false");
        await EndConnectionsAsync(server);
    }

    /// <summary>Takes connections again.</summary>
    public async Task BringBackAsync() => await ExecuteAsync(
        await PostgresServer.ConnectionStringAsync(), $"alter database {name} allow_connections true");

    public async ValueTask DisposeAsync()
    {
        await DataSource.DisposeAsync();
        var server = await PostgresServer.ConnectionStringAsync();
        await ExecuteAsync(server, $"drop database if exists {name} with (force)");
    }

    static async Task MakeMigratedAsync()
    {
        var server = await PostgresServer.ConnectionStringAsync();
        await ExecuteAsync(server, $"create database {Migrated}");
        var connectionString = For(server, Migrated) + ";Pooling=false";
        await using (var template = DatabaseSetup.CreateDataSource(connectionString))
            await new Migrator(template).MigrateAsync(CancellationToken.None);
        // Hangfire's tables too, or every program under test would make them.
        JobServer.OpenStorage(connectionString);
    }

    static async Task MakeStartedAsync()
    {
        await using var database = await CreateAsync();
        await using (await TestApp.StartAsync(database))
        {
        }

        await using (var command = database.DataSource.CreateCommand("delete from nodes"))
            await command.ExecuteNonQueryAsync();
        await database.DataSource.DisposeAsync();
        var server = await PostgresServer.ConnectionStringAsync();
        await database.EndConnectionsAsync(server); // the job server's pool has some; a template may have none
        await ExecuteAsync(server, $"create database {Started} template {database.name}");
    }

    Task EndConnectionsAsync(string server) => ExecuteAsync(
        server, $"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'");

    static string For(string server, string database) =>
        new NpgsqlConnectionStringBuilder(server) { Database = database, MaxPoolSize = 30 }.ConnectionString;

    static async Task ExecuteAsync(string server, string sql)
    {
        await using var connection = new NpgsqlConnection(server);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
