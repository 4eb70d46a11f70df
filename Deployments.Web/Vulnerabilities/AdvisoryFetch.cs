using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Bodies;
using Deployments.Web.Gateway;

namespace Deployments.Web.Vulnerabilities;

/// <summary>
/// Fetches advisories from the sources: a URL through the same guard as connectors, only when its content has
/// changed; or the files of a directory.
/// </summary>
sealed partial class AdvisoryFetch(
    AdvisorySourceStore sources, AdvisoryStore advisories, AdvisoryImport import, UpstreamClient upstream,
    TimeProvider time, ILogger<AdvisoryFetch> log)
{
    const int FilesMax = 500_000;
    const int LocationLengthMax = 2_000;

    static readonly TimeSpan DownloadTimeout = TimeSpan.FromMinutes(10);

    /// <summary>Why a text cannot be a source's location; null when it can.</summary>
    public static string? ProblemOrNull(string location) =>
        location.Length is 0 or > LocationLengthMax || location.Any(char.IsControl)
            ? $"The address must have 1 to {LocationLengthMax} characters."
        : IsUrl(location) || Path.IsPathFullyQualified(location) ? null
        : "The address must be an http or https URL, or the full path of a directory.";

    /// <summary>Looks at every source; one that fails does not stop the others.</summary>
    /// <returns>How many sources there are.</returns>
    public async Task<int> RunAllAsync(CancellationToken ct)
    {
        await advisories.CloseWithdrawnAsync(ct);
        var all = await sources.AllAsync(ct);
        foreach (var source in all)
            await RunAsync(source, ct);
        return all.Count;
    }

    /// <summary>Looks at one source and notes what became of it.</summary>
    /// <returns>The outcome, for people to read.</returns>
    public async Task<string> RunAsync(AdvisorySource source, CancellationToken ct)
    {
        AdvisorySource after;
        try
        {
            after = IsUrl(source.Location) ? await DownloadAsync(source, ct) : await ReadDirectoryAsync(source, ct);
        }
        catch (Exception exception) when (!ct.IsCancellationRequested
            && exception is HttpRequestException or IOException or UnauthorizedAccessException
                or OperationCanceledException)
        {
            LogFailure(source.Name, exception);
            after = source with { LastOutcome = $"Failed: {exception.Message}" };
        }

        await sources.NoteAsync(after with { LastRunAt = time.GetUtcNow() }, ct);
        return after.LastOutcome;
    }

    async Task<AdvisorySource> DownloadAsync(AdvisorySource source, CancellationToken ct)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(ct);
        timeout.CancelAfter(DownloadTimeout);
        using var request = new HttpRequestMessage(HttpMethod.Get, source.Location);
        if (EntityTagHeaderValue.TryParse(source.Etag, out var etag))
            request.Headers.IfNoneMatch.Add(etag);
        using var response = await upstream.Invoker.SendAsync(request, timeout.Token);
        if (response.StatusCode == HttpStatusCode.NotModified)
            return source with { LastOutcome = "Nothing has changed." };
        if (!response.IsSuccessStatusCode)
            throw new HttpRequestException($"the address answered {(int)response.StatusCode}");

        await using var body = await response.Content.ReadAsStreamAsync(timeout.Token);
        await using var file = TemporaryFile.Create();
        if (!await AdvisoryUpload.TryKeepAsync(body, file, timeout.Token))
            throw new HttpRequestException($"the file is larger than {AdvisoryImport.UploadBytesMax >> 20} MB");
        var hash = await SHA256.HashDataAsync(file, ct);
        var next = source with { Etag = response.Headers.ETag?.ToString(), ContentHash = hash };
        if (source.ContentHash is { } before && hash.AsSpan().SequenceEqual(before))
            return next with { LastOutcome = "Nothing has changed." };
        file.Position = 0;
        return next with { LastOutcome = Sentence(await import.RunAsync(file, ct)) };
    }

    async Task<AdvisorySource> ReadDirectoryAsync(AdvisorySource source, CancellationToken ct)
    {
        var total = new ImportReport();
        var files = Directory.EnumerateFiles(source.Location, "*", new EnumerationOptions
        {
            RecurseSubdirectories = true,
            MaxRecursionDepth = 8,
            AttributesToSkip = FileAttributes.ReparsePoint, // no way out of the directory by links
        }).Where(path => Path.GetExtension(path).ToUpperInvariant() is ".JSON" or ".NDJSON" or ".ZIP").Take(FilesMax);
        foreach (var path in files)
        {
            await using var file = File.OpenRead(path);
            total.Add(await import.RunAsync(file, ct));
        }

        return source with { LastOutcome = Sentence(total) };
    }

    static bool IsUrl(string location) => Uri.TryCreate(location, UriKind.Absolute, out var url)
        && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps);

    static string Sentence(ImportReport report) =>
        $"{report.Read} read: {report.Imported} new or newer, {report.Unchanged} known already, "
        + $"{report.RejectedCount} refused.";

    [LoggerMessage(LogLevel.Warning, "Advisories could not be fetched from {Source}")]
    partial void LogFailure(string source, Exception exception);
}
