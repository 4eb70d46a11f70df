using Deployments.Data.Audit;
using Deployments.Web.Bodies;

namespace Deployments.Web.Vulnerabilities;

/// <summary>Takes advisories over the network, by way of a temporary file: a zip is read from its end.</summary>
sealed class AdvisoryUpload(AdvisoryImport import, AuditStore audit)
{
    /// <summary>Imports what a stream holds, and notes it in the audit log.</summary>
    /// <param name="body">What was sent.</param>
    /// <param name="by">Who sent it.</param>
    /// <param name="ct">Ends the import; what was stored before stays.</param>
    /// <returns>What became of it; null when it is larger than <see cref="AdvisoryImport.UploadBytesMax"/>.</returns>
    public async Task<ImportReport?> RunOrNullAsync(Stream body, Actor by, CancellationToken ct)
    {
        await using var file = TemporaryFile.Create();
        if (!await TryKeepAsync(body, file, ct))
            return null;
        var report = await import.RunAsync(file, ct);
        var counts = new { report.Read, report.Imported, report.Unchanged, Rejected = report.RejectedCount };
        await audit.AddAsync(
            new AuditedChange("advisories.import", "advisories", "OSV advisories", null, counts), by, ct);
        return report;
    }

    /// <summary>
    /// Copies a stream into a file and goes back to its beginning; false when the stream is larger than
    /// <see cref="AdvisoryImport.UploadBytesMax"/>.
    /// </summary>
    public static async Task<bool> TryKeepAsync(Stream body, FileStream file, CancellationToken ct)
    {
        var buffer = new byte[1 << 16];
        int read;
        while ((read = await body.ReadAsync(buffer, ct)) > 0)
        {
            if (file.Length + read > AdvisoryImport.UploadBytesMax)
                return false;
            await file.WriteAsync(buffer.AsMemory(0, read), ct);
        }

        file.Position = 0;
        return true;
    }
}
