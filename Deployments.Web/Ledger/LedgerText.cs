using System.Globalization;
using Deployments.Data.Evidence;
using Deployments.Data.Ledger;

namespace Deployments.Web.Ledger;

/// <summary>What a verification checked and found, in words.</summary>
static class LedgerText
{
    /// <summary>The outcome in one sentence.</summary>
    public static string Outcome(LedgerReport report) => report.ProblemCount switch
    {
        0 => "Everything in the ledger is as it was written.",
        1 => "The ledger does not verify: 1 problem.",
        var count => string.Create(CultureInfo.InvariantCulture, $"The ledger does not verify: {count:N0} problems."),
    };

    /// <summary>What was checked, a sentence each.</summary>
    public static IEnumerable<string> Checked(LedgerReport report)
    {
        yield return report.Entries == 0
            ? "The ledger has no entry yet."
            : $"The chain of {Count(report.Entries, "entry", "entries")}, each by its hash and that of the one before. "
                + $"Root: {report.Root}.";
        yield return report.Anchors == 0
            ? "There is no anchor outside of this database to compare it with: that the whole ledger was rewritten "
                + "cannot be ruled out."
            : $"That it goes on from what it was at {Count(report.Anchors, "anchor")} outside of this database.";
        foreach (var kind in report.Checked.Where(kind => kind.Leaves + kind.Waiting + kind.Unsealed > 0))
            yield return Checked(kind);
        yield return "That no row of these tables was inserted past the ledger.";
    }

    /// <summary>Rows of a kind, as a heading.</summary>
    public static string Rows(LedgerKind kind) => kind switch
    {
        LedgerKind.Record => "Deployment records",
        LedgerKind.Removal => "Removals",
        LedgerKind.Assessment => "Assessments of vulnerabilities",
        LedgerKind.AssessmentRevocation => "Assessments taken back",
        LedgerKind.Acceptance => "Accepted differences",
        LedgerKind.AcceptanceRevocation => "Accepted differences taken back",
        LedgerKind.Change => "Administrative changes",
        _ => "Tombstones of deleted records",
    };

    static string Checked(LedgerChecked kind)
    {
        var parts = new List<string>();
        if (kind.Sealed > 0)
            parts.Add($"{Number(kind.Sealed)} from before the ledger, sealed later");
        if (kind.Deleted > 0)
            parts.Add($"{Number(kind.Deleted)} deleted by a rule, by their tombstones");
        if (kind.Waiting > 0)
            parts.Add($"and {Number(kind.Waiting)} not chained yet");
        if (kind.Unsealed > 0)
            parts.Add($"but not {Number(kind.Unsealed)} from before the ledger, which are not sealed yet");
        var rows = $"{Rows(kind.Kind)}: {Number(kind.Leaves)}";
        return parts.Count == 0 ? $"{rows}." : $"{rows} ({string.Join("; ", parts)}).";
    }

    static string Count(long count, string one, string? many = null) =>
        $"{Number(count)} {(count == 1 ? one : many ?? one + "s")}";

    /// <summary>A number as people write it.</summary>
    public static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
