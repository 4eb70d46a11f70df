using System.Globalization;
using Deployments.Data.Accounts;
using Deployments.Web.Settings;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace Deployments.Web.Accounts;

/// <summary>
/// How ASP.NET's handler asks a provider who somebody is - authorization code with PKCE, state and nonce in cookies of
/// the browser - and what becomes of the answer. It begins no session by itself.
/// </summary>
static class OidcHandling
{
    const string LinkItem = "link";
    const string InvitationItem = "invitation";

    static readonly object IdTokenItem = new();
    static readonly TimeSpan ProviderPatience = TimeSpan.FromSeconds(10);

    public static string CallbackPath(string provider) => $"/sign-in/{provider}/callback";

    public static void Configure(OpenIdConnectOptions options, string name, OidcSettings provider)
    {
        options.Authority = provider.Authority!.AbsoluteUri;
        options.RequireHttpsMetadata = provider.Authority.Scheme == Uri.UriSchemeHttps;
        options.ClientId = provider.ClientId;
        options.ClientSecret = provider.ClientSecret;
        options.BackchannelTimeout = ProviderPatience;
        options.DisableTelemetry = true;
        options.SignInScheme = Sessions.Scheme;
        options.CallbackPath = CallbackPath(name);

        // The answer comes as an address, not as a form of another site: no cookie needs to go across sites.
        options.ResponseType = OpenIdConnectResponseType.Code;
        options.ResponseMode = OpenIdConnectResponseMode.Query;
        options.UsePkce = true;
        Shape(options.CorrelationCookie, "Deployments.Correlation.");
        Shape(options.NonceCookie, "Deployments.Nonce.");

        options.Scope.Clear();
        foreach (var scope in provider.Scopes.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            options.Scope.Add(scope);
        options.MapInboundClaims = false;
        options.GetClaimsFromUserInfoEndpoint = true;
        options.ClaimActions.Clear(); // issuer and subject stay as the signed ID token has them
        options.ClaimActions.MapJsonKey(provider.RolesClaim, provider.RolesClaim);
        options.ClaimActions.MapJsonKey(provider.NameClaim, provider.NameClaim);

        options.Events.OnRedirectToIdentityProvider = context =>
        {
            context.ProtocolMessage.RedirectUri = ServerAddress.Of(context.HttpContext) + CallbackPath(name);
            return Task.CompletedTask;
        };
        options.Events.OnTokenValidated = context =>
        {
            // The library believes the issuer that the provider's own document names. Accounts are bound to issuers:
            // a provider that called itself as another one does would open that one's.
            if (!IsIssuer(provider.Authority!, context.Principal?.FindFirst("iss")?.Value))
                context.Fail($"The provider calls itself otherwise than Deployments__Oidc__{name}__Authority does.");
            context.HttpContext.Items[IdTokenItem] = context.TokenEndpointResponse?.IdToken;
            return Task.CompletedTask;
        };
        options.Events.OnTicketReceived = context => TakeAsync(context, name);
        options.Events.OnAccessDenied = context => RefuseAsync(context, name, SignInRefusal.Denied);
        options.Events.OnRemoteFailure = context =>
        {
            context.HttpContext.RequestServices.GetRequiredService<ILogger<OidcProviders>>().LogWarning(
                "A sign-in through {Provider} failed: {Reason}", name, context.Failure?.Message);
            return RefuseAsync(context, name, SignInRefusal.Failed);
        };
    }

    /// <summary>
    /// Whether a provider calls itself as the settings do, as OpenID Connect Discovery 1.0 (4.3) demands; a slash at
    /// the end makes no difference.
    /// </summary>
    internal static bool IsIssuer(Uri authority, string? issuer) =>
        issuer is not null && (authority.OriginalString.TrimEnd('/') == issuer.TrimEnd('/')
            || authority.AbsoluteUri.TrimEnd('/') == issuer.TrimEnd('/'));

    /// <summary>What goes to the provider and back, sealed.</summary>
    /// <param name="returnUrl">Where to go afterwards: an address of this server.</param>
    /// <param name="link">The account to link; null: none.</param>
    /// <param name="invitation">What the link of an invitation had; null: there is none.</param>
    public static AuthenticationProperties Properties(string returnUrl, int? link, string? invitation)
    {
        var properties = new AuthenticationProperties { RedirectUri = returnUrl };
        if (link is { } accountId)
            properties.Items[LinkItem] = accountId.ToString(CultureInfo.InvariantCulture);
        if (invitation is not null)
            properties.Items[InvitationItem] = invitation;
        return properties;
    }

    static async Task TakeAsync(TicketReceivedContext context, string name)
    {
        var (http, said) = (context.HttpContext, context.Principal!);
        var provider = http.RequestServices.GetRequiredService<OidcProviders>().FindOrNull(name)!;
        var items = context.Properties!.Items;
        var person = new ProvidedPerson(
            new Identity(said.FindFirst("iss")?.Value ?? "", said.FindFirst("sub")?.Value ?? "", provider.Name),
            said.FindFirst(provider.Settings.NameClaim)?.Value,
            [.. said.FindAll(provider.Settings.RolesClaim).Select(claim => claim.Value)])
        {
            AccountToLink = items.TryGetValue(LinkItem, out var link)
                && int.TryParse(link, CultureInfo.InvariantCulture, out var accountId) ? accountId : null,
            Invitation = items.TryGetValue(InvitationItem, out var invitation) ? invitation : null,
        };
        var rules = new ProviderRules(provider.Roles, provider.Settings.Accounts == "made");
        var result = await http.RequestServices.GetRequiredService<IdentitySignIn>()
            .SignInAsync(http, person, rules, http.RequestAborted);
        if (result.Account is not { } account)
        {
            await RefuseAsync(context, name, result.Refusal);
            return;
        }

        // Sessions that began with another role end at once on this node; the others are told.
        await http.RequestServices.GetRequiredService<Credentials>().RefreshAsync(http.RequestAborted);
        var now = http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();
        await Sessions.SignInAsync(http, account, provider.Name, now);
        http.RequestServices.GetRequiredService<SignInTickets>()
            .KeepIdToken(http, http.Items[IdTokenItem] as string);
        context.HandleResponse();
        http.Response.Redirect(context.ReturnUri ?? "/");
    }

    static Task RefuseAsync<T>(HandleRequestContext<T> context, string name, SignInRefusal refusal)
        where T : AuthenticationSchemeOptions
    {
        context.HandleResponse();
        context.Response.Redirect($"/sign-in?refused={refusal}&provider={Uri.EscapeDataString(name)}");
        return Task.CompletedTask;
    }

    // The path stays the callback's; by itself ASP.NET would have them sent from other sites, which needs HTTPS.
    static void Shape(CookieBuilder cookie, string name)
    {
        cookie.Name = name;
        cookie.SameSite = SameSiteMode.Lax;
        cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
    }
}
