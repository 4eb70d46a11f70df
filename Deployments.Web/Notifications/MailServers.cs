using System.Security.Cryptography;
using Deployments.Data.Notifications;
using Deployments.Web.Settings;
using Microsoft.AspNetCore.DataProtection;

namespace Deployments.Web.Notifications;

/// <summary>
/// Which mail server is in force: the one that the environment names, as a whole; where it names none, the one that an
/// administrator named on the page.
/// </summary>
public sealed class MailServers(
    DeploymentsSettings settings, MailServerQueries queries, IDataProtectionProvider protection)
{
    readonly IDataProtector passwords = protection.CreateProtector("mail password");

    /// <summary>The server that the environment names; null: none.</summary>
    public MailServer? OfEnvironment => settings.Smtp is { Host: { } host, From: { } from } smtp
        ? new MailServer
        {
            Host = host,
            Port = smtp.Port,
            Encryption = smtp.Encryption,
            UserName = smtp.UserName,
            Sender = from,
        }
        : null;

    /// <summary>The server in force; null: none, and mail waits.</summary>
    public async ValueTask<MailServer?> InForceOrNullAsync(CancellationToken ct) =>
        OfEnvironment ?? await queries.StoredOrNullAsync(ct);

    /// <summary>The form in which a password is stored.</summary>
    public string Protect(string password) => passwords.Protect(password);

    /// <summary>The password for a server in force; empty when there is none.</summary>
    /// <exception cref="CryptographicException">Encrypted with keys that are lost; it must be typed again.</exception>
    public string PasswordOf(MailServer server) =>
        OfEnvironment is not null ? settings.Smtp.Password ?? ""
        : server.PasswordEncrypted is { } encrypted ? passwords.Unprotect(encrypted)
        : "";

    /// <summary>
    /// Whether a stored password may go on being used after a change: it must not be led to another server, nor sent in
    /// clear, by someone who could not read it.
    /// </summary>
    public static bool MayKeepPassword(MailServer? before, MailServer after) =>
        after.PasswordEncrypted is null || after.PasswordEncrypted != before?.PasswordEncrypted
        || (before.Host.Equals(after.Host, StringComparison.OrdinalIgnoreCase) && before.Port == after.Port
            && (after.Encryption != "none" || before.Encryption == "none"));
}
