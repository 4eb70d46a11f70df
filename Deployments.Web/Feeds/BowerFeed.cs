using System.Text.Json;
using Deployments.Web.Feeds.Versions;

namespace Deployments.Web.Feeds;

/// <summary>
/// Bower packages, for the Package Deployment API alone: Bower's index names git repositories, from which the client
/// fetches by itself, so nothing that could be recorded passes here.
/// </summary>
public sealed class BowerFeed : IFeedType
{
    /// <inheritdoc/>
    public string Key => "bower";

    /// <inheritdoc/>
    public string DisplayName => "Bower";

    /// <inheritdoc/>
    public string Root => "bower";

    /// <inheritdoc/>
    public IReadOnlyList<string> Aliases => [];

    /// <inheritdoc/>
    public string PackageType => "bower";

    /// <inheritdoc/>
    public string? OsvEcosystem => null;

    /// <inheritdoc/>
    public IVersionOrder VersionOrder => SemVerVersionOrder.Instance;

    /// <inheritdoc/>
    public PackageCoordinates? TryReadDownload(FeedRequest request) => null;

    /// <inheritdoc/>
    public PackageKeys Normalize(PackageCoordinates package) =>
        new(package.Group, package.Name.ToLowerInvariant(), SemVerSyntax.WithoutBuild(package.Version));

    /// <inheritdoc/>
    public string Purl(PackageCoordinates package) =>
        PackageUrl.Of(PackageType, package.Group, package.Name, package.Version);

    /// <inheritdoc/>
    public Uri? UpstreamUrl(FeedRequest request, Uri connector, JsonElement? index) => null;

    /// <inheritdoc/>
    public LocalAnswer? EmptyAnswer(FeedRequest request) =>
        request.Segments is ["packages"] or ["packages", "search", _]
        ? new LocalAnswer.Document("[]"u8.ToArray(), "application/json")
        : null;

    /// <inheritdoc/>
    public ValueTask<LocalAnswer?> AnswerAsync(FeedRequest request, PackageTree tree, CancellationToken ct) => new(
        request.Method is "GET" or "HEAD"
            ? null
            : new LocalAnswer.Status(405, "A Bower feed keeps no packages; report deployments through the API."));
}
