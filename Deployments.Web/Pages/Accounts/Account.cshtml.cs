using Deployments.Data.Accounts;
using Deployments.Data.Groups;
using Deployments.Web.Accounts;
using Deployments.Web.Settings;
using FluentValidation;
using FluentValidation.AspNetCore;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Accounts;

/// <summary>A person's own account: the password, and who else says who the person is.</summary>
[Authorize]
public sealed class AccountModel(
    Credentials credentials, AccountQueries queries, AccountStore store, IdentityQueries identityQueries,
    IdentityStore identities, AccessGroupQueries groups, Passwords passwords, OidcProviders providers,
    SignInTickets tickets) : PageModel
{
    /// <summary>Whether the person has a password here.</summary>
    public bool HasPassword { get; private set; }

    /// <summary>As whom providers know the person.</summary>
    public IReadOnlyList<BoundIdentity> Identities { get; private set; } = [];

    /// <summary>The groups that the person is in.</summary>
    public IReadOnlyList<MembershipRow> Groups { get; private set; } = [];

    /// <summary>The providers that the account may be linked to.</summary>
    public IReadOnlyList<OidcProvider> Providers =>
        [.. providers.All.Where(provider => Identities.All(identity =>
            !identity.Provider.Equals(provider.Name, StringComparison.OrdinalIgnoreCase)))];

    /// <summary>What was done just now.</summary>
    [TempData]
    public string? Notice { get; set; }

    /// <summary>Who is signed in.</summary>
    public string AccountName => PageAccess.CallerOf(HttpContext).Name;

    /// <summary>Whether the password has just been changed.</summary>
    [TempData]
    public bool Changed { get; set; }

    /// <summary>Where to go to link a provider; only who sees this page can have the address.</summary>
    public string LinkTo(OidcProvider provider)
    {
        ArgumentNullException.ThrowIfNull(provider);
        return $"{ServerAddress.Of(HttpContext)}/sign-in/{Uri.EscapeDataString(provider.Name)}"
            + $"?link={Uri.EscapeDataString(tickets.LinkOrNull(HttpContext) ?? "")}";
    }

    /// <summary>Shows the page.</summary>
    public async Task OnGetAsync(CancellationToken ct)
    {
        if (await queries.ByNameOrNullAsync(AccountName, ct) is not { } account)
            return;
        HasPassword = account.HasPassword;
        Identities = await identityQueries.OfAsync(account.AccountId, ct);
        Groups = await groups.OfAccountsAsync(account.AccountId, ct);
    }

    /// <summary>Unlinks a provider; sessions end, and one begins here.</summary>
    public async Task<IActionResult> OnPostUnlinkAsync(int identity, CancellationToken ct)
    {
        if (!ModelState.IsValid)
            return BadRequest();
        var by = PageAccess.CallerOf(HttpContext).ActorFor(HttpContext);
        if (await identities.RemoveAsync(AccountName, identity, needsPassword: true, by, ct))
        {
            await BeginAgainAsync(ct);
            Notice = "The provider is unlinked. Your sessions elsewhere have ended.";
        }

        return RedirectToPage();
    }

    /// <summary>
    /// Changes the password; other sessions end. Who has none here gets none so: a directory knows the one that is
    /// typed, and who leaves it would keep a way in that it does not know of.
    /// </summary>
    public async Task<IActionResult> OnPostAsync(PasswordChange change, CancellationToken ct)
    {
        if (await queries.ByNameOrNullAsync(AccountName, ct) is not { HasPassword: true })
            return BadRequest();
        (await new PasswordChangeValidator().ValidateAsync(change, ct)).AddToModelState(ModelState, null);
        if (!ModelState.IsValid)
            return await ShowAsync(ct);
        // Counted by themselves: nobody without a session can use them up.
        var result = await credentials.CheckPasswordAsync(AccountName, change.Current, $"session {AccountName}", ct);
        if (result is not CallerResult.Known)
        {
            ModelState.AddModelError("", result is CallerResult.TooManyAttempts
                ? "Too many wrong passwords. Wait some minutes before you try again."
                : "The current password is wrong.");
            return await ShowAsync(ct);
        }

        var by = PageAccess.CallerOf(HttpContext).ActorFor(HttpContext);
        await store.SetPasswordAsync(AccountName, passwords.Hash(change.New), by, ct);
        await BeginAgainAsync(ct);
        Changed = true;
        return RedirectToPage();
    }

    async Task BeginAgainAsync(CancellationToken ct)
    {
        await credentials.RefreshAsync(ct);
        if (await queries.ByNameOrNullAsync(AccountName, ct) is { Active: true } account)
            await Sessions.SignInAsync(HttpContext, account);
    }

    async Task<IActionResult> ShowAsync(CancellationToken ct)
    {
        await OnGetAsync(ct);
        return Page();
    }
}

/// <summary>What the form asks.</summary>
/// <param name="Current">The password so far.</param>
/// <param name="New">The new one.</param>
/// <param name="Repeated">The new one again.</param>
public sealed record PasswordChange(string Current, string New, string Repeated);

/// <summary>The rules of a password.</summary>
public sealed class PasswordChangeValidator : AbstractValidator<PasswordChange>
{
    /// <summary>The rules.</summary>
    public PasswordChangeValidator()
    {
        RuleFor(change => change.New).Password();
        RuleFor(change => change.Repeated).Equal(change => change.New).WithMessage("The new passwords differ.");
    }
}

static class PasswordRule
{
    public static IRuleBuilderOptions<T, string> Password<T>(this IRuleBuilder<T, string> rule) =>
        rule.Must(password => password is { Length: >= Passwords.LengthMin and <= Passwords.LengthMax })
            .WithMessage($"A password has {Passwords.LengthMin} to {Passwords.LengthMax} characters.");
}
