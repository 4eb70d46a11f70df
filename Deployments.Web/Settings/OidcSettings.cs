using System.Text.RegularExpressions;
using FluentValidation;

namespace Deployments.Web.Settings;

/// <summary>An OpenID Connect provider that people may sign in through.</summary>
public sealed record OidcSettings
{
    /// <summary>The provider's address, to which it says <c>/.well-known/openid-configuration</c>.</summary>
    public Uri? Authority { get; init; }

    /// <summary>What the provider calls this server.</summary>
    public string? ClientId { get; init; }

    /// <summary>The secret that goes with it; null: a public client, which PKCE alone protects.</summary>
    public string? ClientSecret { get; init; }

    /// <summary>What the sign-in page calls it; null: its name in the settings.</summary>
    public string? Title { get; init; }

    /// <summary>What is asked for, parted by blanks.</summary>
    public string Scopes { get; init; } = "openid profile";

    /// <summary>The claim that a new account gets its name from.</summary>
    public string NameClaim { get; init; } = "preferred_username";

    /// <summary>The claim, of ID token or user information, with groups or roles.</summary>
    public string RolesClaim { get; init; } = "groups";

    /// <summary>Values of that claim that make an administrator, parted by semicolons.</summary>
    public string? AdministratorRoles { get; init; }

    /// <summary>Values that make a publisher; <c>*</c>: everybody.</summary>
    public string? PublisherRoles { get; init; }

    /// <summary>Values that make a viewer; <c>*</c>: everybody.</summary>
    public string? ViewerRoles { get; init; }

    /// <summary>
    /// <c>invited</c>: only people whom an administrator invited, or who linked their account; <c>made</c>: whoever has
    /// a role gets an account at the first sign-in.
    /// </summary>
    public string Accounts { get; init; } = "invited";

    /// <summary>Whether the claim says what people may do; if not, administrators say it here.</summary>
    public bool HasRoles => AdministratorRoles is not null || PublisherRoles is not null || ViewerRoles is not null;
}

/// <summary>Refuses a provider with which nobody could sign in safely.</summary>
/// <remarks>The name of a provider stands in addresses, and beside its people's names.</remarks>
sealed partial class OidcSettingsValidator : AbstractValidator<KeyValuePair<string, OidcSettings>>
{
    const int TextLengthMax = 200;

    static readonly string[] Reserved = ["ldap", "callback"];

    public OidcSettingsValidator()
    {
        Rule("", p => p.Key, p => Name().IsMatch(p.Key) && !Reserved.Contains(p.Key, StringComparer.OrdinalIgnoreCase),
            "a provider's name has 1 to 30 letters, digits and hyphens, and is not 'ldap'");
        Rule("Authority", p => $"{p.Value.Authority}", p => IsSafe(p.Value.Authority),
            "it must be an https address (http on this machine only) without query and fragment");
        Rule("ClientId", p => p.Value.ClientId, p => p.Value.ClientId is { Length: <= TextLengthMax },
            $"it must have 1 to {TextLengthMax} characters");
        Rule("Scopes", p => p.Value.Scopes, p => p.Value.Scopes.Split(' ').Contains("openid"),
            "it must contain openid");
        foreach (var (name, read) in new (string, Func<OidcSettings, string?>)[]
            {
                ("AdministratorRoles", one => one.AdministratorRoles), ("PublisherRoles", one => one.PublisherRoles),
                ("ViewerRoles", one => one.ViewerRoles),
            })
            Rule(name, p => read(p.Value), p => read(p.Value) is not { } text || RoleNames.Split(text).Count > 0,
                "it must name at least one value");
        Rule("AdministratorRoles", p => p.Value.AdministratorRoles,
            p => !RoleNames.Split(p.Value.AdministratorRoles).Contains("*"), "not everybody can be an administrator");
        Rule("Accounts", p => p.Value.Accounts, p => p.Value.Accounts is "invited" or "made",
            "it must be invited or made");
        Rule("Accounts", p => p.Value.Accounts, p => p.Value.Accounts != "made" || p.Value.HasRoles,
            "say by AdministratorRoles, PublisherRoles or ViewerRoles whose accounts are made");
    }

    void Rule(
        string name, Func<KeyValuePair<string, OidcSettings>, string?> read,
        Func<KeyValuePair<string, OidcSettings>, bool> isSo, string allowed) =>
        RuleFor(provider => provider).Must(isSo).WithMessage(provider => SettingsCheck.Sentence(
            name.Length == 0 ? $"Oidc:{provider.Key}" : $"Oidc:{provider.Key}:{name}", read(provider), allowed));

    // What goes over it says who somebody is.
    static bool IsSafe(Uri? url) =>
        url is { IsAbsoluteUri: true, Query: "", Fragment: "", UserInfo: "" }
        && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback));

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9-]{0,29}$", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
