using System.Xml;
using Deployments.Data.Feeds;
using Deployments.Web.Feeds;

namespace Deployments.Web.Gateway;

/// <summary>
/// Finds out where an upstream has a package whose address does not follow from its name: it is in the upstream's
/// index, which clients of the ecosystem read too.
/// </summary>
sealed class UpstreamIndexes(UpstreamClient upstream)
{
    const int DocumentsMax = 10; // of one search; an index that names others leads no further

    /// <summary>The package's files, as the first connector that knows the package has them.</summary>
    /// <param name="served">The feed.</param>
    /// <param name="package">The package, with everything that was said of it; its version does not matter.</param>
    /// <param name="isWanted">Whether these are the keys of the package.</param>
    /// <param name="ct">Cancels.</param>
    /// <exception cref="HttpRequestException">An upstream is away, or its index cannot be read.</exception>
    public async Task<IReadOnlyList<UpstreamFile>> FindAsync(
        ServedFeed served, PackageCoordinates package, Func<PackageKeys, bool> isWanted, CancellationToken ct)
    {
        foreach (var connector in served.Feed.Connectors)
        {
            try
            {
                var found = await FindAsync(served.Type, connector, package, ct);
                var files = found.Where(file => isWanted(served.Type.Normalize(file.Package))).ToList();
                if (files.Count > 0)
                    return files;
            }
            catch (Exception exception) when (exception is FormatException or InvalidDataException or XmlException)
            {
                throw new HttpRequestException(
                    $"{connector.Name}'s index cannot be read: {exception.Message}", exception);
            }
            catch (OperationCanceledException exception) when (!ct.IsCancellationRequested)
            {
                throw new HttpRequestException($"{connector.Name} does not answer", exception);
            }
        }

        return [];
    }

    async Task<IReadOnlyList<UpstreamFile>> FindAsync(
        IFeedType type, Connector connector, PackageCoordinates package, CancellationToken ct)
    {
        var url = new Uri(connector.Url);
        var index = await upstream.IndexAsync(type, connector, ct);
        var files = new List<UpstreamFile>();
        var waiting = new Queue<IReadOnlyList<string>>(type.IndexPaths(package));
        for (var asked = 0; asked < DocumentsMax && waiting.TryDequeue(out var alternatives);)
        {
            foreach (var path in alternatives)
            {
                asked++;
                if (FeedRequest.TryRead("GET", path) is not { } request
                    || type.UpstreamUrl(request, url, index) is not { } address
                    || await upstream.DocumentOrNullAsync(connector, address, ct) is not { } document)
                    continue;
                if (type.RewritesAnswer(request))
                    files.AddRange(Led(type, connector, new RewriteContext(request, url, _ => "-") { Index = index },
                        document));
                else
                {
                    var read = type.ReadIndex(package, request, document);
                    files.AddRange(read.Files.Select(file => Below(type, connector, file)).OfType<UpstreamFile>());
                    foreach (var further in read.Further)
                        waiting.Enqueue([further]);
                }

                break;
            }
        }

        return files;
    }

    /// <summary>What the clients of a rewritten index would be led to.</summary>
    static List<UpstreamFile> Led(IFeedType type, Connector connector, RewriteContext context, byte[] document)
    {
        var files = new List<UpstreamFile>();
        type.Rewrite(document, context with
        {
            Watch = (address, path) =>
            {
                if (PackageFile.At(path[^1], path) is var file
                    && FeedRequest.TryRead("GET", file.RawPath) is { } request
                    && type.TryReadDownload(request) is { } package)
                    files.Add(new UpstreamFile(connector.ConnectorId, address, package, file));
            },
        });
        return files;
    }

    // The index may name anything.
    static UpstreamFile? Below(IFeedType type, Connector connector, IndexedFile indexed) =>
        PackageFile.At(indexed.Path[^1], indexed.Path) is var file
        && FeedRequest.TryRead("GET", file.RawPath) is { } request && type.TryReadDownload(request) is not null
        && type.UpstreamUrl(request, new Uri(connector.Url), null) is { } address
            ? new UpstreamFile(connector.ConnectorId, address, indexed.Package, file)
            : null;
}

/// <summary>A package file of an upstream.</summary>
/// <param name="ConnectorId">Whose it is.</param>
/// <param name="Address">Where it is.</param>
/// <param name="Package">The package.</param>
/// <param name="File">Its address below the feed.</param>
sealed record UpstreamFile(int ConnectorId, Uri Address, PackageCoordinates Package, PackageFile File);
