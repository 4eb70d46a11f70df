using Deployments.Data.Accounts;
using Deployments.Web.Ldap;
using Deployments.Web.Settings;

namespace Deployments.Web.Accounts;

/// <summary>Finds or makes the account of somebody whose password a directory knows.</summary>
/// <param name="directory">The directory.</param>
/// <param name="settings">Which of its groups make which role.</param>
/// <param name="people">Finds and makes accounts.</param>
public sealed class DirectorySignIn(LdapDirectory directory, DeploymentsSettings settings, IdentitySignIn people)
{
    /// <summary>What accounts of a directory have for a provider.</summary>
    public const string ProviderName = "ldap";

    readonly ProviderRules rules = new(
        new RoleMap(Comparable(settings.Ldap.AdministratorRoles), Comparable(settings.Ldap.PublisherRoles),
            Comparable(settings.Ldap.ViewerRoles), StringComparer.Ordinal),
        AccountsAreMade: true);

    /// <summary>Whether there is a directory.</summary>
    public bool IsSet => directory.IsSet;

    /// <summary>Asks the directory.</summary>
    /// <param name="name">The name, as typed.</param>
    /// <param name="password">The password, as typed.</param>
    /// <param name="ct">Cancels.</param>
    internal async Task<DirectoryResult> CheckAsync(string name, string password, CancellationToken ct)
    {
        var answer = await directory.CheckAsync(name, password, ct);
        if (answer.Person is not { } person)
            return new(null, answer.IsAway);
        var found = await people.FindAsync(
            new ProvidedPerson(
                new Identity(directory.Issuer, person.Subject, ProviderName), person.Name ?? name, person.Groups),
            rules, null, ct);
        return new(found.Account, IsAway: false);
    }

    // Groups are compared as the directory's answers are, whatever blanks and cases the settings have.
    static string? Comparable(string? names) =>
        names is null ? null : string.Join(';', RoleNames.Split(names).Select(LdapText.Comparable));
}

/// <summary>Whose name and password they are.</summary>
/// <param name="Account">Null: nobody's who may sign in here.</param>
/// <param name="IsAway">The directory could not say.</param>
sealed record DirectoryResult(Account? Account, bool IsAway);
