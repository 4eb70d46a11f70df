using System.Net;
using System.Security.Cryptography;
using Dapper;
using Deployments.Tests.Support;

namespace Deployments.Tests.Durability;

/// <summary>The program as a process: what it prints, and how it ends.</summary>
public sealed class ProgramTests : IDisposable
{
    readonly string keys = Path.GetTempFileName(); // readable by its owner only

    public ProgramTests() => File.WriteAllText(keys, Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));

    public void Dispose() => File.Delete(keys);

    [Fact]
    public async Task A_data_directory_in_use_is_refused_in_one_sentence()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var server = await ServerProcess.StartAsync(
            "ConnectionStrings:Deployments=" + database.ConnectionString);

        var (exitCode, _, errors) = await ServerProcess.RunToEndAsync(
            server.DataDirectory, "--ConnectionStrings:Deployments=" + database.ConnectionString);

        Assert.Equal(1, exitCode);
        var line = Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith(
            $"The data directory {server.DataDirectory} is in use by process ", line, StringComparison.Ordinal);
        using var answer = await server.Client.GetAsync("/health");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Migrate_applies_the_migrations_and_ends()
    {
        await using var database = await TestDatabase.CreateAsync(migrated: false);

        for (var run = 0; run < 2; run++)
        {
            var (exitCode, output, errors) = await ServerProcess.RunToEndAsync(
                null, "--migrate", "--ConnectionStrings:Deployments=" + database.ConnectionString);
            Assert.True(exitCode == 0 && errors.Length == 0, output + errors);
        }

        await using var connection = await database.DataSource.OpenConnectionAsync();
        Assert.Equal(Data.Database.Migrator.All.Count,
            await connection.ExecuteScalarAsync<long>("select count(*) from schema_migrations"));
        Assert.Equal(0, await connection.ExecuteScalarAsync<long>("select count(*) from deployments"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stop_while_the_database_is_away_ends_by_itself(bool isSilent)
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var proxy = new SilentProxy(database.ConnectionString);
        await using var server = await ServerProcess.StartAsync(
            "ConnectionStrings:Deployments=" + proxy.ConnectionString,
            "shutdownTimeoutSeconds=86400"); // nobody else ends it, as after 30 seconds the host would
        if (isSilent)
            proxy.FallSilent();
        else
            await database.TakeAwayAsync();

        Assert.Equal(0, await server.StopAsync());

        Assert.DoesNotContain("Unhandled", server.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_that_does_not_answer_is_refused_in_one_line()
    {
        var (exitCode, _, errors) = await ServerProcess.RunToEndAsync(
            null, "--ConnectionStrings:Deployments=Host=/nowhere;Username=nobody;Database=nothing");

        Assert.Equal(1, exitCode);
        Assert.StartsWith("The database cannot be used: ",
            Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_start_says_what_a_person_needs_and_the_address_last_and_requests_say_nothing()
    {
        await using var database = await TestDatabase.CreateAsync(migrated: false);
        // Without a key file, which an administrator gives beside a database of theirs, a warning would be the second.
        await using var server = await ServerProcess.StartAsync(
            "ConnectionStrings:Deployments=" + database.ConnectionString, "Deployments:AnonymousView=false",
            "Deployments:KeyFile=" + keys);
        for (var n = 0; n < 3; n++)
        {
            using var page = await server.Client.GetAsync("/sign-in");
            Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        }

        var lines = server.Output.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        Assert.True(lines.Length == 4, server.Output);
        Assert.StartsWith("Applied ", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("Created the user Admin with the password ", lines[1], StringComparison.Ordinal);
        Assert.StartsWith("Pages and the read API need an account", lines[2], StringComparison.Ordinal);
        Assert.Equal($"Deployments runs at {server.Url.ToString().TrimEnd('/')}", lines[3]);
    }

    [Fact]
    public async Task The_password_made_up_for_Admin_is_printed_once_and_works()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var server = await ServerProcess.StartAsync(
            "ConnectionStrings:Deployments=" + database.ConnectionString);
        const string Before = "Created the user Admin with the password ";
        var line = Assert.Single(server.Output.Split('\n'), line => line.StartsWith(Before, StringComparison.Ordinal));
        await UniversalPackage.InNewFeedAsync(server.Admin, "main");

        using var request = new HttpRequestMessage(HttpMethod.Delete, "/upack/main/delete/app/1.0.0");
        request.Headers.Authorization = new("Basic", Convert.ToBase64String(
            System.Text.Encoding.UTF8.GetBytes("Admin:" + line[Before.Length..].Trim())));
        using var answer = await server.Client.SendAsync(request);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());

        server.Kill();
        await server.StartAgainAsync();
        Assert.Single(server.Output.Split('\n'), line => line.StartsWith(Before, StringComparison.Ordinal));
    }
}
