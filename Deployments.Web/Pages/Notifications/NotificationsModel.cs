using Deployments.Data.Audit;
using Deployments.Data.Feeds;
using Deployments.Data.Notifications;
using Deployments.Web.Accounts;
using Deployments.Web.Notifications;
using FluentValidation.AspNetCore;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.WebUtilities;

namespace Deployments.Web.Pages.Notifications;

/// <summary>What the fields of a rule are filled with.</summary>
/// <param name="Form">What was typed in, or what the rule says.</param>
/// <param name="Feeds">The choices.</param>
/// <param name="IsNew">Whether the channel is still to be chosen.</param>
/// <param name="CanMail">Whether a mail server is set.</param>
public sealed record NotificationFieldsModel(
    NotificationForm Form, IReadOnlyList<Feed> Feeds, bool IsNew, bool CanMail);

/// <summary>Every notification rule; adds one.</summary>
public sealed class NotificationsModel(
    NotificationQueries queries, NotificationRuleStore store, FeedQueries feeds, ConnectorSecrets secrets,
    MailServers mail) : PageModel
{
    /// <summary>The rules, by name.</summary>
    public IReadOnlyList<NotificationRule> Rules { get; private set; } = [];

    /// <summary>What the fields show.</summary>
    public NotificationFieldsModel Fields { get; private set; } = null!;

    /// <summary>The rule made just now, when it has a secret.</summary>
    public NotificationRule? Made { get; private set; }

    /// <summary>Its secret; this answer is the only one that has it.</summary>
    public string? NewSecret { get; private set; }

    /// <summary>What was done just now.</summary>
    [TempData]
    public string? Notice { get; set; }

    /// <summary>Shows the rules.</summary>
    public Task OnGetAsync(CancellationToken ct) => ShowAsync(new NotificationForm(), ct);

    /// <summary>Adds a rule. A webhook's secret is shown with the answer, and never again.</summary>
    public async Task<IActionResult> OnPostAsync(NotificationForm input, CancellationToken ct)
    {
        (await new NotificationFormValidator().ValidateAsync(input, ct)).AddToModelState(ModelState, null);
        if (!ModelState.IsValid)
            return await RefuseAsync(input, ct);
        var isWebhook = input.Channel == NotificationChannel.Webhook;
        var secret = isWebhook ? WebhookSender.MakeSecret() : null;
        var (outcome, id) = await store.AddAsync(
            input.ToFields(active: true), secret is null ? null : secrets.Protect(secret),
            PageAccess.CallerOf(HttpContext).ActorFor(HttpContext), ct);
        if (outcome != NotificationOutcome.Saved)
        {
            ModelState.AddModelError("", Words(outcome));
            return await RefuseAsync(input, ct);
        }

        Notice = "The rule is on: it tells of what happens from now on.";
        if (secret is null)
            return RedirectToPage("/Notifications/Rule", new { id });
        Response.Headers.CacheControl = "no-store";
        await ShowAsync(new NotificationForm(), ct);
        (Made, NewSecret) = (Rules.FirstOrDefault(rule => rule.NotificationRuleId == id), secret);
        ModelState.Clear();
        return Page();
    }

    internal static string Words(NotificationOutcome outcome) => outcome switch
    {
        NotificationOutcome.NameTaken => "Another rule has this name.",
        NotificationOutcome.UnknownFeed => "There is no such feed.",
        NotificationOutcome.TooMany => $"There may be {NotificationRuleStore.RulesMax} rules at most.",
        _ => "The rule is gone.",
    };

    async Task<IActionResult> RefuseAsync(NotificationForm input, CancellationToken ct)
    {
        Response.StatusCode = StatusCodes.Status400BadRequest;
        await ShowAsync(input, ct);
        return Page();
    }

    async Task ShowAsync(NotificationForm form, CancellationToken ct)
    {
        Rules = await queries.AllAsync(ct);
        Fields = new NotificationFieldsModel(
            form, await feeds.AllAsync(VisibleFeeds.All, ct), IsNew: true,
            await mail.InForceOrNullAsync(ct) is not null);
    }
}

