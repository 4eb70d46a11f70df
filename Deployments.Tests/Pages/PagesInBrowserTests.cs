using System.Globalization;
using System.Net;
using Deployments.Data.Audit;
using Deployments.Data.Calendar;
using Deployments.Data.Figures;
using Deployments.Data.Octopus;
using Deployments.Tests.Support;
using Deployments.Web.Octopus;
using Microsoft.Playwright;

namespace Deployments.Tests.Pages;

public sealed class PagesInBrowserTests(PagesInBrowserTests.Running running)
    : IClassFixture<PagesInBrowserTests.Running>
{
    // Where to put a picture of each page, for whoever wants to look at them all; not set: nowhere.
    static readonly string? Pictures = Environment.GetEnvironmentVariable("DEPLOYMENTS_TEST_PICTURES");

    public static TheoryData<string, int, bool> Every()
    {
        var data = new TheoryData<string, int, bool>();
        foreach (var (address, status, asAdmin) in AllPages.List)
            data.Add(address, status, asAdmin);
        return data;
    }

    [Theory]
    [MemberData(nameof(Every))]
    public async Task A_page_is_accessible_and_fits_in_light_and_dark(string address, int status, bool asAdmin)
    {
        address = address
            .Replace("HOSTILE", running.Hostile.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("RUNNING", running.Newest.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("OBSERVED", running.Observed.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        var page = await running.OpenAgainAsync(address, asAdmin);
        Assert.Equal(status, await page.EvaluateAsync<int>(
            "performance.getEntriesByType('navigation')[0].responseStatus"));
        await Accessibility.CheckAsync(page, address, how => TakePictureAsync(page, address, asAdmin, how));

        // A browser itself complains about an answer that is an error, and some of these are.
        Assert.DoesNotContain(running.Chromium.Errors.ToArray(),
            error => !error.Contains("status of 4", StringComparison.Ordinal));
        Assert.Empty(running.Chromium.Strays);
    }

    [Fact]
    public async Task A_package_is_found_from_the_dashboard_and_its_history_filtered_by_target()
    {
        var page = await running.OpenAsync("/feeds", asAdmin: false);
        await page.ClickAsync("text=approved-nuget");
        await page.FillAsync("#f-search", "accounts");
        await page.Keyboard.PressAsync("Enter");
        await page.ClickAsync("text=Accounts.Web");
        await page.ClickAsync(".tabs >> text=History");
        await page.FillAsync("#f-target", "web-02");
        await page.Keyboard.PressAsync("Enter");
        await Chromium.ArriveAsync(page, "**/history?target=web-02");

        var targets = await page.Locator("td.target").AllInnerTextsAsync();
        Assert.NotEmpty(targets);
        Assert.All(targets, target => Assert.Equal("WEB-02", target.Trim()));
        Assert.Contains("target=web-02",
            await page.GetAttributeAsync("a.button:text('CSV')", "href"), StringComparison.Ordinal);
        await page.ClickAsync(".chip");
        await Chromium.ArriveAsync(page, "**/history");
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Two_targets_are_compared_by_keyboard_alone()
    {
        var page = await running.OpenAsync("/targets/WEB-03", asAdmin: false);
        await page.FocusAsync("#compare");
        await page.Keyboard.TypeAsync("staging-01");
        await page.Keyboard.PressAsync("Enter");
        await Chromium.ArriveAsync(page, "**/targets/WEB-03?compare=staging-01");

        var marks = await page.Locator("section:has(#compared) td .mark").AllInnerTextsAsync();
        Assert.NotEmpty(marks);
        Assert.DoesNotContain("same", marks.Select(mark => mark.Trim()));
        await page.ClickAsync("text=Show also what is the same");
        await Chromium.ArriveAsync(page, "**show=all");
        Assert.True(await page.Locator("section:has(#compared) tbody tr").CountAsync() >= marks.Count);
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task The_header_is_one_line_on_a_desk_and_on_a_phone_where_a_menu_has_everything()
    {
        var page = await running.OpenAsync("/matrix", asAdmin: true);
        foreach (var width in new[] { 1280, 320 })
        {
            await page.SetViewportSizeAsync(width, 640);
            Assert.InRange((await page.Locator("header.site-head").BoundingBoxAsync())!.Height, 40, 64);
        }

        await page.SetViewportSizeAsync(1280, 640);
        var menu = (await page.Locator(".site-nav.wide summary", new() { HasText = "Administration" })
            .BoundingBoxAsync())!;
        Assert.InRange((await page.Locator(".site-head .search").BoundingBoxAsync())!.X, menu.X + menu.Width, 1280);
        await page.SetViewportSizeAsync(320, 640);
        await page.FocusAsync(".folded summary");
        await page.Keyboard.PressAsync("Enter");
        Assert.True(await page.IsVisibleAsync(".folded >> text=Sign out"));
        await page.ClickAsync(".folded >> text=Target groups");
        await Chromium.ArriveAsync(page, "**/admin/target-groups");
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Filters_stand_open_on_a_desk_and_fold_away_on_a_phone_behind_a_button_with_their_number()
    {
        var page = await running.OpenAsync("/deployments?application=Jenkins&text=release", asAdmin: false);
        Assert.True(await page.IsVisibleAsync("#filter-target"));
        Assert.False(await page.IsVisibleAsync(".fold > summary"));

        await page.SetViewportSizeAsync(360, 640);
        Assert.False(await page.IsVisibleAsync("#filter-target"));
        Assert.Equal("Filters 2 in force", (await page.InnerTextAsync(".fold > summary")).ReplaceLineEndings(" "));
        await page.FocusAsync(".fold > summary");
        await page.Keyboard.PressAsync("Enter");
        await page.FillAsync("#filter-target", "WEB-01");
        await page.ClickAsync(".filters button");
        await Chromium.ArriveAsync(page, "**/deployments?*target=WEB-01*");
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Paper_has_the_filter_the_time_and_no_controls()
    {
        var page = await running.OpenAsync("/deployments?target=WEB-01", asAdmin: false);
        await page.EmulateMediaAsync(new PageEmulateMediaOptions { Media = Media.Print });

        Assert.False(await page.IsVisibleAsync("header.site-head"));
        Assert.False(await page.IsVisibleAsync("form.filters"));
        Assert.True(await page.IsVisibleAsync(".chip"));
        Assert.Contains("/deployments?target=WEB-01", await page.InnerTextAsync(".print-head"),
            StringComparison.Ordinal);
        await TakePictureAsync(page, "/deployments", false, "print");
        await page.Context.CloseAsync();
    }

    static async Task TakePictureAsync(IPage page, string address, bool asAdmin, string how)
    {
        if (Pictures is null)
            return;
        var name = string.Concat($"{address.Trim('/')}{(asAdmin ? "-admin" : "")}-{how}"
            .Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' ? c : '_'));
        await page.ScreenshotAsync(new PageScreenshotOptions
        {
            Path = Path.Combine(Pictures, name + ".png"),
            FullPage = true,
        });
    }

    public sealed class Running : IAsyncLifetime
    {
        readonly Dictionary<bool, IPage> open = [];
        TestApp app = null!;
        CookieCollection admin = null!;

        internal Chromium Chromium { get; private set; } = null!;

        public long Hostile { get; private set; }

        /// <summary>The record of something that runs on WEB-01 now.</summary>
        public long Newest { get; private set; }

        /// <summary>What an inventory showed on WEB-01 that no record says.</summary>
        public long Observed { get; private set; }

        public async Task InitializeAsync()
        {
            app = await TestApp.StartAsync(null, "Deployments:Oidc:corp:Authority=https://login.example.com/",
                "Deployments:Oidc:corp:ClientId=x", "Deployments:Oidc:corp:Title=Example Corp");
            Hostile = await BelievableHistory.WriteAsync(app, app.Service<TimeProvider>().GetUtcNow());
            await using var newest = app.Database.DataSource.CreateCommand(
                """
                select max(deployment_id) from running_installations join targets using (target_id)
                where name = 'WEB-01'
                """);
            Newest = (long)(await newest.ExecuteScalarAsync())!;
            await ConnectOctopusAsync();
            await app.Service<CalendarStore>().CountAsync(TimeSpan.FromMinutes(1), default);
            await app.Service<ArrivalStore>().CountAsync(TimeSpan.FromMinutes(1), default);
            await SendAsync("WEB-01?scope=choco", "Accounts.Web|9.9.9\n");
            await using var observed = app.Database.DataSource.CreateCommand(
                "select max(observation_id) from observations");
            Observed = (long)(await observed.ExecuteScalarAsync())!;
            await app.CreateFeedAsync("apt", "debian");
            await using (var said = app.Database.DataSource.CreateCommand(
                """
                insert into distribution_guesses (feed_id, place, distribution, because)
                select feed_id, w.* from feeds, (values
                    ('bookworm', 'Debian:12', 'dists/bookworm/Release says so'),
                    ('jammy', 'Ubuntu:22.04:LTS', 'dists/jammy/Release says so')) as w
                where name = 'apt';
                update feeds set guessed_at = now() where name = 'apt';
                insert into mail_server (host, port, encryption, user_name, password_encrypted, sender)
                values ('mail.example.com', 587, 'starttls', 'robot', 'x', 'deployments@example.com');
                insert into followed_targets (account_id, target_id, seen_at)
                select account_id, target_id, now() - interval '20 days' from accounts, targets
                where targets.name in ('WEB-01', 'DB-01');
                insert into saved_filters (account_id, path, query, name, is_shared)
                select account_id, w.* from accounts, (values
                    ('/deployments', '?application=Jenkins&text=release', 'Releases by Jenkins', true),
                    ('/deployments', '?target=DB-01', 'The database server', false),
                    ('/matrix', '?targetGroup=production', 'Production', true)) as w
                """))
                await said.ExecuteNonQueryAsync();
            await SendAsync("DB-01?format=apt-history&zone=Europe/Berlin&all=true",
                """
                Start-Date: 2026-11-20  10:00:00
                Commandline: apt-get dist-upgrade
                Requested-By: jane (1000)
                Upgrade: openssl:amd64 (3.0.11-1, 3.0.15-1), libssl3:amd64 (3.0.11-1, 3.0.15-1), curl:amd64 (7, 8)
                End-Date: 2026-11-20  10:00:05
                """);
            using var browser = await Browser.SignedInAsync(app);
            admin = browser.Cookies.GetCookies(app.Url);
            Chromium = await Chromium.StartAsync();
        }

        async Task SendAsync(string targetAndQuery, string text)
        {
            using var body = new StringContent(text);
            using var taken = await app.Admin.PostAsync($"/api/inventory/{targetAndQuery}", body);
            Assert.True(taken.IsSuccessStatusCode, await taken.Content.ReadAsStringAsync());
        }

        /// <summary>An Octopus server that is paused, so that nobody asks it, with something that waits.</summary>
        async Task ConnectOctopusAsync()
        {
            await app.Service<OctopusDesk>().AddAsync(
                new OctopusInput { Name = "prod", Url = "https://octopus.example", ApiKey = "API-INVENTED" },
                "deployments.example", Actor.Program, default);
            var store = app.Service<OctopusConnectionStore>();
            var octopus = (await store.FindOrNullAsync("prod", default))!;
            await store.PauseAsync(octopus, true, Actor.Program, default);
            await using var waiting = app.Database.DataSource.CreateCommand(
                """
                insert into octopus_feeds (connection_id, octopus_feed_id, name, feed_type, feed_uri)
                select connection_id, 'Feeds-9', 'Our feed', 'NuGet', 'https://deployments.example/nuget/main/'
                from octopus_connections;
                insert into octopus_set_aside (connection_id, deployment_id, project_id, action, reference,
                    octopus_feed_id, package, version, targets, application, description, user_name, deployed_at,
                    reason, received_at)
                select connection_id, 'Deployments-11', 'Projects-3', 'Deploy web', '', 'Feeds-9', '#{Package}',
                    '1.4.2', '{web-01,web-02}', 'Shop', 'Release 1.4.2 to Production', 'jane.doe', now(),
                    'Octopus takes feed or package from a variable; say which package the step deploys.', now()
                from octopus_connections
                """);
            await waiting.ExecuteNonQueryAsync();
        }

        internal Task<IPage> OpenAsync(string address, bool asAdmin) =>
            Chromium.OpenAsync(new Uri(app.Url, address), cookies: asAdmin ? admin : null);

        /// <summary>In the page that the visitor or the administrator has open; nothing is changed there.</summary>
        internal async Task<IPage> OpenAgainAsync(string address, bool asAdmin)
        {
            if (open.TryGetValue(asAdmin, out var page))
                await Chromium.OpenAgainAsync(page, new Uri(app.Url, address));
            else
                open[asAdmin] = page = await OpenAsync(address, asAdmin);
            return page;
        }

        public async Task DisposeAsync()
        {
            await Chromium.DisposeAsync();
            await app.DisposeAsync();
        }
    }
}
