using System.Text.RegularExpressions;
using Deployments.Data.Audit;
using Deployments.Tests.Support;

namespace Deployments.Tests.Audit;

public sealed class AuditLogPageTests
{
    [Fact]
    public async Task The_log_is_paged_newest_first_without_gap_or_repetition_and_filtered()
    {
        await using var app = await TestApp.StartAsync();
        var store = app.Service<AuditStore>();
        for (var i = 0; i < 120; i++)
        {
            await store.AddAsync(
                new AuditedChange(i % 2 == 0 ? "thing.make" : "thing.break", "thing", $"thing-{i:D3}", null,
                    new { Number = i }),
                new Actor(i % 3 == 0 ? "alice" : "<b>bob</b>", "192.0.2.7"), default);
        }

        using var admin = await Browser.SignedInAsync(app);
        var all = await ThingsAsync(admin, "/admin/audit-log");
        Assert.Equal(Enumerable.Range(0, 120).Reverse(), all);
        var some = await ThingsAsync(admin, "/admin/audit-log?actor=ALICE&action=thing.make");
        Assert.Equal(Enumerable.Range(0, 120).Where(i => i % 6 == 0).Reverse(), some);
        Assert.Empty(await ThingsAsync(admin, "/admin/audit-log?actor=nobody%00"));

        using var page = await admin.GetAsync("/admin/audit-log");
        var html = await page.Content.ReadAsStringAsync();
        Assert.DoesNotContain("<b>bob", html, StringComparison.Ordinal);
        Assert.Contains("192.0.2.7", html, StringComparison.Ordinal);
    }

    static async Task<List<int>> ThingsAsync(Browser browser, string? url)
    {
        var found = new List<int>();
        while (url is not null)
        {
            var html = await browser.ReadAsync(url);
            found.AddRange(Regex.Matches(html, "<td>thing-(\\d+)</td>")
                .Select(match => int.Parse(match.Groups[1].Value, null)));
            var next = Regex.Match(html, "rel=\"next\" href=\"([^\"]+)\"");
            url = next.Success ? next.Groups[1].Value : null;
        }

        return found;
    }
}
