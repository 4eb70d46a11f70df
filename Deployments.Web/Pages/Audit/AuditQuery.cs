using System.Globalization;
using Deployments.Data.Audit;
using Deployments.Web.Records;

namespace Deployments.Web.Pages.Audit;

/// <summary>
/// The filter of the audit log as it stands in a query string: the page and its CSV read the same words.
/// </summary>
static class AuditQuery
{
    /// <summary>Name and label of each condition, in the order in which the page shows them.</summary>
    public static readonly IReadOnlyList<(string Name, string Label)> Conditions =
        [("actor", "Who"), ("action", "Action"), ("subject", "What"), ("from", "From"), ("to", "To")];

    /// <summary>The filter; what could not be read is left out of it and named in the query's errors.</summary>
    public static AuditFilter FilterOf(FilterQuery query) =>
        new(query.TextOrNull("actor"), query.TextOrNull("action"))
        {
            Subject = query.TextOrNull("subject"),
            From = query.TimeOrNull("from"),
            To = query.TimeOrNull("to", isEnd: true),
        };

    /// <summary>A place in the log as it stands in an address: <c>older-17</c>.</summary>
    public static string Write(AuditCursor cursor) =>
        string.Create(CultureInfo.InvariantCulture, $"{(cursor.TowardsNewer ? "newer" : "older")}-{cursor.Id}");

    /// <summary>
    /// Reads what <see cref="Write"/> wrote; null when none is given, or it is something else (an error then).
    /// </summary>
    public static AuditCursor? CursorOrNull(FilterQuery query)
    {
        if (query.TextOrNull("cursor") is not { } text)
            return null;
        if (text.Split('-') is [("newer" or "older") and var way, var number]
            && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            return new AuditCursor(id, way == "newer");
        query.AddError("cursor", RecordQuery.NoCursor);
        return null;
    }
}
