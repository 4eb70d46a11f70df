using System.IO.Compression;
using System.Text;
using Deployments.Web.Feeds;

namespace Deployments.Tests.Feeds;

/// <summary>A feed's directory in a directory of its own, so that a test sees what leaves the tree.</summary>
public sealed class TemporaryTree : IDisposable
{
    readonly DirectoryInfo surroundings = Directory.CreateTempSubdirectory("feed-tests-");

    public TemporaryTree() => Tree = new PackageTree(Root, TimeProvider.System);

    public PackageTree Tree { get; }

    public string Root => Path.Combine(surroundings.FullName, "feed");

    public bool NothingLeftTheTree => surroundings.EnumerateFileSystemInfos().All(entry => entry.FullName == Root);

    public void Dispose() => surroundings.Delete(recursive: true);
}

/// <summary>Requests and package bytes for feed type tests.</summary>
public static class Given
{
    public static readonly Uri FeedUrl = new("http://feeds.test:8624/x/main/");

    /// <summary>A request by path and query, as it stands behind the feed's root.</summary>
    public static FeedRequest? TryRequest(
        string pathAndQuery, string method = "GET", byte[]? body = null, string? contentType = null,
        Func<string, string?>? header = null)
    {
        var mark = pathAndQuery.IndexOf('?', StringComparison.Ordinal);
        var (path, query) = mark < 0 ? (pathAndQuery, "") : (pathAndQuery[..mark], pathAndQuery[mark..]);
        return FeedRequest.TryRead(method, path, query) is { } request
            ? request with
            {
                FeedUrl = FeedUrl,
                Body = body is null ? Stream.Null : new MemoryStream(body),
                ContentType = contentType,
                Header = header ?? (_ => null),
                UserName = "carol",
            }
            : null;
    }

    public static FeedRequest Request(
        string pathAndQuery, string method = "GET", byte[]? body = null, string? contentType = null,
        Func<string, string?>? header = null) =>
        TryRequest(pathAndQuery, method, body, contentType, header)
        ?? throw new ArgumentException($"{pathAndQuery} is no path of a feed.");

    /// <summary>A zip file with these entries.</summary>
    public static byte[] Zip(params (string Name, byte[] Content)[] entries)
    {
        using var buffer = new MemoryStream();
        using (var zip = new ZipArchive(buffer, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in entries)
            {
                using var entry = zip.CreateEntry(name).Open();
                entry.Write(content);
            }
        }

        return buffer.ToArray();
    }

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
