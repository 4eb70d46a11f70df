using Deployments.Data.Findings;
using Deployments.Data.Notifications;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Notifications;
using Deployments.Web.Settings;
using FluentValidation;

namespace Deployments.Web.Pages.Notifications;

/// <summary>What the form of a notification rule asks.</summary>
public sealed record NotificationForm
{
    /// <summary>Its name.</summary>
    public string? Name { get; init; }

    /// <summary>When it tells.</summary>
    public NotificationOccasion Occasion { get; init; } = NotificationOccasion.VulnerabilityFound;

    /// <summary>Only of advisories at least this bad.</summary>
    public SeverityLevel SeverityMin { get; init; }

    /// <summary>Only of what came through this feed; null: through any.</summary>
    public int? FeedId { get; init; }

    /// <summary>Only of packages that match; blank: of any.</summary>
    public string? PackagePattern { get; init; }

    /// <summary>Only of targets that match; blank: of any.</summary>
    public string? TargetPattern { get; init; }

    /// <summary>How it tells. A rule that exists keeps its own.</summary>
    public NotificationChannel Channel { get; init; } = NotificationChannel.Webhook;

    /// <summary>Where webhooks go.</summary>
    public string? Url { get; init; }

    /// <summary>Where mail goes: addresses parted by commas, semicolons or white space.</summary>
    public string? Recipients { get; init; }

    internal static NotificationForm Of(NotificationRule rule) => new()
    {
        Name = rule.Name,
        Occasion = rule.Occasion,
        SeverityMin = rule.SeverityMin,
        FeedId = rule.FeedId,
        PackagePattern = rule.PackagePattern,
        TargetPattern = rule.TargetPattern,
        Channel = rule.Channel,
        Url = rule.Url,
        Recipients = string.Join(", ", rule.Recipients),
    };

    internal NotificationFields ToFields(bool active) => new()
    {
        Name = Name!.Trim(),
        Occasion = Occasion,
        SeverityMin = Occasion is NotificationOccasion.VulnerabilityFound or NotificationOccasion.VulnerabilityDeployed
            ? SeverityMin : SeverityLevel.Unknown,
        FeedId = FeedId,
        PackagePattern = OrNull(PackagePattern),
        TargetPattern = OrNull(TargetPattern),
        Channel = Channel,
        Url = Channel == NotificationChannel.Webhook ? Url!.Trim() : null,
        Recipients = Channel == NotificationChannel.Mail ? MailAddresses.Split(Recipients) : [],
        Active = active,
    };

    static string? OrNull(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}

/// <summary>The rules for a notification rule.</summary>
public sealed class NotificationFormValidator : AbstractValidator<NotificationForm>
{
    const int NameLengthMax = 100;
    const int PatternLengthMax = 200;
    const int StarsMax = 5; // each multiplies the ways in which a text may match
    const int RecipientsMax = 20;

    /// <summary>When a rule may tell.</summary>
    public static IReadOnlyList<NotificationOccasion> Occasions { get; } =
    [
        NotificationOccasion.VulnerabilityFound, NotificationOccasion.VulnerabilityDeployed,
        NotificationOccasion.Deployment, NotificationOccasion.DriftFound, NotificationOccasion.DriftGone,
    ];

    /// <summary>The rules.</summary>
    public NotificationFormValidator()
    {
        RuleFor(form => form.Name)
            .Must(name => name?.Trim() is { Length: > 0 and <= NameLengthMax } given && !given.Any(char.IsControl))
            .WithMessage("A name has 1 to 100 characters.");
        RuleFor(form => form.Occasion)
            .Must(Occasions.Contains)
            .WithMessage("Choose when to tell.");
        RuleFor(form => form.SeverityMin).IsInEnum().WithMessage("Choose a severity of the list.");
        RuleFor(form => form.Channel).IsInEnum().WithMessage("Choose webhook or mail.");
        RuleFor(form => form.PackagePattern).Must(IsPattern)
            .WithMessage("Packages: at most 200 characters on one line, five of them *.");
        RuleFor(form => form.TargetPattern).Must(IsPattern)
            .WithMessage("Targets: at most 200 characters on one line, five of them *.");
        When(form => form.Channel == NotificationChannel.Webhook, () =>
            RuleFor(form => form.Url).Custom((url, context) =>
            {
                if (WebhookSender.ProblemOrNull(url?.Trim()) is { } problem)
                    context.AddFailure(problem);
            }));
        When(form => form.Channel == NotificationChannel.Mail, () =>
            RuleFor(form => form.Recipients)
                .Must(text => MailAddresses.Split(text) is { Length: > 0 and <= RecipientsMax } all
                    && all.All(MailAddresses.IsAddress))
                .WithMessage("Mail needs 1 to 20 addresses, without names: ops@example.com, on-call@example.com."));
    }

    static bool IsPattern(string? text) => text is null
        || (text.Length <= PatternLengthMax && !text.Any(char.IsControl) && text.Count(c => c == '*') <= StarsMax);
}
