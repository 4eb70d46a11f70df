using Deployments.Web.Settings;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace Deployments.Web.Accounts;

/// <summary>
/// The OpenID Connect providers of the settings. None is asked anything before somebody wants to sign in through it:
/// one that is away costs nobody else anything.
/// </summary>
/// <param name="settings">They say which there are.</param>
/// <param name="options">What the handlers know of them.</param>
/// <param name="logger">The log.</param>
public sealed class OidcProviders(
    DeploymentsSettings settings, IOptionsMonitor<OpenIdConnectOptions> options, ILogger<OidcProviders> logger)
{
    static readonly TimeSpan SignOutPatience = TimeSpan.FromSeconds(5);

    /// <summary>All of them, by title.</summary>
    public IReadOnlyList<OidcProvider> All { get; } =
        [.. settings.Oidc.Select(pair => new OidcProvider(pair.Key, pair.Value))
            .OrderBy(provider => provider.Title, StringComparer.OrdinalIgnoreCase)];

    /// <summary>The provider of that name, in any case; null when there is none.</summary>
    public OidcProvider? FindOrNull(string? name) =>
        All.FirstOrDefault(provider => provider.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>
    /// Where a browser has to go to end its session with the provider; null when the provider has no such address, or
    /// does not answer.
    /// </summary>
    /// <param name="provider">Which.</param>
    /// <param name="idToken">What it said at the sign-in; null: it is not known any more.</param>
    /// <param name="returnTo">Where the provider sends the browser afterwards.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<string?> SignOutUrlOrNullAsync(
        OidcProvider provider, string? idToken, string returnTo, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(SignOutPatience);
        try
        {
            var known = options.Get(SchemeOf(provider.Name));
            var said = await known.ConfigurationManager!.GetConfigurationAsync(patience.Token);
            if (!Uri.TryCreate(said.EndSessionEndpoint, UriKind.Absolute, out var address)
                || address.Scheme != provider.Settings.Authority!.Scheme)
                return null;
            return new OpenIdConnectMessage
            {
                IssuerAddress = address.AbsoluteUri,
                RequestType = OpenIdConnectRequestType.Logout,
                ClientId = known.ClientId,
                IdTokenHint = idToken,
                PostLogoutRedirectUri = returnTo,
            }.CreateLogoutRequestUrl();
        }
        catch (Exception exception) when (IsAboutReaching(exception) && !ct.IsCancellationRequested)
        {
            logger.LogWarning("{Provider} was not told of a sign-out: {Reason}", provider.Name, exception.Message);
            return null;
        }
    }

    /// <summary>Whether a failure means that a provider does not answer, or not as one.</summary>
    public static bool IsAboutReaching(Exception exception) =>
        exception is InvalidOperationException or HttpRequestException or IOException or OperationCanceledException;

    /// <summary>What ASP.NET calls the handler of a provider.</summary>
    internal static string SchemeOf(string name) => "oidc " + name.ToLowerInvariant();
}

/// <summary>A provider.</summary>
/// <param name="Name">As in the settings: in addresses.</param>
/// <param name="Settings">What they say of it.</param>
public sealed record OidcProvider(string Name, OidcSettings Settings)
{
    /// <summary>What people call it.</summary>
    public string Title => Settings.Title ?? Name;

    internal RoleMap Roles { get; } = new(
        Settings.AdministratorRoles, Settings.PublisherRoles, Settings.ViewerRoles, StringComparer.Ordinal);
}
