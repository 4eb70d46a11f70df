using System.Data.Common;
using System.Formats.Tar;
using Deployments.Data.Database;
using Deployments.Web.Embedded;
using Deployments.Web.Settings;

namespace Deployments.Web.Backups;

/// <summary>
/// Brings a backup back, to a place where nothing is: an empty data directory, an empty folder of packages, an empty
/// database. Until it has come to its end the program refuses to start there.
/// </summary>
/// <param name="settings">Where things are to be.</param>
/// <param name="connectionString">The database; null: a private one, which is made.</param>
/// <param name="logger">Hears of the private PostgreSQL that is started for this.</param>
sealed class Restore(DeploymentsSettings settings, string? connectionString, ILogger logger)
{
    const string UnfinishedName = "restore.unfinished";

    // What a look at an empty folder leaves there.
    static readonly string[] Harmless = ["deployments.lock", "deployments.owner"];

    string Data => settings.DataDirectory!;

    /// <summary>Why the program must not start on a data directory; null when it may.</summary>
    public static string? ProblemOrNull(string dataDirectory) =>
        File.Exists(Path.Combine(dataDirectory, UnfinishedName))
            ? $"A restore to {dataDirectory} did not come to its end: empty that folder, the folder of packages and "
                + "the database, and restore again."
            : null;

    /// <summary>Brings everything back.</summary>
    /// <param name="path">The backup.</param>
    /// <exception cref="CannotStartException">
    /// It is no backup, something is there already, or it failed; the message says what.
    /// </exception>
    public async Task<BackupLabel> ReadAsync(string path)
    {
        path = Path.GetFullPath(path);
        var label = await Archive.CheckAsync(path);
        using var directory = DataDirectoryLock.Acquire(Data);
        await RefuseToOverwriteAsync();
        var (mark, dump) = (Path.Combine(Data, UnfinishedName), Path.Combine(Data, "restore.dump"));
        try
        {
            DataDirectory.WriteSecret(mark, path);
            await ExtractAsync(path, dump);
            await FillDatabaseAsync(directory, dump);
            File.Delete(dump);
            File.Delete(mark);
            return label;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CannotStartException($"The backup cannot be restored: {exception.Message}", exception);
        }
    }

    async Task RefuseToOverwriteAsync()
    {
        foreach (var folder in new[] { Data, settings.PackagesDirectory! })
        {
            var found = Directory.Exists(folder)
                ? Directory.EnumerateFileSystemEntries(folder).Select(Path.GetFileName)
                    .FirstOrDefault(name => !Harmless.Contains(name, StringComparer.Ordinal))
                : null;
            if (found is not null)
                throw new CannotStartException(
                    $"{folder} is not empty, it holds '{found}'; a restore overwrites nothing.");
        }

        if (connectionString is null)
            return;
        try
        {
            if (await BackupDatabase.IsEmptyAsync(connectionString, CancellationToken.None))
                return;
        }
        catch (ArgumentException exception)
        {
            throw new CannotStartException(
                $"ConnectionStrings__Deployments is no connection string of Npgsql: {exception.Message}", exception);
        }
        catch (DbException exception)
        {
            throw new CannotStartException($"The database cannot be used: {exception.Message}", exception);
        }

        throw new CannotStartException("The database is not empty; a restore overwrites nothing.");
    }

    async Task ExtractAsync(string path, string dump)
    {
        await using var file = File.OpenRead(path);
        await using var tar = new TarReader(file);
        while (await tar.GetNextEntryAsync() is { } entry)
        {
            var target = entry.Name switch
            {
                Archive.Dump => dump,
                Archive.Keys => Path.Combine(Data, Archive.Keys),
                var name when name.StartsWith(Archive.Journal, StringComparison.Ordinal) => Path.Combine(Data, name),
                var name when name.StartsWith(Archive.Packages, StringComparison.Ordinal) =>
                    Path.Combine(settings.PackagesDirectory!, name[Archive.Packages.Length..]),
                _ => null,
            };
            if (target is null)
                continue;
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            var isPackage = entry.Name.StartsWith(Archive.Packages, StringComparison.Ordinal);
            await using var written = isPackage ? File.Create(target) : DataDirectory.CreateSecret(target);
            if (entry.DataStream is { } content)
                await content.CopyToAsync(written);
            written.Flush(flushToDisk: !isPackage);
        }
    }

    async Task FillDatabaseAsync(DataDirectoryLock directory, string dump)
    {
        if (connectionString is { } given)
        {
            await FillAsync(given, null, dump);
            return;
        }

        await using var postgres = await PrivatePostgres.StartAsync(
            directory, settings.PostgresBin, logger, CancellationToken.None);
        await FillAsync(postgres.ConnectionString, PrivatePostgres.MajorOrNull(Data), dump);
    }

    Task FillAsync(string database, int? major, string dump)
    {
        var variables = BackupDatabase.Environment(database);
        return PostgresTools.Find(settings.PostgresBin, major).RunAsync(
            "pg_restore", variables, "--no-owner", "--no-privileges", "--no-password", "--exit-on-error",
            "--single-transaction", "--dbname=" + variables["PGDATABASE"], dump);
    }
}
