using Deployments.Data.Findings;

namespace Deployments.Data.Packages;

/// <summary>
/// A moment in the history of a package at which a vulnerability of it became known, or was taken back.
/// </summary>
public sealed record HistoryMark
{
    /// <summary>When.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Whether the vulnerability was taken back then.</summary>
    public bool IsWithdrawal { get; init; }

    /// <summary>The id under which it is shown.</summary>
    public string Id { get; init; } = "";

    /// <summary>How bad.</summary>
    public SeverityLevel Severity { get; init; }

    /// <summary>CVSS score; null when there is none.</summary>
    public double? Score { get; init; }

    /// <summary>The recorded versions it names, in their order.</summary>
    public string[] Versions { get; init; } = [];
}
