using System.Net;
using Bunit;
using Deployments.Data.Audit;
using Deployments.Data.Retention;
using Deployments.Tests.Support;
using Deployments.Web.Pages.Retention;
using Deployments.Web.Records;

namespace Deployments.Tests.Retention;

public sealed class RetentionPagesTests
{
    const string Page = "/admin/retention";
    const string Hostile = "\u202E</td><script>alert(1)</script>'\"&";

    static readonly DateTimeOffset Morning = new(2026, 1, 31, 8, 15, 0, TimeSpan.Zero);

    [Fact]
    public async Task A_rule_is_added_previewed_switched_on_changed_and_deleted()
    {
        await using var app = await TestApp.StartAsync();
        await app.CreateFeedAsync("main", "universal");
        using var admin = await Browser.SignedInAsync(app);
        Assert.Contains("everything is kept", await admin.ReadAsync(Page), StringComparison.Ordinal);

        using var added = await admin.PostAsync(
            Page, Page, ("KeepMonths", "12"), ("FeedId", ""), ("TargetPattern", " TEST-* "));

        var rule = added.Headers.Location!.OriginalString;
        Assert.Equal(Page + "/1", rule);
        var preview = await admin.ReadAsync(rule);
        Assert.Contains("No deployment record is that old", preview, StringComparison.Ordinal);
        Assert.Contains("Switch on", preview, StringComparison.Ordinal);
        using var stale = await admin.PostAsync(rule, rule + "?handler=Switch", ("revision", "7"), ("active", "true"));
        Assert.Contains("Somebody has changed the rule", await stale.Content.ReadAsStringAsync(),
            StringComparison.Ordinal);
        await DoneAsync(admin, rule, "?handler=Switch", ("revision", "1"), ("active", "true"));
        Assert.Contains("The rule is on.", await admin.ReadAsync(rule), StringComparison.Ordinal);
        Assert.True((await app.Service<RetentionQueries>().AllAsync(default))[0].Active);
        await DoneAsync(admin, rule, "", ("KeepMonths", "13"), ("TargetPattern", ""));
        var changed = (await app.Service<RetentionQueries>().AllAsync(default))[0];
        Assert.Equal((13, null, false), (changed.KeepMonths, changed.TargetPattern, changed.Active));
        await DoneAsync(admin, rule, "?handler=Delete");
        using var gone = await admin.GetAsync(rule);
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
        Assert.Equal(4, (await app.Service<AuditQueries>().PageAsync(new AuditFilter("Admin", null), null, 10, default))
            .Count(entry => entry.SubjectKind == "retentionRule"));
    }

    [Theory]
    [InlineData("0", "", "", "1 to 1,200 months")]
    [InlineData("1201", "", "", "1 to 1,200 months")]
    [InlineData("many", "", "", "not valid")]
    [InlineData("12", "77", "", "There is no such feed.")]
    [InlineData("12", "", "a\tb", "on one line")]
    public async Task An_unfit_rule_is_not_added(string months, string feed, string pattern, string reason)
    {
        await using var app = await TestApp.StartAsync();
        using var admin = await Browser.SignedInAsync(app);

        using var answer = await admin.PostAsync(
            Page, Page, ("KeepMonths", months), ("FeedId", feed), ("TargetPattern", pattern));

        Assert.Contains(reason, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(await app.Service<RetentionQueries>().AllAsync(default));
    }

    [Fact]
    public void A_preview_without_records_says_so()
    {
        using var context = new BunitContext();
        var shown = Show(context, new RetentionPreview([], null, null, 3, 0));

        Assert.Contains("except those that stay anyway", shown.Markup, StringComparison.Ordinal);
        Assert.Contains("3 records: the newest", shown.Markup, StringComparison.Ordinal);
        Assert.Empty(shown.FindAll("table"));
    }

    [Fact]
    public void A_preview_counts_per_month()
    {
        using var context = new BunitContext();
        var shown = Show(context, new RetentionPreview(
            [new(new DateOnly(2025, 12, 1), 1000), new(new DateOnly(2026, 1, 1), 250)], Morning, Morning, 0, 1));

        Assert.Contains("1,250 deployment records", shown.Markup, StringComparison.Ordinal);
        Assert.Equal(["Dec 2025", "Jan 2026"],
            shown.FindAll("tbody tr td:first-child").Select(cell => cell.TextContent));
        Assert.Equal(["100", "25"], shown.FindAll("rect.bar").Select(bar => bar.GetAttribute("width")));
        Assert.Contains("<dd>1 record</dd>", shown.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void Rules_show_what_they_say_and_let_no_markup_through()
    {
        using var context = new BunitContext();
        var shown = context.Render<RetentionRuleTable>(set => set.Add(table => table.Rules,
        [
            new RetentionRule { RetentionRuleId = 1, KeepMonths = 1 },
            new RetentionRule
            {
                RetentionRuleId = 2,
                KeepMonths = 24,
                FeedName = Hostile,
                TargetPattern = Hostile,
                Active = true,
                LastRunAt = Morning,
                LastRemoved = 1204,
            },
        ]));

        Assert.Equal(["1 month", "24 months"], shown.FindAll("td a").Select(link => link.TextContent));
        Assert.Equal(["Off", "On"], shown.FindAll(".badge").Select(badge => badge.TextContent));
        Assert.Contains("1,204", shown.Markup, StringComparison.Ordinal);
        Assert.Empty(shown.FindAll("script"));
        Assert.Equal(2, shown.FindAll("bdi").Count(text => text.TextContent == Shown.Of(Hostile)));
    }

    static IRenderedComponent<RetentionPreviewFacts> Show(BunitContext context, RetentionPreview preview) =>
        context.Render<RetentionPreviewFacts>(set =>
            set.Add(facts => facts.Preview, preview).Add(facts => facts.Cutoff, Morning));

    static async Task DoneAsync(Browser browser, string page, string handler, params (string, string)[] fields)
    {
        using var answer = await browser.PostAsync(page, page + handler, fields);
        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
    }
}
