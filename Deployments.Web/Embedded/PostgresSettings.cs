using System.Data.Common;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Deployments.Web.Embedded;

/// <summary>
/// The files that configure the private PostgreSQL, written anew at every start, and the address that follows from
/// them. They lie beside the cluster rather than in it, so that only this program's own account can change them.
/// </summary>
sealed class PostgresSettings
{
    /// <summary>The line at the end of the cluster's postgresql.conf that brings our settings in.</summary>
    public const string IncludeLines =
        """

        # The settings of the program that owns this cluster. Lines added below this one win over them.
        include = '../postgres.conf'

        """;

    // A Unix socket's path holds 108 bytes on Linux and 104 on macOS and the BSDs, terminator included.
    const int SocketPathBytesMax = 103;

    readonly string _dataDirectory;
    readonly int _port;
    readonly string? _socketDirectory;

    PostgresSettings(string dataDirectory, int port, string? socketDirectory)
    {
        _dataDirectory = dataDirectory;
        _port = port;
        _socketDirectory = socketDirectory;
    }

    string SettingsFile => Path.Combine(_dataDirectory, "postgres.conf");

    string AccessFile => Path.Combine(_dataDirectory, "postgres-hba.conf");

    /// <summary>
    /// Chooses the address - a Unix socket in a private directory, or a free loopback port on Windows - and writes
    /// the files.
    /// </summary>
    public static async Task<PostgresSettings> WriteAsync(string dataDirectory, PostgresAccount account)
    {
        var settings = OperatingSystem.IsWindows()
            ? new PostgresSettings(dataDirectory, FreePort(), null)
            : new PostgresSettings(dataDirectory, 5432, await MakeSocketDirectoryAsync(dataDirectory, account));
        await WriteReadableAsync(settings.AccessFile, AccessRules);
        await WriteReadableAsync(settings.SettingsFile, settings.Text());
        return settings;
    }

    /// <summary>The address of a server that another process runs on this data directory.</summary>
    public static PostgresSettings OfRunning(string dataDirectory)
    {
        if (OperatingSystem.IsWindows())
        {
            const string Port = "port = ";
            var line = File.ReadLines(Path.Combine(dataDirectory, "postgres.conf"))
                .First(line => line.StartsWith(Port, StringComparison.Ordinal));
            return new PostgresSettings(
                dataDirectory, int.Parse(line[Port.Length..], System.Globalization.CultureInfo.InvariantCulture), null);
        }

        var note = TemporaryNote(dataDirectory);
        return new PostgresSettings(dataDirectory, 5432,
            File.Exists(note) ? File.ReadAllText(note) : Path.Combine(dataDirectory, "socket"));
    }

    /// <summary>An Npgsql connection string for the application's database.</summary>
    public string ConnectionString(string password) => new DbConnectionStringBuilder
    {
        ["Host"] = _socketDirectory ?? "127.0.0.1",
        ["Port"] = _port,
        ["Database"] = PostgresCluster.ApplicationName,
        ["Username"] = PostgresCluster.ApplicationName,
        ["Password"] = password,
    }.ConnectionString;

    /// <summary>
    /// Removes the socket of a dead server, whose lock file may name a process number that is in use again.
    /// </summary>
    public void RemoveSocket()
    {
        if (_socketDirectory is null)
            return;
        foreach (var file in Directory.GetFiles(_socketDirectory, ".s.PGSQL.*"))
            File.Delete(file);
    }

    /// <summary>Removes a socket directory that lies outside the data directory.</summary>
    public void RemoveSocketDirectory() => RemoveTemporary(_dataDirectory);

    const string AccessRules =
        """
        # Only passwords, only from this machine. The superuser has no password and therefore cannot log in.
        local  all  all                scram-sha-256
        host   all  all  127.0.0.1/32  scram-sha-256

        """;

    string Text() =>
        $"""
        # Written by the program at every start: changes here are lost.
        # Settings of your own go below the include line in postgres/postgresql.conf.

        # Reachable from this machine only; no TCP at all where Unix sockets exist.
        listen_addresses = '{(_socketDirectory is null ? "127.0.0.1" : "")}'
        port = {_port}
        unix_socket_directories = '{Quoted(_socketDirectory ?? "")}'
        unix_socket_permissions = 0700
        hba_file = '{Quoted(AccessFile)}'
        password_encryption = 'scram-sha-256'

        # An acknowledged record survives a crash of the program, of PostgreSQL and of the machine.
        fsync = on
        synchronous_commit = on
        full_page_writes = on

        # Sized for a small machine that the program shares; the rest is left to the system's page cache.
        max_connections = 200
        shared_buffers = 256MB
        effective_cache_size = 1GB
        work_mem = 8MB
        maintenance_work_mem = 128MB

        # Bulk imports run into fewer checkpoints; compression costs less than writing full pages does.
        min_wal_size = 256MB
        max_wal_size = 2GB
        wal_compression = on

        # Storage without seek times, and queries too short to be worth compiling.
        random_page_cost = 1.1
        jit = off

        # A week of log files in postgres/log, each overwritten when its day comes round again.
        logging_collector = on
        log_directory = 'log'
        log_filename = 'postgresql-%a.log'
        log_truncate_on_rotation = on
        log_rotation_age = 1d
        log_rotation_size = 0
        log_checkpoints = off
        log_timezone = 'UTC'
        timezone = 'UTC'
        lc_messages = 'C'

        """;

    // Whatever the umask: the server may run under another account, and there is no secret in these files.
    static async Task WriteReadableAsync(string path, string text)
    {
        await File.WriteAllTextAsync(path, text);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, File.GetUnixFileMode(path) | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
    }

    static string Quoted(string text) => text.Replace("'", "''", StringComparison.Ordinal);

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    static async Task<string> MakeSocketDirectoryAsync(string dataDirectory, PostgresAccount account)
    {
        RemoveTemporary(dataDirectory);
        var directory = Path.Combine(dataDirectory, "socket");
        // Npgsql takes a comma or a colon in a host for a list of hosts or a port.
        if (Encoding.UTF8.GetByteCount(directory + "/.s.PGSQL.5432") > SocketPathBytesMax
            || directory.AsSpan().ContainsAny(',', ':'))
        {
            // Created with mode 0700 and a name that nobody can guess beforehand.
            directory = Directory.CreateTempSubdirectory(TemporaryPrefix).FullName;
            await File.WriteAllTextAsync(TemporaryNote(dataDirectory), directory);
        }
        DataDirectory.CreatePrivate(directory);
        await account.GiveAsync(directory);
        return directory;
    }

    const string TemporaryPrefix = "deployments-";

    // Names the temporary directory, so that the next start can remove what a killed program left behind.
    static string TemporaryNote(string dataDirectory) => Path.Combine(dataDirectory, "socket.path");

    static void RemoveTemporary(string dataDirectory)
    {
        var note = TemporaryNote(dataDirectory);
        if (!File.Exists(note))
            return;
        var directory = File.ReadAllText(note);
        if (Path.GetFileName(directory).StartsWith(TemporaryPrefix, StringComparison.Ordinal)
            && Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }
        File.Delete(note);
    }
}
