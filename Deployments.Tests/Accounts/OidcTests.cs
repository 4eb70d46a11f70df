using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using System.Web;
using Deployments.Data.Accounts;
using Deployments.Data.Audit;
using Deployments.Tests.Support;
using Deployments.Web.Accounts;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;

namespace Deployments.Tests.Accounts;

/// <summary>Signing in through a real OpenID Connect provider, the way browsers go.</summary>
public sealed class OidcTests(OidcFixture shared) : IClassFixture<OidcFixture>
{
    static readonly Actor Test = new("test", null);

    readonly string subject = Guid.NewGuid().ToString();
    readonly string name = "u" + Guid.NewGuid().ToString("n")[..12];

    [Fact]
    public async Task A_person_with_a_role_gets_an_account_at_the_first_sign_in_and_goes_where_they_wanted()
    {
        using var browser = new Browser(shared.App.Url);
        Assert.Contains("Sign in with <bdi>Corp</bdi>", await browser.ReadAsync("/sign-in?returnUrl=%2Ftargets"),
            StringComparison.Ordinal);

        using var begun = await browser.GetAsync("/sign-in/corp?returnUrl=%2Ftargets%3Fsort%3Dpackages");
        var asked = HttpUtility.ParseQueryString(begun.Headers.Location!.Query);
        Assert.Equal(("code", "S256", "query", "openid profile"),
            (asked["response_type"], asked["code_challenge_method"], asked["response_mode"] ?? "query",
                asked["scope"]));
        Assert.Equal(new Uri(shared.App.Url, "/sign-in/corp/callback").AbsoluteUri, asked["redirect_uri"]);
        Assert.All(new[] { asked["state"], asked["nonce"], asked["code_challenge"] }, Assert.NotNull);
        Assert.Null(asked["client_secret"]);
        var cookies = begun.Headers.GetValues("Set-Cookie").ToList();
        Assert.Equal(2, cookies.Count);
        Assert.All(cookies, cookie => Assert.Matches(
            "(?i)^Deployments[.](Correlation|Nonce)[.].*path=/sign-in/corp/callback.*samesite=lax.*httponly", cookie));

        using var answer = await shared.SignInAsync(browser, "/sign-in/corp?returnUrl=%2Ftargets%3Fsort%3Dpackages",
            new(subject, name, "readers", "makers", "others"));

        Assert.Equal("/targets?sort=packages", answer.Headers.Location!.OriginalString);
        Assert.Contains(name, await browser.ReadAsync("/targets"), StringComparison.Ordinal);
        var account = (await shared.AccountAsync(name))!;
        Assert.Equal((AccountRole.Publisher, true, false), (account.Role, account.Active, account.HasPassword));
        Assert.NotNull(account.LastSignInAt);
        var log = await shared.LogAsync(name);
        Assert.Equal(["account.create", "account.link", "account.signIn"], log.Select(happened => happened.Action));
        Assert.Equal(["provider \"corp\"", "provider \"corp\"", name], log.Select(happened => happened.Actor));
        Assert.All(log, happened => Assert.Equal("127.0.0.1", happened.Address));
        Assert.Contains(subject, log[1].After, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Groups_may_come_with_the_user_information_and_only_when_asked()
    {
        using var browser = new Browser(shared.App.Url);
        using var answer = await shared.SignInAsync(browser, "/sign-in/corp",
            new(subject, name, "readers", "chiefs") { GroupsWhenAsked = true });
        Assert.Equal("/", answer.Headers.Location!.OriginalString);
        Assert.Equal(AccountRole.Administrator, (await shared.AccountAsync(name))!.Role);
    }

    [Fact]
    public async Task The_role_follows_the_groups_at_every_sign_in_and_earlier_sessions_end_with_the_role()
    {
        using var first = new Browser(shared.App.Url);
        (await shared.SignInAsync(first, "/sign-in/corp", new(subject, name, "chiefs"))).Dispose();
        Assert.Contains(name, await first.ReadAsync("/admin/users"), StringComparison.Ordinal);

        using var second = new Browser(shared.App.Url);
        (await shared.SignInAsync(second, "/sign-in/corp", new(subject, name, "readers"))).Dispose();
        using (var ended = await first.GetAsync("/admin/users"))
            Assert.Contains("/sign-in", ended.Headers.Location!.OriginalString, StringComparison.Ordinal);
        using (var refused = await second.GetAsync("/admin/users"))
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        var changed = Assert.Single(await shared.LogAsync(name), happened => happened.Action == "account.update");
        Assert.Equal("provider \"corp\"", changed.Actor);
        Assert.Contains("Viewer", changed.After, StringComparison.Ordinal);

        // Whoever belongs to no group any more is refused, and the account stays as it was.
        using var third = new Browser(shared.App.Url);
        await RefusedAsync(
            third, "/sign-in/corp", new(subject, name, "others"), SignInRefusal.Role, "none of the groups");
        Assert.Equal(AccountRole.Viewer, (await shared.AccountAsync(name))!.Role);
    }

    [Fact]
    public async Task Who_has_no_role_no_account_or_no_consent_is_refused_in_a_sentence()
    {
        using var browser = new Browser(shared.App.Url);
        await RefusedAsync(browser, "/sign-in/corp", new(subject, name), SignInRefusal.Role, "none of the groups");
        await RefusedAsync(browser, "/sign-in/corp", new(subject, name, "CHIEFS", "*"), SignInRefusal.Role, "Ask an");
        await RefusedAsync(browser, "/sign-in/club", new(subject, name, "chiefs"), SignInRefusal.Invitation,
            "Ask an administrator for an invitation.");
        await RefusedAsync(browser, "/sign-in/corp", null, SignInRefusal.Denied, "Corp did not let you sign in here.");
        Assert.Null(await shared.AccountAsync(name));

        (await shared.SignInAsync(browser, "/sign-in/corp", new(subject, name, "readers"))).Dispose();
        await shared.App.Service<AccountStore>().ChangeAsync(name, null, false, Test, default);
        using var other = new Browser(shared.App.Url);
        await RefusedAsync(
            other, "/sign-in/corp", new(subject, name, "readers"), SignInRefusal.Disabled, "is disabled");
    }

    [Theory]
    [InlineData("/sign-in?refused=Nonsense&provider=corp")]
    [InlineData("/sign-in?refused=7777&provider=corp")]
    [InlineData("/sign-in?refused=Role&provider=nothing")]
    [InlineData("/sign-in?refused=Role")]
    public async Task A_made_up_refusal_says_nothing(string address)
    {
        using var browser = new Browser(shared.App.Url);
        Assert.DoesNotContain("role=\"alert\"", await browser.ReadAsync(address), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_counts_once_in_the_browser_that_asked_and_as_it_was_given()
    {
        var who = new ProvidersPerson(subject, name, "readers");
        using var browser = new Browser(shared.App.Url);
        var answer = await shared.AnswerAsync(browser, "/sign-in/corp", who);
        var query = HttpUtility.ParseQueryString(answer.Query);

        using var stranger = new Browser(shared.App.Url);
        await FailsAsync(stranger, answer.PathAndQuery);
        foreach (var (field, value) in new (string, string?)[]
            {
                ("state", "x" + query["state"]), ("state", ""), ("state", null), ("code", "x" + query["code"]),
                ("code", null),
            })
        {
            using var again = new Browser(shared.App.Url);
            var changed = HttpUtility.ParseQueryString((await shared.AnswerAsync(again, "/sign-in/corp", who)).Query);
            changed[field] = value;
            await FailsAsync(again, $"/sign-in/corp/callback?{changed}");
        }

        // The answer of one provider is none of another, though both are the same server.
        using var mixed = new Browser(shared.App.Url);
        var corps = await shared.AnswerAsync(mixed, "/sign-in/corp", who);
        await FailsAsync(mixed, "/sign-in/club/callback" + corps.Query);

        using var taken = await browser.GetAsync(answer.PathAndQuery);
        Assert.Equal("/", taken.Headers.Location!.OriginalString);
        using var session = await browser.GetAsync("/account");
        Assert.Equal(HttpStatusCode.OK, session.StatusCode);
        using var twice = await browser.GetAsync(answer.PathAndQuery); // its cookie is gone
        Assert.StartsWith("/sign-in?refused=Failed", twice.Headers.Location!.OriginalString, StringComparison.Ordinal);
    }

    public static TheoryData<string> Tamperings =>
        ["signature", "key", "none", "issuer", "audience", "expired", "nonce", "no nonce", "subject", "no token"];

    [Theory]
    [MemberData(nameof(Tamperings))]
    public async Task A_token_that_is_not_as_the_provider_made_it_begins_no_session(string what)
    {
        using var other = RSA.Create(2048);
        shared.Provider.Tamper = (token, claims, key) => what switch
        {
            "signature" => token[..^6] + (token.EndsWith("AAAAAA", StringComparison.Ordinal) ? "BBBBBB" : "AAAAAA"),
            "key" => OpenIdProvider.Sign(claims, new RsaSecurityKey(other)),
            "none" => Base64UrlEncoder.Encode("""{"alg":"none","typ":"JWT"}""") + "." + token.Split('.')[1] + ".",
            "issuer" => OpenIdProvider.Sign(With(claims, "iss", "https://elsewhere.example/"), key),
            "audience" => OpenIdProvider.Sign(With(claims, "aud", "another-client"), key),
            "expired" => OpenIdProvider.Sign(With(With(claims, "exp", 1_700_000_300), "iat", 1_700_000_000), key),
            "nonce" => OpenIdProvider.Sign(With(claims, "nonce", "another"), key),
            "no nonce" => OpenIdProvider.Sign(With(claims, "nonce", null), key),
            "subject" => OpenIdProvider.Sign(With(claims, "sub", null), key),
            _ => "",
        };
        try
        {
            using var browser = new Browser(shared.App.Url);
            var answer = await shared.AnswerAsync(browser, "/sign-in/corp", new(subject, name, "chiefs"));
            await FailsAsync(browser, answer.PathAndQuery);
            Assert.Null(await shared.AccountAsync(name));
        }
        finally
        {
            shared.Provider.Tamper = null;
        }
    }

    // Accounts are bound to issuers: it would open those of the provider that it says it is.
    [Fact]
    public async Task A_provider_that_calls_itself_otherwise_than_the_settings_begins_no_session()
    {
        var other = $"http://localhost:{shared.Provider.Url.Port}/"; // the same, under a name that it does not use
        await using var app = await TestApp.StartAsync(null,
            [.. OidcFixture.Settings(shared.Provider), $"Deployments:Oidc:corp:Authority={other}"]);
        using var log = new ListLog();
        app.Service<ILoggerFactory>().AddProvider(log);
        shared.Provider.Who = new(subject, name, "chiefs");
        using var browser = new Browser(app.Url);
        using var begun = await browser.GetAsync("/sign-in/corp");
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });
        using var asked = await client.GetAsync(begun.Headers.Location);

        await FailsAsync(browser, asked.Headers.Location!.PathAndQuery);

        Assert.Contains(log.Lines, line => line.Contains("calls itself otherwise", StringComparison.Ordinal));
        Assert.Null(await app.Service<AccountQueries>().ByNameOrNullAsync(name, default));
    }

    [Theory]
    [InlineData("https://login.example.com", "https://login.example.com", true)]
    [InlineData("https://login.example.com/", "https://login.example.com", true)]
    [InlineData("https://login.example.com/realms/main", "https://login.example.com/realms/main/", true)]
    [InlineData("https://login.example.com/realms/main", "https://login.example.com/realms/other", false)]
    [InlineData("https://login.example.com/realms/main", "https://login.example.com", false)]
    [InlineData("https://login.example.com", "http://login.example.com", false)]
    [InlineData("https://login.example.com", "https://login.example.com.evil.example", false)]
    [InlineData("https://login.example.com", "", false)]
    [InlineData("https://login.example.com", null, false)]
    public void An_issuer_is_the_address_of_the_settings(string authority, string? issuer, bool isIt) =>
        Assert.Equal(isIt, OidcHandling.IsIssuer(new Uri(authority), issuer));

    // What makes the refusals above mean something: a token made the same way, but right, is taken.
    [Fact]
    public async Task A_token_that_the_providers_key_signed_anew_is_taken()
    {
        shared.Provider.Tamper = (_, claims, key) => OpenIdProvider.Sign(claims, key);
        try
        {
            using var browser = new Browser(shared.App.Url);
            (await shared.SignInAsync(browser, "/sign-in/corp", new(subject, name, "readers"))).Dispose();
            Assert.True(OidcFixture.IsSignedIn(browser));
        }
        finally
        {
            shared.Provider.Tamper = null;
        }
    }

    [Theory]
    [InlineData("https://elsewhere.example/")]
    [InlineData("//elsewhere.example/")]
    [InlineData("/\\elsewhere.example/")]
    [InlineData("javascript:alert(1)")]
    [InlineData("")]
    public async Task Signing_in_leads_nowhere_else(string returnUrl)
    {
        using var browser = new Browser(shared.App.Url);
        using var answer = await shared.SignInAsync(browser,
            "/sign-in/corp?returnUrl=" + Uri.EscapeDataString(returnUrl), new(subject, name, "readers"));
        Assert.Equal("/", answer.Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task A_provider_that_is_away_costs_only_its_own_button()
    {
        using var browser = new Browser(shared.App.Url);
        Assert.Contains("Sign in with <bdi>Gone & <away></bdi>", await browser.ReadAsync("/sign-in"),
            StringComparison.Ordinal);
        using (var away = await browser.GetAsync("/sign-in/gone"))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, away.StatusCode);
            Assert.Contains("does not answer", await away.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        await FailsAsync(browser, "/sign-in/gone/callback?state=x&code=y");
        using (var none = await browser.GetAsync("/sign-in/nothing"))
            Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);
        using (var none = await browser.GetAsync("/sign-in/nothing/callback?code=x"))
            Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);
        using var admin = await Browser.SignedInAsync(shared.App);
        await admin.ReadAsync("/admin/users");
    }

    [Fact]
    public async Task A_name_that_somebody_chose_at_the_provider_opens_no_account_that_is_called_so()
    {
        using var browser = new Browser(shared.App.Url);
        (await shared.SignInAsync(browser, "/sign-in/corp", new(subject, "Admin", "readers"))).Dispose();
        Assert.Contains("Admin (corp)", await browser.ReadAsync("/account"), StringComparison.Ordinal);
        using (var refused = await browser.GetAsync("/admin/users"))
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);

        // Nor does the same subject with another name become another person.
        using var again = new Browser(shared.App.Url);
        (await shared.SignInAsync(again, "/sign-in/corp", new(subject, "somebody else", "readers"))).Dispose();
        Assert.Contains("Admin (corp)", await again.ReadAsync("/account"), StringComparison.Ordinal);

        using var password = new Browser(shared.App.Url);
        foreach (var guess in new[] { "", " ", subject, "Admin (corp)" })
        {
            using var refused = await password.PostAsync("/sign-in", "/sign-in",
                ("name", "Admin (corp)"), ("password", guess));
            Assert.Null(refused.Headers.Location);
        }
    }

    [Theory]
    [InlineData("api", "api (corp)")]
    [InlineData("Deployments", "Deployments (corp)")]
    [InlineData("a:b\"c\u0000d\ud83d\ude00", "a-b-c-d--")]
    [InlineData("  ", "user")]
    [InlineData("API key \"ci\"", "API key -ci-")]
    public void A_new_account_has_a_name_that_accounts_may_have(string told, string called)
    {
        var names = AccountNames.For(told, "corp");
        Assert.Equal(called, names[0]);
        Assert.All(names, one => Assert.True(AccountNames.CanBe(one) && !AccountNames.IsReserved(one), one));
        Assert.Equal(names.Count, names.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.All(AccountNames.For(new string('x', 5000), new string('p', 30)), one => Assert.True(one.Length <= 100));
    }

    [Fact]
    public async Task The_last_administrator_with_a_password_stays_one_whatever_the_provider_says()
    {
        using var admin = await Browser.SignedInAsync(shared.App);
        var link = await LinkAsync(admin, "corp");
        using (var linked = await shared.SignInAsync(admin, link, new(subject, name, "readers")))
            Assert.Equal("/account", linked.Headers.Location!.OriginalString);
        Assert.Contains("Admin", await admin.ReadAsync("/admin/users"), StringComparison.Ordinal);

        await SignInTests.AddAsync(shared.App, name, AccountRole.Administrator);
        try
        {
            using var again = new Browser(shared.App.Url);
            (await shared.SignInAsync(again, "/sign-in/corp", new(subject, name, "readers"))).Dispose();
            Assert.Equal(AccountRole.Viewer, (await shared.AccountAsync("Admin"))!.Role);
        }
        finally
        {
            await shared.App.Service<AccountStore>()
                .ChangeAsync("Admin", AccountRole.Administrator, null, Test, default);
        }
    }

    async Task<string> LinkAsync(Browser browser, string provider)
    {
        var page = await browser.ReadAsync("/account");
        var start = page.IndexOf($"{shared.App.Url}sign-in/{provider}?link=", StringComparison.Ordinal);
        Assert.True(start >= 0, page);
        return new Uri(page[start..page.IndexOf('"', start)]).PathAndQuery;
    }

    async Task RefusedAsync(
        Browser browser, string start, ProvidersPerson? who, SignInRefusal why, string sentence)
    {
        using var answer = await shared.SignInAsync(browser, start, who);
        var location = answer.Headers.Location!.OriginalString;
        Assert.StartsWith($"/sign-in?refused={why}&provider=", location, StringComparison.Ordinal);
        Assert.False(OidcFixture.IsSignedIn(browser));
        using var page = await browser.GetAsync(location);
        Assert.Equal(HttpStatusCode.Forbidden, page.StatusCode);
        Assert.Contains(sentence, WebUtility.HtmlDecode(await page.Content.ReadAsStringAsync()),
            StringComparison.Ordinal);
    }

    static async Task FailsAsync(Browser browser, string callback)
    {
        using var answer = await browser.GetAsync(callback);
        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
        Assert.StartsWith("/sign-in?refused=Failed", answer.Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.False(OidcFixture.IsSignedIn(browser));
    }

    static JsonObject With(JsonObject claims, string claim, JsonNode? value)
    {
        if (value is null)
            claims.Remove(claim);
        else
            claims[claim] = value;
        return claims;
    }
}
