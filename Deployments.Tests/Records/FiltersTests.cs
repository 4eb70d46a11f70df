using System.Net;
using Deployments.Tests.Support;

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
    [InlineData("/deployments?cursor=o1", "cursor")]
    [InlineData("/deployments?from=soon", "from")]
    [InlineData("/api/package-deployments?cursor=x", "cursor is not one that this server gave out.")]
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
