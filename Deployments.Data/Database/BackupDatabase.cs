using System.Globalization;
using Dapper;
using Npgsql;

namespace Deployments.Data.Database;

/// <summary>What PostgreSQL's own programs need to know of a database that is saved or restored.</summary>
public static class BackupDatabase
{
    const int UsualPort = 5432;

    /// <summary>
    /// A connection string as the variables that PostgreSQL's programs read: a command line would show the password to
    /// everybody on the machine.
    /// </summary>
    /// <param name="connectionString">One of Npgsql; of several hosts the one that takes writes is meant.</param>
    /// <exception cref="ArgumentException">The text is not a connection string.</exception>
    public static IReadOnlyDictionary<string, string> Environment(string connectionString)
    {
        var given = new NpgsqlConnectionStringBuilder(connectionString);
        var usual = given.Port == 0 ? UsualPort : given.Port;
        var hosts = (given.Host ?? "localhost").Split(',', StringSplitOptions.TrimEntries)
            .Select(host => HostAndPort(host, usual)).ToList();
        var variables = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["PGHOST"] = string.Join(',', hosts.Select(host => host.Host)),
            ["PGPORT"] = string.Join(',', hosts.Select(host => host.Port.ToString(CultureInfo.InvariantCulture))),
            ["PGDATABASE"] = given.Database ?? given.Username,
            ["PGUSER"] = given.Username,
            ["PGPASSWORD"] = given.Password,
            ["PGPASSFILE"] = given.Passfile,
            ["PGSSLMODE"] = given.SslMode switch
            {
                SslMode.VerifyCA => "verify-ca",
                SslMode.VerifyFull => "verify-full",
                var mode => mode.ToString().ToLowerInvariant(),
            },
            ["PGSSLROOTCERT"] = given.RootCertificate,
            ["PGSSLCERT"] = given.SslCertificate,
            ["PGSSLKEY"] = given.SslKey,
            ["PGTARGETSESSIONATTRS"] = hosts.Count > 1 ? "read-write" : null,
            ["PGAPPNAME"] = "Deployments backup",
        };
        return variables.Where(pair => !string.IsNullOrEmpty(pair.Value))
            .ToDictionary(pair => pair.Key, pair => pair.Value!, StringComparer.Ordinal);
    }

    /// <summary>Whether a database has no table, view or sequence of anybody's.</summary>
    /// <exception cref="NpgsqlException">It does not answer.</exception>
    /// <exception cref="ArgumentException">The text is not a connection string.</exception>
    public static async Task<bool> IsEmptyAsync(string connectionString, CancellationToken ct)
    {
        await using var database = DatabaseSetup.CreateDataSource(connectionString);
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            """
            select not exists (
                select from pg_class join pg_namespace on pg_namespace.oid = relnamespace
                where nspname not like 'pg\_%' and nspname <> 'information_schema')
            """, cancellationToken: ct));
    }

    static (string Host, int Port) HostAndPort(string text, int usual)
    {
        var colon = text.LastIndexOf(':');
        return !text.StartsWith('/') && colon > 0 && text.IndexOf(':', StringComparison.Ordinal) == colon
            && int.TryParse(text.AsSpan(colon + 1), CultureInfo.InvariantCulture, out var port)
            ? (text[..colon], port)
            : (text, usual);
    }
}
