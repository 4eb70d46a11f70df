using System.Net;
using System.Text.RegularExpressions;
using Bunit;
using Deployments.Data.Audit;
using Deployments.Data.Findings;
using Deployments.Data.Notifications;
using Deployments.Data.Vulnerabilities;
using Deployments.Tests.Support;
using Deployments.Web.Accounts;
using Deployments.Web.Notifications;
using Deployments.Web.Pages.Notifications;

namespace Deployments.Tests.Notifications;

public sealed partial class NotificationPagesTests(SharedApp shared) : IClassFixture<SharedApp>
{
    const string Page = "/admin/notifications";
    const string Hostile = "\u202E</td><script>alert(1)</script>'\"&";

    [Fact]
    public async Task A_webhook_is_added_tried_changed_switched_off_and_deleted()
    {
        await using var receiver = await FakeUpstream.StartAsync(_ => Task.CompletedTask);
        await using var app = await TestApp.StartAsync();
        using var admin = await Browser.SignedInAsync(app);
        Assert.Contains("Nobody is told anything yet", await admin.ReadAsync(Page), StringComparison.Ordinal);

        using var added = await admin.PostAsync(Page, Page,
            ("Name", " On call "), ("Occasion", "VulnerabilityFound"), ("SeverityMin", "High"), ("FeedId", ""),
            ("TargetPattern", "PROD-*"), ("Channel", "Webhook"), ("Url", receiver.Url + "hook"), ("Recipients", ""));

        Assert.Equal(HttpStatusCode.OK, added.StatusCode);
        Assert.True(added.Headers.CacheControl!.NoStore);
        var secret = SecretPattern().Match(await added.Content.ReadAsStringAsync()).Value;
        Assert.NotEmpty(secret);
        var rule = Assert.Single(await app.Service<NotificationQueries>().AllAsync(default));
        Assert.Equal(
            ("On call", NotificationOccasion.VulnerabilityFound, SeverityLevel.High, (string?)null, "PROD-*", true),
            (rule.Name, rule.Occasion, rule.SeverityMin, rule.PackagePattern, rule.TargetPattern, rule.Active));
        Assert.DoesNotContain(secret, rule.SecretEncrypted, StringComparison.Ordinal);
        Assert.Equal(secret, app.Service<ConnectorSecrets>().Unprotect(rule.SecretEncrypted!));
        var one = $"{Page}/{rule.NotificationRuleId}";
        Assert.DoesNotContain(secret, await admin.ReadAsync(one), StringComparison.Ordinal);

        await DoneAsync(admin, one, "?handler=Test");
        Assert.Contains("The test was taken with 200.", await admin.ReadAsync(one), StringComparison.Ordinal);
        Assert.Equal("test", Assert.Single(receiver.Requests).Headers["X-Deployments-Event"]);
        await DoneAsync(admin, one, "", ("Name", "Night"), ("Occasion", "Deployment"), ("SeverityMin", "High"),
            ("Url", "https://hooks.example.com/secret-path"));
        await DoneAsync(admin, one, "?handler=Switch", ("active", "false"));
        using var renewed = await admin.PostAsync(one, one + "?handler=Secret");
        Assert.NotEqual(secret, SecretPattern().Match(await renewed.Content.ReadAsStringAsync()).Value);
        var changed = Assert.Single(await app.Service<NotificationQueries>().AllAsync(default));
        Assert.Equal(("Night", NotificationOccasion.Deployment, SeverityLevel.Unknown, (string?)null, false),
            (changed.Name, changed.Occasion, changed.SeverityMin, changed.TargetPattern, changed.Active));
        await DoneAsync(admin, one, "?handler=Delete");
        using var gone = await admin.GetAsync(one);
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);

