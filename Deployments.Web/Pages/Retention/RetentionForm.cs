using Deployments.Data.Retention;
using FluentValidation;

namespace Deployments.Web.Pages.Retention;

/// <summary>What the form of a retention rule asks.</summary>
/// <param name="KeepMonths">For how many months records stay.</param>
/// <param name="FeedId">Only records that came through this feed; null: through any.</param>
/// <param name="TargetPattern">Only records of targets that match; null or blank: of any.</param>
/// <param name="Subject">What the rule removes.</param>
public sealed record RetentionForm(
    int KeepMonths, int? FeedId, string? TargetPattern, RetentionSubject Subject = RetentionSubject.Records)
{
    internal static RetentionForm Of(RetentionRule rule) =>
        new(rule.KeepMonths, rule.FeedId, rule.TargetPattern, rule.Subject);

    internal RetentionFields ToFields() =>
        new(KeepMonths, FeedId, string.IsNullOrWhiteSpace(TargetPattern) ? null : TargetPattern.Trim(), Subject);
}

/// <summary>The rules for a retention rule.</summary>
public sealed class RetentionFormValidator : AbstractValidator<RetentionForm>
{
    /// <summary>The rules.</summary>
    public RetentionFormValidator()
    {
        RuleFor(form => form.KeepMonths).InclusiveBetween(1, 1200)
            .WithMessage("Records are kept for 1 to 1,200 months.");
        RuleFor(form => form.Subject).IsInEnum().WithMessage("Choose records or inventories.");
        RuleFor(form => form.FeedId).Null().When(form => form.Subject == RetentionSubject.Inventories)
            .WithMessage("Inventories come through no feed: choose every feed.");
        RuleFor(form => form.TargetPattern)
            .Must(pattern => pattern is null || (pattern.Length <= 200 && !pattern.Any(char.IsControl)))
            .WithMessage("Targets: at most 200 characters on one line.");
    }
}
