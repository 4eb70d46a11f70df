using System.Globalization;
using System.Text;
using Deployments.Data.Accounts;
using Deployments.Data.Calendar;
using Deployments.Data.Records;
using Deployments.Web.Accounts;
using Deployments.Web.Calendar;
using Deployments.Web.Records;

namespace Deployments.Web.Api;

/// <summary><c>/api/calendar</c>: how much was deployed on each day.</summary>
sealed class CalendarApi(CalendarQueries calendar, TimeProvider time)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/calendar", (HttpContext context, CalendarApi api) => api.JsonAsync(context))
            .RequirePermission(Permissions.View, anyFeed: true);
        routes.MapGet("/api/calendar.csv", (HttpContext context, CalendarApi api) => api.CsvAsync(context))
            .RequirePermission(Permissions.View, anyFeed: true);
    }

    async Task<IResult> JsonAsync(HttpContext context)
    {
        var query = Read(context);
        if (query.Given.Problem is { } problem)
            return Results.Text(problem, statusCode: 400);
        var count = await OfAsync(context, query);
        return Results.Json(new
        {
            from = Text(query.First),
            to = Text(query.Last),
            countedFrom = Text(count.CountedFrom),
            uncounted = count.Uncounted,
            countedAt = count.OldestAt is { } oldest ? TimeText.Write(oldest) : null,
            items = count.Days.Select(day => new { day = Text(day.Day), day.Deployments, day.Rollbacks, day.Outside }),
        });
    }

    async Task<IResult> CsvAsync(HttpContext context)
    {
        var query = Read(context);
        if (query.Given.Problem is { } problem)
            return Results.Text(problem, statusCode: 400);
        var text = new StringBuilder(CsvCell.Line(["day", "deployments", "rollbacks", "outside"]));
        foreach (var day in (await OfAsync(context, query)).Days)
            text.Append(CsvCell.Line(
                [Text(day.Day), Number(day.Deployments), Number(day.Rollbacks), Number(day.Outside)]));
        return Results.File(Encoding.UTF8.GetBytes(text.ToString()), "text/csv; charset=utf-8", "calendar.csv");
    }

    CalendarQuery Read(HttpContext context) =>
        CalendarQuery.Read(context.Request.Query, DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime));

    Task<CalendarCount> OfAsync(HttpContext context, CalendarQuery query) => calendar.OfAsync(
        query.First, query.Last, query.Given.TextOrNull("feed"), query.Given.TextOrNull("targetGroup"),
        CallerFeeds.Of(context), context.RequestAborted);

    static string Text(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
