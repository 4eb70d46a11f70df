using Deployments.Data.Inbox;
using Deployments.Data.Records;
using Deployments.Web.Accounts;
using Deployments.Web.Feeds;

namespace Deployments.Web.Records;

/// <summary>Makes entries of what a request says of a deployment, by whatever road.</summary>
static class RecordEntry
{
    const int UserAgentLengthMax = 500;

    /// <summary>The entry of validated fields.</summary>
    /// <param name="fields">What was said; application, description and target are there.</param>
    /// <param name="package">The package.</param>
    /// <param name="feedId">The feed that it is of.</param>
    /// <param name="caller">Who says it.</param>
    /// <param name="context">The request.</param>
    /// <param name="road">By which road it comes.</param>
    /// <param name="id">From <see cref="RecordIds"/>.</param>
    /// <param name="now">The time.</param>
    public static InboxEntry Of(
        DeploymentFields fields, PackageCoordinates package, int feedId, Caller caller, HttpContext context,
        RecordRoad road, long id, DateTimeOffset now) => new()
        {
            Id = id,
            ReceivedAt = now,
            FeedId = feedId,
            GroupName = package.Group,
            Name = package.Name,
            Version = package.Version,
            Qualifier = package.Qualifier,
            Application = fields.Application!,
            Description = fields.Description!,
            Target = fields.Target!,
            Url = fields.Url,
            UserName = fields.UserName ?? caller.AccountName ?? caller.Name,
            DeployedAt = fields.DeployedAt,
            Recorder = caller.Name,
            ClientAddress = Caller.ClientAddress(context),
            UserAgent = UserAgentOf(context.Request),
            Road = road,
            RawPath = context.Request.Path,
        };

    /// <summary>What a client says it is, as it is kept; null when it says nothing.</summary>
    public static string? UserAgentOf(HttpRequest request) =>
        Shorten(request.Headers.UserAgent.ToString(), UserAgentLengthMax);

    /// <summary>A text as it is kept; null when there is none.</summary>
    public static string? Shorten(string text, int lengthMax)
    {
        if (text.Length <= lengthMax)
            return text.Length == 0 ? null : text;
        // Half a surrogate pair cannot be stored: it has no UTF-8 form.
        return char.IsHighSurrogate(text[lengthMax - 1]) ? text[..(lengthMax - 1)] : text[..lengthMax];
    }
}
