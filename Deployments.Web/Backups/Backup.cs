using System.Formats.Tar;
using System.Text.Json;
using Deployments.Data.Database;
using Deployments.Web.Embedded;
using Deployments.Web.Settings;

namespace Deployments.Web.Backups;

/// <summary>
/// Writes everything that cannot be fetched again into one file: the database, the journal, the packages, the keys of
/// the data directory. The program may run meanwhile.
/// </summary>
/// <remarks>
/// The journal is copied before the database is dumped: what is delivered in between is in both, and ids make that
/// harmless; the other way round it could be in neither. Packages come after the database, which may know of a few less
/// than there are, but of none that is missing.
/// </remarks>
/// <param name="settings">Where things are.</param>
/// <param name="connectionString">The database; null: the private one.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Hears of a private PostgreSQL that is started for this.</param>
sealed class Backup(DeploymentsSettings settings, string? connectionString, TimeProvider time, ILogger logger)
{
    string Data => settings.DataDirectory!;

    /// <summary>Makes the backup: whole under its name, or not there.</summary>
    /// <param name="path">The file to write, readable by its owner only; it must not exist.</param>
    /// <param name="program">The version of this program.</param>
    /// <returns>Its length in bytes.</returns>
    /// <exception cref="CannotStartException">It cannot be made; the message says why.</exception>
    public async Task<long> WriteAsync(string path, string program)
    {
        path = Path.GetFullPath(path);
        if (Path.Exists(path))
            throw new CannotStartException($"{path} exists; a backup overwrites nothing.");
        if (connectionString is null && PrivatePostgres.MajorOrNull(Data) is null)
            throw new CannotStartException(
                $"There is nothing to back up in {Data}: name the data directory with Deployments__DataDirectory.");
        var (unfinished, dump) = (path + ".unfinished", path + ".unfinished.dump");
        try
        {
            long length;
            await using (var file = DataDirectory.CreateSecret(unfinished))
            {
                await using (var tar = new TarWriter(file, TarEntryFormat.Pax, leaveOpen: true))
                {
                    var label = new BackupLabel(BackupLabel.FormatNow, program, time.GetUtcNow());
                    using (var text = new MemoryStream(
                        JsonSerializer.SerializeToUtf8Bytes(label, JsonSerializerOptions.Web)))
                        await AddAsync(tar, Archive.Label, text);
                    await AddJournalAsync(tar);
                    await DumpAsync(dump);
                    await TryAddAsync(tar, Archive.Dump, dump);
                    if (settings.KeyFile is null) // else it is the operator's, who keeps it elsewhere
                        await TryAddAsync(tar, Archive.Keys, Path.Combine(Data, Archive.Keys));
                    await AddPackagesAsync(tar);
                    await AddAsync(tar, Archive.End, new MemoryStream());
                }

                file.Flush(flushToDisk: true);
                length = file.Length;
            }

            File.Move(unfinished, path);
            return length;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CannotStartException($"The backup cannot be written: {exception.Message}", exception);
        }
        finally
        {
            File.Delete(dump);
            File.Delete(unfinished);
        }
    }

    // A file of the journal that is given another name meanwhile is found under that.
    async Task AddJournalAsync(TarWriter tar)
    {
        var folder = Path.Combine(Data, "journal");
        var done = new HashSet<string>(StringComparer.Ordinal);
        bool hasMissed;
        do
        {
            hasMissed = false;
            foreach (var file in Directory.Exists(folder) ? Directory.GetFiles(folder) : [])
            {
                if (done.Contains(file))
                    continue;
                if (await TryAddAsync(tar, Archive.Journal + Path.GetFileName(file), file))
                    done.Add(file);
                else
                    hasMissed = true;
            }
        }
        while (hasMissed);
    }

    async Task AddPackagesAsync(TarWriter tar)
    {
        var folder = settings.PackagesDirectory!;
        if (!Directory.Exists(folder))
            return;
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            var name = Path.GetRelativePath(folder, file).Replace(Path.DirectorySeparatorChar, '/');
            await TryAddAsync(tar, Archive.Packages + name, file); // else it was deleted this moment
        }
    }

    async Task DumpAsync(string path)
    {
        await DataDirectory.CreateSecret(path).DisposeAsync(); // pg_dump keeps the mode of what is there
        if (connectionString is { } given)
        {
            await DumpAsync(path, given, null);
            return;
        }

        var major = PrivatePostgres.MajorOrNull(Data);
        if (PrivatePostgres.RunningOrNull(Data) is { } running)
        {
            await DumpAsync(path, running, major);
            return;
        }

        using var directory = DataDirectoryLock.Acquire(Data);
        await using var postgres = await PrivatePostgres.StartAsync(
            directory, settings.PostgresBin, logger, CancellationToken.None);
        await DumpAsync(path, postgres.ConnectionString, major);
    }

    async Task DumpAsync(string path, string database, int? major)
    {
        try
        {
            await PostgresTools.Find(settings.PostgresBin, major).RunAsync(
                "pg_dump", BackupDatabase.Environment(database),
                "--format=custom", "--no-owner", "--no-privileges", "--no-password", "--file=" + path);
        }
        catch (ArgumentException exception)
        {
            throw new CannotStartException(
                $"ConnectionStrings__Deployments is no connection string of Npgsql: {exception.Message}", exception);
        }
    }

    // As much as there is now: the journal may grow.
    static async Task<bool> TryAddAsync(TarWriter tar, string name, string path)
    {
        FileStream file;
        try
        {
            file = new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1 << 16, useAsync: true);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }

        await using (file)
        await using (var now = new Beginning(file, file.Length))
            await AddAsync(tar, name, now);
        return true;
    }

    static async Task AddAsync(TarWriter tar, string name, Stream content) => await tar.WriteEntryAsync(
        new PaxTarEntry(TarEntryType.RegularFile, name)
        {
            DataStream = content,
            Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
}
