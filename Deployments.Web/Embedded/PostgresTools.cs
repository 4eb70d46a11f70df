using System.Diagnostics;

namespace Deployments.Web.Embedded;

/// <summary>PostgreSQL's programs that talk to a running server: <c>pg_dump</c>, <c>pg_restore</c>.</summary>
/// <param name="folder">Where they are; null: on the <c>PATH</c>.</param>
sealed class PostgresTools(string? folder)
{
    /// <summary>
    /// Those that came with the server programs of this machine, of the version that is asked for; else whatever the
    /// <c>PATH</c> has.
    /// </summary>
    /// <param name="configuredFolder">Setting <c>Deployments:PostgresBin</c>; null when it is not set.</param>
    /// <param name="major">The version that made a private cluster; null for another's database.</param>
    public static PostgresTools Find(string? configuredFolder, int? major)
    {
        try
        {
            return new PostgresTools(PostgresPrograms.Find(configuredFolder, major).Folder);
        }
        catch (CannotStartException) when (major is null && configuredFolder is null)
        {
            return new PostgresTools(null); // a machine may have the client programs alone
        }
    }

    /// <summary>Runs one and waits for its end.</summary>
    /// <param name="program">Its name.</param>
    /// <param name="database">Which database, as environment variables.</param>
    /// <param name="arguments">Its arguments; no secret may be among them.</param>
    /// <exception cref="CannotStartException">It is not there, or failed; the message is its own.</exception>
    public async Task RunAsync(
        string program, IReadOnlyDictionary<string, string> database, params string[] arguments)
    {
        var file = FileOf(program);
        var start = new ProcessStartInfo(file, arguments)
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("PG", StringComparison.Ordinal))
            .ToList())
            start.Environment.Remove(name); // the caller's are about some other database
        foreach (var (name, value) in database)
            start.Environment[name] = value;
        start.Environment["LC_ALL"] = "C";
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw new CannotStartException(
                $"The program '{file}' cannot be run: {exception.Message}. It is part of PostgreSQL's client programs "
                + "(package 'postgresql-client').", exception);
        }

        using (process)
        {
            process.StandardInput.Close(); // it asks nobody for a password
            var errors = process.StandardError.ReadToEndAsync();
            await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            if (process.ExitCode != 0)
                throw new CannotStartException($"{program} failed: {(await errors).Trim()}");
        }
    }

    // Beside the server programs, or beside what they are links to; else on the PATH.
    string FileOf(string program)
    {
        if (folder is null)
            return program;
        var server = new PostgresPrograms(folder, 0)["postgres"];
        var folders = new[] { folder, Path.GetDirectoryName(File.ResolveLinkTarget(server, true)?.FullName) };
        return folders.OfType<string>().Select(beside => new PostgresPrograms(beside, 0)[program])
            .FirstOrDefault(File.Exists) ?? program;
    }
}
