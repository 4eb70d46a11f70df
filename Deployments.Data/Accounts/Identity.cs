namespace Deployments.Data.Accounts;

/// <summary>As whom somebody else knows a person: what an account is bound to.</summary>
/// <param name="Issuer">Who says it: an identity provider's issuer, or a directory.</param>
/// <param name="Subject">What the issuer never gives to another person; never a name or an address.</param>
/// <param name="Provider">What the settings call the issuer, for people.</param>
public sealed record Identity(string Issuer, string Subject, string Provider)
{
    /// <summary>The longest issuer, in characters.</summary>
    public const int IssuerLengthMax = 300;

    /// <summary>The longest subject, in characters: as long as OpenID Connect allows.</summary>
    public const int SubjectLengthMax = 255;

    /// <summary>Who changes an account because the issuer says so: nobody's account can be called like that.</summary>
    public string ActorName => $"provider \"{Provider}\"";
}

/// <summary>An identity that is bound to an account.</summary>
public sealed record BoundIdentity
{
    /// <summary>Its number, by which it is removed.</summary>
    public required int AccountIdentityId { get; init; }

    /// <summary>Whose it is.</summary>
    public required int AccountId { get; init; }

    /// <summary>Who says it.</summary>
    public required string Issuer { get; init; }

    /// <summary>As whom the issuer knows the person.</summary>
    public required string Subject { get; init; }

    /// <summary>What the settings called the issuer when it was bound.</summary>
    public required string Provider { get; init; }

    /// <summary>When it was bound.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Null: the person never signed in with it since.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>The identity itself.</summary>
    public Identity ToIdentity() => new(Issuer, Subject, Provider);
}

/// <summary>How the binding of an identity ended.</summary>
public enum IdentityOutcome
{
    /// <summary>Done.</summary>
    Saved,

    /// <summary>The invitation does not exist, was used, or has expired; or there is no such account.</summary>
    NotFound,

    /// <summary>The identity is bound to an account already.</summary>
    IdentityTaken,
}
