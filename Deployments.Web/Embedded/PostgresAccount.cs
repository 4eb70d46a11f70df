using System.Diagnostics;

namespace Deployments.Web.Embedded;

/// <summary>
/// Runs PostgreSQL's programs, and the few system tools around them, under the right account: this process's own,
/// or <c>postgres</c> when this process is root, as whom PostgreSQL refuses to run.
/// </summary>
sealed class PostgresAccount
{
    const string Name = "postgres";

    // Words of a command that come before the program to run as another user; empty when there is none.
    readonly IReadOnlyList<string> _prefix;

    PostgresAccount(IReadOnlyList<string> prefix) => _prefix = prefix;

    bool IsAnother => _prefix.Count > 0;

    /// <summary>Chooses the account and checks that it reaches the data directory.</summary>
    /// <exception cref="CannotStartException">Root without a user postgres, or a directory it cannot reach.</exception>
    public static async Task<PostgresAccount> ChooseAsync(string dataDirectory)
    {
        if (!DataDirectory.IsRoot)
            return new PostgresAccount([]);
        var group = await RunAsSelfAsync(["id", "-g", Name], "/");
        if (group.ExitCode != 0)
        {
            throw new CannotStartException(
                "PostgreSQL refuses to run as root and there is no user 'postgres' to run it as: " +
                "install PostgreSQL from the system's packages, or start this program as an ordinary user.");
        }
        // setpriv, unlike su, replaces itself by the program and opens no login session that could end it later.
        var account = new PostgresAccount(
            ["setpriv", "--reuid", Name, "--regid", group.Output.Trim(), "--init-groups", "--"]);
        await account.CheckReachAsync(dataDirectory);
        return account;
    }

    /// <summary>Runs a program under the account and waits for it to end.</summary>
    /// <param name="workingDirectory">A directory that the account reaches.</param>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="input">Text for its standard input; null for none.</param>
    public Task<Outcome> RunAsync(string workingDirectory, IEnumerable<string> command, string? input = null) =>
        RunAsSelfAsync([.. _prefix, .. command], workingDirectory, input);

    /// <summary>Runs a program under the account.</summary>
    /// <exception cref="CannotStartException">It ended with an exit code other than 0.</exception>
    public async Task RequireAsync(string workingDirectory, IEnumerable<string> command, string? input = null)
    {
        var words = command.ToList();
        var outcome = await RunAsync(workingDirectory, words, input);
        if (outcome.ExitCode != 0)
            throw new CannotStartException($"{Path.GetFileName(words[0])} failed: {outcome.Output.Trim()}");
    }

    /// <summary>Gives a file or directory of this process to the account.</summary>
    public async Task GiveAsync(string path)
    {
        if (!IsAnother)
            return;
        var outcome = await RunAsSelfAsync(["chown", "-h", Name, path], "/");
        if (outcome.ExitCode != 0)
            throw new CannotStartException(outcome.Output.Trim());
    }

    /// <summary>
    /// Writes a file in the cluster with the account's rights only, so that nothing planted there, such as a
    /// symbolic link, can turn root's rights against another file.
    /// </summary>
    public async Task WriteAsync(string path, string text)
    {
        if (IsAnother)
            await RequireAsync("/", ["tee", path], text);
        else
            await File.WriteAllTextAsync(path, text);
    }

    async Task CheckReachAsync(string dataDirectory)
    {
        // Passing through is enough: the directory's own secrets stay unreadable.
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(dataDirectory, File.GetUnixFileMode(dataDirectory) | UnixFileMode.OtherExecute);
        if ((await RunAsync("/", ["test", "-x", dataDirectory])).ExitCode == 0)
            return;
        var blocked = dataDirectory;
        while (Path.GetDirectoryName(blocked) is { } parent
            && (await RunAsync("/", ["test", "-x", parent])).ExitCode != 0)
        {
            blocked = parent;
        }
        throw new CannotStartException(
            $"The data directory {dataDirectory} is closed to the user 'postgres', as which PostgreSQL runs when " +
            "this program is started by root: choose another one with Deployments__DataDirectory, such as " +
            $"/var/lib/deployments, or open the way with 'chmod o+x {blocked}'.");
    }

    /// <summary>Runs a program with this process's own rights.</summary>
    public static async Task<Outcome> RunAsSelfAsync(
        IReadOnlyList<string> command, string workingDirectory, string? input = null)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            WorkingDirectory = OperatingSystem.IsWindows() ? "" : workingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (OperatingSystem.IsWindows())
            start.CreateNewProcessGroup = true; // Or Ctrl+C would stop the server before this program is done.
        // The caller's PGDATA, PGPORT, PGOPTIONS and so on are about some other database.
        foreach (var name in start.Environment.Keys.ToList())
        {
            if (name.StartsWith("PG", StringComparison.Ordinal))
                start.Environment.Remove(name);
        }
        start.Environment["LC_ALL"] = "C";

        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new CannotStartException($"The program '{command[0]}' cannot be run: {e.Message}", e);
        }
        using (process)
        {
            var output = process.StandardOutput.ReadToEndAsync();
            var errors = process.StandardError.ReadToEndAsync();
            await FeedAsync(process.StandardInput, input);
            await process.WaitForExitAsync();
            return new Outcome(process.ExitCode, await Settled(output) + await Settled(errors));
        }
    }

    static async Task FeedAsync(StreamWriter standardInput, string? text)
    {
        try
        {
            await using (standardInput)
                await standardInput.WriteAsync(text);
        }
        catch (IOException)
        {
            // It ended without reading everything; its exit code and its words say why.
        }
    }

    // On Windows the server inherits pg_ctl's pipes and keeps them open: what came until then is not worth waiting for.
    static async Task<string> Settled(Task<string> reading) =>
        await Task.WhenAny(reading, Task.Delay(TimeSpan.FromSeconds(1))) == reading ? await reading : "";

    /// <summary>How a program ended, and what it wrote to its standard output and error.</summary>
    public sealed record Outcome(int ExitCode, string Output);
}
