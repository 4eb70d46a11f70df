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
    /// <returns>One of the same type: what else it says stays as it is.</returns>
    public DeploymentFields Trimmed() => this with
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
/// What a deployment record may say. A problem completes the sentence that begins with the field's name, so that each
/// road names it in its own way (header, JSON property, form field).
/// </summary>
/// <remarks>
/// Plain functions, for what is recorded with every download; forms and requests meet them through
/// <see cref="DeploymentFieldsValidator"/>.
/// </remarks>
public static class DeploymentRules
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

    /// <summary>The first field that cannot be recorded, and why; null when all can.</summary>
    /// <param name="fields">What was said, trimmed.</param>
    /// <param name="now">The time against which "in the future" is judged.</param>
    public static (string Field, string Problem)? FirstProblem(DeploymentFields fields, DateTimeOffset now) =>
        NameProblem(fields.Application) is { } application ? (nameof(fields.Application), application)
        : DescriptionProblem(fields.Description) is { } description ? (nameof(fields.Description), description)
        : NameProblem(fields.Target) is { } target ? (nameof(fields.Target), target)
        : UserNameProblem(fields.UserName) is { } userName ? (nameof(fields.UserName), userName)
        : UrlProblem(fields.Url) is { } url ? (nameof(fields.Url), url)
        : DateProblem(fields.Date, now) is { } date ? (nameof(fields.Date), date)
        : null;

    /// <summary>Of an application or a target.</summary>
    public static string? NameProblem(string? name) =>
        name is null ? "is missing" : name.Length == 0 ? "is blank" : TextProblem(name, NameLengthMax);

    /// <summary>Of a description, which may be empty.</summary>
    public static string? DescriptionProblem(string? description) =>
        description is null ? "is missing" : TextProblem(description, DescriptionLengthMax);

    /// <summary>Of a user name, which need not be given.</summary>
    public static string? UserNameProblem(string? userName) =>
        userName is null ? null : TextProblem(userName, NameLengthMax);

    /// <summary>Of a link, which need not be given.</summary>
    public static string? UrlProblem(string? url) =>
        url is null ? null
        : TextProblem(url, UrlLengthMax) ?? (IsWebAddress(url) ? null : "must be an absolute http or https URL");

    /// <summary>Of a date, which need not be given.</summary>
    public static string? DateProblem(string? date, DateTimeOffset now) =>
        date is null ? null
        : IsoDate.TryParse(date) is not { } time ? "is not an ISO 8601 date such as 2026-01-31T08:15:00Z"
        : time > now + ClockSkewMax ? "is more than 5 minutes in the future"
        : time < DateMin ? "is before 1990-01-01"
        : null;

    static string? TextProblem(string text, int lengthMax) =>
        LengthOf(text) > lengthMax ? $"is longer than {lengthMax} characters"
        : HasControlCharacters(text) ? "has control characters"
        : null;

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

/// <summary><see cref="DeploymentRules"/> for what people and tools fill in.</summary>
public sealed class DeploymentFieldsValidator : AbstractValidator<DeploymentFields>
{
    /// <param name="time">The clock against which "in the future" is judged.</param>
    public DeploymentFieldsValidator(TimeProvider time)
    {
        Rule(RuleFor(fields => fields.Application), DeploymentRules.NameProblem);
        Rule(RuleFor(fields => fields.Description), DeploymentRules.DescriptionProblem);
        Rule(RuleFor(fields => fields.Target), DeploymentRules.NameProblem);
        Rule(RuleFor(fields => fields.UserName), DeploymentRules.UserNameProblem);
        Rule(RuleFor(fields => fields.Url), DeploymentRules.UrlProblem);
        Rule(RuleFor(fields => fields.Date), date => DeploymentRules.DateProblem(date, time.GetUtcNow()));
    }

    static void Rule(IRuleBuilderInitial<DeploymentFields, string?> rule, Func<string?, string?> problemOf) =>
        rule.Custom((value, context) =>
        {
            if (problemOf(value) is { } problem)
                context.AddFailure(problem);
        });
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
        DateTimeOffset.TryParseExact(BeyondMicroseconds().Replace(text, "$1"), Formats, CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var date)
            ? date
            : null;

    // Tools write ticks and nanoseconds; PostgreSQL keeps microseconds, and cuts or rounds what is finer, as it is sent
    // it. Cut here, one date is the same by every road, and a repeated record is known.
    [GeneratedRegex(@"(\.\d{6})\d+")]
    private static partial Regex BeyondMicroseconds();
}
