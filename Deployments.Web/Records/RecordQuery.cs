using Deployments.Data.Records;
using Deployments.Web.Feeds;

namespace Deployments.Web.Records;

/// <summary>
/// The filter of deployment records as it stands in a query string: the page, the API and the CSV read the same words.
/// </summary>
/// <param name="Given">What is given, for chips and links, and what is wrong with it.</param>
/// <param name="Filter">The same, read; what could not be read is left out.</param>
public sealed record RecordQuery(FilterQuery Given, RecordFilter Filter)
{
    /// <summary>The group of packages that have none, since a blank one counts as not given.</summary>
    public const string NoGroup = "-";

    /// <summary>What a place in a list that cannot be read is told, here and wherever lists have pages.</summary>
    public const string NoCursor = "is not one that this server gave out";

    static readonly (string Name, string Label)[] Conditions =
    [
        ("feed", "Feed"), ("type", "Type"), ("group", "Group"), ("name", "Package"), ("version", "Version"),
        ("target", "Target"), ("targetGroup", "Target group"), ("application", "Application"), ("user", "User"),
        ("period", "Period"), ("from", "From"), ("to", "To"), ("text", "Contains"), ("lines", "Lines"),
    ];

    /// <summary>Reads a query string.</summary>
    /// <param name="query">The query string.</param>
    /// <param name="types">Translates the names of feed types into package types.</param>
    /// <param name="limit">The page size when none is given.</param>
    /// <param name="now">The time that a period is counted from.</param>
    public static RecordQuery Read(IQueryCollection query, FeedTypeCatalog types, int limit, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(types);
        var given = new FilterQuery(query, Conditions);
        var (from, to) = given.TimesOrNull(now);
        return new RecordQuery(given, new RecordFilter
        {
            Feed = given.TextOrNull("feed"),
            Type = given.TextOrNull("type") is { } type ? types.FindOrNull(type)?.PackageType ?? type : null,
            Group = given.TextOrNull("group") is NoGroup ? "" : given.TextOrNull("group"),
            Name = given.TextOrNull("name"),
            Version = given.TextOrNull("version"),
            Target = given.TextOrNull("target"),
            TargetGroup = given.TextOrNull("targetGroup"),
            Application = given.TextOrNull("application"),
            User = given.TextOrNull("user"),
            From = from,
            To = to,
            Text = given.TextOrNull("text"),
            Cursor = given.CursorOrNull(),
            Limit = given.LimitOr(limit, RecordFilter.LimitMax),
        });
    }
}
