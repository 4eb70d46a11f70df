namespace Deployments.Data.Feeds;

/// <summary>A feed, as clients meet it.</summary>
/// <param name="FeedId">Its key; stays when the feed is renamed.</param>
/// <param name="Name">The canonical name.</param>
/// <param name="FeedType">Key of its feed type: <c>nuget</c>, <c>npm</c> ...</param>
/// <param name="AlternateNames">Further names it answers to; may be empty.</param>
/// <param name="Description">For people; may be empty.</param>
/// <param name="Active">Whether it is served at all.</param>
/// <param name="AnonymousAccess">Whether a client without credentials may download and record.</param>
/// <param name="DeploymentRecordsEnabled">Whether tagged downloads are recorded.</param>
/// <param name="Connectors">The upstreams it asks, in order; may be empty.</param>
/// <param name="Properties">Further ProGet properties: the text of a JSON object.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="Distributions">Of one of which its packages are, as OSV names them; empty: not known.</param>
public sealed record Feed(
    int FeedId, string Name, string FeedType, IReadOnlyList<string> AlternateNames, string Description, bool Active,
    bool AnonymousAccess, bool DeploymentRecordsEnabled, IReadOnlyList<Connector> Connectors, string Properties,
    DateTimeOffset CreatedAt, IReadOnlyList<string> Distributions)
{
    /// <summary>Whether only groups that were granted it may use it, keys made for it, and administrators.</summary>
    public bool GroupsOnly { get; init; }

    /// <summary>What of it can be changed.</summary>
    public FeedFields Fields => new()
    {
        Name = Name,
        FeedType = FeedType,
        AlternateNames = AlternateNames,
        Description = Description,
        Active = Active,
        AnonymousAccess = AnonymousAccess,
        GroupsOnly = GroupsOnly,
        DeploymentRecordsEnabled = DeploymentRecordsEnabled,
        Connectors = [.. Connectors.Select(connector => connector.Name)],
        Properties = Properties,
        Distributions = Distributions,
    };
}

/// <summary>What an administrator decides about a feed.</summary>
public sealed record FeedFields
{
    /// <summary>1 to 100 letters, digits, <c>.</c>, <c>_</c> or <c>-</c>, beginning with a letter or digit.</summary>
    public required string Name { get; init; }

    /// <summary>Key of its feed type.</summary>
    public required string FeedType { get; init; }

    /// <summary>Further names it answers to, of the same form.</summary>
    public IReadOnlyList<string> AlternateNames { get; init; } = [];

    /// <summary>For people; may be empty.</summary>
    public string Description { get; init; } = "";

    /// <summary>Whether it is served at all.</summary>
    public bool Active { get; init; } = true;

    /// <summary>Whether a client without credentials may download and record.</summary>
    public bool AnonymousAccess { get; init; } = true;

    /// <summary>
    /// Whether only groups that were granted it may use it, keys made for it, and administrators. Then nobody
    /// anonymous may.
    /// </summary>
    public bool GroupsOnly { get; init; }

    /// <summary>Whether tagged downloads are recorded.</summary>
    public bool DeploymentRecordsEnabled { get; init; } = true;

    /// <summary>Names of the connectors it asks, in order.</summary>
    public IReadOnlyList<string> Connectors { get; init; } = [];

    /// <summary>Further ProGet properties: the text of a JSON object.</summary>
    public string Properties { get; init; } = "{}";

    /// <summary>
    /// The distributions of one of which its packages are, as OSV names them; <c>none</c>: of none; empty: not known.
    /// </summary>
    public IReadOnlyList<string> Distributions { get; init; } = [];

    /// <summary>
    /// Whether another form of the feed differs in nothing but what groups may change that manage it: not who uses it,
    /// what it is called, or which upstreams it asks with whose password.
    /// </summary>
    public bool LeavesToManagers(FeedFields other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return (other.Name, other.FeedType, other.AnonymousAccess, other.GroupsOnly, other.Properties)
            == (Name, FeedType, AnonymousAccess, GroupsOnly, Properties)
            && other.AlternateNames.SequenceEqual(AlternateNames) && other.Connectors.SequenceEqual(Connectors);
    }
}

/// <summary>How a change of a feed or connector ended.</summary>
public enum FeedOutcome
{
    /// <summary>Done.</summary>
    Saved,

    /// <summary>There is none of that name.</summary>
    NotFound,

    /// <summary>Another one has the name, for a feed possibly as an alternate name.</summary>
    NameTaken,

    /// <summary>A connector that the feed should ask does not exist.</summary>
    UnknownConnector,
}