/// <summary>One rule: what became of what it told; try, change, switch, delete.</summary>
public sealed class NotificationRuleModel(
    NotificationQueries queries, NotificationRuleStore store, NotificationOutboxStore outbox, FeedQueries feeds,
    ConnectorSecrets secrets, MailServers mail) : PageModel
{
    const int RowsPerPage = 50;

    /// <summary>The rule.</summary>
    public NotificationRule Rule { get; private set; } = null!;

    /// <summary>What the fields show.</summary>
    public NotificationFieldsModel Fields { get; private set; } = null!;

    /// <summary>What it told, newest first.</summary>
    public IReadOnlyList<NotificationRow> Rows { get; private set; } = [];

    /// <summary>Only those in this state; null: all.</summary>
    [BindProperty(SupportsGet = true)]
    public NotificationState? State { get; set; }

    /// <summary>Only those older than this one.</summary>
    [BindProperty(SupportsGet = true)]
    public long? Before { get; set; }

    /// <summary>Where the newest are; null when these are.</summary>
    public string? NewestUrl => Before is null ? null : Address(null);

    /// <summary>Where older ones are; null when there are none.</summary>
    public string? OlderUrl { get; private set; }

    /// <summary>The secret made just now; this answer is the only one that has it.</summary>
    public string? NewSecret { get; private set; }

    /// <summary>What was done just now.</summary>
    [TempData]
    public string? Notice { get; set; }

    /// <summary>What went wrong just now.</summary>
    [TempData]
    public string? Problem { get; set; }

    Actor By => PageAccess.CallerOf(HttpContext).ActorFor(HttpContext);

    /// <summary>Shows the rule and what it told.</summary>
    public Task<IActionResult> OnGetAsync(int id, CancellationToken ct)
    {
        if (!ModelState.IsValid)
            return Task.FromResult<IActionResult>(BadRequest());
        return ShowAsync(id, null, ct);
    }

    /// <summary>Changes the rule.</summary>
    public async Task<IActionResult> OnPostAsync(int id, NotificationForm input, CancellationToken ct)
    {
        if (await queries.ByIdOrNullAsync(id, ct) is not { } rule)
            return NotFound();
        input = input with { Channel = rule.Channel };
        (await new NotificationFormValidator().ValidateAsync(input, ct)).AddToModelState(ModelState, null);
        if (!ModelState.IsValid)
            return await ShowAsync(id, input, ct);
        return await FinishAsync(
            id, await store.ChangeAsync(id, input.ToFields(rule.Active), By, ct), "The rule is changed.", input, ct);
    }

    /// <summary>Switches the rule on or off.</summary>
    public async Task<IActionResult> OnPostSwitchAsync(int id, bool active, CancellationToken ct)
    {
        if (!ModelState.IsValid)
            return BadRequest();
        if (await queries.ByIdOrNullAsync(id, ct) is not { } rule)
            return NotFound();
        return await FinishAsync(
            id, await store.ChangeAsync(id, rule.Fields with { Active = active }, By, ct), active
                ? "The rule is on: it tells of what happens from now on."
                : "The rule is off. What it had noted before is still delivered.", null, ct);
    }

    /// <summary>Sends a test now.</summary>
    public async Task<IActionResult> OnPostTestAsync(int id, CancellationToken ct)
    {
        if (await queries.ByIdOrNullAsync(id, ct) is not { } rule)
            return NotFound();
        var delivery = HttpContext.RequestServices.GetRequiredService<NotificationDelivery>();
        var result = await delivery.TestAsync(rule, ct);
        if (result.Ok)
            Notice = $"The test was taken{(result.Status is { } status ? $" with {status}" : "")}.";
        else
            Problem = $"The test failed: {Cut(result.Problem!)}";
        return RedirectToPage(new { id });
    }

    /// <summary>Tries a notification again, in the next seconds.</summary>
    public async Task<IActionResult> OnPostTryAgainAsync(int id, long notification, CancellationToken ct)
    {
        if (!ModelState.IsValid)
            return BadRequest();
        if (await outbox.TryAgainAsync(id, notification, By, ct))
            Notice = "It is tried again in the next seconds.";
        else
            Problem = "It was delivered or taken up meanwhile.";
        return RedirectToPage(new { id, state = State });
    }

    /// <summary>Makes another secret, which is shown with the answer, and never again.</summary>
    public async Task<IActionResult> OnPostSecretAsync(int id, CancellationToken ct)
    {
        var secret = WebhookSender.MakeSecret();
        if (!await store.ChangeSecretAsync(id, secrets.Protect(secret), By, ct))
            return NotFound();
        NewSecret = secret;
        Response.Headers.CacheControl = "no-store";
        return await ShowAsync(id, null, ct);
    }

    /// <summary>Deletes the rule.</summary>
    public async Task<IActionResult> OnPostDeleteAsync(int id, CancellationToken ct)
    {
        if (!await store.DeleteAsync(id, By, ct))
            return NotFound();
        Notice = "The rule is deleted.";
        return RedirectToPage("/Notifications/Notifications");
    }

    // What travels in a cookie has little room.
    static string Cut(string text) => text.Length <= 300 ? text : text[..300];

    async Task<IActionResult> FinishAsync(
        int id, NotificationOutcome outcome, string done, NotificationForm? input, CancellationToken ct)
    {
        if (outcome == NotificationOutcome.NotFound)
            return NotFound();
        if (outcome == NotificationOutcome.Saved)
        {
            Notice = done;
            return RedirectToPage(new { id });
        }

        ModelState.AddModelError("", NotificationsModel.Words(outcome));
        return await ShowAsync(id, input, ct);
    }

    async Task<IActionResult> ShowAsync(int id, NotificationForm? input, CancellationToken ct)
    {
        if (await queries.ByIdOrNullAsync(id, ct) is not { } rule)
            return NotFound();
        if (!ModelState.IsValid)
            Response.StatusCode = StatusCodes.Status400BadRequest;
        Rule = rule;
        var rows = await queries.PageAsync(id, State, Before, RowsPerPage + 1, ct);
        Rows = [.. rows.Take(RowsPerPage)];
        OlderUrl = rows.Count > RowsPerPage ? Address(Rows[^1].NotificationId) : null;
        Fields = new NotificationFieldsModel(
            input ?? NotificationForm.Of(rule), await feeds.AllAsync(VisibleFeeds.All, ct), IsNew: false,
            await mail.InForceOrNullAsync(ct) is not null);
        return Page();
    }

    string Address(long? before)
    {
        var query = new Dictionary<string, string?>();
        if (State is { } state)
            query["state"] = state.ToString();
        if (before is { } number)
            query["before"] = number.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return QueryHelpers.AddQueryString(Request.Path, query);
    }
}
