using System.Globalization;
using Deployments.Data.Database;
using Deployments.Data.Figures;
using Deployments.Web.Feeds;
using Deployments.Web.Records;

namespace Deployments.Web.Figures;

/// <summary>Of what figures are asked for, as a query string has it; page, API and CSV read it alike.</summary>
/// <param name="Given">The conditions as given, with what is wrong with them.</param>
/// <param name="Filter">The same, read; what could not be read is left out.</param>
/// <param name="By">By what they are broken down.</param>
/// <param name="Kind">In a list of versions: which figure they are counted in.</param>
/// <param name="FirstQuarter">The key of the first quarter, as <see cref="FigureRow.QuarterOf"/> tells it.</param>
/// <param name="LastQuarter">The key of the last quarter.</param>
public sealed record FigureQuery(
    FilterQuery Given, FigureFilter Filter, FigureBy By, FigureKind Kind, int FirstQuarter, int LastQuarter)
{
    /// <summary>How many quarters are shown where none is chosen, the current one included.</summary>
    public const int QuartersShown = 5;

    const int YearMin = 1990;

    static readonly (string Name, string Label)[] Conditions =
    [
        ("quarter", "Quarter"), ("targetGroup", "To"), ("fromGroup", "From"), ("feed", "Feed"), ("type", "Type"),
        ("group", "Group"), ("name", "Package"), ("application", "Application"), ("by", "By"), ("figure", "Figure"),
    ];

    /// <summary>Names of the ways to break figures down.</summary>
    public static IReadOnlyList<(string Name, FigureBy By, string Label)> Ways { get; } =
    [
        ("quarter", FigureBy.Quarter, "Quarter"), ("package", FigureBy.Package, "Package"),
        ("application", FigureBy.Application, "Application"), ("targetGroup", FigureBy.TargetGroup, "Target group"),
    ];

    /// <summary>Names of the figures whose versions can be listed.</summary>
    public static IReadOnlyList<(string Name, FigureKind Kind)> Kinds { get; } =
    [
        ("deployments", FigureKind.Deployments), ("leadTime", FigureKind.LeadTime),
        ("rolledBack", FigureKind.RolledBack),
    ];

    /// <summary>Reads a query string.</summary>
    /// <param name="query">The query string.</param>
    /// <param name="groups">Names of the groups of targets, in their order.</param>
    /// <param name="types">Translates the names of feed types into package types.</param>
    /// <param name="today">Today, UTC.</param>
    public static FigureQuery Read(
        IQueryCollection query, IReadOnlyList<string> groups, FeedTypeCatalog types, DateOnly today)
    {
        ArgumentNullException.ThrowIfNull(groups);
        ArgumentNullException.ThrowIfNull(types);
        var given = new FilterQuery(query, Conditions);
        var by = given.ChoiceOrNull("by", [.. Ways.Select(way => way.Name)]) is { } way
            ? Ways.First(one => one.Name == way).By : FigureBy.Quarter;
        var kind = given.ChoiceOrNull("figure", [.. Kinds.Select(one => one.Name)]) is { } figure
            ? Kinds.First(one => one.Name == figure).Kind : FigureKind.Deployments;
        var (to, from) = GroupsOf(given, groups, by);
        var now = FigureRow.QuarterOf(today);
        var (first, last) = QuarterOrNull(given, now) is { } one ? (one, one) : (now - QuartersShown + 1, now);
        return new FigureQuery(given, new FigureFilter
        {
            From = FigureRow.StartOf(first),
            To = FigureRow.StartOf(last + 1),
            TargetGroup = to,
            FromGroup = from,
            Feed = given.TextOrNull("feed"),
            Type = given.TextOrNull("type") is { } type ? types.FindOrNull(type)?.PackageType ?? type : null,
            Group = given.TextOrNull("group") is RecordQuery.NoGroup ? "" : given.TextOrNull("group"),
            Name = given.TextOrNull("name"),
            Application = given.TextOrNull("application"),
        }, by, kind, first, last);
    }

    /// <summary>A quarter as addresses have it: <c>2026-Q4</c>.</summary>
    public static string Write(int quarter) =>
        string.Create(CultureInfo.InvariantCulture, $"{quarter / 4}-Q{(quarter % 4) + 1}");

    /// <summary>How many weeks some quarters have had by now; at least one.</summary>
    public static double Weeks(int first, int last, DateTimeOffset now)
    {
        var end = FigureRow.StartOf(last + 1);
        return Math.Max(((now < end ? now : end) - FigureRow.StartOf(first)).TotalDays / 7, 1);
    }

    // The last group and, before it, the first are what people mean by production and by where testing begins.
    static (string? To, string? From) GroupsOf(FilterQuery given, IReadOnlyList<string> groups, FigureBy by)
    {
        var to = given.TextOrNull("targetGroup") switch
        {
            null when by == FigureBy.TargetGroup => null,
            null => groups.Count > 0 ? groups[^1] : TargetGroupSql.None,
            TargetGroupSql.None => TargetGroupSql.None,
            { } name => Find("targetGroup", name),
        };
        if (given.TextOrNull("fromGroup") is not { } begin)
            return (to, groups.Count > 0 && groups[0] != to ? groups[0] : null);
        var from = Find("fromGroup", begin);
        if (from is not null && to is not (null or TargetGroupSql.None) && IndexOf(from) >= IndexOf(to))
            given.AddError("fromGroup", $"has to be a group before {to}, in the order of the groups");
        return (to, from);

        int IndexOf(string name) => groups.Index().First(group => group.Item == name).Index;

        string? Find(string condition, string name)
        {
            var found = groups.FirstOrDefault(group => group.Equals(name, StringComparison.OrdinalIgnoreCase));
            if (found is null)
                given.AddError(condition, "is no group of targets");
            return found;
        }
    }

    static int? QuarterOrNull(FilterQuery given, int now)
    {
        if (given.TextOrNull("quarter") is not { } text)
            return null;
        if (text.Length == 7 && text[4..6] is "-Q" or "-q" && text[6] is >= '1' and <= '4'
            && int.TryParse(text.AsSpan(0, 4), NumberStyles.None, CultureInfo.InvariantCulture, out var year)
            && year >= YearMin && (year * 4) + (text[6] - '1') is var quarter && quarter <= now)
            return quarter;
        given.AddError("quarter", $"is not a quarter such as {Write(now)}, from {YearMin} up to now");
        return null;
    }
}
