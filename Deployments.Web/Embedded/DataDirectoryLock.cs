namespace Deployments.Web.Embedded;

/// <summary>
/// The right to use a data directory, held by one living process at a time. The operating system gives it back when
/// the process ends, however it ends, so a crash never leaves a lock behind.
/// </summary>
public sealed class DataDirectoryLock : IDisposable
{
    readonly FileStream _file;

    DataDirectoryLock(string path, FileStream file)
    {
        Path = path;
        _file = file;
    }

    /// <summary>The full path of the data directory.</summary>
    public string Path { get; }

    /// <summary>Creates the data directory if need be (readable by its owner only) and locks it.</summary>
    /// <param name="dataDirectory">A path; a relative one is resolved against the current directory.</param>
    /// <exception cref="CannotStartException">
    /// Another living process uses the directory, or it cannot be created or written to.
    /// </exception>
    public static DataDirectoryLock Acquire(string dataDirectory)
    {
        var path = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(dataDirectory));
        FileStream file;
        try
        {
            DataDirectory.CreatePrivate(path);
            file = Open(path);
        }
        catch (UnauthorizedAccessException e)
        {
            throw Refusal(path, e);
        }
        catch (IOException e) when (Directory.Exists(path))
        {
            throw new CannotStartException(
                $"The data directory {path} is in use by {Owner(path)}: stop that program first, " +
                "or choose another directory with Deployments__DataDirectory.", e);
        }
        catch (IOException e)
        {
            throw Refusal(path, e);
        }
        File.WriteAllText(OwnerFile(path), $"process {Environment.ProcessId} on {Environment.MachineName}");
        return new DataDirectoryLock(path, file);
    }

    /// <summary>Gives the directory back. The file stays: deleting it would let two processes lock two files.</summary>
    public void Dispose() => _file.Dispose();

    static CannotStartException Refusal(string path, Exception why) => new(
        $"Deployments__DataDirectory is '{path}'; it must be a folder that this program may make and write to.", why);

    // No sharing means flock(LOCK_EX) on Unix. .NET opens files close-on-exec, so that the lock does not live on
    // in a PostgreSQL that outlives this process.
    static FileStream Open(string path) =>
        new(System.IO.Path.Combine(path, "deployments.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite,
            FileShare.None);

    // A file of its own, because a locked file cannot be read by others on every platform.
    static string OwnerFile(string path) => System.IO.Path.Combine(path, "deployments.owner");

    static string Owner(string path)
    {
        try
        {
            return File.ReadAllText(OwnerFile(path));
        }
        catch (IOException)
        {
            return "another program";
        }
    }
}
