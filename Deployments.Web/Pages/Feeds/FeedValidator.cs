using System.Text.RegularExpressions;
using Deployments.Data.Feeds;
using Deployments.Web.Feeds;
using FluentValidation;

namespace Deployments.Web.Pages.Feeds;

/// <summary>What a feed must be like, whether it comes from the page or from the API.</summary>
public sealed partial class FeedValidator : AbstractValidator<FeedFields>
{
    internal const int PropertiesLengthMax = 64_000;

    const int AlternateNamesMax = 20;
    const string NameRule = "must be 1 to 100 letters, digits, '.', '_' or '-', beginning with a letter or a digit";

    /// <summary>The rules.</summary>
    public FeedValidator(FeedTypeCatalog types)
    {
        RuleFor(feed => feed.Name).Must(IsName).WithMessage(NameRule);
        RuleFor(feed => feed.FeedType).Must(type => types.FindOrNull(type) is not null)
            .WithMessage("is not a known feed type");
        RuleFor(feed => feed.AlternateNames).Must(names => names.Count <= AlternateNamesMax && names.All(IsName))
            .WithMessage($"{NameRule}; at most {AlternateNamesMax} of them");
        RuleFor(feed => feed).Custom((feed, context) =>
        {
            if (types.FindOrNull(feed.FeedType) is { } type
                && Distributions.ProblemOrNull(type, feed.Distributions) is { } problem)
                context.AddFailure(nameof(FeedFields.Distributions), problem);
        });
        RuleFor(feed => feed.GroupsOnly).Must((feed, limited) => !(limited && feed.AnonymousAccess))
            .WithMessage("a feed limited to groups cannot let anonymous clients download");
        RuleFor(feed => feed.Description).MaximumLength(2000).WithMessage("must not be longer than 2,000 characters");
        RuleFor(feed => feed.Properties).MaximumLength(PropertiesLengthMax).WithMessage("are too long");
    }

    /// <summary>
    /// Why these connectors do not go with this feed, or null. Unknown names are for the database to find.
    /// </summary>
    public static string? ConnectorProblemOrNull(
        FeedFields feed, IReadOnlyList<Connector> connectors, FeedTypeCatalog types) =>
        feed.Connectors
            .Select(name => connectors.FirstOrDefault(c => c.Name.Equals(name, StringComparison.OrdinalIgnoreCase)))
            .OfType<Connector>()
            .Where(connector => types.FindOrNull(connector.FeedType) != types.FindOrNull(feed.FeedType))
            .Select(connector => $"{connector.Name} is a connector for {connector.FeedType}, not for {feed.FeedType}")
            .FirstOrDefault();

    static bool IsName(string? name) => name is not null && NamePattern().IsMatch(name);

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}\z")]
    private static partial Regex NamePattern();
}
