using System.Net.Http.Headers;

namespace Deployments.Web.Gateway;

/// <summary>
/// What of an upstream's headers reaches a client. Whatever else an upstream says - to clear a site's data, to go
/// elsewhere after some seconds, who may read this server's answers - it says of itself, not of this server.
/// </summary>
static class UpstreamHeaders
{
    static readonly HashSet<string> Passed = new(
    [
        // What the answer is, and for how long (RFC 9110, RFC 9111).
        "Content-Type", "Content-Length", "Content-Encoding", "Content-Language", "Content-Disposition",
        "Content-Range", "Content-MD5", "Digest", "Repr-Digest", "Content-Digest", "Accept-Ranges", "ETag",
        "Last-Modified", "Cache-Control", "Expires", "Age", "Date", "Vary", "Retry-After", "Transfer-Encoding",
        // Container registries (OCI Distribution Specification), Maven repositories, Python indexes.
        "Docker-Content-Digest", "Docker-Distribution-Api-Version", "OCI-Subject", "OCI-Filters-Applied",
        "X-Checksum-Md5", "X-Checksum-Sha1", "X-Checksum-Sha256", "X-Checksum-Sha512", "X-PyPI-Last-Serial",
        // NuGet v2 and Conan.
        "DataServiceVersion", "X-Conan-Server-Capabilities", "X-Conan-Server-Version",
        RevalidationHandler.StaleHeader,
    ], StringComparer.OrdinalIgnoreCase);

    /// <summary>Removes the others.</summary>
    /// <param name="response">The upstream's answer.</param>
    /// <param name="further">Those that the feed's type knows and rewrites.</param>
    public static void Clean(HttpResponseMessage response, IReadOnlyList<string> further)
    {
        Clean(response.Headers, further);
        Clean(response.Content.Headers, further);
        response.TrailingHeaders.Clear();
    }

    static void Clean(HttpHeaders headers, IReadOnlyList<string> further)
    {
        foreach (var (name, _) in headers.NonValidated.ToList())
        {
            if (!Passed.Contains(name) && !further.Contains(name, StringComparer.OrdinalIgnoreCase))
                headers.Remove(name);
        }
    }
}
