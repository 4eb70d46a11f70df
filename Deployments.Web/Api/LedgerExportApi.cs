using Deployments.Data.Accounts;
using Deployments.Data.Audit;
using Deployments.Data.Evidence;
using Deployments.Web.Accounts;
using Deployments.Web.Ledger;
using Deployments.Web.Records;

namespace Deployments.Web.Api;

/// <summary>
/// Deployment records with what proves that they are in the ledger, and the script that checks such a file. For
/// administrators, as the audit CSV beside it.
/// </summary>
static class LedgerExportApi
{
    const string Script = "verify-export.py";

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/admin/export.jsonl", RecordsAsync).RequirePermission(Permissions.Manage);
        endpoints.MapGet("/admin/" + Script, () => Results.Stream(
            typeof(LedgerExportApi).Assembly.GetManifestResourceStream(Script)!, "text/x-python; charset=utf-8",
            Script)).RequirePermission(Permissions.Manage);
    }

    static async Task<IResult> RecordsAsync(
        HttpContext context, ExportGate gate, LedgerExportQueries export, LedgerSigner signer, AuditStore audit,
        CancellationToken ct)
    {
        var query = new FilterQuery(context.Request.Query, [("from", "From"), ("to", "To")]);
        var (from, to) = (query.TimeOrNull("from"), query.TimeOrNull("to", isEnd: true));
        if (query.Errors.Count > 0)
            return Refusal(string.Join('\n', query.Errors.Select(error => $"{error.Key} {error.Value}.")));
        if (from > to)
            return Refusal("to is before from.");
        if (gate.RefusalOrNull(context) is { } busy)
            return busy;

        var by = ApiAccess.CallerOf(context).ActorFor(context);
        var range = $"{Text(from) ?? "the first"} to {Text(to) ?? "the last"}";
        await audit.AddAsync(
            new AuditedChange(
                "records.export", "records", range, null, new { From = Text(from), To = Text(to), Proofs = true }),
            by, ct);
        context.Response.Headers.CacheControl = "no-store";
        return Results.Stream(
            async output =>
            {
                var rows = await export.WriteAsync(from, to, head => signer.SignAsync(head, ct), output, ct);
                await audit.AddAsync(
                    new AuditedChange("records.exported", "records", range, null, new { Rows = rows, Proofs = true }),
                    by, CancellationToken.None);
            },
            "application/jsonl; charset=utf-8", "deployments.jsonl");
    }

    static string? Text(DateTimeOffset? time) => time is { } value ? TimeText.Write(value) : null;

    static IResult Refusal(string problem) => Results.Text(problem, statusCode: StatusCodes.Status400BadRequest);
}
