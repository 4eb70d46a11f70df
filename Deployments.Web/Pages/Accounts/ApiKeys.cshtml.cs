using Deployments.Data.Accounts;
using Deployments.Data.Feeds;
using Deployments.Data.Groups;
using Deployments.Web.Accounts;
using Deployments.Web.Records;
using FluentValidation;
using FluentValidation.AspNetCore;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Accounts;

/// <summary>API keys: make (shown once), list, set the last day, revoke.</summary>
public sealed class ApiKeysModel(
    ApiKeyQueries queries, ApiKeyStore store, FeedQueries feeds, AccessGroupQueries groups, Credentials credentials,
    TimeProvider time) : PageModel
{
    /// <summary>Keys that can be used, newest first.</summary>
    public IReadOnlyList<ApiKey> Working { get; private set; } = [];

    /// <summary>Revoked and expired ones, newest first.</summary>
    public IReadOnlyList<ApiKey> Ended { get; private set; } = [];

    /// <summary>The feeds a key may be limited to.</summary>
    public IReadOnlyList<Feed> Feeds { get; private set; } = [];

    /// <summary>The groups that keys are in, by the number of the key.</summary>
    public ILookup<int, MembershipRow> Groups { get; private set; } = Array.Empty<MembershipRow>().ToLookup(_ => 0);

    /// <summary>What was typed in for a key that could not be made.</summary>
    public NewKeyForm? Input { get; private set; }

    /// <summary>The key made just now; this answer is the only one that has it.</summary>
    public string? NewKey { get; private set; }

    /// <summary>The time of this answer.</summary>
    public DateTimeOffset Now { get; private set; }

    /// <summary>What was done just now.</summary>
    [TempData]
    public string? Notice { get; set; }

    /// <summary>Shows the list.</summary>
    public async Task OnGetAsync(CancellationToken ct)
    {
        Now = time.GetUtcNow();
        var keys = (await queries.AllAsync(ct)).ToLookup(key => key.RevokedAt is null && !(key.ExpiresAt <= Now));
        (Working, Ended) = ([.. keys[true]], [.. keys[false]]);
        Feeds = await feeds.AllAsync(VisibleFeeds.All, ct);
        Groups = (await groups.OfKeysAsync(ct)).ToLookup(row => row.MemberId);
    }

    /// <summary>Makes a key.</summary>
    public async Task<IActionResult> OnPostCreateAsync(NewKeyForm input, CancellationToken ct)
    {
        (await new NewKeyFormValidator(time).ValidateAsync(input, ct)).AddToModelState(ModelState, null);
        Input = input;
        if (ModelState.IsValid)
        {
            var key = ApiKeys.Make();
            var (outcome, _) = await store.AddAsync(
                input.ToKey(ApiKeys.Hash(key)), PageAccess.CallerOf(HttpContext).ActorFor(HttpContext), ct);
            if (outcome == ApiKeyOutcome.Saved)
                (NewKey, Input) = (key, null);
            else
                ModelState.AddModelError("", "There is no such feed.");
        }

        await OnGetAsync(ct);
        Response.Headers.CacheControl = "no-store";
        return Page();
    }

    /// <summary>Sets the last day on which a key is good.</summary>
    public async Task<IActionResult> OnPostExpireAsync(int id, DateOnly? lastDay, CancellationToken ct)
    {
        if (!ModelState.IsValid)
            return BadRequest();
        if (LastDay.ProblemOrNull(lastDay, time) is { } problem)
        {
            ModelState.AddModelError("", problem);
            await OnGetAsync(ct);
            return Page();
        }

        if (await store.ChangeExpiryAsync(
            id, LastDay.EndOf(lastDay), PageAccess.CallerOf(HttpContext).ActorFor(HttpContext), ct))
            Notice = "The last day is set.";
        await credentials.RefreshAsync(ct);
        return RedirectToPage();
    }

    /// <summary>Revokes a key.</summary>
    public async Task<IActionResult> OnPostRevokeAsync(int id, CancellationToken ct)
    {
        if (await store.RevokeAsync(id, time.GetUtcNow(), PageAccess.CallerOf(HttpContext).ActorFor(HttpContext), ct))
            Notice = "The key is revoked.";
        await credentials.RefreshAsync(ct);
        return RedirectToPage();
    }
}

