using Deployments.Data.Accounts;
using Deployments.Data.Audit;
using Deployments.Data.Groups;
using Deployments.Web.Accounts;
using Deployments.Web.Settings;
using FluentValidation;
using FluentValidation.AspNetCore;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Accounts;

/// <summary>Users: add, change the role, set a password, disable.</summary>
public sealed class UsersModel(
    AccountQueries queries, AccountStore store, IdentityQueries identityQueries, IdentityStore identities,
    AccessGroupQueries groups, Passwords passwords, Credentials credentials, OidcProviders providers,
    TimeProvider time) : PageModel
{
    /// <summary>How long the link of an invitation counts.</summary>
    public static readonly TimeSpan InvitationLifetime = TimeSpan.FromDays(7);

    /// <summary>Everyone, by name.</summary>
    public IReadOnlyList<Account> Accounts { get; private set; } = [];

    /// <summary>Whom providers know, by the number of the account.</summary>
    public ILookup<int, BoundIdentity> Identities { get; private set; } = Array.Empty<BoundIdentity>().ToLookup(_ => 0);

    /// <summary>The groups that people are in, by the number of the account.</summary>
    public ILookup<int, MembershipRow> Groups { get; private set; } = Array.Empty<MembershipRow>().ToLookup(_ => 0);

    /// <summary>Whether there is a provider that people can be invited to sign in through.</summary>
    public bool HasProviders => providers.All.Count > 0;

    /// <summary>Whom the invitation made just now is for.</summary>
    public string? InvitedName { get; private set; }

    /// <summary>The link of it; this answer is the only one that has it.</summary>
    public string? InvitationUrl { get; private set; }

    /// <summary>What was typed in for a user that could not be added.</summary>
    public NewUser? Input { get; private set; }

    /// <summary>What was done just now.</summary>
    [TempData]
    public string? Notice { get; set; }

    Actor By => PageAccess.CallerOf(HttpContext).ActorFor(HttpContext);

    /// <summary>Shows the list.</summary>
    public async Task OnGetAsync(CancellationToken ct)
    {
        Accounts = await queries.AllAsync(ct);
        Identities = (await identityQueries.OfAsync(null, ct)).ToLookup(identity => identity.AccountId);
        Groups = (await groups.OfAccountsAsync(null, ct)).ToLookup(row => row.MemberId);
    }

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

    /// <summary>Adds a user without a password, and makes the link with which it is bound to a provider.</summary>
    public async Task<IActionResult> OnPostInviteAsync(InvitedUser input, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(input);
        Input = new NewUser(input.Name, "", input.Role);
        (await new InvitedUserValidator().ValidateAsync(input, ct)).AddToModelState(ModelState, null);
        if (!ModelState.IsValid)
            return await ShowAsync(ct);
        var outcome = await store.AddAsync(input.Name, "", input.Role, By, ct);
        return outcome == AccountOutcome.Saved
            ? await InviteAsync(input.Name, ct)
            : await FinishAsync(outcome, "", ct);
    }

    /// <summary>Makes such a link for a user who is there already.</summary>
    public async Task<IActionResult> OnPostLinkAsync(string name, CancellationToken ct) =>
        ModelState.IsValid ? await InviteAsync(name, ct) : BadRequest();

    /// <summary>Takes from a user the way in through a provider.</summary>
    public async Task<IActionResult> OnPostUnlinkAsync(string name, int identity, CancellationToken ct)
    {
        if (!ModelState.IsValid)
            return BadRequest();
        var removed = await identities.RemoveAsync(name, identity, needsPassword: false, By, ct);
        return await FinishAsync(removed ? AccountOutcome.Saved : AccountOutcome.NotFound,
            $"{name} no longer signs in through that provider.", ct);
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

    async Task<IActionResult> InviteAsync(string name, CancellationToken ct)
    {
        var token = ApiKeys.Make();
        var outcome = await identities.InviteAsync(
            name, ApiKeys.Hash(token), time.GetUtcNow() + InvitationLifetime, By, ct);
        if (outcome != AccountOutcome.Saved)
            return await FinishAsync(outcome, "", ct);
        (Input, InvitedName) = (null, name);
        InvitationUrl = $"{ServerAddress.Of(HttpContext)}/invitation/{token}";
        Response.Headers.CacheControl = "no-store";
        return await ShowAsync(ct);
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
    /// <summary>The rules.</summary>
    public NewUserValidator()
    {
        RuleFor(user => user.Name).AccountName();
        RuleFor(user => user.Password).Password();
        RuleFor(user => user.Role).IsInEnum();
    }
}

static class AccountNameRule
{
    public static IRuleBuilderOptions<T, string> AccountName<T>(this IRuleBuilder<T, string> rule) =>
        rule.Must(AccountNames.CanBe)
            .WithMessage("A name has 1 to 100 characters, no colon and no quotation mark.")
            .Must(name => !AccountNames.IsReserved(name)).WithMessage("This name is reserved.");
}

/// <summary>A user who is to sign in through a provider.</summary>
/// <param name="Name">What to call the account.</param>
/// <param name="Role">What the user may do, until the provider says otherwise.</param>
public sealed record InvitedUser(string Name, AccountRole Role);

/// <summary>The rules for one.</summary>
public sealed class InvitedUserValidator : AbstractValidator<InvitedUser>
{
    /// <summary>The rules.</summary>
    public InvitedUserValidator()
    {
        RuleFor(user => user.Name).AccountName();
        RuleFor(user => user.Role).IsInEnum();
    }
}
