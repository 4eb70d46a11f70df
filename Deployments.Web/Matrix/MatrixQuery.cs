using System.Globalization;
using Deployments.Data.Matrix;
using Deployments.Web.Feeds;
using Deployments.Web.Records;
using Microsoft.AspNetCore.WebUtilities;

namespace Deployments.Web.Matrix;

/// <summary>What the matrix is asked for, as a query string has it; page, API and CSV read it alike.</summary>
/// <param name="Given">The conditions as given, with what is wrong with them.</param>
/// <param name="Filter">What they come to.</param>
sealed record MatrixQuery(FilterQuery Given, MatrixFilter Filter)
{
    static readonly (string Name, string Label)[] Conditions =
    [
        ("package", "Package contains"), ("type", "Type"), ("targetGroup", "Targets of"), ("by", "Columns"),
        ("at", "At"),
    ];

    /// <summary>Reads a query string.</summary>
    /// <param name="query">The query string.</param>
    /// <param name="types">Translates the names of feed types into package types.</param>
    /// <param name="limit">Packages of a page, where it does not say.</param>
    public static MatrixQuery Read(IQueryCollection query, FeedTypeCatalog types, int limit)
    {
        var given = new FilterQuery(query, Conditions);
        int? after = null;
        if (given.TextOrNull("cursor") is { } cursor)
        {
            if (int.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
                after = id;
            else
                given.AddError("cursor", RecordQuery.NoCursor);
        }

        return new MatrixQuery(given, new MatrixFilter
        {
            Package = given.TextOrNull("package"),
            Type = given.TextOrNull("type") is { } type ? types.FindOrNull(type)?.PackageType ?? type : null,
            TargetGroup = given.TextOrNull("targetGroup"),
            IsByTarget = given.ChoiceOrNull("by", "target") is not null,
            At = given.TimeOrNull("at", isEnd: true),
            After = after,
            Limit = given.LimitOr(limit, MatrixFilter.LimitMax),
        });
    }

    /// <summary>The address of the next page; null when there is none.</summary>
    public string? Link(string path, int? cursor) => cursor is not { } after ? null
        : QueryHelpers.AddQueryString(Given.Link(path), "cursor", after.ToString(CultureInfo.InvariantCulture));
}
