using System.Globalization;
using System.Text;
using Deployments.Data.Records;
using Deployments.Web.Feeds;

namespace Deployments.Web.Records;

/// <summary>Deployment records as RFC 4180 CSV, safe to open in a spreadsheet.</summary>
static class RecordCsv
{
    static readonly string[] Header =
    [
        "id", "deployedAt", "recordedAt", "feed", "type", "group", "name", "version", "qualifier", "purl",
        "application", "description", "target", "url", "user", "recordedBy", "road",
    ];

    /// <summary>Writes a heading and one line per record, as they arrive.</summary>
    public static async Task WriteAsync(
        Stream output, IAsyncEnumerable<RecordRow> rows, FeedTypeCatalog types, CancellationToken ct)
    {
        await using var writer = new StreamWriter(output, new UTF8Encoding(false), 32 * 1024, leaveOpen: true);
        var line = new StringBuilder();
        Append(line, Header);
        await foreach (var row in rows.WithCancellation(ct))
        {
            Append(line,
            [
                row.Id.ToString(CultureInfo.InvariantCulture), TimeText.Write(row.DeployedAt),
                TimeText.Write(row.RecordedAt), row.Feed, row.Type, row.Group, row.Name, row.Version, row.Qualifier,
                RecordText.PurlOrNull(types, row) ?? "", row.Application, row.Description, row.Target, row.Url ?? "",
                row.User, row.RecordedBy, RecordText.Name(row.Road),
            ]);
            await writer.WriteAsync(line, ct);
            line.Clear();
        }

        // Only the heading is left when there were no rows at all.
        await writer.WriteAsync(line, ct);
    }

    static void Append(StringBuilder line, IEnumerable<string> cells) =>
        line.AppendJoin(',', cells.Select(CsvCell.Write)).Append("\r\n");
}
