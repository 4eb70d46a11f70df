using System.Globalization;

namespace Deployments.Web.Vulnerabilities;

/// <summary>
/// The score of a CVSS v4.0 vector, threat and environmental metrics included: the score of its class of vectors (the
/// "MacroVector"), lowered by how far the vector lies below the worst of the class.
/// See: https://www.first.org/cvss/v4.0/specification-document, section 8.
/// </summary>
static class Cvss4
{
    // The specification's table: EQ1 to EQ4, then the scores for EQ5 and EQ6 of 00 01 10 11 20 21; where EQ3 is 2, EQ6
    // cannot be 0 and the scores are those of 01 11 21.
    const string ScoreTable =
        """
        0000 10 9.9 9.8 9.5 9.5 9.2   0001 10 9.6 9.3 8.7 9.1 8.1     0002 9.3 9 8.9 8 8.1 6.8
        0010 9.8 9.5 9.5 9.2 9 8.4    0011 9.3 9.2 8.9 8.1 8.1 6.5    0012 8.8 8 7.8 7 6.9 4.8
        0020 9.2 8.2 7.2              0021 7.9 6.9 5                  0022 6.9 5.5 2.7
        0100 9.9 9.7 9.5 9.2 9.2 8.5  0101 9.5 9.1 9 8.3 8.4 7.1      0102 9.2 8.1 8.2 7.1 7.2 5.3
        0110 9.5 9.3 9.2 8.5 8.5 7.3  0111 9.2 8.2 8 7.2 7 5.9        0112 8.4 7 7.1 5.2 5 3
        0120 8.6 7.5 5.2              0121 7.1 5.2 2.9                0122 6.3 2.9 1.7
        1000 9.8 9.5 9.4 8.7 9.1 8.1  1001 9.4 8.9 8.6 7.4 7.7 6.4    1002 8.7 7.5 7.4 6.3 6.3 4.9
        1010 9.4 8.9 8.8 7.7 7.6 6.7  1011 8.6 7.6 7.4 5.8 5.9 5      1012 7.2 5.7 5.7 5.2 5.2 2.5
        1020 8.3 7 5.4                1021 6.5 5.8 2.6                1022 5.3 2.1 1.3
        1100 9.5 9 8.8 7.6 7.6 7      1101 9 7.7 7.5 6.2 6.1 5.3      1102 7.7 6.6 6.8 5.9 5.2 3
        1110 8.9 7.8 7.6 6.7 6.2 5.8  1111 7.4 5.9 5.7 5.7 4.7 2.3    1112 6.1 5.2 5.7 2.9 2.4 1.6
        1120 7.1 5.9 3                1121 5.8 2.6 1.5                1122 2.3 1.3 0.6
        2000 9.3 8.7 8.6 7.2 7.5 5.8  2001 8.6 7.4 7.4 6.1 5.6 3.4    2002 7 5.4 5.2 4 4 2.2
        2010 8.5 7.5 7.4 5.5 6.2 5.1  2011 7.2 5.7 5.5 4.1 4.6 1.9    2012 5.3 3.6 3.4 1.9 1.9 0.8
        2020 6.4 5.1 2                2021 4.7 2.1 1.1                2022 2.4 0.9 0.4
        2100 8.8 7.5 7.3 5.3 6 5      2101 7.3 5.5 5.9 4 4.1 2        2102 5.4 4.3 4.5 2.2 2 1.1
        2110 7.5 5.5 5.8 4.5 4 2.1    2111 6.1 5.1 4.8 1.8 2 0.9      2112 4.6 1.8 1.7 0.7 0.8 0.2
        2120 5.3 2.4 1.4              2121 2.4 1.2 0.5                2122 1 0.3 0.1
        """;

    // Which values a metric may have, the worst first; the place of a value is its distance from the worst.
    static readonly Dictionary<string, string> Values = new()
    {
        ["AV"] = "NALP",
        ["PR"] = "NLH",
        ["UI"] = "NPA",
        ["AC"] = "LH",
        ["AT"] = "NP",
        ["VC"] = "HLN",
        ["VI"] = "HLN",
        ["VA"] = "HLN",
        ["SC"] = "SHLN",
        ["SI"] = "SHLN",
        ["SA"] = "SHLN",
        ["CR"] = "HML",
        ["IR"] = "HML",
        ["AR"] = "HML",
        ["E"] = "APU",
    };

    static readonly string[] Impacts = ["VC", "VI", "VA", "SC", "SI", "SA"];
    static readonly string[] Eq1 = ["AV", "PR", "UI"];
    static readonly string[] Eq2 = ["AC", "AT"];
    static readonly string[] Eq36 = ["VC", "VI", "VA", "CR", "IR", "AR"];
    static readonly string[] Eq4 = ["SC", "SI", "SA"];

    // The worst vectors of each class, values in the order of the metrics above, and the depth of the class.
    static readonly (string[] Worst, int Depth)[] Classes1 =
        [(["NNN"], 1), (["ANN", "NLN", "NNP"], 4), (["PNN", "ALP"], 5)];

    static readonly (string[] Worst, int Depth)[] Classes2 = [(["LN"], 1), (["HN", "LP"], 2)];