/// <summary>What the form asks.</summary>
/// <param name="DisplayName">What the key is called in records and in the log.</param>
/// <param name="Description">For people.</param>
/// <param name="View">May view and download.</param>
/// <param name="Add">May upload and record.</param>
/// <param name="Manage">May do everything.</param>
/// <param name="Feed">The only feed; null: every feed.</param>
/// <param name="LastDay">The last day on which it is good, in UTC; null: for ever.</param>
public sealed record NewKeyForm(
    string DisplayName, string? Description, bool View, bool Add, bool Manage, string? Feed, DateOnly? LastDay)
{
    /// <summary>Recorded of each download with the key; null, with the target, when only tagged ones are.</summary>
    public string? PolicyApplication { get; init; }

    /// <summary>Recorded of each download with the key; may be empty.</summary>
    public string? PolicyDescription { get; init; }

    /// <summary>Recorded of each download with the key: the server that has it.</summary>
    public string? PolicyTarget { get; init; }

    internal bool HasPolicy =>
        PolicyApplication is not null || PolicyDescription is not null || PolicyTarget is not null;

    internal NewApiKey ToKey(byte[] hash) => new()
    {
        KeyHash = hash,
        Type = Manage && Feed is null ? "System" : "Feed",
        DisplayName = DisplayName,
        Description = Description ?? "",
        Permissions = (View ? Permissions.View : 0) | (Add ? Permissions.Add : 0) | (Manage ? Permissions.All : 0),
        Feed = Feed,
        ExpiresAt = Accounts.LastDay.EndOf(LastDay),
        Policy = HasPolicy
            ? new RecordingPolicy(PolicyApplication!.Trim(), PolicyDescription?.Trim() ?? "", PolicyTarget!.Trim())
            : null,
    };
}

/// <summary>The rules for a key.</summary>
public sealed class NewKeyFormValidator : AbstractValidator<NewKeyForm>
{
    /// <summary>The rules.</summary>
    public NewKeyFormValidator(TimeProvider time)
    {
        RuleFor(key => key.DisplayName)
            .Must(name => name is { Length: >= 1 and <= 100 } && !name.Any(c => char.IsControl(c) || c == '"'))
            .WithMessage("A name has 1 to 100 characters and no quotation mark.");
        RuleFor(key => key.Description).MaximumLength(500);
        RuleFor(key => key.View).Must((key, _) => key.View || key.Add || key.Manage)
            .WithMessage("Choose what the key may do.");
        When(key => key.HasPolicy, () =>
        {
            RuleFor(key => key.PolicyApplication).Must(IsField)
                .WithMessage("A key that records every download needs an application of 1 to 200 characters.");
            RuleFor(key => key.PolicyTarget).Must(IsField)
                .WithMessage("A key that records every download needs a target of 1 to 200 characters.");
            RuleFor(key => key.PolicyDescription).MaximumLength(DeploymentRules.DescriptionLengthMax)
                .Must(text => text is null || !text.Any(char.IsControl))
                .WithMessage("The description of downloads has up to 2,000 characters and no control characters.");
        });
        RuleFor(key => key.LastDay).Custom((day, context) =>
        {
            if (LastDay.ProblemOrNull(day, time) is { } problem)
                context.AddFailure(problem);
        });
    }

    static bool IsField(string? text) =>
        text?.Trim() is { Length: > 0 and <= 200 } given && !given.Any(char.IsControl);
}

/// <summary>The last day on which a key is good.</summary>
static class LastDay
{
    /// <summary>Why a day cannot be the last one; null when it can.</summary>
    public static string? ProblemOrNull(DateOnly? day, TimeProvider time) => day switch
    {
        null => null,
        _ when day < DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime) => "The last day is in the past.",
        { Year: 9999 } => "The last day is too far away.",
        _ => null,
    };

    /// <summary>The moment at which the day is over, in UTC; null: never.</summary>
    public static DateTimeOffset? EndOf(DateOnly? day) =>
        day is { } last ? new DateTimeOffset(last.AddDays(1), TimeOnly.MinValue, TimeSpan.Zero) : null;
}
