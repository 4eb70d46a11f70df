using Deployments.Data.Audit;
using Deployments.Data.Feeds;
using Deployments.Web.Accounts;
using Deployments.Web.Connectors;
using Deployments.Web.Feeds;
using FluentValidation.AspNetCore;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Feeds;

/// <summary>One connector: change, test and delete. Its password is never shown.</summary>
public sealed class AdminConnectorModel(
    FeedQueries queries, ConnectorStore store, ConnectorSecrets secrets, FeedTypeCatalog types, ConnectorCheck check)
    : PageModel
{
    /// <summary>The connector as it is.</summary>
    public Connector Connector { get; private set; } = null!;

    /// <summary>What the form shows.</summary>
    public ConnectorForm Input { get; private set; } = new();

    /// <summary>What came of the test made just now; null when none was made.</summary>
    public ConnectorAnswer? Answer { get; private set; }

    /// <summary>What was done just now.</summary>
    [TempData]
    public string? Notice { get; set; }

    Actor By => PageAccess.CallerOf(HttpContext).ActorFor(HttpContext);

    /// <summary>Shows the connector.</summary>
    public async Task<IActionResult> OnGetAsync(string name, CancellationToken ct)
    {
        if (await queries.ConnectorByNameOrNullAsync(name, ct) is not { } connector)
            return NotFound();
        Connector = connector;
        Input = ConnectorForm.Of(connector);
        return Page();
    }

    /// <summary>Changes the connector.</summary>
    public async Task<IActionResult> OnPostAsync([FromRoute] string name, ConnectorForm input, CancellationToken ct)
    {
        if (await queries.ConnectorByNameOrNullAsync(name, ct) is not { } connector)
            return NotFound();
        Connector = connector;
        Input = input;
        var password = string.IsNullOrEmpty(input.Password) ? null : secrets.Protect(input.Password);
        var wanted = input.Over(connector.Fields, password);
        (await new ConnectorValidator(types).ValidateAsync(wanted, ct)).AddToModelState(ModelState, null);
        if (!ConnectorValidator.MayKeepPassword(connector.Fields, wanted))
            ModelState.AddModelError("", "Type the password again, since the address leads to another server.");
        if (!ModelState.IsValid)
            return Page();

        var outcome = await store.ChangeAsync(
            name,
            now =>
            {
                // It may lead elsewhere since it was read above; then its password is dropped rather than led on.
                var next = input.Over(now, password);
                return ConnectorValidator.MayKeepPassword(now, next) ? next : next with { PasswordEncrypted = null };
            },
            By,
            ct);
        if (outcome == FeedOutcome.Saved)
        {
            Notice = "Saved.";
            return RedirectToPage(new { name = wanted.Name });
        }

        ModelState.AddModelError("", outcome == FeedOutcome.NameTaken
            ? "Another connector has this name."
            : "The connector was deleted meanwhile.");
        return Page();
    }

    /// <summary>Asks the upstream with the stored address and credentials; nothing is changed.</summary>
    public async Task<IActionResult> OnPostTestAsync([FromRoute] string name, CancellationToken ct)
    {
        var shown = await OnGetAsync(name, ct);
        if (Connector is not null)
            Answer = await check.AskAsync(Connector, ct);
        return shown;
    }

    /// <summary>Deletes the connector.</summary>
    public async Task<IActionResult> OnPostDeleteAsync([FromRoute] string name, CancellationToken ct)
    {
        if (!await store.DeleteAsync(name, By, ct))
            return NotFound();
        Notice = $"Deleted {name}.";
        return RedirectToPage("/Feeds/AdminFeeds");
    }
}

/// <summary>What the form of a connector asks.</summary>
public sealed record ConnectorForm
{
    /// <summary>The name it shall have.</summary>
    public string? NewName { get; init; }

    /// <summary>Its address.</summary>
    public string? Url { get; init; }

    /// <summary>How long to wait for its answer, in seconds.</summary>
    public int TimeoutSeconds { get; init; } = 100;

    /// <summary>User name for the upstream.</summary>
    public string? Username { get; init; }

    /// <summary>A new password; empty keeps the one that is set.</summary>
    public string? Password { get; init; }

    /// <summary>Whether to use no password any more.</summary>
    public bool ForgetPassword { get; init; }

    internal static ConnectorForm Of(Connector connector) => new()
    {
        NewName = connector.Name,
        Url = connector.Url,
        TimeoutSeconds = connector.TimeoutSeconds,
        Username = connector.Username,
    };

    internal ConnectorFields Over(ConnectorFields connector, string? newPasswordEncrypted) => connector with
    {
        Name = NewName ?? "",
        Url = Url ?? "",
        TimeoutSeconds = TimeoutSeconds,
        Username = Username,
        PasswordEncrypted = ForgetPassword ? null : newPasswordEncrypted ?? connector.PasswordEncrypted,
    };
}