        var audited = (await app.Service<AuditQueries>().PageAsync(new AuditFilter("Admin", null), null, 10, default))
            .Where(entry => entry.SubjectKind == "notificationRule").ToList();
        Assert.Equal(5, audited.Count);
        Assert.All(audited, entry => Assert.DoesNotContain(
            "secret-path", $"{entry.Before}{entry.After}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Mail_is_added_and_a_failed_test_is_said_and_logged()
    {
        await using var app = await TestApp.StartAsync();
        using var admin = await Browser.SignedInAsync(app);

        using var added = await admin.PostAsync(Page, Page, ("Name", "Team"), ("Occasion", "Deployment"),
            ("Channel", "Mail"), ("Recipients", "a@example.com; b@example.com"));

        var one = added.Headers.Location!.OriginalString;
        await DoneAsync(admin, one, "?handler=Test");
        var shown = await admin.ReadAsync(one);
        Assert.Contains("The test failed: No mail server is set", shown, StringComparison.Ordinal);
        Assert.Contains("Try again", shown, StringComparison.Ordinal);
        var row = Assert.Single(
            await app.Service<NotificationQueries>().PageAsync(1, NotificationState.Failed, null, 10, default));
        await DoneAsync(admin, one, "?handler=TryAgain", ("notification", $"{row.NotificationId}"));
        await DoneAsync(admin, one, "?handler=TryAgain", ("notification", "999"));
        Assert.Contains("delivered or taken up meanwhile", await admin.ReadAsync(one), StringComparison.Ordinal);
        using var noSecret = await admin.PostAsync(one, one + "?handler=Secret");
        Assert.Equal(HttpStatusCode.NotFound, noSecret.StatusCode);
        using var badState = await admin.GetAsync(one + "?state=odd");
        Assert.Equal(HttpStatusCode.BadRequest, badState.StatusCode);
    }

    [Theory]
    [InlineData("", "Deployment", "Webhook", "https://x.example/", "", "", "A name has 1 to 100 characters.")]
    [InlineData("n", "Test", "Webhook", "https://x.example/", "", "", "Choose when to tell.")]
    [InlineData("n", "Deployment", "Webhook", "file:///etc/passwd", "", "", "http or https URL")]
    [InlineData("n", "Deployment", "Webhook", "", "", "", "http or https URL")]
    [InlineData("n", "Deployment", "Mail", "", "ops", "", "Mail needs 1 to 20 addresses")]
    [InlineData("n", "Deployment", "Mail", "", "", "", "Mail needs 1 to 20 addresses")]
    [InlineData("n", "Deployment", "7", "https://x.example/", "", "", "The value '7' is")]
    [InlineData("n", "Deployment", "Webhook", "https://x.example/", "", "a*b*c*d*e*f*", "five of them *")]
    [InlineData("taken", "Deployment", "Webhook", "https://x.example/", "", "", "Another rule has this name.")]
    public async Task An_unfit_rule_is_not_added(
        string name, string occasion, string channel, string url, string recipients, string targets, string reason)
    {
        var app = shared.App;
        await app.Service<NotificationRuleStore>().AddAsync(new NotificationFields // or it is there already
        {
            Name = "TAKEN",
            Occasion = NotificationOccasion.Deployment,
            Channel = NotificationChannel.Mail,
            Recipients = ["ops@example.com"],
        }, null, Actor.Program, default);
        using var admin = await Browser.SignedInAsync(app);

        using var answer = await admin.PostAsync(Page, Page, ("Name", name), ("Occasion", occasion),
            ("Channel", channel), ("Url", url), ("Recipients", recipients), ("TargetPattern", targets));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(
            reason, WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync()), StringComparison.Ordinal);
        Assert.Single(await app.Service<NotificationQueries>().AllAsync(default));
    }

    [Fact]
    public async Task Only_administrators_may_look()
    {
        var app = shared.App;
        using var answer = await app.Client.GetAsync(Page);
        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
    }

    [Fact]
    public void Rules_show_what_they_say_and_let_no_markup_and_no_address_through()
    {
        using var context = new BunitContext();
        var shown = context.Render<NotificationRuleTable>(set => set.Add(table => table.Rules,
        [
            new NotificationRule
            {
                NotificationRuleId = 1,
                Name = Hostile,
                Occasion = NotificationOccasion.Deployment,
                FeedName = Hostile,
                Channel = NotificationChannel.Webhook,
                Url = "https://hooks.example.com/password",
                Failed = NotificationQueries.CountMax,
            },
            new NotificationRule
            {
                NotificationRuleId = 2,
                Name = "Mail",
                Occasion = NotificationOccasion.VulnerabilityFound,
                Channel = NotificationChannel.Mail,
                Recipients = ["ops@example.com"],
                Active = true,
            },
        ]));

        Assert.Empty(shown.FindAll("script"));
        Assert.DoesNotContain("password", shown.Markup, StringComparison.Ordinal);
        Assert.Equal(["Off", "On"], shown.FindAll(".badge").Select(badge => badge.TextContent));
        Assert.Equal("1,000+", shown.Find("a[href='/admin/notifications/1?state=Failed']").TextContent);
        Assert.Contains("everything", shown.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void The_log_shows_attempts_and_lets_no_markup_through()
    {
        using var context = new BunitContext();
        var facts = System.Text.Json.JsonSerializer.Serialize(
            new NotificationFacts { Name = Hostile, Version = Hostile, Target = Hostile });
        var at = new DateTimeOffset(2026, 1, 31, 8, 15, 0, TimeSpan.Zero);
        var shown = context.Render<NotificationTable>(set => set.Add(table => table.Rows,
        [
            new NotificationRow
            {
                NotificationId = 3,
                Occasion = NotificationOccasion.Deployment,
                Facts = facts.Replace("Name", "name", StringComparison.Ordinal),
                CreatedAt = at,
                State = NotificationState.Failed,
                Attempts = 12,
                AttemptedAt = at,
                TookMs = 1204,
                Status = 503,
                Answer = Hostile,
                Problem = Hostile,
            },
            new NotificationRow { NotificationId = 2, CreatedAt = at, NextAttemptAt = at },
        ]));

        Assert.Empty(shown.FindAll("script"));
        Assert.Contains("12 attempts, 503 in 1,204 ms", shown.Markup, StringComparison.Ordinal);
        Assert.Equal("3", Assert.Single(shown.FindAll("button")).GetAttribute("value"));
        Assert.Contains("none yet", shown.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void A_mail_says_what_is_not_certain()
    {
        var text = NotificationText.Paragraph(
            new ClaimedNotification
            {
                Occasion = NotificationOccasion.VulnerabilityDeployed,
                Facts = """
                    {"group":"acme","name":"web","version":"latest","target":"T\u202e1",
                     "advisory":{"id":"GHSA-1","severity":4,"score":null,"summary":"Bad",
                                 "isCertain":false,"fixed":null}}
                    """,
            }, new NotificationLinks(new Web.Settings.DeploymentsSettings()));

        Assert.StartsWith(
            "T⟨U+202E⟩1 now runs acme/web latest, which GHSA-1 (Critical) touches.\n  Bad\n  No fixed version", text,
            StringComparison.Ordinal);
        Assert.Contains("not certain", text, StringComparison.Ordinal);
    }

    static async Task DoneAsync(Browser browser, string page, string handler, params (string, string)[] fields)
    {
        using var answer = await browser.PostAsync(page, page + handler, fields);
        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
    }

    [GeneratedRegex("whsec_[0-9a-f]{64}")]
    private static partial Regex SecretPattern();
}
