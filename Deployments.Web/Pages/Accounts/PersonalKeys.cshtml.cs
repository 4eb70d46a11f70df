using Deployments.Data.Accounts;
using Deployments.Data.Audit;
using Deployments.Data.Feeds;
using Deployments.Web.Accounts;
using FluentValidation;
using FluentValidation.AspNetCore;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Accounts;

/// <summary>A person's own keys for tools: make (shown once), list, revoke.</summary>
[Authorize]
public sealed class PersonalKeysModel(
    ApiKeyQueries queries, ApiKeyStore store, FeedQueries feeds, Credentials credentials, TimeProvider time) : PageModel
{
    /// <summary>So many of a person's keys may be good at the same time.</summary>
    public const int KeysMax = 50;

    /// <summary>Keys that can be used, newest first.</summary>
    public IReadOnlyList<ApiKey> Working { get; private set; } = [];

    /// <summary>How many were revoked or have expired.</summary>
    public int Ended { get; private set; }

    /// <summary>The feeds a key may be limited to.</summary>
    public IReadOnlyList<Feed> Feeds { get; private set; } = [];

    /// <summary>What was typed in for a key that could not be made.</summary>
    public PersonalKeyForm? Input { get; private set; }

    /// <summary>The key made just now; this answer is the only one that has it.</summary>
    public string? NewKey { get; private set; }

    /// <summary>The time of this answer.</summary>
    public DateTimeOffset Now { get; private set; }

    /// <summary>What was done just now.</summary>
    [TempData]
    public string? Notice { get; set; }

    /// <summary>Who is signed in.</summary>
    public Caller Person => PageAccess.CallerOf(HttpContext);

    /// <summary>The last day that the form proposes.</summary>
    public DateOnly ProposedLastDay => DateOnly.FromDateTime(Now.UtcDateTime).AddDays(PersonalKeyForm.DaysProposed);

    Actor By => Person.ActorFor(HttpContext);

    /// <summary>Shows them.</summary>
    public async Task OnGetAsync(CancellationToken ct)
    {
        Now = time.GetUtcNow();
        var keys = (await queries.OfAccountAsync(Person.Name, ct))
            .ToLookup(key => key.RevokedAt is null && !(key.ExpiresAt <= Now));
        (Working, Ended) = ([.. keys[true]], keys[false].Count());
        Feeds = await feeds.AllAsync(CallerFeeds.Of(HttpContext), ct);
    }

    /// <summary>Makes a key.</summary>
    public async Task<IActionResult> OnPostAsync(PersonalKeyForm input, CancellationToken ct)
    {
        await OnGetAsync(ct);
        (await new PersonalKeyFormValidator(Person, time).ValidateAsync(input, ct)).AddToModelState(ModelState, null);
        if (Working.Count >= KeysMax)
            ModelState.AddModelError("", $"You have {KeysMax} keys; revoke one first.");
        Input = input;
        Response.Headers.CacheControl = "no-store";
        if (!ModelState.IsValid)
            return Page();
        var key = ApiKeys.Make();
        var (outcome, _) = await store.AddAsync(input.ToKey(ApiKeys.Hash(key), Person.Name), By, ct);
        if (outcome != ApiKeyOutcome.Saved)
        {
            ModelState.AddModelError("", "There is no such feed.");
            return Page();
        }

        (NewKey, Input) = (key, null);
        await OnGetAsync(ct);
        return Page();
    }

    /// <summary>Revokes one of them.</summary>
    public async Task<IActionResult> OnPostRevokeAsync(int id, CancellationToken ct)
    {
        if (!ModelState.IsValid)
            return BadRequest();
        if (await store.RevokeAsync(id, time.GetUtcNow(), By, ct, owner: Person.Name))
            Notice = "The key is revoked.";
        await credentials.RefreshAsync(ct);
        return RedirectToPage();
    }
}

/// <summary>What the form asks.</summary>
/// <param name="DisplayName">What the key is called in records and in the log.</param>
/// <param name="Add">May upload and record.</param>
/// <param name="Manage">May do everything.</param>
/// <param name="Feed">The only feed; null: every feed.</param>
/// <param name="LastDay">The last day on which it is good, in UTC.</param>
public sealed record PersonalKeyForm(string DisplayName, bool Add, bool Manage, string? Feed, DateOnly? LastDay)
{
    /// <summary>So many days a key is good for, at most.</summary>
    public const int DaysMax = 366;

    /// <summary>And so many, where nobody says otherwise.</summary>
    public const int DaysProposed = 90;

    internal NewApiKey ToKey(byte[] hash, string owner) => new()
    {
        KeyHash = hash,
        Type = "Personal",
        DisplayName = DisplayName,
        Permissions = Permissions.View | (Add ? Permissions.Add : 0) | (Manage ? Permissions.All : 0),
        Feed = Feed,
        Account = owner,
        ExpiresAt = Accounts.LastDay.EndOf(LastDay),
    };
}

/// <summary>The rules for one: it may never do more than its owner, and ends by itself.</summary>
public sealed class PersonalKeyFormValidator : AbstractValidator<PersonalKeyForm>
{
    /// <summary>The rules.</summary>
    public PersonalKeyFormValidator(Caller person, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(person);
        RuleFor(key => key.DisplayName)
            .Must(name => name is { Length: >= 1 and <= 100 } && !name.Any(c => char.IsControl(c) || c == '"'))
            .WithMessage("A name has 1 to 100 characters and no quotation mark.");
        RuleFor(key => key).Must(key => (!key.Add || person.CanSomewhere(Permissions.Add))
                && (!key.Manage || person.CanSomewhere(Permissions.Manage)))
            .WithMessage("A key of yours may do no more than you.");
        RuleFor(key => key.LastDay).Custom((day, context) =>
        {
            if (LastDay.ProblemOrNull(day, time) is { } problem)
                context.AddFailure(problem);
            else if (day is null
                || day > DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime).AddDays(PersonalKeyForm.DaysMax))
                context.AddFailure($"Choose a last day within {PersonalKeyForm.DaysMax} days.");
        });
    }
}
