using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Deployments.Web.Feeds;

namespace Deployments.Web.Vulnerabilities;

/// <summary>
/// Documents for other tools. The same content is the same text, with the same number: no clock and no chance goes in.
/// </summary>
static class ExportedJson
{
    static readonly JsonSerializerOptions Options = new() { WriteIndented = true, NewLine = "\n" };

    // The namespace of these numbers; drawn once.
    static readonly byte[] Namespace = new Guid("3f7c1a54-8d0e-4a3b-9c55-6f0a7b1de2c8").ToByteArray(bigEndian: true);

    /// <summary>Numbers a document by its content, and writes it.</summary>
    /// <param name="document">The document.</param>
    /// <param name="member">The member that has the number, <c>urn:uuid:…</c>; its value does not matter.</param>
    public static string Write(JsonObject document, string member)
    {
        document[member] = "";
        document[member] = $"urn:uuid:{NumberOf(document.ToJsonString())}";
        return document.ToJsonString(Options);
    }

    /// <summary>The package URL of a version, whatever feed it came through.</summary>
    public static string Purl(FeedTypeCatalog types, string type, PackageCoordinates package) =>
        types.All.FirstOrDefault(one => one.PackageType == type)?.Purl(package)
        ?? PackageUrl.Of(type, package.Group, package.Name, package.Version);

    /// <summary>What a target is called where a URI is asked for.</summary>
    public static string TargetUri(string target) => $"urn:deployments:target:{Uri.EscapeDataString(target)}";

    /// <summary>A UUID of version 5 (RFC 9562): made from a name.</summary>
    internal static Guid NumberOf(string content)
    {
        using var sha1 = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        sha1.AppendData(Namespace);
        sha1.AppendData(Encoding.UTF8.GetBytes(content));
        var hash = sha1.GetHashAndReset().AsSpan(0, 16);
        hash[6] = (byte)((hash[6] & 0x0f) | 0x50);
        hash[8] = (byte)((hash[8] & 0x3f) | 0x80);
        return new Guid(hash, bigEndian: true);
    }
}
