using Deployments.Data.Records;

namespace Deployments.Data.Events;

/// <summary>A CDEvent about to be taken, as far as it is remembered.</summary>
public sealed record NewCdEvent
{
    /// <summary>Who sent it; together with the id it is unique. 1 to 2,000 characters.</summary>
    public required string Source { get; init; }

    /// <summary>1 to 2,000 characters.</summary>
    public required string Id { get; init; }

    /// <summary>Its type with the version.</summary>
    public required string Type { get; init; }

    /// <summary>The service that it is about.</summary>
    public required CdService Service { get; init; }

    /// <summary>When it came.</summary>
    public required DateTimeOffset ReceivedAt { get; init; }

    internal Guid Key => FieldsDigest.Of([Source, Id], []);
}

/// <summary>A service as CDEvents name it.</summary>
/// <param name="Source">Where the id is unique.</param>
/// <param name="Id">Its id.</param>
public sealed record CdService(string Source, string Id)
{
    internal Guid Key => FieldsDigest.Of([Source, Id], []);
}

/// <summary>What became of a CDEvent. Stored as a number: never renumber.</summary>
public enum CdEventOutcome
{
    /// <summary>Nothing: it removes what was never there, or another version than ran there.</summary>
    Nothing = 0,

    /// <summary>It is a deployment record.</summary>
    Recorded = 1,

    /// <summary>It is a removal.</summary>
    Removed = 2,

    /// <summary>It is among the rejected records, for an administrator to mend.</summary>
    SetAside = 3,
}

/// <summary>What became of a CDEvent.</summary>
public sealed record CdEventResult
{
    /// <summary>What; of a repeated one, what became of the first.</summary>
    public CdEventOutcome Outcome { get; init; }

    /// <summary>The record, or the rejected record; null where there is none.</summary>
    public long? DeploymentId { get; init; }

    /// <summary>The removal; null where there is none.</summary>
    public long? RemovalId { get; init; }

    /// <summary>Whether it had been taken before, or repeats what was known already.</summary>
    public bool IsDuplicate { get; init; }
}
