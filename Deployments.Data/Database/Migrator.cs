using System.Security.Cryptography;
using System.Text;
using Dapper;
using Npgsql;

namespace Deployments.Data.Database;

/// <summary>
/// Brings a database to the schema this program expects: the numbered files of <c>db/migrations</c>, in order, each in
/// a transaction of its own, all under one advisory lock so that several nodes may start at once.
/// </summary>
/// <param name="database">Where to apply them; the account must own the schema.</param>
public sealed class Migrator(NpgsqlDataSource database)
{
    const long AdvisoryLock = AdvisoryLocks.Migrations;
    const string ResourcePrefix = "migrations/";

    /// <summary>The migrations this program carries, in order: name and SQL.</summary>
    public static IReadOnlyList<(string Name, string Sql)> All { get; } = Load();

    /// <summary>Applies what is missing.</summary>
    /// <returns>The names applied now, in order; empty when the schema was current.</returns>
    /// <exception cref="InvalidOperationException">
    /// An applied migration differs from the file of that name, or the database is newer than this program.
    /// </exception>
    public async Task<IReadOnlyList<string>> MigrateAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new CommandDefinition(
            "select pg_advisory_lock(@AdvisoryLock)", new { AdvisoryLock },
            commandTimeout: 600, cancellationToken: ct));
        try
        {
            await connection.ExecuteAsync(new CommandDefinition(
                """
                create table if not exists schema_migrations (
                    name       text primary key,
                    checksum   text not null,
                    applied_at timestamptz not null default now()
                )
                """, cancellationToken: ct));
            var applied = await AppliedAsync(connection, ct);
            RefuseIfForeign(applied);

            var missing = All.Where(migration => !applied.ContainsKey(migration.Name)).ToList();
            foreach (var (name, sql) in missing)
                await ApplyAsync(connection, name, sql, ct);
            return [.. missing.Select(migration => migration.Name)];
        }
        finally
        {
            await connection.ExecuteAsync("select pg_advisory_unlock(@AdvisoryLock)", new { AdvisoryLock });
        }
    }

    /// <summary>
    /// Why the schema is not the one this program expects, in one sentence; null when it is.
    /// </summary>
    public async Task<string?> ProblemOrNullAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var exists = await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "select to_regclass('schema_migrations') is not null", cancellationToken: ct));
        if (!exists)
            return "The database has no schema yet.";
        var applied = await AppliedAsync(connection, ct);
        var missing = All.FirstOrDefault(migration => !applied.ContainsKey(migration.Name)).Name;
        return missing is null ? null : $"The database lacks migration {missing}.";
    }

    static async Task<Dictionary<string, string>> AppliedAsync(NpgsqlConnection connection, CancellationToken ct) =>
        (await connection.QueryAsync<(string Name, string Checksum)>(new CommandDefinition(
            "select name, checksum from schema_migrations", cancellationToken: ct)))
        .ToDictionary(row => row.Name, row => row.Checksum, StringComparer.Ordinal);

    static void RefuseIfForeign(Dictionary<string, string> applied)
    {
        foreach (var (name, checksum) in applied)
        {
            if (All.FirstOrDefault(migration => migration.Name == name).Sql is not { } sql)
                throw new InvalidOperationException(
                    $"The database has migration {name}, which this version of the program does not know; "
                    + "use the newer version.");
            if (Checksum(sql) != checksum)
                throw new InvalidOperationException(
                    $"Migration {name} was applied with other contents; a released migration must not be edited.");
        }
    }

    static async Task ApplyAsync(NpgsqlConnection connection, string name, string sql, CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await connection.ExecuteAsync(new CommandDefinition(sql, transaction: transaction, commandTimeout: 3600,
            cancellationToken: ct));
        await connection.ExecuteAsync(new CommandDefinition(
            "insert into schema_migrations (name, checksum) values (@name, @checksum)",
            new { name, checksum = Checksum(sql) }, transaction, cancellationToken: ct));
        await transaction.CommitAsync(ct);
    }

    static string Checksum(string sql) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(sql.ReplaceLineEndings("\n"))));

    static List<(string, string)> Load()
    {
        var assembly = typeof(Migrator).Assembly;
        return [.. assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(ResourcePrefix, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(name =>
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
                return (Path.GetFileNameWithoutExtension(name[ResourcePrefix.Length..]), reader.ReadToEnd());
            })];
    }
}