    static readonly Dictionary<(int Eq3, int Eq6), (string[] Worst, int Depth)> Classes36 = new()
    {
        [(0, 0)] = (["HHHHHH"], 7),
        [(0, 1)] = (["HHLMMH", "HHHMMM"], 6),
        [(1, 0)] = (["LHHHHH", "HLHHHH"], 8),
        [(1, 1)] = (["LHLHMH", "LHHHMM", "HLHMHM", "HLLMHH", "LLHHHM"], 8),
        [(2, 1)] = (["LLLHHH"], 10),
    };

    static readonly (string[] Worst, int Depth)[] Classes4 = [(["HSS"], 6), (["HHH"], 5), (["LLL"], 4)];

    static readonly Dictionary<string, double> Scores = ReadTable();

    /// <summary>The score from 0 to 10, or null when a base metric is missing or has an unknown value.</summary>
    public static double? ScoreOrNull(IReadOnlyDictionary<string, string> vector)
    {
        var metrics = Values.Keys.ToDictionary(metric => metric, metric => Effective(vector, metric));
        if (metrics.Any(pair => pair.Value.Length != 1
            || !Values[pair.Key].Contains(pair.Value, StringComparison.Ordinal)))
            return null;
        if (Impacts.All(metric => metrics[metric] == "N"))
            return 0;

        int[] eq = MacroVector(metrics);
        var score = Scores[Key(eq)];
        var lowered = new List<double>();
        Lower(Next(eq, 0), Eq1, Classes1[eq[0]]);
        Lower(Next(eq, 1), Eq2, Classes2[eq[1]]);
        Lower(NextOf36(eq), Eq36, Classes36[(eq[2], eq[5])]);
        Lower(Next(eq, 3), Eq4, Classes4[eq[3]]);
        if (Next(eq, 4) is not null)
            lowered.Add(0); // exploit maturity has one vector per class: no distance, but it counts in the mean
        var mean = lowered.Count == 0 ? 0 : lowered.Average();
        // The sum of binary fractions must not turn x.x5 into a little less.
        return Math.Round(Math.Round(Math.Clamp(score - mean, 0, 10), 6), 1, MidpointRounding.AwayFromZero);

        void Lower(double? next, string[] names, (string[] Worst, int Depth) of)
        {
            if (next is { } below)
                lowered.Add((score - below) * Distance(metrics, names, of.Worst) / of.Depth);
        }
    }

    // A modified metric replaces the one it modifies; what is not said counts as the worst case.
    static string Effective(IReadOnlyDictionary<string, string> vector, string metric) =>
        vector.GetValueOrDefault("M" + metric, "X") is not "X" and var modified ? modified
        : vector.GetValueOrDefault(metric, "X") is not "X" and var plain ? plain
        : metric is "E" ? "A"
        : metric is "CR" or "IR" or "AR" ? "H"
        : "";

    static int[] MacroVector(Dictionary<string, string> m)
    {
        var (av, pr, ui) = (m["AV"] == "N", m["PR"] == "N", m["UI"] == "N");
        var (vc, vi, va) = (m["VC"] == "H", m["VI"] == "H", m["VA"] == "H");
        return
        [
            av && pr && ui ? 0 : m["AV"] != "P" && (av || pr || ui) ? 1 : 2,
            m["AC"] == "L" && m["AT"] == "N" ? 0 : 1,
            vc && vi ? 0 : vc || vi || va ? 1 : 2,
            m["SI"] == "S" || m["SA"] == "S" ? 0 : m["SC"] == "H" || m["SI"] == "H" || m["SA"] == "H" ? 1 : 2,
            Values["E"].IndexOf(m["E"], StringComparison.Ordinal),
            (vc && m["CR"] == "H") || (vi && m["IR"] == "H") || (va && m["AR"] == "H") ? 0 : 1,
        ];
    }

    // To the first of the worst vectors that is at least as bad in every metric.
    static int Distance(Dictionary<string, string> metrics, string[] names, string[] worst) => worst
        .Select(candidate => names.Select((name, i) =>
            Values[name].IndexOf(metrics[name], StringComparison.Ordinal) - Values[name].IndexOf(candidate[i]))
            .ToList())
        .Where(distances => distances.TrueForAll(distance => distance >= 0))
        .Select(distances => distances.Sum())
        .FirstOrDefault();

    static double? Next(int[] eq, int index)
    {
        int[] next = [.. eq];
        next[index]++;
        return Scores.TryGetValue(Key(next), out var score) ? score : null;
    }

    // EQ3 and EQ6 hang together: their common class goes down along either, by the gentler way where there are two.
    static double? NextOf36(int[] eq) => (eq[2], eq[5]) switch
    {
        (0, 0) => Math.Max(Next(eq, 5) ?? 0, Next(eq, 2) ?? 0),
        (1, 0) => Next(eq, 5),
        (_, 1) => Next(eq, 2),
        _ => null,
    };

    static string Key(int[] eq) => string.Concat(eq);

    static Dictionary<string, double> ReadTable()
    {
        var scores = new Dictionary<string, double>();
        var front = "";
        var place = 0;
        foreach (var word in ScoreTable.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries))
        {
            if (word.Length == 4 && !word.Contains('.', StringComparison.Ordinal))
            {
                (front, place) = (word, 0);
                continue;
            }

            var back = front[2] == '2' ? $"{place}1" : $"{place / 2}{place % 2}";
            scores[front + back] = double.Parse(word, CultureInfo.InvariantCulture);
            place++;
        }

        return scores;
    }
}
