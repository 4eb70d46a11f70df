using Deployments.Web.Records;
using FluentValidation;

namespace Deployments.Web.Octopus;

/// <summary>What somebody says of an Octopus server, on the page or through the API.</summary>
public sealed record OctopusInput
{
    /// <summary>1 to 100 letters, digits, <c>.</c>, <c>_</c> or <c>-</c>: it stands in addresses.</summary>
    public string Name { get; init; } = "";

    /// <summary>The server's address, http or https.</summary>
    public string Url { get; init; } = "";

    /// <summary>An API key of Octopus.</summary>
    public string ApiKey { get; init; } = "";

    /// <summary>Names or ids of spaces; empty: all that the key sees.</summary>
    public IReadOnlyList<string> Spaces { get; init; } = [];

    /// <summary>Names or ids of environments that count; empty: all.</summary>
    public IReadOnlyList<string> Environments { get; init; } = [];

    /// <summary>Deployments completed since then are recorded; null: from now on.</summary>
    public DateTimeOffset? From { get; init; }
}

/// <summary>What may be said of an Octopus server. Messages complete a sentence that begins with the field.</summary>
public sealed class OctopusValidator : AbstractValidator<OctopusInput>
{
    const int ListMax = 100;
    const int NameLengthMax = 100;
    const int KeyLengthMax = 500;
    const int UrlLengthMax = 2000;

    /// <param name="time">The clock.</param>
    public OctopusValidator(TimeProvider time)
    {
        RuleFor(input => input.Name)
            .Matches(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,99}\z")
            .WithMessage("must have 1 to 100 letters, digits, dots, dashes or underscores and begin with a letter or "
                + "digit");
        RuleFor(input => input.Url).Must(IsServer)
            .WithMessage("must be the http or https address of an Octopus server, without a query");
        RuleFor(input => input.ApiKey)
            .Must(key => key.Length is > 0 and <= KeyLengthMax && key.All(c => c is > ' ' and < '\x7f'))
            .WithMessage("must be an API key of Octopus, such as API-XXXXXXXX");
        RuleFor(input => input.Spaces).Must(AreNames).WithMessage(ListProblem);
        RuleFor(input => input.Environments).Must(AreNames).WithMessage(ListProblem);
        RuleFor(input => input.From)
            .Must(from => from is null || from >= DeploymentRules.DateMin)
            .WithMessage("must not be before 1990-01-01")
            .Must(from => from is null || from <= time.GetUtcNow() + DeploymentRules.ClockSkewMax)
            .WithMessage("must not be in the future");
    }

    static string ListProblem => $"must be at most {ListMax} names of 1 to {NameLengthMax} characters";

    static bool IsServer(string text) =>
        text.Length <= UrlLengthMax && Uri.TryCreate(text, UriKind.Absolute, out var url)
        && (url.Scheme is "http" or "https") && url.Host.Length > 0 && url.UserInfo.Length == 0
        && url.Query.Length == 0 && url.Fragment.Length == 0;

    static bool AreNames(IReadOnlyList<string> names) =>
        names.Count <= ListMax
        && names.All(name => name.Length is > 0 and <= NameLengthMax && !name.Any(char.IsControl));
}
