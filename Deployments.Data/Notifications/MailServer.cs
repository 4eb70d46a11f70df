namespace Deployments.Data.Notifications;

/// <summary>The mail server that an administrator named.</summary>
public sealed record MailServer
{
    /// <summary>Its name or address.</summary>
    public required string Host { get; init; }

    /// <summary>Its port.</summary>
    public required int Port { get; init; }

    /// <summary><c>starttls</c>, <c>tls</c> from the first byte, or <c>none</c>.</summary>
    public required string Encryption { get; init; }

    /// <summary>Who signs in there; null: nobody.</summary>
    public string? UserName { get; init; }

    /// <summary>The password of that, encrypted by the key ring; null: none.</summary>
    public string? PasswordEncrypted { get; init; }

    /// <summary>The address that mail comes from.</summary>
    public required string Sender { get; init; }
}
