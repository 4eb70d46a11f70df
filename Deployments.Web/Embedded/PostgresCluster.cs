using System.Security.Cryptography;

namespace Deployments.Web.Embedded;

/// <summary>The private cluster on disk: makes it once, and knows the password of the application's account.</summary>
sealed class PostgresCluster(string dataDirectory)
{
    /// <summary>Name of the application's role and of its database.</summary>
    public const string ApplicationName = "deployments";

    // Generated once; 48 hexadecimal digits are 192 bits.
    const int PasswordDigits = 48;

    /// <summary>The cluster's directory (<c>PGDATA</c>).</summary>
    public string Directory { get; } = Path.Combine(dataDirectory, "postgres");

    /// <summary>The major version that made the cluster; null when there is none yet.</summary>
    public int? Major()
    {
        var file = Path.Combine(Directory, "PG_VERSION");
        return File.Exists(file) && int.TryParse(File.ReadAllText(file), out var major) ? major : null;
    }

    string PasswordFile => Path.Combine(dataDirectory, "postgres.password");

    /// <summary>The password of the application's account, of a cluster that is there.</summary>
    public string Password() => File.ReadAllText(PasswordFile).Trim();

    /// <summary>
    /// Makes the cluster if there is none, and returns the password. The server must not be running. A cluster is
    /// made under another name and renamed when complete, so that one cut short is simply begun again.
    /// </summary>
    public async Task<string> PrepareAsync(PostgresPrograms programs, PostgresAccount account)
    {
        var file = PasswordFile;
        var password = File.Exists(file) ? Password() : "";
        var isNewPassword = password.Length != PasswordDigits;
        if (isNewPassword)
        {
            password = RandomNumberGenerator.GetHexString(PasswordDigits, lowercase: true);
            DataDirectory.WriteSecret(file, password);
        }

        if (Major() is null)
            await CreateAsync(programs, account, password);
        else if (isNewPassword)
            await RunSqlAsync(programs, account, Directory, $"alter role {ApplicationName} password '{password}';");
        return password;
    }

    async Task CreateAsync(PostgresPrograms programs, PostgresAccount account, string password)
    {
        var unfinished = Directory + ".unfinished";
        if (System.IO.Directory.Exists(unfinished))
            System.IO.Directory.Delete(unfinished, recursive: true);
        DataDirectory.CreatePrivate(unfinished);
        await account.GiveAsync(unfinished);

        await account.RequireAsync(
            dataDirectory,
            [
                programs["initdb"], "--pgdata", unfinished, "--username", "postgres", "--auth", "reject",
                "--encoding", "UTF8", "--data-checksums", .. Locale(programs.Major),
            ]);
        // Single-user mode needs neither a running server nor a login. The role owns its database and no more.
        await RunSqlAsync(programs, account, unfinished,
            $"""
            create role {ApplicationName} login createdb password '{password}';
            create database {ApplicationName} owner {ApplicationName};
            """);
        var settings = Path.Combine(unfinished, "postgresql.conf");
        await account.WriteAsync(settings, await File.ReadAllTextAsync(settings) + PostgresSettings.IncludeLines);

        if (System.IO.Directory.Exists(Directory))
            System.IO.Directory.Delete(Directory); // Throws unless empty: nothing that has data in it is removed.
        System.IO.Directory.Move(unfinished, Directory);
        // The new name must be on disk before anything relies on it, or a power cut would bring the old one back.
        if (!OperatingSystem.IsWindows())
            await PostgresAccount.RunAsSelfAsync(["sync", dataDirectory], dataDirectory);
    }

    // Order by code point and know every letter, on whatever machine: PostgreSQL's own locale where it exists, else
    // the C library's; without either, only ASCII letters have an upper and a lower case.
    static string[] Locale(int major) =>
        major >= 17 ? ["--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"]
        : OperatingSystem.IsLinux() ? ["--locale", "C.UTF-8"]
        : ["--locale", "C"];

    // One statement a line, as single-user mode reads them.
    Task RunSqlAsync(PostgresPrograms programs, PostgresAccount account, string directory, string sql) =>
        account.RequireAsync(
            dataDirectory,
            [programs["postgres"], "--single", "-D", directory, "-c", "exit_on_error=on",
                "-c", "logging_collector=off", "-c", "password_encryption=scram-sha-256", "postgres"],
            sql + "\n");
}
