namespace Deployments.Web.Vulnerabilities;

/// <summary>
/// The score of a CVSS v3.0 or v3.1 vector: its base metrics, lowered by temporal ones where it has them.
/// See: https://www.first.org/cvss/v3-1/specification-document, sections 7 and 7.4.
/// </summary>
static class Cvss3
{
    /// <summary>The score from 0 to 10, or null when a base metric is missing or has an unknown value.</summary>
    public static double? ScoreOrNull(IReadOnlyDictionary<string, string> metrics)
    {
        var isChanged = Value("S") == "C";
        var numbers = new[]
        {
            Number("AV", ("N", .85), ("A", .62), ("L", .55), ("P", .2)),
            Number("AC", ("L", .77), ("H", .44)),
            Number("PR", ("N", .85), ("L", isChanged ? .68 : .62), ("H", isChanged ? .5 : .27)),
            Number("UI", ("N", .85), ("R", .62)),
            Number("C", ("H", .56), ("L", .22), ("N", 0)),
            Number("I", ("H", .56), ("L", .22), ("N", 0)),
            Number("A", ("H", .56), ("L", .22), ("N", 0)),
            Optional("E", ("H", 1), ("F", .97), ("P", .94), ("U", .91)),
            Optional("RL", ("U", 1), ("W", .97), ("T", .96), ("O", .95)),
            Optional("RC", ("C", 1), ("R", .96), ("U", .92)),
        };
        if (Value("S") is not ("U" or "C") || numbers.Any(double.IsNaN))
            return null;

        var lost = 1 - ((1 - numbers[4]) * (1 - numbers[5]) * (1 - numbers[6]));
        var impact = isChanged ? (7.52 * (lost - .029)) - (3.25 * Math.Pow(lost - .02, 15)) : 6.42 * lost;
        if (impact <= 0)
            return 0;
        var exploitability = 8.22 * numbers[0] * numbers[1] * numbers[2] * numbers[3];
        var score = RoundUp(Math.Min((isChanged ? 1.08 : 1) * (impact + exploitability), 10));
        return RoundUp(score * numbers[7] * numbers[8] * numbers[9]);

        string Value(string metric) => metrics.GetValueOrDefault(metric, "X");

        double Number(string metric, params (string Value, double Number)[] values) =>
            values.Where(pair => pair.Value == Value(metric)).Select(pair => pair.Number).FirstOrDefault(double.NaN);

        double Optional(string metric, params (string Value, double Number)[] values) =>
            Value(metric) == "X" ? 1 : Number(metric, values);
    }

    // As the specification's appendix A has it: floating point must not push 4.0 up to 4.1.
    static double RoundUp(double score)
    {
        var hundredThousandths = (long)Math.Round(score * 100_000);
        return hundredThousandths % 10_000 == 0
            ? hundredThousandths / 100_000d
            : ((hundredThousandths / 10_000) + 1) / 10d;
    }
}
