using System.Globalization;
using System.Net;
using Deployments.Tests.Support;
using Deployments.Web.Records;

namespace Deployments.Tests.Records;

/// <summary>
/// What filters of pages, the API and CSV files have in common: a bare day as <c>to</c> is included, and what cannot be
/// read is told, never taken for none.
/// </summary>
public sealed class FiltersTests(FiltersTests.Fixture shared) : IClassFixture<FiltersTests.Fixture>
{
    const string History = "/feeds/main/packages/Acme.Web/history";

    [Theory]
    [InlineData("/deployments?", "LAST-MINUTE", "NEXT-DAY")]
    [InlineData("/api/package-deployments?", "LAST-MINUTE", "NEXT-DAY")]
    [InlineData("/api/package-deployments.csv?", "LAST-MINUTE", "NEXT-DAY")]
    [InlineData("/admin/export.csv?", "LAST-MINUTE", "NEXT-DAY")]
    [InlineData(History + "?", "LAST-MINUTE", "NEXT-DAY")]
    [InlineData("/admin/rejected?", "last-minute", "next-day")]
    [InlineData("/admin/audit?", "last-minute", "next-day")]
    [InlineData("/admin/audit.csv?", "last-minute", "next-day")]
    public async Task A_bare_day_is_included_to_its_end(string address, string included, string notIncluded)
    {
        foreach (var (to, isIncluded) in new[]
        {
            ("2026-01-31", true), ("20260131", true), ("2026-01-30", false), ("2026-01-31T23:59:00Z", false),
            ("2026-01-31T23:59:59.9Z", true), ("2026-02-01T00:00:00Z", true),
        })
        {
            var (status, text) = await shared.GetAsync($"{address}to={to}");
            Assert.Equal((HttpStatusCode.OK, isIncluded), (status, text.Contains(included, StringComparison.Ordinal)));
            Assert.DoesNotContain(notIncluded, text, StringComparison.Ordinal);
        }

        var (_, later) = await shared.GetAsync($"{address}from=2026-02-01");
        Assert.DoesNotContain(included, later, StringComparison.Ordinal);
        Assert.Contains(notIncluded, later, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/deployments?")]
    [InlineData("/api/package-deployments?")]
    [InlineData("/api/package-deployments.csv?")]
    public async Task A_period_moves_along_with_today_and_other_times_hold_as_well(string address)
    {
        var (_, within) = await shared.GetAsync($"{address}period=last-7-days");
        Assert.Contains("AN-HOUR-AGO", within, StringComparison.Ordinal);
        Assert.DoesNotContain("LAST-MINUTE", within, StringComparison.Ordinal);

        foreach (var other in new[] { "to=2026-01-31", "from=2100-01-01", "target=LAST-MINUTE" })
        {
            var (status, text) = await shared.GetAsync($"{address}period=last-7-days&{other}");
            Assert.Equal(HttpStatusCode.OK, status);
            Assert.DoesNotContain("AN-HOUR-AGO", text, StringComparison.Ordinal);
            Assert.DoesNotContain("NEXT-DAY", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_period_in_force_is_called_as_people_call_it()
    {
        var (_, page) = await shared.GetAsync("/deployments?period=last-month");
        Assert.Contains("<bdi class=\"value\">last month</bdi>", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("today", "2026-03-01", "2026-03-02")]
    [InlineData("last-7-days", "2026-02-23", "2026-03-02")]
    [InlineData("last-30-days", "2026-01-31", "2026-03-02")]
    [InlineData("last-month", "2026-02-01", "2026-03-01")]
    [InlineData("last-quarter", "2025-10-01", "2026-01-01")]
    public void A_period_is_of_whole_days(string name, string from, string to)
    {
        foreach (var time in new[] { "2026-03-01T00:00:00Z", "2026-03-01T23:59:59Z", "2026-03-02T01:00:00+02:00" })
        {
            var period = Period.Of(name, DateTimeOffset.Parse(time, CultureInfo.InvariantCulture));
            Assert.Equal((IsoDate.TryParse(from), IsoDate.TryParse(to)), (period.From, period.To));
        }
    }

    [Theory]
    [InlineData("/deployments?cursor=o1", "cursor")]
    [InlineData("/deployments?from=soon", "from")]
    [InlineData("/api/package-deployments?cursor=x", "cursor is not one that this server gave out.")]
    [InlineData("/deployments?period=soon", "<bdi>period</bdi> is not one of today, last-7-days, last-30-days,")]
    [InlineData("/removals?period=Today", "period is not one of today, last-7-days,")]
    [InlineData("/api/package-deployments.csv?period=2026", "period is not one of today, last-7-days,")]
    [InlineData("/api/package-deployments?limit=0", "limit is not a number from 1 to")]
    [InlineData("/api/package-deployments?to=soon", "to is not an ISO 8601 date")]
    [InlineData("/api/package-deployments.csv?from=1.2.2026", "from is not an ISO 8601 date")]
    [InlineData("/api/vulnerabilities?cursor=1", "cursor is none of this list.")]
    [InlineData("/api/vulnerabilities?severity=bad", "severity must be low, medium, high or critical.")]
    [InlineData("/api/vulnerabilities?running=maybe", "running is not one of true, false.")]
    [InlineData("/vulnerabilities?running=maybe", "running is not one of true, false.")]
    [InlineData("/api/targets/LAST-MINUTE?at=soon", "at is not an ISO 8601 date")]
    [InlineData("/targets?sort=size", "<bdi>sort</bdi> is not one of name, last, packages.")]
    [InlineData("/targets?place=middle", "<bdi>place</bdi> is not one that this server gave out.")]
    [InlineData("/targets/LAST-MINUTE?cursor=1", "cursor is not one that this server gave out.")]
    [InlineData("/targets/LAST-MINUTE?show=some", "show is not all.")]
    [InlineData("/targets/LAST-MINUTE?at=soon", "is not an ISO 8601 date")]
    [InlineData(History + "?older=1", "older is not one that this server gave out.")]
    [InlineData(History + "?newer=a-b", "newer is not one that this server gave out.")]
    [InlineData(History + "?to=soon", "Write a date as year-month-day")]
    [InlineData("/search?q=acme&in=everything", "in is not one of packages, versions, targets, applications, users.")]
    [InlineData("/admin/rejected?state=half", "<bdi>state</bdi> is not one of open, resolved.")]
    [InlineData("/admin/rejected?cursor=1", "<bdi>cursor</bdi> is not one that this server gave out.")]
    [InlineData("/admin/audit?cursor=newest", "<bdi>cursor</bdi> is not one that this server gave out.")]
    [InlineData("/admin/audit.csv?cursor=newest", "cursor is not one that this server gave out.")]
    [InlineData("/admin/audit?from=soon", "is not an ISO 8601 date")]
    [InlineData("/admin/export.csv?to=soon", "to is not an ISO 8601 date")]
    public async Task What_cannot_be_read_is_told(string address, string problem)
    {
        var (status, text) = await shared.GetAsync(address);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains(problem, WebUtility.HtmlDecode(text), StringComparison.Ordinal);
    }

    public sealed class Fixture : IAsyncLifetime
    {
        TestApp app = null!;
        Browser browser = null!;

        public async Task InitializeAsync()
        {
            app = await TestApp.StartAsync();
            var seed = await new Seed(app.Database).FeedAsync("main", "nuget");
            // 2026-01-31, 8:15, and so many minutes
            await seed.DeployAsync("Acme.Web 1.0", "LAST-MINUTE", 15.75 * 60 - 0.5);
            await seed.DeployAsync("Acme.Web 1.0", "NEXT-DAY", 15.75 * 60);
            await seed.DeployAsync("Acme.Web 1.0", "AN-HOUR-AGO",
                (TimeProvider.System.GetUtcNow().AddHours(-1) - Seed.Start).TotalMinutes);
            await seed.ExecuteAsync(
                """
                insert into rejected_records (
                    id, received_at, feed_id, group_name, name, version, qualifier, recorder, road, raw_path,
                    raw_headers, reason)
                select 9000 + extract(day from at)::int, at, (select min(feed_id) from feeds), '', name, '1.0', '',
                       'Anonymous', 1, '/', '', 'a test'
                from (values ('2026-01-31T23:59:30Z'::timestamptz, 'last-minute'),
                             ('2026-02-01T00:00:00Z', 'next-day')) as rejected (at, name);
                insert into audit_events (occurred_at, actor, action, subject_kind, subject_name)
                values ('2026-01-31T23:59:30Z', 'a test', 'x', 'x', 'last-minute'),
                       ('2026-02-01T00:00:00Z', 'a test', 'x', 'x', 'next-day');
                """);
            browser = await Browser.SignedInAsync(app);
        }

        public async Task DisposeAsync()
        {
            browser.Dispose();
            await app.DisposeAsync();
        }

        internal async Task<(HttpStatusCode Status, string Text)> GetAsync(string address)
        {
            using var answer = await browser.GetAsync(address);
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
        }
    }
}
