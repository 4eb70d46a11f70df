using System.Globalization;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using Deployments.Data.Notifications;
using Deployments.Web.Gateway;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace Deployments.Web.Notifications;

/// <summary>
/// Sends mail through the server in force. One that an administrator named passes the same guard as connectors; whoever
/// sets the program's environment may reach any address.
/// </summary>
sealed class MailSender(MailServers servers, UpstreamGuard guard, NotificationLinks links, TimeProvider time)
{
    static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <summary>Sends several notifications of a rule as one mail.</summary>
    /// <param name="rule">Says to whom.</param>
    /// <param name="notifications">What happened, oldest first; at least one.</param>
    /// <param name="ct">Ends the program; then nothing is known of what the server took.</param>
    public Task<DeliveryResult> SendAsync(
        NotificationRule rule, IReadOnlyList<ClaimedNotification> notifications, CancellationToken ct) =>
        SendAsync(sender => Message(rule, notifications, sender), ct);

    /// <summary>Sends a message that says only that mail arrives.</summary>
    /// <param name="recipient">To whom: an address.</param>
    /// <param name="ct">Gives up.</param>
    public Task<DeliveryResult> SendTestAsync(string recipient, CancellationToken ct) => SendAsync(sender =>
    {
        var message = Message("Deployments: mail arrives", sender, [recipient], $"{Guid.NewGuid():N}");
        message.Body = new TextPart("plain")
        {
            Text = "An administrator asked for this message, to see whether mail arrives. It does.\n\n"
                + "-- \nDeployments\n",
        };
        return message;
    }, ct);

    async Task<DeliveryResult> SendAsync(Func<string, MimeMessage> write, CancellationToken ct)
    {
        var began = time.GetTimestamp();
        if (await servers.InForceOrNullAsync(ct) is not { } server)
            return Failed("No mail server is set (/admin/notifications/mail-server).");
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(ct);
        timeout.CancelAfter(Timeout);
        try
        {
            using var message = write(server.Sender);
            using var client = new SmtpClient();
            await ConnectAsync(client, server, timeout.Token);
            if (!string.IsNullOrEmpty(server.UserName))
                await client.AuthenticateAsync(server.UserName, servers.PasswordOf(server), timeout.Token);
            var answer = await client.SendAsync(message, timeout.Token);
            await QuitAsync(client, timeout.Token);
            return new DeliveryResult(true, Took(began), null, answer, null);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return Failed("The mail server took too long.");
        }
        catch (CryptographicException)
        {
            return Failed("The stored password cannot be read any more, because keys were lost. Type it again.");
        }
        catch (Exception exception) when (IsOfMail(exception))
        {
            return Failed(exception.Message);
        }

        DeliveryResult Failed(string problem) => new(false, Took(began), null, "", problem);
    }

    async Task ConnectAsync(SmtpClient client, MailServer server, CancellationToken ct)
    {
        var encryption = Encryption(server.Encryption);
        if (servers.OfEnvironment is not null)
            await client.ConnectAsync(server.Host, server.Port, encryption, ct);
        else
            await client.ConnectAsync(
                await guard.ConnectAsync(server.Host, server.Port, ct), server.Host, server.Port, encryption, ct);
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
            or IOException or NotSupportedException or ServiceNotAuthenticatedException or HttpRequestException;

    MimeMessage Message(string subject, string sender, IEnumerable<string> recipients, string id)
    {
        var message = new MimeMessage { Subject = subject };
        message.From.Add(MailboxAddress.Parse(sender));
        foreach (var recipient in recipients)
            message.To.Add(MailboxAddress.Parse(recipient));
        message.Date = time.GetUtcNow();
        message.MessageId = $"{id}@{message.From.Mailboxes.First().Domain}";
        message.Headers.Add("Auto-Submitted", "auto-generated");
        return message;
    }

    MimeMessage Message(
        NotificationRule rule, IReadOnlyList<ClaimedNotification> notifications, string sender)
    {
        var message = Message(
            NotificationText.Subject(rule, notifications), sender, rule.Recipients,
            string.Create(CultureInfo.InvariantCulture, $"{notifications[0].DeliveryKey:N}.{notifications.Count}"));
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
