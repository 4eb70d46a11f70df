using Deployments.Data.Packages;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Feeds;
using Deployments.Web.Records;
using FluentValidation;

namespace Deployments.Web.Vulnerabilities;

/// <summary>
/// What somebody says who assesses a vulnerability, on the page or through the API. Null and blank mean "not given".
/// </summary>
public sealed record AssessmentFields
{
    /// <summary>Package URL type of the package it is for; only with a name.</summary>
    public string? Type { get; init; }

    /// <summary>Its group, in any spelling.</summary>
    public string? Group { get; init; }

    /// <summary>Its name, in any spelling; not given: for every package.</summary>
    public string? Name { get; init; }

    /// <summary>The target it is for, in any case; not given: for every target.</summary>
    public string? Target { get; init; }

    /// <summary>The state's name: <c>notAffected</c>, <c>accepted</c>, <c>fixedByOtherMeans</c>.</summary>
    public string? State { get; init; }

    /// <summary>One of OpenVEX's justifications; required when it is not affected.</summary>
    public string? Justification { get; init; }

    /// <summary>Why; required.</summary>
    public string? Reason { get; init; }

    /// <summary>Until when: an ISO 8601 date, a day alone means its end. Required when it is accepted.</summary>
    public string? ExpiresAt { get; init; }

    /// <summary>The same without blanks at the ends; what is empty is absent, a line end is one character.</summary>
    public AssessmentFields Trimmed() => new()
    {
        Type = NullIfBlank(Type),
        Group = NullIfBlank(Group),
        Name = NullIfBlank(Name),
        Target = NullIfBlank(Target),
        State = NullIfBlank(State),
        Justification = NullIfBlank(Justification),
        Reason = NullIfBlank(Reason?.ReplaceLineEndings("\n")),
        ExpiresAt = NullIfBlank(ExpiresAt),
    };

    /// <summary>The decision. Only for trimmed fields that passed validation.</summary>
    /// <param name="about">The vulnerability.</param>
    /// <param name="types">Know how names of packages are spelled.</param>
    public NewAssessment ToAssessment(Vulnerability about, FeedTypeCatalog types)
    {
        ArgumentNullException.ThrowIfNull(about);
        ArgumentNullException.ThrowIfNull(types);
        return new NewAssessment
        {
            GroupId = about.GroupId,
            AdvisoryId = about.Id,
            Package = Name is null ? null : KeyOf(Type!, Group ?? "", Name, types),
            Target = Target,
            State = AssessmentText.StateOrNull(State)!.Value,
            Justification = Justification,
            Reason = Reason!,
            ExpiresAt = ExpiresAt is null ? null : TimeText.TryParseEnd(ExpiresAt),
        };
    }

    /// <summary>The key of a package; its names as they are when no feed type has such packages.</summary>
    internal static PackageKey KeyOf(string type, string group, string name, FeedTypeCatalog types)
    {
        if (types.All.FirstOrDefault(one => one.PackageType.Equals(type, StringComparison.OrdinalIgnoreCase))
            is not { } known)
            return new PackageKey(type, group, name);
        var keys = known.Normalize(known.FromNames(group, name, ""));
        return new PackageKey(known.PackageType, keys.Group, keys.Name);
    }

    static string? NullIfBlank(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}

/// <summary>
/// What may be said of a vulnerability. Messages complete the sentence that begins with the property's name.
/// </summary>
public sealed class AssessmentFieldsValidator : AbstractValidator<AssessmentFields>
{
    /// <summary>Longest reason, in UTF-16 units.</summary>
    public const int ReasonLengthMax = 2000;

    const int NameLengthMax = 500;

    /// <param name="time">The clock against which "in the future" is judged.</param>
    public AssessmentFieldsValidator(TimeProvider time)
    {
        RuleLevelCascadeMode = CascadeMode.Stop;
        RuleFor(fields => fields.State)
            .Must(state => state is not null).WithMessage("is missing")
            .Must(state => AssessmentText.StateOrNull(state) is not null)
            .WithMessage("must be notAffected, accepted or fixedByOtherMeans");
        RuleFor(fields => fields.Justification)
            .Must((fields, justification) => justification is not null || !Is(fields, AssessmentState.NotAffected))
            .WithMessage("is missing: it says why nothing is affected")
            .Must((fields, justification) => justification is null || Is(fields, AssessmentState.NotAffected))
            .WithMessage("is only for what is not affected")
            .Must(justification => justification is null || AssessmentText.Justifications.ContainsKey(justification))
            .WithMessage("must be one of " + string.Join(", ", AssessmentText.Justifications.Keys));
        RuleFor(fields => fields.Reason)
            .Must(reason => reason is not null).WithMessage("is missing")
            .Must(reason => reason!.Length <= ReasonLengthMax)
            .WithMessage($"is longer than {ReasonLengthMax} characters")
            .Must(reason => !reason!.Any(c => char.IsControl(c) && c != '\n')).WithMessage("has control characters");
        RuleFor(fields => fields.ExpiresAt)
            .Must((fields, date) => date is not null || !Is(fields, AssessmentState.Accepted))
            .WithMessage("is missing: a vulnerability is accepted until a date")
            .Must(date => date is null || TimeText.TryParseEnd(date) is not null).WithMessage(TimeText.Problem)
            .Must(date => date is null || TimeText.TryParseEnd(date) > time.GetUtcNow())
            .WithMessage("is not in the future");
        RuleFor(fields => fields.Name).Must(IsName).WithMessage(NameProblem);
        RuleFor(fields => fields.Group)
            .Must((fields, group) => group is null || fields.Name is not null).WithMessage("is given without a name")
            .Must(IsName).WithMessage(NameProblem);
        RuleFor(fields => fields.Type)
            .Must((fields, type) => type is null == fields.Name is null)
            .WithMessage("and name are given both or neither")
            .Must(IsName).WithMessage(NameProblem);
        RuleFor(fields => fields.Target).Must(IsName).WithMessage(NameProblem);
    }

    const string NameProblem = "is too long or has control characters";

    static bool Is(AssessmentFields fields, AssessmentState state) => AssessmentText.StateOrNull(fields.State) == state;

    static bool IsName(string? text) => text is null || (text.Length <= NameLengthMax && !text.Any(char.IsControl));
}
