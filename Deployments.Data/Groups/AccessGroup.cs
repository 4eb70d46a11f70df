using Deployments.Data.Accounts;

namespace Deployments.Data.Groups;

/// <summary>What may be done on a feed. Each level includes the one before.</summary>
public enum AccessLevel
{
    /// <summary>See the feed and all that came through it, download.</summary>
    View,

    /// <summary>Also upload packages and record deployments.</summary>
    Add,

    /// <summary>Also delete packages, and change the feed's settings.</summary>
    Manage,
}

/// <summary>What the levels are, as keys have it.</summary>
public static class AccessLevels
{
    /// <summary>What a level allows on its feed: the same as the word allows a key that is for one feed.</summary>
    public static Permissions ToPermissions(this AccessLevel level) => level switch
    {
        AccessLevel.Manage => Permissions.All,
        AccessLevel.Add => Permissions.View | Permissions.Add,
        _ => Permissions.View,
    };
}

/// <summary>A group of people and keys.</summary>
/// <param name="Name">Unique without regard to case.</param>
/// <param name="Accounts">The people in it, by name.</param>
/// <param name="Keys">The keys in it, by number.</param>
/// <param name="Claims">Whose people are in it besides.</param>
/// <param name="Grants">What it may do.</param>
public sealed record AccessGroupDefinition(
    string Name, IReadOnlyList<GroupMember> Accounts, IReadOnlyList<GroupMember> Keys,
    IReadOnlyList<GroupClaim> Claims, IReadOnlyList<AccessGrant> Grants)
{
    /// <summary>The longest name, in characters.</summary>
    public const int NameLengthMax = 100;

    /// <summary>The most groups there may be.</summary>
    public const int GroupsMax = 500;

    /// <summary>The most accounts, keys, claims or grants of one group.</summary>
    public const int EntriesMax = 1000;
}

/// <summary>An account or a key in a group.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Name">Its name, as people know it.</param>
/// <param name="Counts">False: it is disabled, revoked or expired.</param>
public sealed record GroupMember(int Id, string Name, bool Counts = true);

/// <summary>A group or role of a provider or directory.</summary>
/// <param name="Provider">What the settings call the provider; <c>ldap</c>: the directory.</param>
/// <param name="Claim">The group as the provider writes it.</param>
public sealed record GroupClaim(string Provider, string Claim)
{
    /// <summary>The longest claim, in characters.</summary>
    public const int ClaimLengthMax = 500;
}

/// <summary>What a group may do on a feed, or on all whose names match.</summary>
/// <param name="FeedId">The feed; null: those of the pattern.</param>
/// <param name="Feed">The feed's name, or the pattern, in which <c>*</c> stands for any text.</param>
/// <param name="Level">What it may do.</param>
public sealed record AccessGrant(int? FeedId, string Feed, AccessLevel Level)
{
    /// <summary>Whether the feed was deleted; its records are still seen.</summary>
    public bool IsDeleted { get; init; }
}

/// <summary>A group, with its number.</summary>
/// <param name="AccessGroupId">Its number, which stays.</param>
/// <param name="Definition">The group.</param>
public sealed record AccessGroup(int AccessGroupId, AccessGroupDefinition Definition);

/// <summary>A group in a list.</summary>
public sealed record AccessGroupRow
{
    /// <summary>Its number.</summary>
    public int AccessGroupId { get; init; }

    /// <summary>Its name.</summary>
    public string Name { get; init; } = "";

    /// <summary>How many accounts were put into it.</summary>
    public long Accounts { get; init; }

    /// <summary>How many keys were.</summary>
    public long Keys { get; init; }

    /// <summary>How many groups of providers make people members.</summary>
    public long Claims { get; init; }

    /// <summary>What it may do: <c>apps: add</c>, by feed; the first few.</summary>
    public string[] Grants { get; init; } = [];

    /// <summary>How many grants it has.</summary>
    public long GrantCount { get; init; }
}

/// <summary>What a group may do on a feed, and by which of its grants.</summary>
public sealed record FeedGroupRow
{
    /// <summary>The group's number.</summary>
    public int AccessGroupId { get; init; }

    /// <summary>The group's name.</summary>
    public string Name { get; init; } = "";

    /// <summary>What it may do: the word.</summary>
    public string Level { get; init; } = "";

    /// <summary>The pattern that matches the feed; null: the grant names it.</summary>
    public string? Pattern { get; init; }

    /// <summary>Who is in it: the first few people and keys, by name.</summary>
    public string[] Members { get; init; } = [];

    /// <summary>How many are in it.</summary>
    public long MemberCount { get; init; }
}

/// <summary>That an account or a key is in a group.</summary>
public sealed record MembershipRow
{
    /// <summary>The account's or the key's number.</summary>
    public int MemberId { get; init; }

    /// <summary>The group's number.</summary>
    public int AccessGroupId { get; init; }

    /// <summary>The group's name.</summary>
    public string Name { get; init; } = "";

    /// <summary>The provider that makes it so; null: an administrator.</summary>
    public string? Provider { get; init; }

    /// <summary>What the group may do: <c>apps: add</c>, by feed; the first few.</summary>
    public string[] Grants { get; init; } = [];

    /// <summary>How many grants the group has.</summary>
    public long GrantCount { get; init; }
}

/// <summary>How a change of a group ended.</summary>
public enum AccessGroupOutcome
{
    /// <summary>Done.</summary>
    Saved,

    /// <summary>There is no such group.</summary>
    NotFound,

    /// <summary>Another group has the name.</summary>
    NameTaken,

    /// <summary>There are as many as there may be.</summary>
    TooMany,

    /// <summary>An account, key or feed is not there, or a key is somebody's own.</summary>
    Unknown,
}
