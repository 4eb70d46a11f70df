using Deployments.Data.Audit;
using Deployments.Data.Feeds;
using Deployments.Data.Retention;
using Deployments.Web.Accounts;
using FluentValidation.AspNetCore;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Retention;

/// <summary>What the fields of a rule are filled with.</summary>
/// <param name="Form">What was typed in, or what the rule says; null: nothing yet.</param>
/// <param name="Feeds">The choices.</param>
public sealed record RuleFieldsModel(RetentionForm? Form, IReadOnlyList<Feed> Feeds);

/// <summary>Every retention rule; adds one.</summary>
public sealed class RetentionModel(RetentionQueries queries, RetentionStore store, FeedQueries feeds) : PageModel
{
    /// <summary>The rules, in the order in which they were made.</summary>
    public IReadOnlyList<RetentionRule> Rules { get; private set; } = [];

    /// <summary>The feeds a rule may be for.</summary>
    public IReadOnlyList<Feed> Feeds { get; private set; } = [];

    /// <summary>What was typed in for a rule that could not be added.</summary>
    public RetentionForm? Input { get; private set; }

    /// <summary>What was done just now.</summary>
    [TempData]
    public string? Notice { get; set; }

    /// <summary>Shows the rules.</summary>
    public async Task OnGetAsync(CancellationToken ct)
    {
        Rules = await queries.AllAsync(ct);
        Feeds = await feeds.AllAsync(VisibleFeeds.All, ct);
    }

    /// <summary>Adds a rule, which is off, and leads to its preview.</summary>
    public async Task<IActionResult> OnPostAsync(RetentionForm input, CancellationToken ct)
    {
        Input = input;
        (await new RetentionFormValidator().ValidateAsync(input, ct)).AddToModelState(ModelState, null);
        if (ModelState.IsValid)
        {
            var by = PageAccess.CallerOf(HttpContext).ActorFor(HttpContext);
            var (outcome, id) = await store.AddAsync(input.ToFields(), by, ct);
            if (outcome == RetentionOutcome.Saved)
                return RedirectToPage("/Retention/Rule", new { id });
            ModelState.AddModelError("", "There is no such feed.");
        }

        await OnGetAsync(ct);
        return Page();
    }
}

/// <summary>One rule: what it would remove, switch, change, delete.</summary>
public sealed class RuleModel(RetentionQueries queries, RetentionStore store, FeedQueries feeds, TimeProvider time)
    : PageModel
{
    /// <summary>The rule.</summary>
    public RetentionRule Rule { get; private set; } = null!;

    /// <summary>What it would remove now.</summary>
    public RetentionPreview Preview { get; private set; } = null!;

    /// <summary>Records from before this time are old enough.</summary>
    public DateTimeOffset Cutoff { get; private set; }

    /// <summary>What the fields show.</summary>
    public RuleFieldsModel Fields { get; private set; } = null!;

    /// <summary>What was done just now.</summary>
    [TempData]
    public string? Notice { get; set; }

    Actor By => PageAccess.CallerOf(HttpContext).ActorFor(HttpContext);

    /// <summary>Shows the rule and what it would remove.</summary>
    public Task<IActionResult> OnGetAsync(int id, CancellationToken ct) => ShowAsync(id, null, ct);

    /// <summary>Changes the rule; it is off then.</summary>
    public async Task<IActionResult> OnPostAsync(int id, RetentionForm input, CancellationToken ct)
    {
        (await new RetentionFormValidator().ValidateAsync(input, ct)).AddToModelState(ModelState, null);
        if (!ModelState.IsValid)
            return await ShowAsync(id, input, ct);
        return await FinishAsync(
            id, await store.ChangeAsync(id, input.ToFields(), By, ct),
            "The rule is changed, and off until you switch it on.", ct);
    }

    /// <summary>Switches the rule on or off.</summary>
    public async Task<IActionResult> OnPostSwitchAsync(int id, int revision, bool active, CancellationToken ct)
    {
        if (!ModelState.IsValid)
            return BadRequest();
        return await FinishAsync(id, await store.SwitchAsync(id, revision, active, By, ct), active
            ? "The rule is on. It is applied in the coming night, and every night from then on."
            : "The rule is off. It removes nothing any more.", ct);
    }

    /// <summary>Deletes the rule.</summary>
    public async Task<IActionResult> OnPostDeleteAsync(int id, CancellationToken ct)
    {
        if (!ModelState.IsValid || !await store.DeleteAsync(id, By, ct))
            return NotFound();
        Notice = "The rule is deleted.";
        return RedirectToPage("/Retention/Retention");
    }

    async Task<IActionResult> FinishAsync(int id, RetentionOutcome outcome, string done, CancellationToken ct)
    {
        switch (outcome)
        {
            case RetentionOutcome.Saved:
                Notice = done;
                return RedirectToPage(new { id });
            case RetentionOutcome.NotFound:
                return NotFound();
            default:
                ModelState.AddModelError("", outcome == RetentionOutcome.UnknownFeed
                    ? "There is no such feed."
                    : "Somebody has changed the rule since you looked at it. Look at what it would remove now.");
                return await ShowAsync(id, null, ct);
        }
    }

    async Task<IActionResult> ShowAsync(int id, RetentionForm? input, CancellationToken ct)
    {
        if (await queries.ByIdOrNullAsync(id, ct) is not { } rule)
            return NotFound();
        Rule = rule;
        Cutoff = rule.Cutoff(time.GetUtcNow());
        Preview = await queries.PreviewAsync(rule.Fields, time.GetUtcNow(), ct);
        Fields = new RuleFieldsModel(input ?? RetentionForm.Of(rule), await feeds.AllAsync(VisibleFeeds.All, ct));
        return Page();
    }
}
