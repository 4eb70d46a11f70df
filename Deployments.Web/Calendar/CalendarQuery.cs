using System.Globalization;
using Deployments.Web.Records;

namespace Deployments.Web.Calendar;

/// <summary>Which days are asked for, as a query string has it; page, API and CSV read it alike.</summary>
/// <param name="Given">The conditions as given, with what is wrong with them.</param>
/// <param name="First">The first day.</param>
/// <param name="Last">The last day, of a year that is not over today.</param>
public sealed record CalendarQuery(FilterQuery Given, DateOnly First, DateOnly Last)
{
    const int YearMin = 1990;

    static readonly (string Name, string Label)[] Conditions =
        [("year", "Year"), ("feed", "Feed"), ("targetGroup", "Target group")];

    /// <summary>Reads a query string; without a year, the twelve months up to today are meant.</summary>
    public static CalendarQuery Read(IQueryCollection query, DateOnly today)
    {
        var given = new FilterQuery(query, Conditions);
        if (given.TextOrNull("year") is { } text)
        {
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var year)
                && year >= YearMin && year <= today.Year)
            {
                var last = new DateOnly(year, 12, 31);
                return new CalendarQuery(given, new DateOnly(year, 1, 1), last < today ? last : today);
            }

            given.AddError("year", $"is not a year from {YearMin} to {today.Year}");
        }

        return new CalendarQuery(given, new DateOnly(today.Year, today.Month, 1).AddMonths(-11), today);
    }

    /// <summary>The list of the deployments of a day, filtered alike.</summary>
    public string DayLink(DateOnly day)
    {
        var text = day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var link = Given.Link("/deployments", without: "year");
        return $"{link}{(link.Contains('?', StringComparison.Ordinal) ? '&' : '?')}from={text}&to={text}";
    }
}
