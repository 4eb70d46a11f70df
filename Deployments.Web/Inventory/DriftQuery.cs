using System.Globalization;
using Deployments.Data.Inventory;
using Deployments.Web.Records;
using Microsoft.AspNetCore.WebUtilities;

namespace Deployments.Web.Inventory;

/// <summary>Which differences are asked for, as a query string has it; pages and the API read it alike.</summary>
/// <param name="Given">The conditions as given, with what is wrong with them.</param>
/// <param name="Filter">What they come to.</param>
sealed record DriftQuery(FilterQuery Given, DriftFilter Filter)
{
    /// <summary>Most rows of a page.</summary>
    public const int LimitMax = 1000;

    const int DaysMax = 3650;

    static readonly (string Name, string Label)[] Conditions =
    [
        ("target", "Target"), ("targetGroup", "Target group"), ("package", "Package contains"), ("kind", "Kind"),
        ("accepted", "Accepted"), ("all", "Unknown packages too"), ("days", "Unconfirmed for days"),
    ];

    /// <summary>Reads a query string.</summary>
    /// <param name="query">The query string.</param>
    /// <param name="limit">Rows of a page, where it does not say.</param>
    public static DriftQuery Read(IQueryCollection query, int limit)
    {
        var given = new FilterQuery(query, Conditions);
        var kind = given.ChoiceOrNull("kind", "different", "unrecorded", "missing", "unconfirmed");
        var cursor = given.TextOrNull("cursor") is { } text ? DriftCursor.TryParse(text) : null;
        if (cursor is null && given.TextOrNull("cursor") is not null)
            given.AddError("cursor", RecordQuery.NoCursor);
        return new DriftQuery(given, new DriftFilter
        {
            Target = given.TextOrNull("target"),
            TargetGroup = given.TextOrNull("targetGroup"),
            Package = given.TextOrNull("package"),
            Kind = kind is null ? null : Enum.Parse<DriftKind>(kind, ignoreCase: true),
            IsAccepted = given.ChoiceOrNull("accepted", "true") is not null,
            IsAll = given.ChoiceOrNull("all", "true") is not null,
            Quiet = TimeSpan.FromDays(DaysOf(given)),
            Cursor = cursor,
            Limit = given.LimitOr(limit, LimitMax),
        });
    }

    /// <summary>The address of the next page; null when there is none.</summary>
    public string? Link(string path, DriftCursor? cursor) =>
        cursor is null ? null : QueryHelpers.AddQueryString(Given.Link(path), "cursor", cursor.ToString());

    static int DaysOf(FilterQuery given)
    {
        if (given.TextOrNull("days") is not { } text)
            return (int)DriftFilter.QuietDefault.TotalDays;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var days)
            && days is >= 1 and <= DaysMax)
            return days;
        given.AddError("days", $"is not a number from 1 to {DaysMax}");
        return 1;
    }
}
