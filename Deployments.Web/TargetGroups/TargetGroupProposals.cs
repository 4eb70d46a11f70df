using Deployments.Data.TargetGroups;

namespace Deployments.Web.TargetGroups;

/// <summary>
/// Proposes groups from the words that names of targets have for what they are there for: <c>WEB-TST-01</c>. Pure.
/// </summary>
static class TargetGroupProposals
{
    // In the order in which software comes to them.
    static readonly (string Group, string[] Words)[] Known =
    [
        ("development", ["dev", "devel", "develop", "development", "sandbox"]),
        ("integration", ["int", "integ", "integration", "ci"]),
        ("test", ["test", "tst", "testing", "qa"]),
        ("acceptance", ["uat", "acc", "acceptance", "demo"]),
        ("staging", ["stage", "stg", "staging", "preprod", "pre"]),
        ("production", ["prod", "prd", "production", "live"]),
        ("recovery", ["dr", "standby"]),
    ];

    /// <summary>The groups that the names speak of, each with the patterns that most of its targets fit.</summary>
    public static TargetGroupDefinition Of(IEnumerable<string> names)
    {
        var patterns = new Dictionary<(string Group, string Pattern), int>();
        foreach (var name in names)
        {
            if (FindOrNull(name.ToLowerInvariant()) is { } found)
                patterns[found] = patterns.GetValueOrDefault(found) + 1;
        }

        var groups = Known.Select(known => known.Group)
            .Where(group => patterns.Keys.Any(key => key.Group == group)).ToList();
        return new TargetGroupDefinition(
            groups,
            [.. patterns.OrderBy(pair => groups.IndexOf(pair.Key.Group)).ThenByDescending(pair => pair.Value)
                .ThenBy(pair => pair.Key.Pattern, StringComparer.Ordinal)
                .Take(TargetGroupDefinition.RulesMax)
                .Select(pair => new TargetGroupRule(pair.Key.Pattern, pair.Key.Group))]);
    }

    static (string Group, string Pattern)? FindOrNull(string name)
    {
        for (var from = 0; from < name.Length;)
        {
            var to = from;
            while (to < name.Length && char.IsAsciiLetter(name[to]))
                to++;
            if (to > from && Array.Find(Known, known => known.Words.Contains(name[from..to])) is { Group: { } group })
                return (group, Pattern(name, from, to));
            from = Math.Max(to, from + 1);
        }

        return null;
    }

    // The word with what stands beside it, so that it is taken as a word only; of a digit only that there is more.
    static string Pattern(string name, int from, int to)
    {
        var before = from == 0 ? "" : char.IsDigit(name[from - 1]) ? "*" : "*" + name[from - 1];
        var after = to == name.Length ? "" : char.IsDigit(name[to]) ? "*" : name[to] + "*";
        return before + name[from..to] + after;
    }
}
