using System.Text.RegularExpressions;
using Deployments.Data.Groups;
using FluentValidation;

namespace Deployments.Web.Groups;

/// <summary>The rules for groups, which pages and the API share.</summary>
public sealed partial class AccessGroupValidator : AbstractValidator<AccessGroupDefinition>
{
    const int ProviderLengthMax = 30;

    /// <summary>The rules.</summary>
    public AccessGroupValidator()
    {
        RuleFor(group => group.Name)
            .Must(name => name is { Length: >= 1 and <= AccessGroupDefinition.NameLengthMax } && name == name.Trim()
                && !name.Any(char.IsControl))
            .WithMessage($"The name of a group has 1 to {AccessGroupDefinition.NameLengthMax} characters on one line");
        RuleFor(group => group)
            .Must(group => new[] { group.Accounts.Count, group.Keys.Count, group.Claims.Count, group.Grants.Count }
                .All(count => count <= AccessGroupDefinition.EntriesMax))
            .OverridePropertyName("group")
            .WithMessage($"A group has at most {AccessGroupDefinition.EntriesMax} entries of each kind");
        RuleForEach(group => group.Claims)
            .Must(claim => claim.Provider is { Length: >= 1 and <= ProviderLengthMax } provider
                && !provider.Any(char.IsControl))
            .WithMessage("Name the provider as the settings call it; ldap is the directory")
            .Must(claim => claim.Claim is { Length: >= 1 and <= GroupClaim.ClaimLengthMax } text
                && !text.Any(char.IsControl))
            .WithMessage($"A provider's group has 1 to {GroupClaim.ClaimLengthMax} characters on one line")
            .OverridePropertyName("providerGroups");
        RuleForEach(group => group.Grants)
            .Must(grant => grant.FeedId is not null || IsPattern(grant.Feed))
            .WithMessage("A pattern has 1 to 100 letters, digits, '.', '_', '-' and stars");
        RuleFor(group => group.Grants)
            .Must(grants => grants.Select(grant => (grant.FeedId, Pattern: grant.FeedId is null
                ? grant.Feed.ToLowerInvariant() : "")).Distinct().Count() == grants.Count)
            .WithMessage("A feed is granted once: with the highest level that is meant");
    }

    /// <summary>Whether a text stands for the feeds that match it, not for one feed.</summary>
    public static bool IsPattern(string? text) => text is not null && PatternPattern().IsMatch(text);

    [GeneratedRegex(@"^(?=.*\*)[A-Za-z0-9._*-]{1,100}\z")]
    private static partial Regex PatternPattern();
}
