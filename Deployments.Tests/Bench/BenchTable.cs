using System.Globalization;
using System.Text.Json;

namespace Deployments.Bench;

/// <summary>Collects ratios and prints them.</summary>
sealed class BenchTable
{
    readonly List<(string What, string Against, double Ours, double Theirs, double Ratio, double Goal,
        string Unit)> rows = [];

    /// <summary>Adds a row from rounds in which both sides were measured one after the other.</summary>
    public void Add(string what, string against, IReadOnlyList<(double Ours, double Theirs)> rounds, double goal,
        string unit)
    {
        var row = (what, against, Median(rounds.Select(r => r.Ours)), Median(rounds.Select(r => r.Theirs)),
            Median(rounds.Select(r => r.Ours / r.Theirs)), goal, unit);
        rows.Add(row);
        Console.Error.WriteLine(Line(row));
    }

    /// <summary>The table for people.</summary>
    public void Print()
    {
        Console.WriteLine("| what | against | ours | theirs | ratio | goal | |");
        Console.WriteLine("| --- | --- | ---: | ---: | ---: | ---: | --- |");
        foreach (var row in rows)
            Console.WriteLine(Line(row));
    }

    /// <summary>The same for machines: an array with an object for each row.</summary>
    public void PrintJson() => Console.WriteLine(JsonSerializer.Serialize(
        rows.Select(row => new
        {
            what = row.What,
            against = row.Against,
            ours = row.Ours,
            theirs = row.Theirs,
            unit = row.Unit,
            ratio = row.Ratio,
            goal = row.Goal,
            met = row.Ratio >= row.Goal,
        })));

    static string Line(
        (string What, string Against, double Ours, double Theirs, double Ratio, double Goal, string Unit) row) =>
        string.Create(
        CultureInfo.InvariantCulture,
        $"| {row.What} | {row.Against} | {row.Ours:N0} {row.Unit} | {row.Theirs:N0} {row.Unit} "
            + $"| {row.Ratio:F2} | ≥ {row.Goal:F2} "
        + $"| {(row.Ratio >= row.Goal ? "met" : "missed")} |");

    static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count % 2 == 1
            ? sorted[sorted.Count / 2]
            : (sorted[sorted.Count / 2 - 1] + sorted[sorted.Count / 2]) / 2;
    }
}
