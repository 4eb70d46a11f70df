using Deployments.Data.Accounts;
using Deployments.Data.Audit;
using Deployments.Web.Accounts;
using FluentValidation;
using FluentValidation.AspNetCore;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Accounts;

/// <summary>Users: add, change the role, set a password, disable.</summary>
public sealed class UsersModel(
    AccountQueries queries, AccountStore store, Passwords passwords, Credentials credentials) : PageModel
{
    /// <summary>Everyone, by name.</summary>
    public IReadOnlyList<Account> Accounts { get; private set; } = [];

    /// <summary>What was typed in for a user that could not be added.</summary>
    public NewUser? Input { get; private set; }

    /// <summary>What was done just now.</summary>
    [TempData]
    public string? Notice { get; set; }

    Actor By => PageAccess.CallerOf(HttpContext).ActorFor(HttpContext);

    /// <summary>Shows the list.</summary>
    public async Task OnGetAsync(CancellationToken ct) => Accounts = await queries.AllAsync(ct);

    /// <summary>Adds a user.</summary>
    public async Task<IActionResult> OnPostCreateAsync(NewUser input, CancellationToken ct)
    {
        Input = input;
        (await new NewUserValidator().ValidateAsync(input, ct)).AddToModelState(ModelState, null);
        if (!ModelState.IsValid)
            return await ShowAsync(ct);
        var outcome = await store.AddAsync(input.Name, passwords.Hash(input.Password), input.Role, By, ct);
        return await FinishAsync(outcome, $"Added {input.Name}.", ct);
    }

    /// <summary>Changes what a user may do.</summary>
    public async Task<IActionResult> OnPostRoleAsync(string name, AccountRole role, CancellationToken ct)
    {
        if (!ModelState.IsValid || !Enum.IsDefined(role))
            return BadRequest();
        return await FinishAsync(await store.ChangeAsync(name, role, null, By, ct), $"{name} is now {role}.", ct);
    }

    /// <summary>Lets a user sign in, or no more.</summary>
    public async Task<IActionResult> OnPostActiveAsync(string name, bool active, CancellationToken ct)
    {
        if (!ModelState.IsValid)
            return BadRequest();
        var outcome = await store.ChangeAsync(name, null, active, By, ct);
        return await FinishAsync(outcome, active ? $"{name} may sign in again." : $"{name} may no longer sign in.", ct);
    }

    /// <summary>Sets a user's password.</summary>
    public async Task<IActionResult> OnPostPasswordAsync(string name, string password, CancellationToken ct)
    {
        (await new PasswordChangeValidator().ValidateAsync(new PasswordChange("", password, password), ct))
            .AddToModelState(ModelState, null);
        if (!ModelState.IsValid)
            return await ShowAsync(ct);
        var outcome = await store.SetPasswordAsync(name, passwords.Hash(password), By, ct);
        return await FinishAsync(outcome, $"The password of {name} is changed.", ct);
    }

    async Task<IActionResult> FinishAsync(AccountOutcome outcome, string done, CancellationToken ct)
    {
        await credentials.RefreshAsync(ct);
        if (outcome == AccountOutcome.Saved)
        {
            Notice = done;
            return RedirectToPage();
        }

        ModelState.AddModelError("", outcome switch
        {
            AccountOutcome.NameTaken => "Another user has this name.",
            AccountOutcome.LastAdministrator => "This is the last administrator; make another one first.",
            _ => "There is no such user.",
        });
        return await ShowAsync(ct);
    }

    async Task<IActionResult> ShowAsync(CancellationToken ct)
    {
        await OnGetAsync(ct);
        return Page();
    }
}

/// <summary>A user to be added.</summary>
/// <param name="Name">Without colon, since a name and a password are written with one between them.</param>
/// <param name="Password">The first password.</param>
/// <param name="Role">What the user may do.</param>
public sealed record NewUser(string Name, string Password, AccountRole Role);

/// <summary>The rules for a user.</summary>
public sealed class NewUserValidator : AbstractValidator<NewUser>
{
    // "api" stands before a key in Basic credentials; the others are names that records and the log use themselves.
    static readonly string[] Reserved = ["api", Caller.AnonymousName, Actor.Program.Name];

    /// <summary>The rules.</summary>
    public NewUserValidator()
    {
        RuleFor(user => user.Name)
            .Must(name => name is { Length: >= 1 and <= 100 } && name == name.Trim()
                && !name.Any(c => char.IsControl(c) || c is ':' or '"'))
            .WithMessage("A name has 1 to 100 characters, no colon and no quotation mark.")
            .Must(name => !Reserved.Contains(name, StringComparer.OrdinalIgnoreCase))
            .WithMessage("This name is reserved.");
        RuleFor(user => user.Password).Password();
        RuleFor(user => user.Role).IsInEnum();
    }
}
