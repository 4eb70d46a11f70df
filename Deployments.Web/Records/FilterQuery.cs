using System.Globalization;
using Deployments.Data.Records;
using Microsoft.AspNetCore.WebUtilities;

namespace Deployments.Web.Records;

/// <summary>
/// The filter of a list as it stands in a query string: named conditions, all optional. A blank one counts as not
/// given.
/// </summary>
public sealed class FilterQuery
{
    readonly IReadOnlyList<(string Name, string Label)> conditions;
    readonly Dictionary<string, string> values = new(StringComparer.Ordinal);
    readonly Dictionary<string, string> errors = new(StringComparer.Ordinal);

    /// <summary>Reads a query string.</summary>
    /// <param name="query">The query string.</param>
    /// <param name="conditions">Name and label of each condition, in the order in which pages show them.</param>
    public FilterQuery(IQueryCollection query, IReadOnlyList<(string Name, string Label)> conditions)
    {
        ArgumentNullException.ThrowIfNull(query);
        this.conditions = conditions;
        foreach (var name in conditions.Select(condition => condition.Name).Append("cursor").Append("limit"))
        {
            // A zero byte cannot be stored, so nothing matches it; PostgreSQL would refuse to be asked.
            var value = query[name].ToString().Trim().Replace('\0', '\ufffd');
            if (value.Length > 0)
                values[name] = value;
        }
    }

    /// <summary>What is wrong, by name: a sentence without its subject.</summary>
    public IReadOnlyDictionary<string, string> Errors => errors;

    /// <summary>What is wrong, a sentence each; null when nothing is.</summary>
    public string? Problem => errors.Count == 0
        ? null
        : string.Join('\n', errors.Select(error => $"{error.Key} {error.Value}."));

    /// <summary>The conditions that are given, as given: name, label, value.</summary>
    public IEnumerable<(string Name, string Label, string Value)> Given =>
        from condition in conditions
        where values.ContainsKey(condition.Name)
        select (condition.Name, condition.Label, values[condition.Name]);

    /// <summary>The value of one condition as given; empty when it is not.</summary>
    public string this[string name] => values.GetValueOrDefault(name, "");

    /// <summary>The value of one condition; null when it is not given.</summary>
    public string? TextOrNull(string name) => values.GetValueOrDefault(name);

    /// <summary>
    /// The time that a condition names; null when it is not given, or cannot be read (an error then).
    /// </summary>
    /// <param name="name">The condition.</param>
    /// <param name="isEnd">Whether a date alone stands for its end: "to the 31st" includes the 31st.</param>
    public DateTimeOffset? TimeOrNull(string name, bool isEnd = false)
    {
        if (TextOrNull(name) is not { } text)
            return null;
        if ((isEnd ? TimeText.TryParseEnd(text) : TimeText.TryParse(text)) is { } time)
            return time;
        errors[name] = TimeText.Problem;
        return null;
    }

    /// <summary>
    /// The time that "from", "to" and "period" leave, since all conditions hold; null where nothing bounds it, or what
    /// is given cannot be read (an error then).
    /// </summary>
    /// <param name="now">The time that a period is counted from.</param>
    public (DateTimeOffset? From, DateTimeOffset? To) TimesOrNull(DateTimeOffset now)
    {
        var (from, to) = (TimeOrNull("from"), TimeOrNull("to", isEnd: true));
        if (ChoiceOrNull("period", [.. Period.All.Select(period => period.Name)]) is not { } name
            || errors.ContainsKey("period"))
            return (from, to);
        var period = Period.Of(name, now);
        return (from > period.From ? from : period.From, to < period.To ? to : period.To);
    }

    /// <summary>The choice of a condition; null when it is not given, or none of the choices (an error then).</summary>
    public string? ChoiceOrNull(string name, params ReadOnlySpan<string> choices)
    {
        if (TextOrNull(name) is not { } text || choices.Contains(text))
            return TextOrNull(name);
        errors[name] = $"is not one of {string.Join(", ", choices)}";
        return null;
    }

    /// <summary>Says that a condition cannot be read.</summary>
    /// <param name="name">The condition.</param>
    /// <param name="problem">A sentence without its subject.</param>
    public void AddError(string name, string problem) => errors[name] = problem;

    /// <summary>Where the page begins; null when none is given, or what is given is none (an error then).</summary>
    public RecordCursor? CursorOrNull()
    {
        if (TextOrNull("cursor") is not { } text)
            return null;
        if (RecordCursor.TryParse(text) is { } cursor)
            return cursor;
        errors["cursor"] = RecordQuery.NoCursor;
        return null;
    }

    /// <summary>The page size; the usual one when none is given, or what is given is none (an error then).</summary>
    public int LimitOr(int usual, int max)
    {
        if (TextOrNull("limit") is not { } text)
            return usual;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var given) && given >= 1
            && given <= max)
            return given;
        errors["limit"] = $"is not a number from 1 to {max}";
        return usual;
    }

    /// <summary>The address of the same filter elsewhere, on its first page.</summary>
    /// <param name="path">Where to.</param>
    /// <param name="without">A condition to leave out.</param>
    public string Link(string path, string? without = null) => QueryHelpers.AddQueryString(path,
        Given.Where(given => given.Name != without)
            .Select(given => KeyValuePair.Create(given.Name, (string?)given.Value)));

    /// <summary>The address of the same filter elsewhere, on its first page, with some conditions changed.</summary>
    /// <param name="path">Where to.</param>
    /// <param name="changes">Names and values that count instead of what is given; null: leave it out.</param>
    public string LinkWith(string path, params (string Name, string? Value)[] changes) => QueryHelpers.AddQueryString(
        path,
        Given.Where(given => !changes.Any(change => change.Name == given.Name))
            .Select(given => (given.Name, Value: (string?)given.Value))
            .Concat(changes.Where(change => change.Value is not null))
            .Select(pair => KeyValuePair.Create(pair.Name, pair.Value)));

    /// <summary>The address of another page of the same list; null when there is none.</summary>
    public string? Link(string path, RecordCursor? cursor) =>
        cursor is null ? null : QueryHelpers.AddQueryString(Link(path), "cursor", cursor.ToString());
}
