using System.Data.Common;
using System.Text.Json;
using System.Text.Json.Nodes;
using Deployments.Data.Accounts;
using Deployments.Data.Feeds;
using Deployments.Web.Accounts;
using Deployments.Web.Feeds;

namespace Deployments.Web.Gateway;

/// <summary>
/// Answers the audits of package clients from the advisories held here and from what the feed's connectors say. See
/// db/decisions/0015.
/// </summary>
sealed class ClientAudits(
    KnownAdvisories advisories, VisibleFeedQueries feeds, UpstreamClient upstream, ILogger<ClientAudits> logger)
{
    const int FurtherMax = 20; // documents that one answer leads to

    static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>Answers the request where it is an audit.</summary>
    /// <param name="context">The request.</param>
    /// <param name="served">The feed.</param>
    /// <param name="caller">Who asks; may download from the feed.</param>
    /// <param name="request">The request as feed types read it.</param>
    /// <returns>Whether it was one, and is answered.</returns>
    public async ValueTask<bool> TryAnswerAsync(
        HttpContext context, ServedFeed served, Caller caller, FeedRequest request)
    {
        var ct = context.RequestAborted;
        try
        {
            if (await served.Type.ReadAuditAsync(request, served.Tree, ct) is not { } audit)
                return false;
            var visible = await VisibleAsync(served, caller, ct);
            var known = await advisories.OfAsync(
                served.Type, audit.Packages, audit.Id, audit.WantsDetails, visible, ct)
                with
            { HasConnectors = served.Feed.Connectors.Count > 0 };
            var said = new List<JsonNode>();
            var failure = "";
            foreach (var connector in served.Feed.Connectors)
                failure = await AskAsync(audit, served.Type, connector, said, ct) ?? failure;
            // Behind a closed door, what is held here is answered all the same.
            if (known.ChangedAt is null && said.Count == 0 && failure.Length > 0)
                await PlainText.WriteAsync(context, StatusCodes.Status502BadGateway, failure);
            else if (known.ChangedAt is null && said.Count == 0 && !audit.IsAnsweredByNothing)
                await PlainText.WriteAsync(context, StatusCodes.Status404NotFound,
                    $"No advisories about {served.Type.DisplayName} packages are known here.");
            else if (audit.Answer(known, said) is { } answer)
                await LocalResponse.WriteAsync(context, answer);
            else
                await PlainText.WriteAsync(context, StatusCodes.Status404NotFound, "No such advisory is known here.");
        }
        catch (FormatException refusal)
        {
            await PlainText.WriteAsync(context, StatusCodes.Status400BadRequest, refusal.Message);
        }
        catch (DbException exception)
        {
            logger.LogWarning("An audit cannot be answered: {Reason}", exception.Message);
            await PlainText.WriteAsync(context, StatusCodes.Status503ServiceUnavailable,
                "The advisories cannot be read now.");
        }

        return true;
    }

    /// <summary>The request with what is known, where its answer tells that beside other things.</summary>
    public async ValueTask<FeedRequest> WithKnownAsync(
        ServedFeed served, Caller caller, FeedRequest request, CancellationToken ct)
    {
        if (served.Type.PackagesTold(request) is not { } packages)
            return request;
        try
        {
            var visible = await VisibleAsync(served, caller, ct);
            var known = await advisories.OfAsync(served.Type, packages, null, false, visible, ct);
            return request with { Known = known with { HasConnectors = served.Feed.Connectors.Count > 0 } };
        }
        catch (DbException exception)
        {
            // Downloads go on without the database, and this is part of them.
            logger.LogWarning("Vulnerabilities are left out of an answer: {Reason}", exception.Message);
            return request;
        }
    }

    // Assessments of a package count for those who may download it, be it from another feed.
    Task<VisibleFeeds> VisibleAsync(ServedFeed served, Caller caller, CancellationToken ct) =>
        caller is { IsAnonymous: false } && caller.CanEverywhere(Permissions.View)
            ? Task.FromResult(VisibleFeeds.All)
            : feeds.OfAsync(
                isOpenSeen: true, caller is { IsAnonymous: false } && caller.CanView(),
                [served.Feed.FeedId, .. caller.FeedId is null ? caller.Rights.FeedsWith(Permissions.View) : []], ct);

    // Null, or why the connector could not be asked.
    async Task<string?> AskAsync(
        ClientAudit audit, IFeedType type, Connector connector, List<JsonNode> said, CancellationToken ct)
    {
        try
        {
            var index = await upstream.IndexAsync(type, connector, ct);
            if (audit.Upstream(new Uri(connector.Url), index) is not { } question
                || await upstream.AnswerOrNullAsync(connector, question, ct) is not { } document
                || JsonNode.Parse(document, documentOptions: Strict) is not { } answer)
                return null;
            var further = audit.Further(answer);
            if (further.Count == 0)
                said.Add(answer);
            foreach (var url in further.Take(FurtherMax))
            {
                if (await upstream.DocumentOrNullAsync(connector, url, ct) is { } page
                    && JsonNode.Parse(page, documentOptions: Strict) is { } read)
                    said.Add(read);
            }

            return null;
        }
        catch (Exception exception) when (exception is HttpRequestException or JsonException or UriFormatException
            || (exception is OperationCanceledException && !ct.IsCancellationRequested))
        {
            var reason = (exception.InnerException ?? exception).Message;
            logger.LogWarning("Connector {Connector} cannot be asked about vulnerabilities: {Reason}",
                connector.Name, reason);
            return $"The connector {connector.Name} cannot answer: {reason}";
        }
    }
}
