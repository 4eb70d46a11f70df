using System.Diagnostics;
using System.Globalization;

namespace Deployments.Web.Embedded;

/// <summary>
/// <c>postmaster.pid</c>, in which a running PostgreSQL says who it is. After a crash the file stays behind, and
/// its process number may by then belong to a process that has nothing to do with PostgreSQL.
/// </summary>
/// <param name="clusterDirectory">The cluster's directory, spelled as it is given to PostgreSQL.</param>
sealed class PostmasterFile(string clusterDirectory)
{
    // Lines of the file; see src/include/utils/pidfile.h of PostgreSQL.
    const int PidLine = 0;
    const int DirectoryLine = 1;
    const int StartLine = 2;
    const int StatusLine = 7;

    // How far the start time in the file and the one the system tells may differ.
    const int StartToleranceSeconds = 10;

    string FilePath => Path.Combine(clusterDirectory, "postmaster.pid");

    /// <summary>The process number of this cluster's living postmaster; null when there is none.</summary>
    public int? LivingProcess() =>
        Read() is { } lines && Pid(lines) is { } pid && IsPostmaster(pid, lines) ? pid : null;

    /// <summary>True when the living postmaster accepts connections.</summary>
    public bool IsReady() =>
        LivingProcess() is not null && Read() is { } lines && lines.Length > StatusLine
        && lines[StatusLine].Trim() == "ready";

    /// <summary>
    /// Makes a file that was left behind harmless when its process number belongs to another living process, because
    /// PostgreSQL would refuse to start. The rest of the file is kept: by it PostgreSQL finds out whether
    /// server processes of the crashed instance still use its shared memory.
    /// </summary>
    public async Task DisarmAsync(PostgresAccount account)
    {
        if (LivingProcess() is not null || Read() is not { } lines || Pid(lines) is not { } pid || !Exists(pid))
            return;
        lines[PidLine] = int.MaxValue.ToString(CultureInfo.InvariantCulture); // No system counts this far.
        await account.WriteAsync(FilePath, string.Join('\n', lines) + "\n");
    }

    /// <summary>
    /// Server processes of this cluster, to be asked when its postmaster is dead: they ought to notice that by
    /// themselves, but one busy with a long query notices late. Empty where the system does not tell.
    /// </summary>
    public IReadOnlyList<int> ServerProcesses()
    {
        if (!OperatingSystem.IsLinux())
            return [];
        var found = new List<int>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
                && LinkTarget(Path.Combine(folder, "cwd")) == clusterDirectory
                && Path.GetFileName(LinkTarget(Path.Combine(folder, "exe")))?.StartsWith(
                    "postgres", StringComparison.Ordinal) == true)
            {
                found.Add(pid);
            }
        }
        return found;
    }

    string[]? Read()
    {
        try
        {
            return File.ReadAllLines(FilePath);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // Not there, or being written at this moment.
        }
    }

    static int? Pid(string[] lines) =>
        lines.Length > StartLine
        && int.TryParse(lines[PidLine], NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : null;

    // The directory is compared too: a copied data directory carries the file of a server that still runs elsewhere.
    bool IsPostmaster(int pid, string[] lines)
    {
        if (Path.GetFullPath(lines[DirectoryLine]) != clusterDirectory)
            return false;
        return OperatingSystem.IsLinux() ? CommandNames(pid, lines[DirectoryLine]) : StartedThen(pid, lines[StartLine]);
    }

    // Readable by everybody, unlike the process's working directory; empty for a dead process not yet reaped.
    static bool CommandNames(int pid, string directory)
    {
        try
        {
            var words = File.ReadAllText($"/proc/{pid}/cmdline").Split('\0');
            return Path.GetFileName(words[0]) is "postgres" or "postmaster" && words.Contains(directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    static bool StartedThen(int pid, string startLine)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            var started = new DateTimeOffset(process.StartTime).ToUnixTimeSeconds();
            return !process.HasExited
                && process.ProcessName.StartsWith("post", StringComparison.OrdinalIgnoreCase)
                && long.TryParse(startLine, NumberStyles.None, CultureInfo.InvariantCulture, out var written)
                && Math.Abs(started - written) <= StartToleranceSeconds;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException
            or System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    static bool Exists(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    static string? LinkTarget(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // Gone meanwhile, or not ours to look at.
        }
    }
}
