using Deployments.Data.TargetGroups;

namespace Deployments.Web.TargetGroups;

/// <summary>Groups and rules as people write them: a line for each. Pure.</summary>
static class TargetGroupText
{
    /// <summary>Groups, one on a line.</summary>
    public static string WriteGroups(TargetGroupDefinition definition) => string.Join('\n', definition.Groups);

    /// <summary>Rules, one on a line: <c>WEB-TST-* = test</c>.</summary>
    public static string WriteRules(TargetGroupDefinition definition) =>
        string.Join('\n', definition.Rules.Select(rule => $"{rule.Pattern} = {rule.Group}"));

    /// <summary>
    /// What was written. Blank lines do not count. A line of rules without an equals sign has no group, which the
    /// validator says; a pattern may contain one, a group's name may not.
    /// </summary>
    public static TargetGroupDefinition Read(string? groups, string? rules) => new(
        [.. Lines(groups)],
        [.. Lines(rules).Select(line => line.LastIndexOf('=') is var at and >= 0
            ? new TargetGroupRule(line[..at].Trim(), line[(at + 1)..].Trim())
            : new TargetGroupRule(line, ""))]);

    static string[] Lines(string? text) =>
        (text ?? "").Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
