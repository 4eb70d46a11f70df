using System.Net;
using System.Text.RegularExpressions;
using Deployments.Data.Audit;
using Deployments.Tests.Records;
using Deployments.Tests.Support;

namespace Deployments.Tests.Audit;

public sealed class AuditLogPageTests
{
    [Fact]
    public async Task The_log_is_paged_both_ways_without_gap_or_repetition_and_filtered()
    {
        await using var app = await TestApp.StartAsync();
        await FillAsync(app, 120);
        using var admin = await Browser.SignedInAsync(app);

        var (all, last) = await ThingsAsync(admin, "/admin/audit", "next");
        Assert.Equal(Enumerable.Range(0, 120).Reverse(), all);
        var (back, _) = await ThingsAsync(admin, last, "prev");
        Assert.Equal(
            Enumerable.Range(0, 120).Reverse().Chunk(50).Reverse().SelectMany(page => page), back);
        var (some, _) = await ThingsAsync(admin, "/admin/audit?actor=ALICE&action=thing.make", "next");
        Assert.Equal(Enumerable.Range(0, 120).Where(i => i % 6 == 0).Reverse(), some);
        Assert.Equal([7], (await ThingsAsync(admin, "/admin/audit?subject=THING-007", "next")).Things);
        Assert.Empty((await ThingsAsync(admin, "/admin/audit?actor=nobody%00", "next")).Things);
        Assert.Empty((await ThingsAsync(admin, "/admin/audit?to=2026-01-31", "next")).Things);
        Assert.Equal(120, (await ThingsAsync(admin, "/admin/audit?from=2026-01-31", "next")).Things.Count);
    }

    [Fact]
    public async Task The_page_shows_who_from_where_and_no_markup()
    {
        await using var app = await TestApp.StartAsync();
        await FillAsync(app, 2);
        using var admin = await Browser.SignedInAsync(app);

        using var page = await admin.GetAsync("/admin/audit?subject=thing-001&from=2026-01-31");
        var html = await page.Content.ReadAsStringAsync();
        Assert.DoesNotContain("<b>bob", html, StringComparison.Ordinal);
        Assert.Contains("192.0.2.7", html, StringComparison.Ordinal);
        Assert.Contains("href=\"/admin/audit?from=2026-01-31\" title=\"Remove", html, StringComparison.Ordinal);
        Assert.Contains("/admin/audit.csv?subject=thing-001&amp;from=2026-01-31", html, StringComparison.Ordinal);

        using var wrong = await admin.GetAsync("/admin/audit?from=soon");
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
        Assert.Contains("is not an ISO 8601 date", await wrong.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains("No event matches", await admin.ReadAsync("/admin/audit?actor=nobody"),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_CSV_has_what_is_filtered_and_is_noted()
    {
        await using var app = await TestApp.StartAsync();
        await FillAsync(app, 9);

        var rows = CsvText.Read(await app.Admin.GetStringAsync("/admin/audit.csv?actor=%3Cb%3Ebob%3C/b%3E"));
        Assert.Equal(["id", "occurredAt", "actor", "address", "action", "subjectKind", "subject", "before", "after"],
            rows[0]);
        Assert.Equal(Enumerable.Range(0, 9).Where(i => i % 3 != 0).Select(i => $"thing-{i:D3}"),
            rows.Skip(1).Select(row => row[6]));
        Assert.Equal("{\"number\": 1}", rows[1][8]);
        Assert.Single(CsvText.Read(await app.Admin.GetStringAsync("/admin/audit.csv?actor=nobody")));
        using var wrong = await app.Admin.GetAsync("/admin/audit.csv?to=soon");
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);

        var log = await app.Service<AuditQueries>().PageAsync(new AuditFilter(null, "audit.export"), null, 5, default);
        Assert.Equal(2, log.Count);
        Assert.Contains("<b>bob</b>", log[1].After, StringComparison.Ordinal);
    }

    static async Task FillAsync(TestApp app, int count)
    {
        var store = app.Service<AuditStore>();
        for (var i = 0; i < count; i++)
        {
            await store.AddAsync(
                new AuditedChange(i % 2 == 0 ? "thing.make" : "thing.break", "thing", $"thing-{i:D3}", null,
                    new { Number = i }),
                new Actor(i % 3 == 0 ? "alice" : "<b>bob</b>", "192.0.2.7"), default);
        }
    }

    static async Task<(List<int> Things, string Last)> ThingsAsync(Browser browser, string url, string way)
    {
        var found = new List<int>();
        while (true)
        {
            var html = await browser.ReadAsync(url);
            found.AddRange(Regex.Matches(html, "<bdi>thing-(\\d+)</bdi>")
                .Select(match => int.Parse(match.Groups[1].Value, null)));
            var next = Regex.Match(html, $"href=\"([^\"]+)\" rel=\"{way}\"");
            if (!next.Success)
                return (found, url);
            url = next.Groups[1].Value;
        }
    }
}
