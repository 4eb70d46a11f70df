using Npgsql;

namespace Deployments.Data.Database;

/// <summary>
/// The connections of exports, which are held at the pace of whoever reads: a pool of their own, so that slow readers
/// leave those of downloads and pages alone.
/// </summary>
/// <param name="DataSource">The pool.</param>
public sealed record ExportDatabase(NpgsqlDataSource DataSource) : IAsyncDisposable
{
    /// <summary>How many there are: so many exports run at once.</summary>
    public const int ConnectionsMax = 4;

    /// <summary>A pool beside the one of everything else.</summary>
    /// <param name="connectionString">The same.</param>
    /// <exception cref="ArgumentException">The text is not a connection string.</exception>
    public static ExportDatabase Create(string connectionString) => new(DatabaseSetup.CreateDataSource(
        new NpgsqlConnectionStringBuilder(connectionString) { MinPoolSize = 0, MaxPoolSize = ConnectionsMax }
            .ConnectionString, "exports"));

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => DataSource.DisposeAsync();
}
