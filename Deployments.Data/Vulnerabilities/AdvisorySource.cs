namespace Deployments.Data.Vulnerabilities;

/// <summary>Where advisories are fetched from.</summary>
public sealed record AdvisorySource
{
    /// <summary>Its id.</summary>
    public int AdvisorySourceId { get; init; }

    /// <summary>What administrators call it.</summary>
    public string Name { get; init; } = "";

    /// <summary>An http or https URL of a zip or JSON file, or the absolute path of a directory.</summary>
    public string Location { get; init; } = "";

    /// <summary>What the URL said of the content imported last; null when it said nothing.</summary>
    public string? Etag { get; init; }

    /// <summary>SHA-256 of the file imported last; null when none was.</summary>
    public byte[]? ContentHash { get; init; }

    /// <summary>When it was looked at last; null when it never was.</summary>
    public DateTimeOffset? LastRunAt { get; init; }

    /// <summary>What became of that, for people to read.</summary>
    public string LastOutcome { get; init; } = "";
}
