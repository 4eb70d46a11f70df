using System.Formats.Tar;
using System.Net;
using Dapper;
using Deployments.Tests.Support;
using Deployments.Web.Backups;
using Npgsql;

namespace Deployments.Tests.Backups;

/// <summary>What was backed up comes back, and nothing else is harmed by it.</summary>
public sealed class BackupTests : IDisposable
{
    readonly string directory = Directory.CreateTempSubdirectory("deployments-test-").FullName;

    string Backup => Path.Combine(directory, "deployments.backup");

    public BackupTests()
    {
        if (!OperatingSystem.IsWindows()) // root's PostgreSQL runs as another user, who must pass
            File.SetUnixFileMode(directory, File.GetUnixFileMode(directory) | UnixFileMode.OtherExecute);
    }

    public void Dispose() => Directory.Delete(directory, recursive: true);

    // The whole way, as on one's own machine: the program runs and records while it is backed up, and its directory is
    // then lost.
    [Fact]
    public async Task Everything_acknowledged_before_a_backup_comes_back_with_packages_and_passwords()
    {
        var restored = Path.Combine(directory, "restored");
        List<string> before;
        await using (var server = await ServerProcess.StartAsync())
        {
            var path = await UniversalPackage.InNewFeedAsync(server.Admin, "main");
            await ProtectAsync(server.Admin);
            before = [await DownloadAsync(server.Admin, path), await DownloadAsync(server.Admin, path)];
            await using var load = new TaggedLoad(server.Admin, path, parallel: 4);
            await load.MoreAsync("recorded", 20);
            before.AddRange(load.Promised.Keys.Select(id => $"{id}"));

            await SucceedsAsync(server.DataDirectory, "--backup", Backup);

            await load.MoreAsync("recorded", 5); // it went on
        }

        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Backup));
        Assert.Equal([Backup], Directory.GetFiles(directory)); // nothing half is left
        await RefusesAsync(restored, $"{Backup} exists; a backup overwrites nothing.", "--backup", Backup);

        Assert.StartsWith("Restored what version ", await SucceedsAsync(restored, "--restore", Backup),
            StringComparison.Ordinal);
        await RefusesAsync(restored, $"{restored} is not empty, it holds '", "--restore", Backup);
        // The same once more, from a server that does not run.
        await SucceedsAsync(restored, "--backup", Backup + ".2");
        await Archive.CheckAsync(Backup + ".2");
        Assert.InRange(new FileInfo(Backup + ".2").Length, new FileInfo(Backup).Length / 2, long.MaxValue);

        await using (var server = await ServerProcess.StartInAsync(restored))
        {
            await using var database = server.OpenDatabase();
            await Patience.UntilAsync(async () =>
                await CountAsync(database, "select count(*) from deployment_inbox") == 0);
            await using var connection = await database.OpenConnectionAsync();
            var ids = (await connection.QueryAsync<long>("select id from deployments"))
                .Select(id => $"{id}").ToHashSet();
            Assert.Empty(before.Except(ids));
            Assert.Equal(ids.Count, await CountAsync(database, "select count(*) from deployments"));
            await DownloadAsync(server.Admin, "/upack/main/download/app/1.0.0");
            Assert.Contains("hidden upstream", await ConnectorsAsync(server.Admin), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_database_of_ones_own_is_backed_up_and_restored_to_an_empty_one_only()
    {
        await using var database = await TestDatabase.CreateStartedAsync();
        string data;
        await using (var server = await ServerProcess.StartAsync(
            "ConnectionStrings:Deployments=" + database.ConnectionString))
        {
            data = server.DataDirectory;
            var path = await UniversalPackage.InNewFeedAsync(server.Admin, "main");
            await DownloadAsync(server.Admin, path);
            await Recorded.DrainedAsync(database);
            await SucceedsAsync(
                data, "--backup", Backup, "--ConnectionStrings:Deployments=" + database.ConnectionString);
        }

        var fresh = Path.Combine(directory, "fresh");
        await RefusesAsync(fresh, "The database is not empty; a restore overwrites nothing.",
            "--restore", Backup, "--ConnectionStrings:Deployments=" + database.ConnectionString);

        await using var empty = await TestDatabase.CreateAsync(migrated: false);
        await SucceedsAsync(fresh, "--restore", Backup, "--ConnectionStrings:Deployments=" + empty.ConnectionString);
        var records = Assert.Single(await Recorded.AllAsync(empty));
        Assert.Equal((await Recorded.AllAsync(database)).Single().Id, records.Id);
        var package = Assert.Single(Directory.GetFiles(
            Path.Combine(fresh, "packages"), "*.upack", SearchOption.AllDirectories));
        Assert.NotEqual(0, new FileInfo(package).Length);
    }

    [Fact]
    public async Task What_waits_in_the_journal_is_in_the_backup()
    {
        await using var database = await TestDatabase.CreateStartedAsync();
        await using var app = await TestApp.StartAsync(database);
        var path = await UniversalPackage.InNewFeedAsync(app.Admin, "main");
        await database.TakeAwayAsync();
        using (var request = TaggedLoad.Request(path))
        using (var answer = await app.Admin.SendAsync(request))
            Assert.Equal("journaled", Assert.Single(answer.Headers.GetValues("X-Deployment-Status")));
        var line = File.ReadAllText(Assert.Single(Directory.GetFiles(Path.Combine(app.DataDirectory, "journal"))));
        var copy = Path.Combine(directory, "data");
        Directory.CreateDirectory(Path.Combine(copy, "journal"));
        File.WriteAllText(Path.Combine(copy, "journal", "journal.ndjson"), line);
        await database.BringBackAsync();

        await SucceedsAsync(copy, "--backup", Backup, "--ConnectionStrings:Deployments=" + database.ConnectionString);

        await using var empty = await TestDatabase.CreateAsync(migrated: false);
        var fresh = Path.Combine(directory, "fresh");
        await SucceedsAsync(fresh, "--restore", Backup, "--ConnectionStrings:Deployments=" + empty.ConnectionString);
        Assert.Equal(line, File.ReadAllText(Path.Combine(fresh, "journal", "journal.ndjson")));
    }

    [Theory]
    [InlineData("--backup")]
    [InlineData("--restore")]
    public async Task A_switch_without_a_file_is_told(string name)
    {
        await RefusesAsync(directory, $"{name} needs the name of a file.", name);
        await RefusesAsync(directory, $"{name} needs the name of a file.", name, "--demo");
    }

    [Theory]
    [InlineData("nonsense", "ConnectionStrings__Deployments is no connection string of Npgsql: ")]
    [InlineData("Host=/nowhere;Username=nobody;Password=geheim;Database=nothing", "pg_dump failed: ")]
    public async Task A_database_that_cannot_be_had_leaves_no_file(string connectionString, string sentence)
    {
        await RefusesAsync(Path.Combine(directory, "data"), sentence,
            "--backup", Backup, "--ConnectionStrings:Deployments=" + connectionString);
        Assert.Empty(Directory.GetFiles(directory));
    }

    [Fact]
    public async Task Where_nothing_is_nothing_is_backed_up()
    {
        var empty = Path.Combine(directory, "empty");
        await RefusesAsync(empty, $"There is nothing to back up in {empty}:", "--backup", Backup);
        Assert.False(Path.Exists(Backup));
        Assert.False(Path.Exists(empty));
    }

    [Theory]
    [InlineData("missing", "The backup {0} cannot be read: ")]
    [InlineData("text", "{0} is no backup of this program")]
    [InlineData("cut", "{0} is cut short")]
    [InlineData("outside", "{0} holds 'packages/../../outside', which no backup does.")]
    [InlineData("young", "{0} was made by version 9.9 in a format that this version does not know.")]
    public async Task What_is_no_backup_changes_nothing(string kind, string sentence)
    {
        var data = Path.Combine(directory, "data");
        if (kind == "text")
            File.WriteAllText(Backup, new string('x', 2000));
        else if (kind != "missing")
            await WriteAsync(kind);

        await RefusesAsync(
            data, string.Format(System.Globalization.CultureInfo.InvariantCulture, sentence, Backup),
            "--restore", Backup);

        Assert.False(Path.Exists(data));
    }

    [Fact]
    public async Task Until_a_restore_has_come_to_its_end_the_program_does_not_start()
    {
        var data = Path.Combine(directory, "data");
        await WriteAsync("whole"); // whose dump is none
        await RefusesAsync(data, "pg_restore failed: ", "--restore", Backup);
        await RefusesAsync(data, $"A restore to {data} did not come to its end: ");
    }

    async Task WriteAsync(string kind)
    {
        await using var file = File.Create(Backup);
        await using var tar = new TarWriter(file, TarEntryFormat.Pax);
        var format = kind == "young" ? 2 : 1;
        var program = kind == "young" ? "9.9" : "1.0";
        await AddAsync("backup.json",
            $$"""{"format":{{format}},"program":"{{program}}","madeAt":"2026-01-01T00:00:00Z"}""");
        if (kind == "outside")
            await AddAsync("packages/../../outside", "x");
        await AddAsync("database.dump", "x");
        if (kind != "cut")
            await AddAsync("complete", "");

        async Task AddAsync(string name, string text)
        {
            using var content = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text));
            await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = content });
        }
    }

    static async Task<string> SucceedsAsync(string data, params string[] arguments)
    {
        var (exitCode, output, errors) = await ServerProcess.RunToEndAsync(data, arguments);
        Assert.True(exitCode == 0 && errors.Length == 0, output + errors);
        return output;
    }

    static async Task RefusesAsync(string data, string sentence, params string[] arguments)
    {
        var (exitCode, _, errors) = await ServerProcess.RunToEndAsync(data, arguments);
        Assert.Equal(1, exitCode);
        Assert.StartsWith(sentence, errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
    }

    static async Task<long> CountAsync(NpgsqlDataSource database, string sql)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<long>(sql);
    }

    static async Task<string> DownloadAsync(HttpClient client, string path)
    {
        using var request = TaggedLoad.Request(path);
        using var answer = await client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return Assert.Single(answer.Headers.GetValues("X-Deployment-Id"));
    }

    static async Task ProtectAsync(HttpClient client)
    {
        using var body = new StringContent(
            """
            {"name":"hidden upstream","feedType":"nuget","url":"http://127.0.0.1:9/","username":"u","password":"geheim"}
            """, System.Text.Encoding.UTF8, "application/json");
        using var made = await client.PostAsync("/api/management/connectors/create", body);
        Assert.True(made.IsSuccessStatusCode, await made.Content.ReadAsStringAsync());
    }

    static async Task<string> ConnectorsAsync(HttpClient client) =>
        await client.GetStringAsync("/api/management/connectors/list");
}
