using System.Text;
using Dapper;
using Deployments.Data.Database;
using Deployments.Data.Inbox;
using Deployments.Data.Records;
using Deployments.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Deployments.Tests.Gateway;

/// <summary>A key in an address opens what it opens, and is found nowhere afterwards.</summary>
public sealed class SecretsInAddressesTests
{
    const string Secret = "geheim-4711";

    [Fact]
    public async Task A_key_in_an_address_is_neither_kept_nor_shown_nor_logged_nor_passed_on()
    {
        await using var upstream = await FakeUpstream.StartAsync(context => context.Response.WriteAsync("package"));
        await using var app = await TestApp.StartAsync(null,
            "Logging:LogLevel:Default=Information", "Deployments:Bootstrap:ApiKey=" + Secret);
        using var log = new ListLog();
        app.Service<ILoggerFactory>().AddProvider(log);
        app.Admin.DefaultRequestHeaders.Remove("X-ApiKey");
        app.Admin.DefaultRequestHeaders.Add("X-ApiKey", Secret);
        await app.CreateFeedAsync("main", "nuget", upstream.Url);

        foreach (var query in new[] { "?key={0}", "?KEY={0}&x=1", "?x=1&key={0}&y=2", "?k%65y={0}", "?key=&key={0}" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/nuget/main/package/Acme.Web/1.2.0"
                + query.Replace("{0}", Secret, StringComparison.Ordinal));
            request.Headers.Add("X-ProGet-Deployment-Application", "a"); // and no more: to be rejected
            using var answer = await app.Client.SendAsync(request);
            Assert.StartsWith("rejected", answer.Headers.GetValues("X-Deployment-Status").Single(),
                StringComparison.Ordinal);
        }

        await Recorded.DrainedAsync(app.Database);
        var page = await app.Service<RejectedQueries>().PageAsync(new RejectedFilter(), 10, default);
        Assert.Equal(5, page.Items.Count);
        Assert.All(page.Items, row =>
        {
            Assert.StartsWith("API key", row.Recorder, StringComparison.Ordinal); // it counted
            Assert.DoesNotContain("key", row.RawPath, StringComparison.OrdinalIgnoreCase);
        });
        Assert.Contains(page.Items, row => row.RawPath.EndsWith("?x=1&y=2", StringComparison.Ordinal));
        Assert.DoesNotContain(upstream.Requests, request =>
            request.Target.Contains(Secret, StringComparison.Ordinal));
        Assert.Contains(log.Lines, line => line.Contains("/nuget/main/package", StringComparison.Ordinal));
        Assert.DoesNotContain(log.Lines, line => line.Contains(Secret, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/a/b", "/a/b")]
    [InlineData("/a?key=s", "/a?key=…")]
    [InlineData("/a?x=1&KEY=s%20t&y=2", "/a?x=1&KEY=…&y=2")]
    [InlineData("/a?k%65y=s", "/a?k%65y=…")]
    [InlineData("/a?api_key=s&apiKey=t&access_token=u", "/a?api_key=…&apiKey=…&access_token=…")]
    [InlineData("/a?X-Amz-Signature=s&sig=t&password=u", "/a?X-Amz-Signature=…&sig=…&password=…")]
    [InlineData("/a?monkey=1&author=x&%24filter=y&signed=z", "/a?monkey=1&author=x&%24filter=y&signed=z")]
    [InlineData("/a?key=…", "/a?key=…")]
    [InlineData("/a/key=x/b", "/a/key=x/b")]
    public async Task Other_words_for_credentials_are_cut_out_by_the_program_and_by_the_migration_alike(
        string address, string expected)
    {
        Assert.Equal(expected, SecretFree.Address(address));

        await using var database = await TestDatabase.CreateAsync();
        await using var connection = await database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(
            """
            insert into feeds (name, feed_type) values ('main', 'nuget');
            insert into rejected_records (
                id, received_at, feed_id, group_name, name, version, qualifier, recorder, road, raw_path, raw_headers,
                reason)
            select 1, now(), feed_id, '', 'n', '1', '', 'r', 1, @address, '', 'why' from feeds;
            insert into deployment_inbox (
                id, received_at, feed_id, group_name, name, version, qualifier, application, description, target,
                user_name, recorder, road, raw_path)
            select 2, now(), feed_id, '', 'n', '1', '', '', '', '', '', 'r', 1, @address from feeds
            """, new { address });

        await connection.ExecuteAsync(Migrator.All.Single(migration =>
            migration.Name.StartsWith("0030_", StringComparison.Ordinal)).Sql);

        Assert.Equal([expected, expected], await connection.QueryAsync<string>(
            "select raw_path from rejected_records union all select raw_path from deployment_inbox"));
    }

    [Fact]
    public void A_journal_of_an_earlier_version_is_read_without_its_keys()
    {
        var directory = Directory.CreateTempSubdirectory("deployments-test-");
        try
        {
            var file = Path.Combine(directory.FullName, "journal-000000-x.ndjson");
            File.WriteAllText(file, $$"""
                {"id":1,"received_at":"2026-01-01T00:00:00+00:00","feed_id":1,"group_name":"","name":"n","version":"1",
                "qualifier":"","recorder":"r","road":1,"raw_path":"/a?key={{Secret}}","target":"Zürich"}
                """.ReplaceLineEndings("") + "\n{\"id\":2,\"received_at\":\"2026-01-01T00:0", Encoding.UTF8);

            var line = Assert.Single(Journal.Read(file));

            Assert.DoesNotContain(Secret, line, StringComparison.Ordinal);
            Assert.Contains("\"raw_path\":\"/a?key=", line, StringComparison.Ordinal);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }
}
