using System.Globalization;
using Deployments.Data.Database;
using Deployments.Data.Figures;
using Deployments.Web.Records;

namespace Deployments.Web.Figures;

/// <summary>Figures as people read them, and where the versions behind them are listed.</summary>
static class FigureText
{
    const string ListPath = "/figures/versions";

    /// <summary>A time in its largest unit with one digit behind the point: <c>2.5 days</c>; a dash for none.</summary>
    public static string Duration(double? seconds)
    {
        if (seconds is not { } known)
            return "–";
        var (number, unit) = known >= 86_400 ? (known / 86_400, "day")
            : known >= 3_600 ? (known / 3_600, "hour")
            : known >= 60 ? (known / 60, "minute") : (known, "second");
        var text = number.ToString(number >= 100 ? "N0" : "0.#", CultureInfo.InvariantCulture);
        return $"{text} {unit}{(text == "1" ? "" : "s")}";
    }

    /// <summary>A share in percent; a dash of nothing.</summary>
    public static string Share(long part, long all) =>
        all == 0 ? "–" : (100.0 * part / all).ToString("0.#", CultureInfo.InvariantCulture) + "%";

    /// <summary>How many a week.</summary>
    public static string PerWeek(double number) =>
        number.ToString(number >= 100 ? "N0" : "0.#", CultureInfo.InvariantCulture);

    /// <summary>A count and its word: <c>1 version</c>, <c>1,200 versions</c>.</summary>
    public static string Versions(long count) => $"{Number(count)} version{(count == 1 ? "" : "s")}";

    /// <summary>A count.</summary>
    public static string Number(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A group as a sentence has it.</summary>
    public static string Group(string? name) => name switch
    {
        null => "each group",
        TargetGroupSql.None => "targets in no group",
        _ => name,
    };

    /// <summary>What a row is called.</summary>
    public static string Name(FigureBy by, FigureRow row) => by switch
    {
        FigureBy.Quarter => $"{row.Year.ToString(CultureInfo.InvariantCulture)} Q{row.Quarter}",
        FigureBy.Package => RecordText.FullName(row.Group, row.Name),
        FigureBy.TargetGroup when row.Key == 0 => "in no group",
        _ => row.Name,
    };

    /// <summary>The list of the versions that a figure of all counts.</summary>
    public static string ListLink(FigureQuery query, FigureKind kind) =>
        query.Given.LinkWith(ListPath, ("figure", KindName(kind)));

    /// <summary>The list of the versions that a figure of a row counts.</summary>
    public static string ListLink(FigureQuery query, FigureKind kind, FigureBy by, FigureRow row)
    {
        var figure = ("figure", (string?)KindName(kind));
        return by switch
        {
            FigureBy.Quarter => query.Given.LinkWith(ListPath, ("quarter", FigureQuery.Write(row.Key)), figure),
            FigureBy.Package => query.Given.LinkWith(ListPath, ("type", row.Type),
                ("group", row.Group.Length == 0 ? RecordQuery.NoGroup : row.Group), ("name", row.Name), figure),
            FigureBy.Application => query.Given.LinkWith(ListPath, ("application", row.Name), figure),
            _ => query.Given.LinkWith(
                ListPath, ("targetGroup", row.Key == 0 ? TargetGroupSql.None : row.Name), figure),
        };
    }

    /// <summary>The list of all records of a version in a group.</summary>
    public static string RecordsLink(ArrivalRow row) => new FilterQuery(new QueryCollection(), []).LinkWith(
        "/deployments", ("type", row.Type), ("group", row.Group.Length == 0 ? RecordQuery.NoGroup : row.Group),
        ("name", row.Name), ("version", row.Version), ("targetGroup", row.TargetGroup ?? TargetGroupSql.None));

    /// <summary>Seconds between two times; null where one is missing.</summary>
    public static double? Seconds(DateTimeOffset? from, DateTimeOffset? to) => (to - from)?.TotalSeconds;

    static string KindName(FigureKind kind) => FigureQuery.Kinds.First(one => one.Kind == kind).Name;
}
