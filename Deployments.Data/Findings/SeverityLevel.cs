namespace Deployments.Data.Findings;

/// <summary>How bad an advisory is. Stored as a number: never renumber.</summary>
public enum SeverityLevel
{
    /// <summary>Nothing says how bad.</summary>
    Unknown = 0,

    /// <summary>Below 4.0.</summary>
    Low = 1,

    /// <summary>From 4.0.</summary>
    Medium = 2,

    /// <summary>From 7.0.</summary>
    High = 3,

    /// <summary>From 9.0, and malicious packages.</summary>
    Critical = 4,
}
