using Deployments.Data.Accounts;
using Deployments.Data.Feeds;
using Deployments.Data.Inbox;
using Deployments.Data.Records;
using Deployments.Data.Telemetry;
using Deployments.Web.Accounts;
using Deployments.Web.Feeds;
using Deployments.Web.Records;

namespace Deployments.Web.Gateway;

/// <summary>
/// Writes a tagged download down before its first byte is sent. It sits between the source's answer and the client:
/// whatever served the file, the response's status and headers are known, and nothing has been sent.
/// </summary>
/// <param name="writer">Makes entries durable.</param>
/// <param name="ids">Gives records their ids.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">For what must never fail a download.</param>
sealed class DeploymentCapture(
    InboxWriter writer, RecordIds ids, TimeProvider time, ILogger<DeploymentCapture> logger)
{
    const string StatusHeader = "X-Deployment-Status";
    const string IdHeader = "X-Deployment-Id";
    const int RawPathLengthMax = 4000;
    const int SourceLengthMax = 400;

    /// <summary>Arranges for the capture when the response to a tagged GET of a package file begins.</summary>
    /// <param name="context">The request.</param>
    /// <param name="served">The feed asked.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="package">Tells, when the answer begins, which package it is.</param>
    public void Watch(HttpContext context, ServedFeed served, Caller caller, Func<PackageCoordinates> package)
    {
        if (!IsWanted(context, served.Feed, caller))
            return;
        var receivedAt = time.GetUtcNow();
        context.Response.OnStarting(() => IsDeployment(context.Response, served.Type)
            ? CaptureAsync(context, served, caller, package(), receivedAt)
            : Task.CompletedTask);
    }

    /// <summary>
    /// Whether a download is to be recorded, should it succeed: the client tags it, or its key has a recording policy
    /// for this feed.
    /// </summary>
    public static bool IsWanted(HttpContext context, Feed feed, Caller caller) =>
        feed.DeploymentRecordsEnabled && HttpMethods.IsGet(context.Request.Method)
        && (PolicyOrNull(caller, feed) is not null || DeploymentHeaders.ArePresent(context.Request.Headers));

    async Task CaptureAsync(HttpContext context, ServedFeed served, Caller caller, PackageCoordinates package,
        DateTimeOffset receivedAt)
    {
        if (context.RequestAborted.IsCancellationRequested)
            return;
        try
        {
            var entry = await ReadAsync(context, served, caller, package, receivedAt);
            var outcome = await writer.AddAsync(entry);
            var headers = context.Response.Headers;
            (headers[StatusHeader], var word) = outcome switch
            {
                InboxOutcome.Failed => ("failed; the record could not be stored", Measures.Failed),
                _ when entry.Reason is not null => ($"rejected; {entry.Reason}", "rejected"),
                InboxOutcome.Journaled => ("journaled", "journaled"),
                _ => ("recorded", "recorded"),
            };
            if (entry.Reason is null && outcome != InboxOutcome.Failed)
                headers[IdHeader] = entry.Id.ToString(System.Globalization.CultureInfo.InvariantCulture);
            Measures.Captured(served.Type.Key, word);
        }
        catch (Exception exception)
        {
            // The download goes on whatever happens here.
            Measures.Captured(served.Type.Key, Measures.Failed);
            logger.LogError(exception, "A deployment of {Package} could not be recorded", package);
            context.Response.Headers[StatusHeader] = "failed; unexpected error";
        }
    }

    /// <summary>
    /// 200, 304 (the client deploys what it holds), a 206 that begins at the first byte, or where the type says so a
    /// 204 that points to the package.
    /// </summary>
    static bool IsDeployment(HttpResponse response, IFeedType type) => response.StatusCode switch
    {
        StatusCodes.Status200OK or StatusCodes.Status304NotModified => true,
        StatusCodes.Status204NoContent => type.PointsToPackages,
        StatusCodes.Status206PartialContent => response.GetTypedHeaders().ContentRange?.From == 0,
        _ => false,
    };

    async ValueTask<InboxEntry> ReadAsync(
        HttpContext context, ServedFeed served, Caller caller, PackageCoordinates package, DateTimeOffset receivedAt)
    {
        var feed = served.Feed;
        var (fields, problem, raw) = DeploymentHeaders.Read(context.Request.Headers);
        var isTagged = raw.Length > 0;
        if (PolicyOrNull(caller, feed) is { } policy)
        {
            fields = fields with
            {
                Application = fields.Application ?? policy.Application,
                Description = fields.Description ?? policy.Description,
                Target = fields.Target ?? policy.Target,
            };
        }

        // Whoever gave the key its policy has said that it may record just that.
        var reason = problem ?? Problem(fields) ?? Problem(served.Type, package)
            ?? (!isTagged || FeedAuthorization.MayRecord(caller, feed)
                ? null
                : $"{caller.Name} may download from {feed.Name} but not record deployments");
        var entry = new InboxEntry
        {
            Id = await ids.NextAsync(CancellationToken.None),
            ReceivedAt = receivedAt,
            FeedId = feed.FeedId,
            GroupName = package.Group,
            Name = package.Name,
            Version = package.Version,
            Qualifier = package.Qualifier,
            Source = SourceOrNull(package.Source),
            Recorder = caller.Name,
            ClientAddress = Caller.ClientAddress(context),
            UserAgent = RecordEntry.UserAgentOf(context.Request),
            Road = isTagged ? RecordRoad.Header : RecordRoad.KeyPolicy,
            RawPath = RecordEntry.Shorten(RawTarget.Of(context), RawPathLengthMax) ?? "",
            Reason = reason,
        };
        if (reason is not null)
            return Refused(entry, raw);

        entry = entry with
        {
            Application = fields.Application!,
            Description = fields.Description!,
            Target = fields.Target!,
            Url = fields.Url,
            UserName = fields.UserName ?? caller.AccountName ?? caller.Name,
            DeployedAt = fields.DeployedAt,
        };
        return !isTagged || raw == DeploymentHeaders.Write(entry) ? entry : entry with { RawHeaders = raw };
    }

    static string? SourceOrNull(string source) =>
        source.Length is > 0 and <= SourceLengthMax && !source.Any(char.IsControl) ? source : null;

    static RecordingPolicy? PolicyOrNull(Caller caller, Feed feed) =>
        caller.FeedId is null || caller.FeedId == feed.FeedId ? caller.Policy : null;

    static InboxEntry Refused(InboxEntry entry, string raw) => entry with
    {
        GroupName = CoordinateLimits.Excerpt(entry.GroupName),
        Name = CoordinateLimits.Excerpt(entry.Name),
        Version = CoordinateLimits.Excerpt(entry.Version),
        Qualifier = CoordinateLimits.Excerpt(entry.Qualifier),
        RawHeaders = raw,
    };

    static string? Problem(IFeedType type, PackageCoordinates package) =>
        CoordinateLimits.ProblemOrNull(type, package) is var (which, problem)
            ? $"the package's {which.ToLowerInvariant()} {problem}"
            : null;

    string? Problem(DeploymentFields fields) =>
        DeploymentRules.FirstProblem(fields, time.GetUtcNow()) is var (field, problem)
            ? $"{DeploymentHeaders.Prefix}{field} {problem}"
            : null;
}
