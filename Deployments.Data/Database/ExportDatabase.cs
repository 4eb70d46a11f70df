using Npgsql;

namespace Deployments.Data.Database;

/// <summary>
/// The connections of exports, which are held at the pace of whoever reads: a pool of their own, so that slow readers
/// leave those of downloads and pages alone.
/// </summary>
/// <param name="DataSource">The pool.</param>
/// <param name="Standby">The one of the standbys; null: there are none.</param>
/// <param name="Time">Clock.</param>
public sealed record ExportDatabase(NpgsqlDataSource DataSource, NpgsqlDataSource? Standby, TimeProvider Time)
    : IAsyncDisposable
{
    /// <summary>How many there are: so many exports run at once.</summary>
    public const int ConnectionsMax = 4;

    readonly ReadDatabase reads = new(DataSource, Standby, Time);

    /// <summary>The same without standbys.</summary>
    /// <param name="dataSource">The pool.</param>
    public ExportDatabase(NpgsqlDataSource dataSource)
        : this(dataSource, null, TimeProvider.System)
    {
    }

    /// <summary>A pool beside the one of everything else.</summary>
    /// <param name="connectionString">The same.</param>
    /// <param name="standbyHosts">The hosts of its standbys; null: there are none.</param>
    /// <exception cref="ArgumentException">The text is not a connection string.</exception>
    public static ExportDatabase Create(string connectionString, string? standbyHosts = null)
    {
        var own = new NpgsqlConnectionStringBuilder(connectionString)
        {
            MinPoolSize = 0,
            MaxPoolSize = ConnectionsMax,
        }.ConnectionString;
        return new(DatabaseSetup.CreateDataSource(own, "exports"),
            standbyHosts is null ? null : ReadDatabase.OpenStandby(own, standbyHosts, "standby-exports"),
            TimeProvider.System);
    }

    /// <summary>A connection to export with: of a standby, where the request may read there.</summary>
    /// <exception cref="NpgsqlException">The database is away.</exception>
    public ValueTask<NpgsqlConnection> OpenConnectionAsync(CancellationToken ct) => reads.OpenConnectionAsync(ct);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await reads.DisposeAsync();
        await DataSource.DisposeAsync();
    }
}
