using System.Net;
using Deployments.Data.Records;

namespace Deployments.Data.Inventory;

/// <summary>A package that an inventory shows: identified, its keys as those of a record.</summary>
public sealed record SeenPackage : IdentifiedPackage
{
    /// <summary>Where it is, for an inventory of several targets; null: the inventory's own target.</summary>
    public string? Target { get; init; }
}

/// <summary>An inventory about to be taken: what it is of, and what was in it. Times are UTC.</summary>
public sealed record NewInventory
{
    /// <summary>The target it is of.</summary>
    public required string Target { get; init; }

    /// <summary>The part of the target that it lists wholly; 1 to 200 characters.</summary>
    public required string Scope { get; init; }

    /// <summary>Package URL types of which everything on the target is in it; empty: that cannot be said.</summary>
    public required IReadOnlyList<string> Covers { get; init; }

    /// <summary>The name of its format.</summary>
    public required string Format { get; init; }

    /// <summary>When the machine looked.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>When this server got it.</summary>
    public required DateTimeOffset ReceivedAt { get; init; }

    /// <summary>The authenticated account or key.</summary>
    public required string Recorder { get; init; }

    /// <summary>Where it came from; null when unknown.</summary>
    public IPAddress? ClientAddress { get; init; }

    /// <summary>SHA-256 of it, unpacked, and of how it was read.</summary>
    public required byte[] ContentHash { get; init; }

    /// <summary>Its size, unpacked.</summary>
    public required long Bytes { get; init; }

    /// <summary>How many packages it shows; repeated ones count.</summary>
    public int Packages { get; init; }

    /// <summary>How many entries were passed over that are no packages of a known type.</summary>
    public int Ignored { get; init; }

    /// <summary>How many entries could not be read. While there are any, nothing it lacks is gone.</summary>
    public int Errors { get; init; }
}

/// <summary>What became of a <see cref="NewInventory"/>.</summary>
public enum InventoryOutcome
{
    /// <summary>It is taken.</summary>
    Taken,

    /// <summary>The same was taken before.</summary>
    Duplicate,

    /// <summary>One of the same time, or a later one, was taken before: nothing of it is kept.</summary>
    Older,
}

/// <summary>What became of a <see cref="NewInventory"/>.</summary>
/// <param name="Outcome">What.</param>
/// <param name="ScopeId">The scope it is of.</param>
/// <param name="NewestAt">Of what time the newest inventory of the scope is.</param>
public sealed record InventoryResult(InventoryOutcome Outcome, int ScopeId, DateTimeOffset NewestAt);

/// <summary>What an earlier upload held, for one that repeats it.</summary>
/// <param name="Packages">How many packages.</param>
/// <param name="Ignored">How many entries were passed over.</param>
public sealed record KnownContent(int Packages, int Ignored);
