namespace Deployments.Data.Accounts;

/// <summary>A person who signs in.</summary>
/// <param name="AccountId">Its key.</param>
/// <param name="Name">Unique without regard to case.</param>
/// <param name="PasswordHash">
/// Salted and stretched; the format is the hasher's own. Empty: the person has no password here.
/// </param>
/// <param name="Role">What the person may do.</param>
/// <param name="Active">False: the person may no longer sign in.</param>
/// <param name="SecurityStamp">Changes when sessions begun before must end.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="LastSignInAt">Null: never signed in.</param>
public sealed record Account(
    int AccountId, string Name, string PasswordHash, AccountRole Role, bool Active, Guid SecurityStamp,
    DateTimeOffset CreatedAt,
    DateTimeOffset? LastSignInAt)
{
    /// <summary>Whether the person may sign in with a password of this server.</summary>
    public bool HasPassword => PasswordHash.Length > 0;
}

/// <summary>What an account may do. Each role includes the one before.</summary>
public enum AccountRole
{
    /// <summary>Reads pages and the read API, downloads packages.</summary>
    Viewer,

    /// <summary>Also uploads packages and records deployments.</summary>
    Publisher,

    /// <summary>Everything.</summary>
    Administrator,
}

/// <summary>How a change of an account ended.</summary>
public enum AccountOutcome
{
    /// <summary>Done.</summary>
    Saved,

    /// <summary>There is no account of that name.</summary>
    NotFound,

    /// <summary>Another account has the name.</summary>
    NameTaken,

    /// <summary>
    /// Refused: nobody could administer the server afterwards with a password that only this server knows.
    /// </summary>
    LastAdministrator,
}
