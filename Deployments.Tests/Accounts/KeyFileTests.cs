using System.Security.Cryptography;
using Dapper;
using Deployments.Data.Accounts;
using Deployments.Tests.Support;
using Deployments.Web.Accounts;
using Deployments.Web.Embedded;

namespace Deployments.Tests.Accounts;

/// <summary>Who has the database, or a dump of it, has no key that opens the passwords in it.</summary>
public sealed class KeyFileTests : IDisposable
{
    readonly string path = Path.GetTempFileName(); // readable by its owner only

    public void Dispose() => File.Delete(path);

    [Fact]
    public async Task A_private_database_holds_no_key_in_clear_and_is_of_no_use_without_the_file()
    {
        await using var server = await ServerProcess.StartAsync();
        var file = Path.Combine(server.DataDirectory, "key-ring.keys");
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        server.Kill();
        await server.StartAgainAsync();
        using (var keys = await server.Admin.GetAsync("/api/api-keys/list"))
            Assert.True(keys.IsSuccessStatusCode);
        server.Kill();

        File.Move(file, file + ".away");
        var (exitCode, _, errors) = await ServerProcess.RunToEndAsync(server.DataDirectory);

        Assert.Equal(1, exitCode);
        Assert.StartsWith($"The keys in the database cannot be read: there is no key file {file}. Give this node",
            Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.False(File.Exists(file));
    }

    [Fact]
    public async Task Keys_of_before_and_what_they_encrypted_go_on_through_every_change_of_the_file()
    {
        await using var database = await TestDatabase.CreateAsync();
        string secret;
        await using (var before = await TestApp.StartAsync(database))
        {
            secret = before.Service<ConnectorSecrets>().Protect("upstream password");
            var inClear = Assert.Single(before.Service<KeyRingStore>().All());
            Assert.StartsWith("<key ", inClear.Xml, StringComparison.Ordinal);
        }

        var (old, young) = (NewKey(), NewKey());
        string[][] files = [[old], [young, old], [young]];
        foreach (var lines in files)
        {
            File.WriteAllLines(path, lines);
            var nodes = await Task.WhenAll(Enumerable.Range(0, 2)
                .Select(_ => Task.Run(() => TestApp.StartAsync(database, "Deployments:KeyFile=" + path))));
            foreach (var node in nodes)
            {
                Assert.Equal("upstream password", node.Service<ConnectorSecrets>().Unprotect(secret));
                await node.DisposeAsync();
            }

            await using var connection = await database.DataSource.OpenConnectionAsync();
            var rows = await connection.QueryAsync<string>("select xml from data_protection_keys");
            var row = Assert.Single(rows); // no key is made because one cannot be read
            Assert.StartsWith("<sealed by=", row, StringComparison.Ordinal);
            Assert.DoesNotContain("masterKey", row, StringComparison.Ordinal);
        }

        File.WriteAllLines(path, [old]);
        var wrong = await Assert.ThrowsAsync<CannotStartException>(
            () => TestApp.StartAsync(database, "Deployments:KeyFile=" + path));
        Assert.Matches($"^The keys in the database cannot be read: key [0-9a-f]{{8}} is not in {path}. Give this node "
            + "the key file of the other nodes, or of the backup, by Deployments__KeyFile.$", wrong.Message);
        var missing = await Assert.ThrowsAsync<CannotStartException>(() => TestApp.StartAsync(database));
        Assert.Contains("there is no key file ", missing.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "each of its lines must be 32 bytes in Base64, such as 'openssl rand -base64 32'")]
    [InlineData("not base64", "each of its lines must be 32 bytes in Base64, such as 'openssl rand -base64 32'")]
    [InlineData("c2hvcnQ=", "each of its lines must be 32 bytes in Base64, such as 'openssl rand -base64 32'")]
    [InlineData(null, "it must be a file that can be read, such as 'openssl rand -base64 32' makes")]
    public async Task A_file_that_is_none_is_refused_in_one_sentence(string? content, string allowed)
    {
        if (content is null)
            File.Delete(path);
        else
            File.WriteAllText(path, content);
        var refusal = await Assert.ThrowsAsync<CannotStartException>(() => Web.Program.BuildAsync(
            ["--ConnectionStrings:Deployments=Host=/nowhere", "--Deployments:KeyFile=" + path]));
        Assert.Equal($"Deployments__KeyFile is '{path}'; {allowed}.", refusal.Message);
    }

    [Fact]
    public async Task A_file_that_everybody_may_read_is_refused()
    {
        if (OperatingSystem.IsWindows())
            return;
        File.WriteAllText(path, NewKey());
        File.SetUnixFileMode(path, File.GetUnixFileMode(path) | UnixFileMode.OtherRead);
        var refusal = await Assert.ThrowsAsync<CannotStartException>(() => Web.Program.BuildAsync(
            ["--ConnectionStrings:Deployments=Host=/nowhere", "--Deployments:KeyFile=" + path]));
        Assert.Equal($"Deployments__KeyFile is '{path}'; every user may read or write it: 'chmod o-rw {path}'.",
            refusal.Message);
    }

    static string NewKey() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
}
