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
    static readonly SemaphoreSlim TemplateGate = new(1, 1);
    static int count;
    static bool templateReady;

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
        var server = await PostgresServer.ConnectionStringAsync();
        await EnsureTemplateAsync(server);

        var name = $"test_{Interlocked.Increment(ref count)}";
        await ExecuteAsync(server, migrated
            ? $"create database {name} template deployments_template"
            : $"create database {name}");
        return new TestDatabase(name, For(server, name));
    }

    /// <summary>Ends every connection and takes no new ones, as a database does that is being restarted.</summary>
    public async Task TakeAwayAsync()
    {
        var server = await PostgresServer.ConnectionStringAsync();
        await ExecuteAsync(server, $"alter database {name} allow_connections false");
        await ExecuteAsync(server, $"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'");
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

    static async Task EnsureTemplateAsync(string server)
    {
        await TemplateGate.WaitAsync();
        try
        {
            if (templateReady)
                return;
            await ExecuteAsync(server, "create database deployments_template");
            var connectionString = For(server, "deployments_template") + ";Pooling=false";
            await using (var template = DatabaseSetup.CreateDataSource(connectionString))
                await new Migrator(template).MigrateAsync(CancellationToken.None);
            // Hangfire's tables too, or every program under test would make them.
            JobServer.OpenStorage(connectionString);
            templateReady = true;
        }
        finally
        {
            TemplateGate.Release();
        }
    }

    static string For(string server, string database) =>
        new NpgsqlConnectionStringBuilder(server) { Database = database, MaxPoolSize = 30 }.ConnectionString;

    static async Task ExecuteAsync(string server, string sql)
    {
        await using var connection = new NpgsqlConnection(server + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
