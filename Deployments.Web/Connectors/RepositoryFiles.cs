using Deployments.Data.Feeds;
using Deployments.Web.Feeds;
using Deployments.Web.Gateway;

namespace Deployments.Web.Connectors;

/// <summary>
/// Files of a feed's repository as its clients get them: the feed's own, a connector's, or made ones.
/// </summary>
sealed class RepositoryFiles(FeedDirectory feeds, UpstreamClient upstream)
{
    /// <summary>A file; null when there is none, or nobody could say.</summary>
    /// <param name="feed">The feed.</param>
    /// <param name="path">Below it, encoded.</param>
    /// <param name="ct">Cancels.</param>
    /// <exception cref="HttpRequestException">A connector is away or answers with an error.</exception>
    public async Task<byte[]?> ReadOrNullAsync(Feed feed, string path, CancellationToken ct)
    {
        if (FeedRequest.TryRead("GET", path) is not { } request
            || await feeds.FindOrNullAsync(feed.Name, ct) is not { } served)
            return null;
        var answer = await served.Type.AnswerAsync(request, served.Tree, ct);
        if (answer is LocalAnswer.File file)
            return new FileInfo(file.Path).Length <= UpstreamClient.DocumentBytesMax
                ? await File.ReadAllBytesAsync(file.Path, ct)
                : null;
        foreach (var connector in served.Feed.Connectors)
        {
            if (served.Type.UpstreamUrl(request, new Uri(connector.Url), null) is { } url
                && await upstream.DocumentOrNullAsync(connector, url, ct) is { } document)
                return document;
        }

        return await served.Type.MakeIndexAsync(request, served.Tree, mayBeEmpty: false, ct)
            is LocalAnswer.Document made ? made.Content : null;
    }

    /// <summary>The names of the folders of the feed's own files in a folder.</summary>
    public async Task<IReadOnlyList<string>> FoldersAsync(Feed feed, string folder, CancellationToken ct) =>
        await feeds.FindOrNullAsync(feed.Name, ct) is { } served ? served.Tree.Directories(folder) : [];
}
