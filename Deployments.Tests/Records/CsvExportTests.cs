using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Dapper;
using Deployments.Data.Accounts;
using Deployments.Data.Audit;
using Deployments.Data.Records;
using Deployments.Tests.Accounts;
using Deployments.Tests.Api;
using Deployments.Tests.Support;

namespace Deployments.Tests.Records;

public sealed class CsvExportTests : IAsyncLifetime
{
    const string Address = "/admin/export.csv";

    TestApp app = null!;
    Seed seed = null!;

    public async Task InitializeAsync()
    {
        app = await TestApp.StartAsync();
        seed = await new Seed(app.Database).FeedAsync("main", "nuget");
    }

    public Task DisposeAsync() => app.DisposeAsync().AsTask();

    static readonly string[] HostileTexts =
    [
        "=cmd|' /C calc'!A0", "+1+1", "-2", "@SUM(A1)", "\t=1", "\r=1", "  \u00a0=1", "\uff1dcmd",
        "say \"hi\", \"\"twice\"\"", "\"", "\"\"", "\",\"", "a\r\nb", "a\nb\n", "\r\n", "\n", "\\.", "\\N",
        "''",
        "😀 Zürich \u202eevil\u202c \u200f", new string('x', 2000),
        string.Concat(Enumerable.Repeat("\"\r\n,=", 400)), "",
        " ", "<script>alert(1)</script>",
    ];

    [Fact]
    public async Task No_text_breaks_a_row_or_becomes_a_formula()
    {
        for (var i = 0; i < HostileTexts.Length; i++)
        {
            var text = HostileTexts[i];
            await seed.DeployAsync("A 1.0", text.Trim().Length == 0 ? "WEB-01" : text, i, change: record => record with
            {
                Description = text,
                RawHeaders = text,
                UserAgent = text,
            });
        }

        var csv = await app.Admin.GetStringAsync(Address);
        var rows = CsvText.Read(csv);

        Assert.All(rows, row => Assert.Equal(CsvColumn.All.Count, row.Length));
        var expected = HostileTexts.Select(text => (CsvCell.IsFormula(text) ? "'" : "") + text).ToList();
        foreach (var column in new[] { "description", "rawHeaders", "userAgent" })
            Assert.Equal(expected, rows.Skip(1).Select(row => row[IndexOf(column)]));
        Assert.Equal(10, HostileTexts.Count(CsvCell.IsFormula));
        // Outside of quotes every line ends as RFC 4180 asks.
        var bare = Regex.Replace(csv, "\"[^\"]*\"", "");
        Assert.Equal(1 + HostileTexts.Length, Regex.Count(bare, "\r\n"));
        Assert.DoesNotMatch("(?<!\r)\n", bare);
    }

    [Fact]
    public async Task Every_column_says_what_its_heading_says()
    {
        var id = await seed.DeployAsync("Acme.Web 1.2.0", "WEB-07", 0.5, change: record => record with
        {
            Url = "https://ci.example/7",
            RecordedAt = Seed.Start.AddMinutes(1).AddTicks(1_234_560),
            Qualifier = "a=b",
            RawHeaders = "X-ProGet-Deployment-Target: WEB-07\nX-ProGet-Deployment-Application: BuildMaster\n",
        });

        var rows = CsvText.Read(await app.Admin.GetStringAsync(Address));

        Assert.Equal(CsvColumn.All.Select(column => column.Name), rows[0]);
        Assert.Equal(
            [
                $"{id}", "2026-01-31T08:15:30Z", "2026-01-31T08:16:00.123456Z", "main", "nuget", "nuget", "",
                "Acme.Web", "1.2.0", "a=b", "BuildMaster", "Release", "WEB-07", "https://ci.example/7", "jdoe",
                "API key \"ci\"", "header", "192.0.2.7", "NuGet/6.12",
                "X-ProGet-Deployment-Target: WEB-07\nX-ProGet-Deployment-Application: BuildMaster\n",
            ],
            rows[1]);
    }

    [Fact]
    public async Task Every_road_has_its_name()
    {
        foreach (var road in Enum.GetValues<RecordRoad>())
            await seed.DeployAsync("A 1.0", "WEB-01", (int)road, change: record => record with { Road = road });

        var rows = CsvText.Read(await app.Admin.GetStringAsync(Address));

        Assert.Equal(["header", "api", "batch", "manual", "keyPolicy"],
            rows.Skip(1).Take(5).Select(row => row[IndexOf("road")]));
        Assert.DoesNotContain(rows.Skip(1), row => int.TryParse(row[IndexOf("road")], out _));
    }

    [Fact]
    public async Task Files_follow_each_other_without_gap_or_repetition()
    {
        var ids = new List<long>();
        for (var i = 0; i < 12; i++)
            ids.Add(await seed.DeployAsync("A 1.0", $"WEB-{i}", i / 3)); // ties at every edge
        var exported = new List<string>();
        string[] edges = ["", "2026-01-31T08:16:00Z", "2026-01-31T08:18:00Z", ""];
        for (var i = 0; i + 1 < edges.Length; i++)
        {
            var rows = CsvText.Read(await app.Admin.GetStringAsync($"{Address}?from={edges[i]}&to={edges[i + 1]}"));
            exported.AddRange(rows.Skip(1).Select(row => row[0]));
        }

        Assert.Equal(ids.Select(id => $"{id}"), exported);
        Assert.Single(CsvText.Read(await app.Admin.GetStringAsync($"{Address}?from=2027-01-01")));
        Assert.Single(CsvText.Read(await app.Admin.GetStringAsync($"{Address}?to=2026-01-30")));
    }

