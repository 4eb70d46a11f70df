using System.Data.Common;
using Deployments.Data.Accounts;
using Deployments.Data.Audit;
using Deployments.Data.Groups;

namespace Deployments.Web.Accounts;

/// <summary>
/// Finds, links or makes the account of a person of whom somebody else - a provider, a directory - has said who it is.
/// Issuer and subject decide, never a name.
/// </summary>
public sealed class IdentitySignIn(
    AccountQueries accounts, AccountStore accountStore, IdentityQueries identities, IdentityStore store,
    ProvidedGroupStore groups, TimeProvider time, ILogger<IdentitySignIn> logger)
{
    // Two sign-ins of one new person at the same moment: the second finds what the first has made.
    const int AttemptsMax = 3;

    /// <summary>Finds the account, gives it the role that goes with the groups, and notes the sign-in.</summary>
    /// <param name="context">The request.</param>
    /// <param name="person">Who it is, as they say.</param>
    /// <param name="rules">Who may sign in.</param>
    /// <param name="ct">Cancels.</param>
    internal async Task<SignInResult> SignInAsync(
        HttpContext context, ProvidedPerson person, ProviderRules rules, CancellationToken ct)
    {
        try
        {
            var address = Caller.ClientAddress(context);
            if (person.AccountToLink is { } mine && Sessions.AccountIdOrNull(context) != mine)
                return Refuse(person, SignInRefusal.Session);
            var result = await FindAsync(person, rules, address, ct);
            if (result.Account is { } account)
                await store.NoteSignInAsync(account, person.Identity, time.GetUtcNow(), address, ct);
            return result;
        }
        catch (Exception exception) when (exception is DbException or TimeoutException)
        {
            logger.LogWarning("A sign-in could not be completed: {Reason}", exception.Message);
            return new(null, SignInRefusal.Database);
        }
    }

    /// <summary>Finds the account, and gives it the role that goes with the groups.</summary>
    /// <param name="person">Who it is, as they say.</param>
    /// <param name="rules">Who may sign in.</param>
    /// <param name="address">From where the person comes; null: it is not known.</param>
    /// <param name="ct">Cancels.</param>
    /// <exception cref="DbException">The database is away.</exception>
    internal async Task<SignInResult> FindAsync(
        ProvidedPerson person, ProviderRules rules, string? address, CancellationToken ct)
    {
        if (person.Identity is not
            {
                Issuer.Length: > 0 and <= Identity.IssuerLengthMax,
                Subject.Length: > 0 and <= Identity.SubjectLengthMax,
            } || $"{person.Identity.Issuer}{person.Identity.Subject}".Any(
                letter => char.IsControl(letter) || char.IsSurrogate(letter)))
            return Refuse(person, SignInRefusal.Failed);
        var role = rules.Roles.RoleOrNull(person.Groups);
        if (role is null && !rules.Roles.IsEmpty)
            return Refuse(person, SignInRefusal.Role);
        for (var attempt = 0; attempt < AttemptsMax; attempt++)
        {
            if (await identities.AccountIdOrNullAsync(person.Identity, ct) is { } bound)
            {
                return person.AccountToLink is { } mine && mine != bound
                    ? Refuse(person, SignInRefusal.Taken)
                    : await EnterAsync(bound, person, role, address, ct);
            }

            if (await BindAsync(person, rules, role, address, ct) is { } refusal)
                return Refuse(person, refusal);
        }

        return Refuse(person, SignInRefusal.Failed);
    }

    /// <summary>Binds the identity, if it may be; null: it is bound now, perhaps by another request.</summary>
    async Task<SignInRefusal?> BindAsync(
        ProvidedPerson person, ProviderRules rules, AccountRole? role, string? address, CancellationToken ct)
    {
        var (identity, by) = (person.Identity, new Actor(person.Identity.ActorName, address));
        IdentityOutcome outcome;
        if (person.AccountToLink is { } mine)
        {
            var name = (await accounts.ByIdsAsync([mine], ct)).Select(account => account.Name).FirstOrDefault();
            outcome = await store.BindAsync(mine, identity, new Actor(name ?? "", address), ct);
        }
        else if (person.Invitation is { } token)
        {
            outcome = await store.AcceptAsync(ApiKeys.Hash(token), identity, time.GetUtcNow(), by, ct);
        }
        else if (rules.AccountsAreMade && role is { } made)
        {
            outcome = await store.AddAccountAsync(
                AccountNames.For(person.Name, identity.Provider), made, identity, by, ct);
        }
        else
        {
            return SignInRefusal.Invitation;
        }

        return outcome == IdentityOutcome.NotFound
            ? person.Invitation is null ? SignInRefusal.Failed : SignInRefusal.Used
            : null;
    }

    async Task<SignInResult> EnterAsync(
        int accountId, ProvidedPerson person, AccountRole? role, string? address, CancellationToken ct)
    {
        if (await accounts.ByIdsAsync([accountId], ct) is not [{ Active: true } account])
            return Refuse(person, SignInRefusal.Disabled);
        await groups.FollowAsync(person.Identity, person.Groups, ct);
        if (role is not { } now || now == account.Role)
            return new(account, default);

        // The last administrator with a password stays one, whatever a provider says.
        var outcome = await accountStore.ChangeAsync(
            account.Name, now, null, new Actor(person.Identity.ActorName, address), ct);
        if (outcome == AccountOutcome.LastAdministrator)
            logger.LogWarning("{Account} stays an administrator, being the last one with a password", account.Name);
        return await accounts.ByIdsAsync([accountId], ct) is [{ Active: true } changed]
            ? new(changed, default)
            : Refuse(person, SignInRefusal.Disabled);
    }

    SignInResult Refuse(ProvidedPerson person, SignInRefusal refusal)
    {
        logger.LogWarning("{Provider} sent somebody who was refused: {Refusal}", person.Identity.Provider, refusal);
        return new(null, refusal);
    }
}

