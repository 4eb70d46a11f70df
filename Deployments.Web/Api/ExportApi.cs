using System.Globalization;
using System.Text;
using Deployments.Data.Accounts;
using Deployments.Data.Audit;
using Deployments.Data.Database;
using Deployments.Data.Records;
using Deployments.Web.Accounts;
using Deployments.Web.Pages.Audit;
using Deployments.Web.Records;

namespace Deployments.Web.Api;

/// <summary>
/// CSV for auditors: of all records, and of the audit log. For administrators, signed in or with a key; who took what
/// is noted before the first byte is sent.
/// </summary>
static class ExportApi
{
    const string ContentType = "text/csv; charset=utf-8";

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/admin/export.csv", RecordsAsync).RequirePermission(Permissions.Manage);
        endpoints.MapGet("/admin/audit.csv", AuditAsync).RequirePermission(Permissions.Manage);
    }

    static async Task<IResult> RecordsAsync(
        HttpContext context, ExportGate gate, CsvExportQueries export, AuditStore audit, CancellationToken ct)
    {
        var query = new FilterQuery(context.Request.Query, [("from", "From"), ("to", "To")]);
        var (from, to) = (query.TimeOrNull("from"), query.TimeOrNull("to", isEnd: true));
        if (query.Errors.Count > 0)
            return Refusal(query.Errors.Select(error => $"{error.Key} {error.Value}."));
        if (from > to)
            return Refusal(["to is before from."]);
        if (gate.RefusalOrNull(context) is { } busy)
            return busy;

        var by = ApiAccess.CallerOf(context).ActorFor(context);
        var range = $"{Text(from) ?? "the first"} to {Text(to) ?? "the last"}";
        await audit.AddAsync(
            new AuditedChange("records.export", "records", range, null, new { From = Text(from), To = Text(to) }), by,
            ct);
        context.Response.Headers.CacheControl = "no-store";
        return Results.Stream(
            async output =>
            {
                var rows = await export.WriteAsync(from, to, output, ct);
                // Everything is on its way: noted even if the client closes the line now.
                await audit.AddAsync(new AuditedChange("records.exported", "records", range, null, new { Rows = rows }),
                    by, CancellationToken.None);
            },
            ContentType, $"deployments{Part(from)}{Part(to?.AddTicks(-1))}.csv");
    }

    static async Task<IResult> AuditAsync(
        HttpContext context, ExportGate gate, ExportDatabase exports, AuditStore audit, CancellationToken ct)
    {
        var query = new FilterQuery(context.Request.Query, AuditQuery.Conditions);
        var filter = AuditQuery.FilterOf(query);
        AuditQuery.CursorOrNull(query);
        if (query.Errors.Count > 0)
            return Refusal(query.Errors.Select(error => $"{error.Key} {error.Value}."));
        if (gate.RefusalOrNull(context) is { } busy)
            return busy;

        await audit.AddAsync(
            new AuditedChange("audit.export", "audit", "Audit log", null,
                query.Given.ToDictionary(given => given.Name, given => given.Value)),
            ApiAccess.CallerOf(context).ActorFor(context), ct);
        context.Response.Headers.CacheControl = "no-store";
        return Results.Stream(
            output => WriteAsync(output, AuditQueries.StreamAsync(exports, filter, ct), ct), ContentType,
            "audit-log.csv");
    }

    static async Task WriteAsync(Stream output, IAsyncEnumerable<AuditEvent> events, CancellationToken ct)
    {
        await using var writer = new StreamWriter(output, new UTF8Encoding(false), 32 * 1024, leaveOpen: true);
        var line = new StringBuilder("id,occurredAt,actor,address,action,subjectKind,subject,before,after\r\n");
        await foreach (var change in events)
        {
            line.AppendJoin(',', ((string[])[
                change.AuditEventId.ToString(CultureInfo.InvariantCulture), TimeText.Write(change.OccurredAt),
                change.Actor, change.Address ?? "", change.Action, change.SubjectKind, change.SubjectName,
                change.Before ?? "", change.After ?? ""]).Select(CsvCell.Write)).Append("\r\n");
            await writer.WriteAsync(line, ct);
            line.Clear();
        }

        // Only the heading is left when there were no events at all.
        await writer.WriteAsync(line, ct);
    }

    static IResult Refusal(IEnumerable<string> problems) =>
        Results.Text(string.Join('\n', problems), statusCode: StatusCodes.Status400BadRequest);

    static string? Text(DateTimeOffset? time) => time is { } value ? TimeText.Write(value) : null;

    static string Part(DateTimeOffset? time) =>
        time?.UtcDateTime.ToString("'_'yyyy-MM-dd", CultureInfo.InvariantCulture) ?? "";
}
