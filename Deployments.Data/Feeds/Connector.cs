namespace Deployments.Data.Feeds;

/// <summary>An upstream feed.</summary>
/// <param name="ConnectorId">Its key.</param>
/// <param name="Name">Its name, unique among connectors.</param>
/// <param name="FeedType">Key of its feed type.</param>
/// <param name="Url">Its address: absolute, http or https, without user name or fragment.</param>
/// <param name="TimeoutSeconds">How long to wait for its answer to begin: 1 to 3600.</param>
/// <param name="Username">User name for the upstream, or null.</param>
/// <param name="PasswordEncrypted">Password for the upstream, encrypted with the Data Protection keys, or null.</param>
/// <param name="Properties">Further ProGet properties: the text of a JSON object.</param>
/// <param name="CreatedAt">When it was made.</param>
public sealed record Connector(
    int ConnectorId, string Name, string FeedType, string Url, int TimeoutSeconds, string? Username,
    string? PasswordEncrypted, string Properties, DateTimeOffset CreatedAt)
{
    /// <summary>What of it can be changed.</summary>
    public ConnectorFields Fields => new()
    {
        Name = Name,
        FeedType = FeedType,
        Url = Url,
        TimeoutSeconds = TimeoutSeconds,
        Username = Username,
        PasswordEncrypted = PasswordEncrypted,
        Properties = Properties,
    };
}

/// <summary>What an administrator decides about a connector.</summary>
public sealed record ConnectorFields
{
    /// <summary>1 to 100 characters.</summary>
    public required string Name { get; init; }

    /// <summary>Key of its feed type.</summary>
    public required string FeedType { get; init; }

    /// <summary>Its address: absolute, http or https, without user name or fragment.</summary>
    public required string Url { get; init; }

    /// <summary>How long to wait for its answer to begin: 1 to 3600 seconds.</summary>
    public int TimeoutSeconds { get; init; } = 100;

    /// <summary>User name for the upstream, or null.</summary>
    public string? Username { get; init; }

    /// <summary>Password for the upstream, encrypted, or null.</summary>
    public string? PasswordEncrypted { get; init; }

    /// <summary>Further ProGet properties: the text of a JSON object.</summary>
    public string Properties { get; init; } = "{}";
}