/// <summary>A person, as somebody else says.</summary>
/// <param name="Identity">Who it is.</param>
/// <param name="Name">What a new account is to be called; null: they do not say.</param>
/// <param name="Groups">Groups or roles.</param>
sealed record ProvidedPerson(Identity Identity, string? Name, IReadOnlyCollection<string> Groups)
{
    /// <summary>The account that the person wants to link, being signed in to it; null: none.</summary>
    public int? AccountToLink { get; init; }

    /// <summary>What the link of an invitation had; null: there is none.</summary>
    public string? Invitation { get; init; }
}

/// <summary>Who of those whom a provider knows may sign in.</summary>
/// <param name="Roles">Which groups make which role.</param>
/// <param name="AccountsAreMade">Whether whoever has a role gets an account; else only invited people have one.</param>
sealed record ProviderRules(RoleMap Roles, bool AccountsAreMade);

/// <summary>The account of a sign-in, or why there is none.</summary>
sealed record SignInResult(Account? Account, SignInRefusal Refusal);

/// <summary>Why somebody whom a provider sent may not sign in.</summary>
public enum SignInRefusal
{
    /// <summary>The provider's answer does not belong to a sign-in here, or was changed.</summary>
    Failed,

    /// <summary>The provider itself refused.</summary>
    Denied,

    /// <summary>None of the person's groups has a role here.</summary>
    Role,

    /// <summary>There is no account, and only invited people get one.</summary>
    Invitation,

    /// <summary>The invitation was used or has expired.</summary>
    Used,

    /// <summary>The account is disabled.</summary>
    Disabled,

    /// <summary>The identity belongs to another account.</summary>
    Taken,

    /// <summary>Who wants to link an account is not signed in to it any more.</summary>
    Session,

    /// <summary>The database is away.</summary>
    Database,
}
