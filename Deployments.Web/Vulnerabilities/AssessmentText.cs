using System.Globalization;
using System.Text.Json;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Records;

namespace Deployments.Web.Vulnerabilities;

/// <summary>What assessments have in common wherever they are shown.</summary>
static class AssessmentText
{
    /// <summary>OpenVEX's justifications with what people read for them.</summary>
    public static readonly IReadOnlyDictionary<string, string> Justifications =
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["component_not_present"] = "The affected part is not there",
            ["vulnerable_code_not_present"] = "The vulnerable code is not there",
            ["vulnerable_code_not_in_execute_path"] = "The vulnerable code is never run",
            ["vulnerable_code_cannot_be_controlled_by_adversary"] = "No attacker can reach the vulnerable code",
            ["inline_mitigations_already_exist"] = "Something in place prevents the attack",
        };

    /// <summary>The state as the API names it: <c>notAffected</c>.</summary>
    public static string Name(AssessmentState state) => JsonNamingPolicy.CamelCase.ConvertName(state.ToString());

    /// <summary>The state of that name, in any case; null when there is none.</summary>
    public static AssessmentState? StateOrNull(string? name) =>
        Enum.GetValues<AssessmentState>().Cast<AssessmentState?>().FirstOrDefault(state =>
            state.ToString()!.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>The state as people read it.</summary>
    public static string Sentence(AssessmentState state) => state switch
    {
        AssessmentState.NotAffected => "Not affected",
        AssessmentState.Accepted => "Accepted",
        _ => "Fixed by other means",
    };

    /// <summary>
    /// The end of an assessment as people read it: the last day in UTC where it ends with one, as the form asks, else
    /// the minute.
    /// </summary>
    public static string End(DateTimeOffset end) => end.UtcDateTime is { TimeOfDay.Ticks: 0 } midnight
        ? midnight.AddDays(-1).ToString("d MMM yyyy", CultureInfo.InvariantCulture)
        : end.UtcDateTime.ToString("d MMM yyyy HH:mm 'UTC'", CultureInfo.InvariantCulture);

    /// <summary>What an export says of what is accepted.</summary>
    public static string Acceptance(AssessedVersion row) =>
        $"Accepted until {TimeText.Write(row.ExpiresAt!.Value)}: {row.Reason}";

    /// <summary>What it is for: <c>Acme.Web on WEB-01</c>, <c>everything</c>.</summary>
    public static string Scope(Assessment row) => (row.Name, row.Target) switch
    {
        (null, null) => "everything",
        (null, { } target) => $"everything on {target}",
        ({ } name, null) => RecordText.FullName(row.Group!, name),
        ({ } name, { } target) => $"{RecordText.FullName(row.Group!, name)} on {target}",
    };

    /// <summary>Which field is to blame that nothing was written, and why; null when it was.</summary>
    public static (string Property, string Problem)? ProblemOrNull(AssessmentOutcome outcome) => outcome switch
    {
        AssessmentOutcome.UnknownAdvisory => ("id", "has changed this moment; try again"),
        AssessmentOutcome.UnknownPackage => ("name", "is no package with a version that it concerns"),
        AssessmentOutcome.UnknownTarget => ("target", "is none that anything was ever deployed to"),
        _ => null,
    };

    /// <summary>An assessment as the API shows it.</summary>
    /// <param name="row">The assessment.</param>
    /// <param name="now">The time.</param>
    public static object ToJson(Assessment row, DateTimeOffset now) => new
    {
        id = row.AssessmentId,
        advisory = row.AdvisoryId,
        row.Type,
        row.Group,
        row.Name,
        row.Target,
        state = Name(row.State),
        row.Justification,
        row.Reason,
        row.AssessedBy,
        assessedAt = TimeText.Write(row.AssessedAt),
        expiresAt = row.ExpiresAt is { } end ? TimeText.Write(end) : null,
        row.RevokedBy,
        revokedAt = row.RevokedAt is { } revoked ? TimeText.Write(revoked) : null,
        inForce = row.IsInForce(now),
    };
}
