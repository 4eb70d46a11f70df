using System.Globalization;
using System.Net.Sockets;
using System.Security.Authentication;
using Deployments.Data.Notifications;
using Deployments.Web.Settings;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace Deployments.Web.Notifications;

/// <summary>
/// Sends mail through the server that the settings name. Whoever sets the program's environment may reach any address:
/// there is no guard.
/// </summary>
sealed class MailSender(DeploymentsSettings settings, NotificationLinks links, TimeProvider time)
{
    static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <summary>Whether there is a server to send through.</summary>
    public bool IsSet => settings.Smtp.Host is not null;

    /// <summary>Sends several notifications of a rule as one mail.</summary>
    /// <param name="rule">Says to whom.</param>
    /// <param name="notifications">What happened, oldest first; at least one.</param>
    /// <param name="ct">Ends the program; then nothing is known of what the server took.</param>
    public async Task<DeliveryResult> SendAsync(
        NotificationRule rule, IReadOnlyList<ClaimedNotification> notifications, CancellationToken ct)
    {
        var began = time.GetTimestamp();
        if (settings.Smtp is not { Host: { } host, From: { } from } smtp)
            return Failed("No mail server is set (Deployments__Smtp__Host).");
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(ct);
        timeout.CancelAfter(Timeout);
        try
        {
            using var message = Message(rule, notifications, from);
            using var client = new SmtpClient();
            await client.ConnectAsync(host, smtp.Port, Encryption(smtp.Encryption), timeout.Token);
            if (!string.IsNullOrEmpty(smtp.UserName))
                await client.AuthenticateAsync(smtp.UserName, smtp.Password ?? "", timeout.Token);
            var answer = await client.SendAsync(message, timeout.Token);
            await QuitAsync(client, timeout.Token);
            return new DeliveryResult(true, Took(began), null, answer, null);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return Failed("The mail server took too long.");
        }
        catch (Exception exception) when (IsOfMail(exception))
        {
            return Failed(exception.Message);
        }

        DeliveryResult Failed(string problem) => new(false, Took(began), null, "", problem);
    }

    // The server has taken the mail; what happens at the goodbye does not change that.
    static async Task QuitAsync(SmtpClient client, CancellationToken ct)
    {
        try
        {
            await client.DisconnectAsync(true, ct);
        }
        catch (Exception exception) when (exception is OperationCanceledException || IsOfMail(exception))
        {
        }
    }

    static bool IsOfMail(Exception exception) =>
        exception is SmtpCommandException or ProtocolException or MailKit.Security.AuthenticationException
            or SslHandshakeException or System.Security.Authentication.AuthenticationException or SocketException
            or IOException or NotSupportedException or ServiceNotAuthenticatedException;

    MimeMessage Message(
        NotificationRule rule, IReadOnlyList<ClaimedNotification> notifications, string from)
    {
        var message = new MimeMessage { Subject = NotificationText.Subject(rule, notifications) };
        message.From.Add(MailboxAddress.Parse(from));
        foreach (var recipient in rule.Recipients)
            message.To.Add(MailboxAddress.Parse(recipient));
        message.Date = time.GetUtcNow();
        message.MessageId = string.Create(CultureInfo.InvariantCulture,
            $"{notifications[0].DeliveryKey:N}.{notifications.Count}@{message.From.Mailboxes.First().Domain}");
        message.Headers.Add("Auto-Submitted", "auto-generated");
        message.Headers.Add("X-Deployments-Event", NotificationText.EventOf(notifications[0].Occasion));
        message.Body = new TextPart("plain")
        {
            Text = string.Join("\n\n", notifications.Select(row => NotificationText.Paragraph(row, links)))
                + $"\n\n-- \nDeployments, notification rule {rule.Name}\n",
        };
        return message;
    }

    static SecureSocketOptions Encryption(string word) => word switch
    {
        "none" => SecureSocketOptions.None,
        "tls" => SecureSocketOptions.SslOnConnect,
        _ => SecureSocketOptions.StartTls,
    };

    int Took(long began) => (int)time.GetElapsedTime(began).TotalMilliseconds;
}
