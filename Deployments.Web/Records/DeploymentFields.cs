using System.Globalization;
using System.Text.RegularExpressions;
using FluentValidation;

namespace Deployments.Web.Records;

/// <summary>
/// What someone says of a deployment, by whatever road: the vocabulary of the user's document. Null means "not
/// given"; blanks at the ends do not count.
/// </summary>
public record DeploymentFields
{
    /// <summary>The application or tool doing the deployment; required.</summary>
    public string? Application { get; init; }

    /// <summary>Brief summary; required, but may be empty: Inedo's own clients have sent it so.</summary>
    public string? Description { get; init; }

    /// <summary>Where the package was installed; required.</summary>
    public string? Target { get; init; }

    /// <summary>Link to more information; http or https. Empty counts as not given.</summary>
    public string? Url { get; init; }

    /// <summary>Who deploys. Empty counts as not given.</summary>
    public string? UserName { get; init; }

    /// <summary>ISO 8601 date, UTC where it names no offset. Empty counts as not given.</summary>
    public string? Date { get; init; }

    /// <summary>The same with blanks at the ends removed and empty optional fields absent.</summary>
    public DeploymentFields Trimmed() => new()
    {
        Application = Application?.Trim(),
        Description = Description?.Trim(),
        Target = Target?.Trim(),
        Url = NullIfBlank(Url),
        UserName = NullIfBlank(UserName),
        Date = NullIfBlank(Date),
    };

    /// <summary>The date in UTC; null when none was given. Only for fields that passed validation.</summary>
    public DateTimeOffset? DeployedAt => Date is null ? null : IsoDate.TryParse(Date);

    static string? NullIfBlank(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}

/// <summary>
/// What a deployment record may say. Messages complete the sentence that begins with the property's name, so that
/// each road names it in its own way (header, JSON property, form field).
/// </summary>
public sealed class DeploymentFieldsValidator : AbstractValidator<DeploymentFields>
{
    /// <summary>Longest application, target or user name, in characters.</summary>
    public const int NameLengthMax = 200;

    /// <summary>Longest description, in characters.</summary>
    public const int DescriptionLengthMax = 2000;

    /// <summary>Longest URL, in characters.</summary>
    public const int UrlLengthMax = 2000;

    /// <summary>How far ahead a client's clock may be.</summary>
    public static readonly TimeSpan ClockSkewMax = TimeSpan.FromMinutes(5);

    /// <summary>Nothing was deployed before: an earlier date is a mistake, such as a default value.</summary>
    public static readonly DateTimeOffset DateMin = new(1990, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <param name="time">The clock against which "in the future" is judged.</param>
    public DeploymentFieldsValidator(TimeProvider time)
    {
        RuleLevelCascadeMode = CascadeMode.Stop;
        Text(RuleFor(fields => fields.Application), NameLengthMax, required: true, mayBeEmpty: false);
        Text(RuleFor(fields => fields.Description), DescriptionLengthMax, required: true, mayBeEmpty: true);
        Text(RuleFor(fields => fields.Target), NameLengthMax, required: true, mayBeEmpty: false);
        Text(RuleFor(fields => fields.UserName), NameLengthMax, required: false, mayBeEmpty: true);
        Text(RuleFor(fields => fields.Url), UrlLengthMax, required: false, mayBeEmpty: true)
            .Must(url => url is null || IsWebAddress(url)).WithMessage("must be an absolute http or https URL");
        RuleFor(fields => fields.Date)
            .Must(date => date is null || IsoDate.TryParse(date) is not null)
            .WithMessage("is not an ISO 8601 date such as 2026-01-31T08:15:00Z")
            .Must(date => date is null || IsoDate.TryParse(date) <= time.GetUtcNow() + ClockSkewMax)
            .WithMessage("is more than 5 minutes in the future")
            .Must(date => date is null || IsoDate.TryParse(date) >= DateMin).WithMessage("is before 1990-01-01");
    }

    static IRuleBuilderOptions<DeploymentFields, string?> Text(
        IRuleBuilderInitial<DeploymentFields, string?> rule, int lengthMax, bool required, bool mayBeEmpty) => rule
            .Must(text => !required || text is not null).WithMessage("is missing")
            .Must(text => mayBeEmpty || !string.IsNullOrEmpty(text)).WithMessage("is blank")
            .Must(text => text is null
                || LengthOf(text) <= lengthMax).WithMessage($"is longer than {lengthMax} characters")
            .Must(text => text is null || !HasControlCharacters(text)).WithMessage("has control characters");

    /// <summary>Characters as people count them: an emoji is one, not two.</summary>
    static int LengthOf(string text) => text.Length <= NameLengthMax ? text.Length : text.EnumerateRunes().Count();

    /// <summary>Whether a text has a control character, or half a character.</summary>
    internal static bool HasControlCharacters(string text) =>
        text.AsSpan().ContainsAnyInRange('\0', '\x1f') || text.AsSpan().ContainsAnyInRange('\x7f', '\x9f')
        || text.AsSpan().ContainsAnyInRange('\ud800', '\udfff') && !Utf16IsWhole(text);

    // Half a surrogate pair, which a JSON escape can smuggle in, is text that no database and no CSV can hold.
    static bool Utf16IsWhole(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[++i]))
                return false;
        }

        return true;
    }

    static bool IsWebAddress(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var address)
        && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps)
        && address.Host.Length > 0;
}

/// <summary>Reads ISO 8601 dates as tools write them.</summary>
static partial class IsoDate
{
    static readonly string[] Formats =
    [
        "yyyy-MM-dd", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK",
        "yyyyMMdd", "yyyyMMdd'T'HHmmK", "yyyyMMdd'T'HHmmssK",
        "yyyy-MM-dd' 'HH:mm:ssK", "yyyy-MM-dd' 'HH:mm:ss'Z'",
    ];

    /// <summary>
    /// The instant in UTC, a date without an offset being UTC already; null when the text is not such a date.
    /// </summary>
    public static DateTimeOffset? TryParse(string text) =>
        DateTimeOffset.TryParseExact(BeyondTicks().Replace(text, "$1"), Formats, CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var date)
            ? date
            : null;

    // Some tools write nanoseconds; a tick is 100 of them.
    [GeneratedRegex(@"(\.\d{7})\d+")]
    private static partial Regex BeyondTicks();
}
