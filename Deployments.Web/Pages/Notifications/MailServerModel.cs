using Deployments.Data.Audit;
using Deployments.Data.Notifications;
using Deployments.Web.Accounts;
using Deployments.Web.Notifications;
using Deployments.Web.Settings;
using FluentValidation;
using FluentValidation.AspNetCore;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Notifications;

/// <summary>The mail server: name, try, forget. Its password is never shown.</summary>
public sealed class MailServerModel(MailServers servers, MailServerQueries queries, MailServerStore store) : PageModel
{
    /// <summary>What was saved here; null: nothing.</summary>
    public MailServer? Stored { get; private set; }

    /// <summary>What the environment names, which wins; null: nothing.</summary>
    public MailServer? OfEnvironment => servers.OfEnvironment;

    /// <summary>What the form shows.</summary>
    public MailServerForm Input { get; private set; } = new();

    /// <summary>To whom the test goes.</summary>
    public string? Recipient { get; private set; }

    /// <summary>What came of the test made just now; null when none was made.</summary>
    public DeliveryResult? Answer { get; private set; }

    /// <summary>What was done just now.</summary>
    [TempData]
    public string? Notice { get; set; }

    Actor By => PageAccess.CallerOf(HttpContext).ActorFor(HttpContext);

    /// <summary>Shows the server.</summary>
    public async Task OnGetAsync(CancellationToken ct)
    {
        Stored = await queries.StoredOrNullAsync(ct);
        Input = MailServerForm.Of(Stored);
    }

    /// <summary>Names the server.</summary>
    public async Task<IActionResult> OnPostAsync(MailServerForm input, CancellationToken ct)
    {
        Stored = await queries.StoredOrNullAsync(ct);
        Input = input;
        (await new MailServerFormValidator().ValidateAsync(input, ct)).AddToModelState(ModelState, null);
        if (!ModelState.IsValid)
            return Refused();
        var password = string.IsNullOrEmpty(input.Password) ? null : servers.Protect(input.Password);
        if (!MailServers.MayKeepPassword(Stored, input.Over(Stored, password)))
        {
            ModelState.AddModelError(
                "", "Type the password again, since it would be sent to another server, or in clear.");
            return Refused();
        }

        await store.SaveAsync(
            now =>
            {
                // It may lead elsewhere since it was read above; then its password is dropped rather than led on.
                var next = input.Over(now, password);
                return MailServers.MayKeepPassword(now, next) ? next : next with { PasswordEncrypted = null };
            }, By, ct);
        Notice = "Saved. Send a test message to see whether mail arrives.";
        return RedirectToPage();
    }

    /// <summary>Sends a message through the server in force; nothing is changed.</summary>
    public async Task<IActionResult> OnPostTestAsync(string? recipient, CancellationToken ct)
    {
        await OnGetAsync(ct);
        Recipient = recipient;
        if (!MailAddresses.IsAddress(recipient))
        {
            ModelState.AddModelError("", "Give the mail address that the test message goes to.");
            return Refused();
        }

        Answer = await HttpContext.RequestServices.GetRequiredService<MailSender>().SendTestAsync(recipient!, ct);
        return Page();
    }

    /// <summary>Forgets the server that was named here.</summary>
    public async Task<IActionResult> OnPostDeleteAsync(CancellationToken ct)
    {
        Notice = await store.DeleteAsync(By, ct) ? "The server is forgotten." : "None was named.";
        return RedirectToPage();
    }

    PageResult Refused()
    {
        Response.StatusCode = StatusCodes.Status400BadRequest;
        return Page();
    }
}

/// <summary>What the form of the mail server asks.</summary>
public sealed record MailServerForm
{
    /// <summary>Its name or address.</summary>
    public string? Host { get; init; }

    /// <summary>Its port.</summary>
    public int Port { get; init; } = 587;

    /// <summary><c>starttls</c>, <c>tls</c> or <c>none</c>.</summary>
    public string? Encryption { get; init; } = "starttls";

    /// <summary>Who signs in there.</summary>
    public string? UserName { get; init; }

    /// <summary>A new password; empty keeps the one that is set.</summary>
    public string? Password { get; init; }

    /// <summary>Whether to use no password any more.</summary>
    public bool ForgetPassword { get; init; }

    /// <summary>The address that mail comes from.</summary>
    public string? Sender { get; init; }

    internal static MailServerForm Of(MailServer? server) => server is null ? new() : new()
    {
        Host = server.Host,
        Port = server.Port,
        Encryption = server.Encryption,
        UserName = server.UserName,
        Sender = server.Sender,
    };

    internal MailServer Over(MailServer? server, string? newPasswordEncrypted) => new()
    {
        Host = Host!.Trim(),
        Port = Port,
        Encryption = Encryption!,
        UserName = string.IsNullOrWhiteSpace(UserName) ? null : UserName.Trim(),
        PasswordEncrypted = ForgetPassword || string.IsNullOrWhiteSpace(UserName)
            ? null
            : newPasswordEncrypted ?? server?.PasswordEncrypted,
        Sender = Sender!,
    };
}

/// <summary>What a mail server must be like.</summary>
public sealed class MailServerFormValidator : AbstractValidator<MailServerForm>
{
    /// <summary>The rules.</summary>
    public MailServerFormValidator()
    {
        RuleFor(form => form.Host)
            .Must(host => host?.Trim() is { Length: >= 1 and <= 255 } name
                && Uri.CheckHostName(name) != UriHostNameType.Unknown)
            .WithMessage("The server is a name or an address such as mail.example.com.");
        RuleFor(form => form.Port).InclusiveBetween(1, 65535).WithMessage("The port is a number from 1 to 65535.");
        RuleFor(form => form.Encryption).Must(word => word is "starttls" or "tls" or "none")
            .WithMessage("The encryption is starttls, tls or none.");
        RuleFor(form => form.UserName).Must(name => name is null || (name.Length <= 200 && !name.Any(char.IsControl)))
            .WithMessage("The user name has 200 characters at most.");
        RuleFor(form => form.Password).MaximumLength(1000).WithMessage("The password has 1,000 characters at most.");
        RuleFor(form => form.Password).Must(string.IsNullOrEmpty)
            .When(form => string.IsNullOrWhiteSpace(form.UserName))
            .WithMessage("A password needs a user name.");
        RuleFor(form => form.Sender).Must(MailAddresses.IsAddress)
            .WithMessage("The sender is a mail address such as deployments@example.com.");
    }
}
