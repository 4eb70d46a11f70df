using Deployments.Data.Findings;
using Deployments.Data.Vulnerabilities;

namespace Deployments.Web.Vulnerabilities;

/// <summary>How bad an advisory is, and what says so.</summary>
/// <param name="Level">The level.</param>
/// <param name="Score">The number from 0 to 10 computed from the vector; null where only a word is known.</param>
/// <param name="Source">The vector, or the word that the database gives; empty when nothing is known.</param>
sealed record Severity(SeverityLevel Level, double? Score, string Source)
{
    const int VectorLengthMax = 400;

    /// <summary>Nothing is known.</summary>
    public static readonly Severity Unknown = new(SeverityLevel.Unknown, null, "");

    /// <summary>What a vector amounts to; null when it is no CVSS v3 or v4 vector.</summary>
    public static Severity? OfVectorOrNull(string vector)
    {
        if (vector.Length > VectorLengthMax)
            return null;
        var parts = vector.Split('/');
        var metrics = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in parts.Skip(1))
        {
            var pair = part.Split(':');
            if (pair.Length != 2 || !metrics.TryAdd(pair[0], pair[1]))
                return null;
        }

        var score = parts[0] switch
        {
            "CVSS:3.0" or "CVSS:3.1" => Cvss3.ScoreOrNull(metrics),
            "CVSS:4.0" => Cvss4.ScoreOrNull(metrics),
            _ => null,
        };
        return score is { } number ? new Severity(LevelOf(number), number, vector) : null;
    }

    /// <summary>What a database's word means; unknown for any other word.</summary>
    public static Severity OfWord(string word) => word.ToUpperInvariant() switch
    {
        "CRITICAL" => new Severity(SeverityLevel.Critical, null, word),
        "HIGH" or "IMPORTANT" => new Severity(SeverityLevel.High, null, word),
        "MODERATE" or "MEDIUM" => new Severity(SeverityLevel.Medium, null, word),
        "LOW" or "NEGLIGIBLE" => new Severity(SeverityLevel.Low, null, word),
        _ => Unknown,
    };

    // The qualitative scale of both versions of CVSS. "None" (0.0) is shown as low: it is an advisory all the same.
    static SeverityLevel LevelOf(double score) =>
        score >= 9 ? SeverityLevel.Critical : score >= 7 ? SeverityLevel.High
        : score >= 4 ? SeverityLevel.Medium : SeverityLevel.Low;
}
