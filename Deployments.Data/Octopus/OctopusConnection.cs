namespace Deployments.Data.Octopus;

/// <summary>What an administrator says of an Octopus server.</summary>
public record OctopusFields
{
    /// <summary>1 to 100 characters; unique in any case.</summary>
    public required string Name { get; init; }

    /// <summary>The server's address, http or https, without a slash at its end.</summary>
    public required string Url { get; init; }

    /// <summary>The API key, encrypted.</summary>
    public required string ApiKeyEncrypted { get; init; }

    /// <summary>What its subscriptions send in a header, encrypted.</summary>
    public required string SecretEncrypted { get; init; }

    /// <summary>Host and port under which this server was reached when the connection was made.</summary>
    public required string OwnHost { get; init; }

    /// <summary>Names or ids; empty: all that the key sees.</summary>
    public string[] Spaces { get; init; } = [];

    /// <summary>Names or ids of those that count; empty: all.</summary>
    public string[] Environments { get; init; } = [];

    /// <summary>Deployments completed since then are recorded.</summary>
    public required DateTimeOffset FromAt { get; init; }
}

/// <summary>An Octopus server whose deployments become records, and how that goes.</summary>
public sealed record OctopusConnection : OctopusFields
{
    /// <summary>Its key.</summary>
    public int ConnectionId { get; init; }

    /// <summary>Whether an administrator has stopped it for the time being.</summary>
    public bool IsPaused { get; init; }

    /// <summary>When every space was listed to its end; null: not yet, or it was asked for again.</summary>
    public DateTimeOffset? PolledAt { get; init; }

    /// <summary>Until then the server wants to be left alone; null: it does not.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>When it began to fail; null while it works.</summary>
    public DateTimeOffset? FailingSince { get; init; }

    /// <summary>Why it fails, for people; empty while it works.</summary>
    public string Problem { get; init; } = "";

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }
}

/// <summary>How far a space was listed.</summary>
public sealed record OctopusSpace
{
    /// <summary>The connection.</summary>
    public required int ConnectionId { get; init; }

    /// <summary>Such as <c>Spaces-1</c>.</summary>
    public required string SpaceId { get; init; }

    /// <summary>As people know it.</summary>
    public required string Name { get; init; }

    /// <summary>Tasks completed before are known.</summary>
    public required DateTimeOffset CompletedUntil { get; init; }

    /// <summary>When the listing under way began; null: none is.</summary>
    public DateTimeOffset? ListingBeganAt { get; init; }

    /// <summary>The newest completion that it met; null: none yet.</summary>
    public DateTimeOffset? ListingNewest { get; init; }

    /// <summary>How many tasks of it were read.</summary>
    public int ListingSkip { get; init; }

    /// <summary>How many tasks the server says there are.</summary>
    public int ListingTotal { get; init; }
}

/// <summary>What is known of a connection's deployments, in numbers.</summary>
public sealed record OctopusCounts
{
    /// <summary>Deployments that Octopus told of.</summary>
    public long Found { get; init; }

    /// <summary>Those that are still to be looked into.</summary>
    public long Waiting { get; init; }

    /// <summary>Those that could not be read when they were tried last.</summary>
    public long Troubled { get; init; }

    /// <summary>Records made of the others.</summary>
    public long Records { get; init; }

    /// <summary>Packages that wait for an administrator.</summary>
    public long SetAside { get; init; }

    /// <summary>When the oldest that waits was found; null: none waits.</summary>
    public DateTimeOffset? OldestFoundAt { get; init; }
}
