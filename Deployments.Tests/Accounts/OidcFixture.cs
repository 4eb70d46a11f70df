using System.Net;
using Deployments.Data.Accounts;
using Deployments.Data.Audit;
using Deployments.Tests.Support;

namespace Deployments.Tests.Accounts;

/// <summary>
/// A provider, and the program that knows it twice: as <c>corp</c>, whose groups say what people may do and who get
/// accounts, and as <c>club</c>, for invited people whom administrators give roles; and one that is away.
/// </summary>
public sealed class OidcFixture : IAsyncLifetime
{
    public OpenIdProvider Provider { get; private set; } = null!;

    public TestApp App { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Provider = await OpenIdProvider.StartAsync();
        App = await TestApp.StartAsync(null,
        [
            .. Settings(Provider), "Deployments:Oidc:gone:Authority=http://127.0.0.1:1/",
            "Deployments:Oidc:gone:ClientId=x", "Deployments:Oidc:gone:Title=Gone & <away>",
        ]);
    }

    public async Task DisposeAsync()
    {
        await App.DisposeAsync();
        await Provider.DisposeAsync();
    }

    /// <summary>Both names of a provider.</summary>
    public static string[] Settings(OpenIdProvider provider) =>
    [
        .. Settings(provider, "corp"), .. Settings(provider, "club"),
        "Deployments:Oidc:corp:Title=Corp", "Deployments:Oidc:corp:Accounts=made",
        "Deployments:Oidc:corp:AdministratorRoles=chiefs", "Deployments:Oidc:corp:PublisherRoles=builders; makers",
        "Deployments:Oidc:corp:ViewerRoles=readers",
    ];

    static string[] Settings(OpenIdProvider provider, string name) =>
    [
        $"Deployments:Oidc:{name}:Authority={provider.Url}",
        $"Deployments:Oidc:{name}:ClientId={OpenIdProvider.ClientId}",
        $"Deployments:Oidc:{name}:ClientSecret={OpenIdProvider.ClientSecret}",
    ];

    /// <summary>As a browser goes: to the provider, and back with what it says.</summary>
    /// <param name="browser">The browser.</param>
    /// <param name="start">Where the button leads.</param>
    /// <param name="who">Who is signed in at the provider; null: it refuses.</param>
    public async Task<HttpResponseMessage> SignInAsync(Browser browser, string start, ProvidersPerson? who)
    {
        ArgumentNullException.ThrowIfNull(browser);
        return await browser.GetAsync((await AnswerAsync(browser, start, who)).PathAndQuery);
    }

    /// <summary>Where the provider sends the browser back to.</summary>
    public async Task<Uri> AnswerAsync(Browser browser, string start, ProvidersPerson? who)
    {
        ArgumentNullException.ThrowIfNull(browser);
        Provider.Who = who;
        using var begun = await browser.GetAsync(start);
        Assert.Equal(HttpStatusCode.Found, begun.StatusCode);
        Assert.Equal(Provider.Url.Authority, begun.Headers.Location!.Authority);
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });
        using var asked = await client.GetAsync(begun.Headers.Location);
        Assert.True(asked.StatusCode == HttpStatusCode.Found, await asked.Content.ReadAsStringAsync());
        return asked.Headers.Location!;
    }

    /// <summary>The account of that name; null when there is none.</summary>
    public Task<Account?> AccountAsync(string name) =>
        App.Service<AccountQueries>().ByNameOrNullAsync(name, default);

    /// <summary>What the audit log has of an account, oldest first.</summary>
    public async Task<IReadOnlyList<AuditEvent>> LogAsync(string name) =>
    [
        .. (await App.Service<AuditQueries>().PageAsync(new AuditFilter(null, null), null, 200, default))
            .Where(happened => happened.SubjectName == name).Reverse(),
    ];

    /// <summary>Whether a browser has a session.</summary>
    public static bool IsSignedIn(Browser browser)
    {
        ArgumentNullException.ThrowIfNull(browser);
        return browser.Cookies.GetAllCookies().Any(cookie => cookie.Name == "Deployments.Session");
    }
}
