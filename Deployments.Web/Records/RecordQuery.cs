using System.Globalization;
using Deployments.Data.Records;
using Deployments.Web.Feeds;
using Microsoft.AspNetCore.WebUtilities;

namespace Deployments.Web.Records;

/// <summary>
/// The filter of deployment records as it stands in a query string: the page, the API and the CSV read the same words.
/// A blank value counts as not given.
/// </summary>
public sealed class RecordQuery
{
    /// <summary>The conditions by name, in the order in which pages show them.</summary>
    public static readonly IReadOnlyList<string> Conditions =
        ["feed", "type", "group", "name", "version", "target", "application", "user", "from", "to", "text"];

    /// <summary>The group of packages that have none, since a blank one counts as not given.</summary>
    public const string NoGroup = "-";

    /// <summary>What a place in a list that cannot be read is told, here and wherever lists have pages.</summary>
    public const string NoCursor = "is not one that this server gave out";

    readonly Dictionary<string, string> values = new(StringComparer.Ordinal);
    readonly Dictionary<string, string> errors = new(StringComparer.Ordinal);

    RecordQuery(IQueryCollection query)
    {
        foreach (var name in Conditions.Append("cursor").Append("limit"))
        {
            // A zero byte cannot be stored, so nothing matches it; PostgreSQL would refuse to be asked.
            var value = query[name].ToString().Trim().Replace('\0', '\ufffd');
            if (value.Length > 0)
                values[name] = value;
        }
    }

    /// <summary>The filter; what could not be read is left out of it and named in <see cref="Errors"/>.</summary>
    public RecordFilter Filter { get; private set; } = new();

    /// <summary>What is wrong, by name: a sentence without its subject.</summary>
    public IReadOnlyDictionary<string, string> Errors => errors;

    /// <summary>The conditions that are given, as given.</summary>
    public IEnumerable<KeyValuePair<string, string>> Given =>
        Conditions.Where(values.ContainsKey).Select(name => KeyValuePair.Create(name, values[name]));

    /// <summary>The value of one condition as given; empty when it is not.</summary>
    public string this[string name] => values.GetValueOrDefault(name, "");

    /// <summary>Reads a query string.</summary>
    /// <param name="query">The query string.</param>
    /// <param name="types">Translates the names of feed types into package types.</param>
    /// <param name="limit">The page size when none is given.</param>
    public static RecordQuery Read(IQueryCollection query, FeedTypeCatalog types, int limit)
    {
        ArgumentNullException.ThrowIfNull(types);
        var read = new RecordQuery(query);
        read.Filter = new RecordFilter
        {
            Feed = read.Text("feed"),
            Type = read.Text("type") is { } type ? types.FindOrNull(type)?.PackageType ?? type : null,
            Group = read.Text("group") is NoGroup ? "" : read.Text("group"),
            Name = read.Text("name"),
            Version = read.Text("version"),
            Target = read.Text("target"),
            Application = read.Text("application"),
            User = read.Text("user"),
            From = read.Date("from", isEnd: false),
            To = read.Date("to", isEnd: true),
            Text = read.Text("text"),
            Cursor = read.Cursor(),
            Limit = read.Limit(limit),
        };
        return read;
    }

    /// <summary>The address of the same filter elsewhere, on its first page.</summary>
    /// <param name="path">Where to.</param>
    /// <param name="without">A condition to leave out.</param>
    public string Link(string path, string? without = null) =>
        QueryHelpers.AddQueryString(path, Given.Where(pair => pair.Key != without)!);

    /// <summary>The address of another page of the same list; null when there is none.</summary>
    public string? Link(string path, RecordCursor? cursor) => cursor is null
        ? null
        : QueryHelpers.AddQueryString(path, Given.Append(KeyValuePair.Create("cursor", cursor.ToString()))!);

    string? Text(string name) => values.GetValueOrDefault(name);

    DateTimeOffset? Date(string name, bool isEnd)
    {
        if (Text(name) is not { } text)
            return null;
        // "To the 31st" includes the 31st.
        if ((isEnd ? TimeText.TryParseEnd(text) : TimeText.TryParse(text)) is { } time)
            return time;
        errors[name] = TimeText.Problem;
        return null;
    }

    RecordCursor? Cursor()
    {
        if (Text("cursor") is not { } text)
            return null;
        if (RecordCursor.TryParse(text) is { } cursor)
            return cursor;
        errors["cursor"] = NoCursor;
        return null;
    }

    int Limit(int limit)
    {
        if (Text("limit") is not { } text)
            return limit;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var given)
            && given is >= 1 and <= RecordFilter.LimitMax)
            return given;
        errors["limit"] = $"is not a number from 1 to {RecordFilter.LimitMax}";
        return limit;
    }
}
