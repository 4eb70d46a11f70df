using System.Diagnostics;
using System.Globalization;

namespace Deployments.Web.Embedded;

/// <summary>A folder with PostgreSQL's server programs (<c>postgres</c>, <c>initdb</c>, <c>pg_ctl</c>).</summary>
/// <param name="Folder">Full path of the folder.</param>
/// <param name="Major">Major version, such as 15.</param>
public sealed record PostgresPrograms(string Folder, int Major)
{
    /// <summary>The oldest major version whose features the schema uses.</summary>
    public const int OldestMajor = 15;

    /// <summary>
    /// Finds the programs: in the configured folder if there is one; otherwise on the PATH and then where Debian,
    /// Fedora, Homebrew, Postgres.app and the Windows installer put them, newest version first.
    /// </summary>
    /// <param name="configuredFolder">Setting <c>Deployments:PostgresBin</c>; null or empty when it is not set.</param>
    /// <param name="major">The version that made the existing cluster; null when there is none yet.</param>
    /// <exception cref="CannotStartException">There is no suitable PostgreSQL.</exception>
    public static PostgresPrograms Find(string? configuredFolder, int? major)
    {
        var found = new List<int>();
        var folders = string.IsNullOrWhiteSpace(configuredFolder)
            ? OnPath().Concat(UsualFolders())
            : [Path.GetFullPath(configuredFolder)];
        foreach (var folder in folders.Distinct().Where(HasPrograms))
        {
            if (VersionOf(folder) is not { } version)
                continue;
            if (major is null ? version >= OldestMajor : version == major)
                return new PostgresPrograms(folder, version);
            found.Add(version);
        }
        throw new CannotStartException(Advice(configuredFolder, major, found));
    }

    /// <summary>The full path of one of the programs.</summary>
    public string this[string program] =>
        Path.Combine(Folder, OperatingSystem.IsWindows() ? program + ".exe" : program);

    static string Advice(string? configuredFolder, int? major, List<int> found)
    {
        var versions = found.Count == 0 ? "no PostgreSQL" : $"only PostgreSQL {string.Join(", ", found.Distinct())}";
        var wanted = major is null
            ? $"version {OldestMajor} or newer" : $"version {major}, which made the existing data";
        if (!string.IsNullOrWhiteSpace(configuredFolder))
            return $"Deployments__PostgresBin is '{configuredFolder}'; it must be the folder of PostgreSQL's server "
                + $"programs, of {wanted}: there is {versions}.";
        var remedy = OperatingSystem.IsWindows() ? "install PostgreSQL with its Windows installer"
            : OperatingSystem.IsMacOS() ? $"run 'brew install postgresql@{major ?? 17}'"
            : $"install the package 'postgresql{(major is null ? "" : "-" + major)}' (Debian, Ubuntu) or " +
              "'postgresql-server' (Fedora)";
        return $"There is {versions} on this machine, but {wanted} is needed: {remedy}, " +
            "or name your own database with ConnectionStrings__Deployments.";
    }

    static IEnumerable<string> OnPath() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(Path.IsPathFullyQualified);

    static IEnumerable<string> UsualFolders()
    {
        if (OperatingSystem.IsWindows())
        {
            var programs = Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles);
            return Versions(Path.Combine(programs, "PostgreSQL"), "*");
        }
        return
        [
            .. Versions("/usr/lib/postgresql", "*"),
            .. Versions("/usr", "pgsql-*"),
            "/usr/bin", "/usr/local/bin",
            .. Versions("/opt/homebrew/opt", "postgresql@*"),
            .. Versions("/usr/local/opt", "postgresql@*"),
            .. Versions("/Applications/Postgres.app/Contents/Versions", "*"),
        ];
    }

    // The bin folders below parent/pattern, highest number first: 17 comes before 9.
    static IEnumerable<string> Versions(string parent, string pattern) =>
        !Directory.Exists(parent) ? [] : Directory.GetDirectories(parent, pattern)
            .OrderByDescending(folder => FirstNumber(Path.GetFileName(folder)) ?? 0)
            .Select(folder => Path.Combine(folder, "bin"));

    static bool HasPrograms(string folder)
    {
        var programs = new PostgresPrograms(folder, 0);
        return File.Exists(programs["postgres"]) && File.Exists(programs["initdb"]) && File.Exists(programs["pg_ctl"]);
    }

    // The program says for example "postgres (PostgreSQL) 15.8 (Debian 15.8-1)".
    static int? VersionOf(string folder)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(new PostgresPrograms(folder, 0)["postgres"])
            {
                ArgumentList = { "--version" },
                RedirectStandardOutput = true,
            });
            return FirstNumber(process?.StandardOutput.ReadToEnd() ?? "");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null; // Not executable: as good as absent.
        }
    }

    static int? FirstNumber(string text)
    {
        var digits = text.SkipWhile(c => !char.IsAsciiDigit(c)).TakeWhile(char.IsAsciiDigit).ToArray();
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }
}
