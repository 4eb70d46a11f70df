using Deployments.Data.Audit;

namespace Deployments.Web.Vulnerabilities;

/// <summary>Takes advisories over the network: keeps them in a temporary file, since a zip is read from its end.</summary>
sealed class AdvisoryUpload(AdvisoryImport import, AuditStore audit)
{
    /// <summary>Imports what a stream holds, and notes it in the audit log.</summary>
    /// <param name="body">What was sent.</param>
    /// <param name="by">Who sent it.</param>
    /// <param name="ct">Ends the import; what was stored before stays.</param>
    /// <returns>What became of it; null when it is larger than <see cref="AdvisoryImport.UploadBytesMax"/>.</returns>
    public async Task<ImportReport?> RunOrNullAsync(Stream body, Actor by, CancellationToken ct)
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        await using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Options = FileOptions.Asynchronous | FileOptions.DeleteOnClose,
        });
        var buffer = new byte[1 << 16];
        int read;
        while ((read = await body.ReadAsync(buffer, ct)) > 0)
        {
            if (file.Length + read > AdvisoryImport.UploadBytesMax)
                return null;
            await file.WriteAsync(buffer.AsMemory(0, read), ct);
        }

        file.Position = 0;
        var report = await import.RunAsync(file, ct);
        var counts = new { report.Read, report.Imported, report.Unchanged, Rejected = report.RejectedCount };
        await audit.AddAsync(
            new AuditedChange("advisories.import", "advisories", "OSV advisories", null, counts), by, ct);
        return report;
    }
}
