using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using FluentValidation;

namespace Deployments.Web.Settings;

/// <summary>A directory whose people sign in with their password there.</summary>
public sealed record LdapSettings
{
    /// <summary>
    /// Its servers, parted by commas, asked in this order: <c>ldaps://dc1.example.com</c>, or <c>ldap://…</c> with
    /// StartTLS. Null: there is no directory.
    /// </summary>
    public string? Servers { get; init; }

    /// <summary>Whether connections to <c>ldap://</c> are encrypted by StartTLS before anything is said.</summary>
    public bool StartTls { get; init; }

    /// <summary>A file with the certificates, in PEM, of who signs the servers'; null: those of the system.</summary>
    public string? CaFile { get; init; }

    /// <summary>Who looks for people; null: they do it themselves (<see cref="UserDn"/>).</summary>
    public string? BindDn { get; init; }

    /// <summary>The password of that.</summary>
    public string? BindPassword { get; init; }

    /// <summary>As whom somebody signs in there: <c>{0}</c> is the name that was typed.</summary>
    public string? UserDn { get; init; }

    /// <summary>Below what people are.</summary>
    public string? SearchBase { get; init; }

    /// <summary>What finds somebody there: <c>{0}</c> is the name that was typed.</summary>
    public string UserFilter { get; init; } = "(uid={0})";

    /// <summary>What a new account gets its name from.</summary>
    public string NameAttribute { get; init; } = "uid";

    /// <summary>Below what groups are; null: where people are.</summary>
    public string? GroupBase { get; init; }

    /// <summary>
    /// How groups within groups are found: <c>walk</c> from group to group, or <c>activeDirectory</c>, which does it by
    /// itself.
    /// </summary>
    public string Groups { get; init; } = "walk";

    /// <summary>Distinguished names of groups that make an administrator, parted by semicolons.</summary>
    public string? AdministratorRoles { get; init; }

    /// <summary>Those that make a publisher; <c>*</c>: everybody.</summary>
    public string? PublisherRoles { get; init; }

    /// <summary>Those that make a viewer; <c>*</c>: everybody.</summary>
    public string? ViewerRoles { get; init; }
}

/// <summary>Refuses a directory that could not be asked safely. Also what is set while no server is.</summary>
sealed class LdapSettingsValidator : AbstractValidator<LdapSettings>
{
    const string Placeholder = "{0}";

    public LdapSettingsValidator()
    {
        Rule("Servers", ldap => ldap.Servers, ldap => ldap.Servers is null || LdapServers.ReadOrNull(ldap) is not null,
            "it must be ldaps:// addresses, parted by commas; ldap:// ones only with Deployments__Ldap__StartTls=true");
        Rule("CaFile", ldap => ldap.CaFile, ldap => ldap.CaFile is null || HasCertificates(ldap.CaFile),
            "it must be a file with certificates in PEM");
        Rule("BindPassword", ldap => ldap.BindPassword, ldap => ldap.BindDn is null == ldap.BindPassword is null,
            "it goes with Deployments__Ldap__BindDn, and one without the other says nothing");
        Rule("UserDn", ldap => ldap.UserDn, ldap => HasPlace(ldap.UserDn),
            "it must have {0} where the name stands");
        Rule("UserFilter", ldap => ldap.UserFilter, ldap => IsFilter(ldap.UserFilter),
            "it must be a filter in parentheses with {0} where the name stands");
        Rule("NameAttribute", ldap => ldap.NameAttribute,
            ldap => ldap.NameAttribute.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '-'),
            "it must be the name of an attribute");
        Rule("Groups", ldap => ldap.Groups, ldap => ldap.Groups is "walk" or "activeDirectory",
            "it must be walk or activeDirectory");
        foreach (var (name, read) in new (string, Func<LdapSettings, string?>)[]
            {
                ("AdministratorRoles", ldap => ldap.AdministratorRoles),
                ("PublisherRoles", ldap => ldap.PublisherRoles), ("ViewerRoles", ldap => ldap.ViewerRoles),
            })
            Rule(name, read, ldap => read(ldap) is not { } text || RoleNames.Split(text).Count > 0,
                "it must name at least one group");
        Rule("AdministratorRoles", ldap => ldap.AdministratorRoles,
            ldap => !RoleNames.Split(ldap.AdministratorRoles).Contains("*"), "not everybody can be an administrator");
        When(ldap => ldap.Servers is not null, () =>
        {
            Rule("SearchBase", ldap => ldap.SearchBase, ldap => ldap.SearchBase is { Length: <= 250 },
                "say below what people are, such as ou=people,dc=example,dc=com");
            Rule("BindDn", ldap => ldap.BindDn,
                ldap => ldap.BindDn is null != ldap.UserDn is null || !HasPlace(ldap.UserDn),
                "say either BindDn, who looks for people, or UserDn, as whom they sign in");
            Rule("ViewerRoles", ldap => ldap.ViewerRoles,
                ldap => (ldap.AdministratorRoles ?? ldap.PublisherRoles ?? ldap.ViewerRoles) is not null,
                "say by AdministratorRoles, PublisherRoles or ViewerRoles who may sign in");
        });
    }

    void Rule(string name, Func<LdapSettings, string?> read, Func<LdapSettings, bool> isSo, string allowed) =>
        RuleFor(ldap => ldap).Must(isSo)
            .WithMessage(ldap => SettingsCheck.Sentence($"Ldap:{name}", read(ldap), allowed));

    static bool HasPlace(string? template) => template?.Contains(Placeholder, StringComparison.Ordinal) ?? true;

    static bool IsFilter(string filter) =>
        filter.StartsWith('(') && filter.EndsWith(')') && filter.Contains(Placeholder, StringComparison.Ordinal)
        && filter.Count(letter => letter == '(') == filter.Count(letter => letter == ')');

    static bool HasCertificates(string file)
    {
        try
        {
            var found = new X509Certificate2Collection();
            found.ImportFromPemFile(file);
            return found.Count > 0;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException
            or CryptographicException or ArgumentException)
        {
            return false;
        }
    }
}
