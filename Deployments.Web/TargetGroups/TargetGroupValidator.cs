using Deployments.Data.Database;
using Deployments.Data.TargetGroups;
using FluentValidation;

namespace Deployments.Web.TargetGroups;

/// <summary>The rules for groups of targets and their rules, which pages and the API share.</summary>
public sealed class TargetGroupValidator : AbstractValidator<TargetGroupDefinition>
{
    const int GroupLengthMax = 100;
    const int PatternLengthMax = 200;

    /// <summary>The rules.</summary>
    public TargetGroupValidator()
    {
        RuleFor(definition => definition.Groups)
            .Must(groups => groups.Count <= TargetGroupDefinition.GroupsMax)
            .WithMessage($"There are at most {TargetGroupDefinition.GroupsMax} groups")
            .Must(groups => groups.Distinct(StringComparer.OrdinalIgnoreCase).Count() == groups.Count)
            .WithMessage("Two groups have the same name");
        RuleForEach(definition => definition.Groups)
            .Must(name => name is { Length: > 0 and <= GroupLengthMax } && !name.Any(char.IsControl))
            .WithMessage($"The name of a group has 1 to {GroupLengthMax} characters on one line")
            .Must(name => name != TargetGroupSql.None && !name.Contains('=', StringComparison.Ordinal))
            .WithMessage($"No group can be called {TargetGroupSql.None} or have an equals sign in its name");
        RuleFor(definition => definition.Rules)
            .Must(rules => rules.Count <= TargetGroupDefinition.RulesMax)
            .WithMessage($"There are at most {TargetGroupDefinition.RulesMax} rules");
        RuleForEach(definition => definition.Rules)
            .Must(rule => rule.Pattern is { Length: > 0 and <= PatternLengthMax } && !rule.Pattern.Any(char.IsControl))
            .WithMessage($"A rule begins with a name of 1 to {PatternLengthMax} characters on one line")
            .Must((definition, rule) => definition.Groups.Contains(rule.Group, StringComparer.OrdinalIgnoreCase))
            .WithMessage((_, rule) => $"The rule {Cut(rule.Pattern)} names no group of the list");
    }

    static string Cut(string pattern) => pattern.Length > 40 ? pattern[..40] + "…" : pattern;
}
