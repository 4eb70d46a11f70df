using Deployments.Data.Accounts;
using Deployments.Web.Accounts;
using FluentValidation;
using FluentValidation.AspNetCore;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Accounts;

/// <summary>A person's own account: the password.</summary>
[Authorize]
public sealed class AccountModel(
    Credentials credentials, AccountQueries queries, AccountStore store, Passwords passwords) : PageModel
{
    /// <summary>Who is signed in.</summary>
    public string AccountName => PageAccess.CallerOf(HttpContext).Name;

    /// <summary>Whether the password has just been changed.</summary>
    [TempData]
    public bool Changed { get; set; }

    /// <summary>Changes the password; other sessions end.</summary>
    public async Task<IActionResult> OnPostAsync(PasswordChange change, CancellationToken ct)
    {
        (await new PasswordChangeValidator().ValidateAsync(change, ct)).AddToModelState(ModelState, null);
        if (!ModelState.IsValid)
            return Page();
        // Counted by themselves: nobody without a session can use them up.
        var result = await credentials.CheckPasswordAsync(AccountName, change.Current, $"session {AccountName}", ct);
        if (result is not CallerResult.Known)
        {
            ModelState.AddModelError("", result is CallerResult.TooManyAttempts
                ? "Too many wrong passwords. Wait some minutes before you try again."
                : "The current password is wrong.");
            return Page();
        }

        var by = PageAccess.CallerOf(HttpContext).ActorFor(HttpContext);
        await store.SetPasswordAsync(AccountName, passwords.Hash(change.New), by, ct);
        await credentials.RefreshAsync(ct);
        if (await queries.ByNameOrNullAsync(AccountName, ct) is { Active: true } account)
            await Sessions.SignInAsync(HttpContext, account);
        Changed = true;
        return RedirectToPage();
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
