namespace Deployments.Data.Accounts;

/// <summary>A tool's key, without the key itself, which nobody keeps.</summary>
/// <param name="ApiKeyId">Its number, by which it is revoked.</param>
/// <param name="KeyHash">SHA-256 of the key.</param>
/// <param name="Type"><c>System</c>, <c>Feed</c> or <c>Personal</c>.</param>
/// <param name="DisplayName">For people; may be empty.</param>
/// <param name="Description">For people; may be empty.</param>
/// <param name="Permissions">What it was given; a personal key may never do more than its account.</param>
/// <param name="FeedId">The only feed it is good for; null: every feed.</param>
/// <param name="FeedName">That feed's name.</param>
/// <param name="Account">Whose key it is, for a personal key; else null.</param>
/// <param name="Properties">Further ProGet properties: the text of a JSON object.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ExpiresAt">When it ends; null: never.</param>
/// <param name="RevokedAt">When it was revoked; null: it was not.</param>
/// <param name="LastUsedAt">To the minute or so; null: never used.</param>
public sealed record ApiKey(
    int ApiKeyId, byte[] KeyHash, string Type, string DisplayName, string Description, Permissions Permissions,
    int? FeedId,
    string? FeedName, ApiKeyAccount? Account, string Properties, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt,
    DateTimeOffset? RevokedAt, DateTimeOffset? LastUsedAt)
{
    /// <summary>How downloads with this key are recorded that say nothing themselves; null: they are not.</summary>
    public RecordingPolicy? Policy { get; init; }
}

/// <summary>
/// What is recorded of every package downloaded with a key, for clients that cannot send deployment headers: one key a
/// server, say. What a request says itself comes first.
/// </summary>
/// <param name="Application">1 to 200 characters.</param>
/// <param name="Description">Up to 2,000 characters; may be empty.</param>
/// <param name="Target">1 to 200 characters.</param>
public sealed record RecordingPolicy(string Application, string Description, string Target);

/// <summary>The account of a personal key.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Role">Its role now.</param>
/// <param name="Active">Whether it may still sign in.</param>
/// <param name="AccountId">Its number.</param>
public sealed record ApiKeyAccount(string Name, AccountRole Role, bool Active, int AccountId);

/// <summary>What a caller may do.</summary>
[Flags]
public enum Permissions
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Reads and downloads.</summary>
    View = 1,

    /// <summary>Uploads packages and records deployments.</summary>
    Add = 2,

    /// <summary>Removes packages.</summary>
    Delete = 4,

    /// <summary>Manages feeds and connectors, but neither accounts nor keys.</summary>
    Feeds = 8,

    /// <summary>Manages everything.</summary>
    Manage = 16,

    /// <summary>All of them.</summary>
    All = View | Add | Delete | Feeds | Manage,
}

/// <summary>A key to be made.</summary>
public sealed record NewApiKey
{
    /// <summary>SHA-256 of the key.</summary>
    public required byte[] KeyHash { get; init; }

    /// <summary><c>System</c>, <c>Feed</c> or <c>Personal</c>.</summary>
    public required string Type { get; init; }

    /// <summary>Up to 200 characters.</summary>
    public string DisplayName { get; init; } = "";

    /// <summary>Up to 2,000 characters.</summary>
    public string Description { get; init; } = "";

    /// <summary>What it may do.</summary>
    public required Permissions Permissions { get; init; }

    /// <summary>Name of the only feed it is good for; null: every feed.</summary>
    public string? Feed { get; init; }

    /// <summary>Name of the account of a personal key.</summary>
    public string? Account { get; init; }

    /// <summary>When it ends; null: never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Further ProGet properties: the text of a JSON object.</summary>
    public string Properties { get; init; } = "{}";

    /// <summary>How downloads with it are recorded that say nothing themselves; null: they are not.</summary>
    public RecordingPolicy? Policy { get; init; }
}

/// <summary>How the making of a key ended.</summary>
public enum ApiKeyOutcome
{
    /// <summary>Done.</summary>
    Saved,

    /// <summary>The same key exists already, perhaps revoked.</summary>
    KeyTaken,

    /// <summary>There is no such feed.</summary>
    UnknownFeed,

    /// <summary>There is no such account.</summary>
    UnknownAccount,
}