    [Fact]
    public async Task More_rows_than_one_piece_come_in_order_and_whole()
    {
        await seed.DeployAsync("A 1.0", "WEB-01", 0);
        await seed.ExecuteAsync(
            """
            insert into deployments
            select 1000 + i, d.deployed_at + (i / 7) * interval '1 second', d.recorded_at, d.package_id, d.version_id,
                   d.target_id, d.application_id, d.user_id, d.recorder_id, d.description_id, d.url_id,
                   d.user_agent_id, d.feed_id, d.road, d.client_address, null, E'two\n"lines"'
            from deployments d, generate_series(1, 200001) i
            where d.id = 1
            """);
        using var answer = await app.Admin.GetAsync(Address, HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
        var starts = new List<long>();
        while (await reader.ReadLineAsync() is { } line)
        {
            if (long.TryParse(line.Split(',')[0], out var id))
                starts.Add(id);
        }

        Assert.Equal(Enumerable.Range(1001, 200_001).Select(id => (long)id).Prepend(1), starts);
        var log = await app.Service<AuditQueries>().PageAsync(
            new AuditFilter(null, "records.exported"), null, 5, default);
        Assert.Contains("200002", Assert.Single(log).After, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_export_is_noted_before_it_is_sent_and_counted_when_it_was()
    {
        await seed.DeployAsync("A 1.0", "WEB-01", 0);
        using var answer = await app.Admin.GetAsync($"{Address}?from=2026-01-01&to=2026-01-31");

        Assert.Equal("text/csv", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal("deployments_2026-01-01_2026-01-31.csv", answer.Content.Headers.ContentDisposition!.FileName);
        Assert.True(answer.Headers.CacheControl!.NoStore);
        await answer.Content.ReadAsStringAsync();
        var log = await app.Service<AuditQueries>().PageAsync(
            new AuditFilter(null, null) { Subject = "2026-01-01T00:00:00Z to 2026-02-01T00:00:00Z" }, null, 5, default);
        Assert.Equal(["records.exported", "records.export"], log.Select(change => change.Action));
        Assert.All(log, change => Assert.Equal(("API key \"bootstrap\"", "127.0.0.1"), (change.Actor, change.Address)));
        Assert.Contains("\"rows\": 1", log[0].After, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reader_who_leaves_stops_the_database()
    {
        await seed.DeployAsync("A 1.0", "WEB-01", 0);
        // Would take for ever, and its first row is long enough to be sent at once.
        await seed.ExecuteAsync(
            """
            insert into deployments
            select 1000 + i, d.deployed_at, d.recorded_at, d.package_id, d.version_id, d.target_id, d.application_id,
                   d.user_id, d.recorder_id, d.description_id, d.url_id, d.user_agent_id, d.feed_id, d.road,
                   d.client_address, null, repeat('x', 20000)
            from deployments d, generate_series(1, 20000) i
            where d.id = 1
            """);
        using (var answer = await app.Admin.GetAsync(Address, HttpCompletionOption.ResponseHeadersRead))
        {
            await using var body = await answer.Content.ReadAsStreamAsync();
            await body.ReadExactlyAsync(new byte[100_000]);
        }

        await using var connection = await app.Database.DataSource.OpenConnectionAsync();
        await Patience.UntilAsync(async () => !await connection.ExecuteScalarAsync<bool>(
            """
            select exists (
                select from pg_stat_activity
                where datname = current_database() and query like 'copy (select%' and state <> 'idle')
            """));

        Assert.Empty(await app.Service<AuditQueries>().PageAsync(
            new AuditFilter(null, "records.exported"), null, 5, default));
        Assert.NotEmpty(await app.Admin.GetStringAsync(Address + "?to=2000-01-01")); // the pool is well
    }

    [Theory]
    [InlineData("?from=soon")]
    [InlineData("?to=31.1.2026")]
    [InlineData("?from=2026-02-01&to=2026-01-01")]
    public async Task A_range_that_is_none_is_refused(string range)
    {
        var (status, problem) = await app.Admin.AskAsync("GET", Address + range);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Matches("^(from|to) .+[.]$", problem);
        Assert.Empty(await app.Service<AuditQueries>().PageAsync(
            new AuditFilter(null, "records.export"), null, 5, default));
    }

    [Fact]
    public async Task Only_administrators_export()
    {
        await SignInTests.AddAsync(app, "viewer", AccountRole.Viewer);
        await SignInTests.AddAsync(app, "publisher", AccountRole.Publisher);
        using var admin = await Browser.SignedInAsync(app);
        using var viewer = await Browser.SignedInAsync(app, "viewer", "viewer's password");
        using var publisher = await Browser.SignedInAsync(app, "publisher", "publisher's password");
        foreach (var address in new[] { Address, "/admin/audit.csv" })
        {
            Assert.StartsWith("id,", await admin.ReadAsync(address), StringComparison.Ordinal);
            foreach (var browser in new[] { viewer, publisher })
            {
                using var seen = await browser.GetAsync(address);
                Assert.Equal(HttpStatusCode.Forbidden, seen.StatusCode);
            }

            Assert.Equal(HttpStatusCode.Forbidden, (await app.Client.AskAsync("GET", address)).Status);
            Assert.Equal(HttpStatusCode.Forbidden, (await app.Client.AskAsync(
                "GET", address, null, ("X-ApiKey", "unknown"))).Status);
            Assert.Equal(HttpStatusCode.Forbidden, (await app.Client.AskAsync("GET", address, null, ("Authorization",
                "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("viewer:viewer's password"))))).Status);
            Assert.Equal(HttpStatusCode.MethodNotAllowed, (await app.Admin.AskAsync("POST", address)).Status);
        }
    }

    static int IndexOf(string column) => CsvColumn.All.Select(c => c.Name).ToList().IndexOf(column);
}
