using Deployments.Web.Feeds;

namespace Deployments.Web.Inventory;

/// <summary>
/// One form in which machines list what is installed on them. Stateless; what it reads may be anything. One file a
/// format: a new one is found by itself.
/// </summary>
interface IInventoryFormat
{
    /// <summary>What <c>format=</c> calls it, and its scope where none is named.</summary>
    string Name { get; }

    /// <summary>The package URL types of which such a listing has everything that is on the machine.</summary>
    IReadOnlyList<string> Covers => [];

    /// <summary>Whether a document that begins so is of this format.</summary>
    /// <param name="head">The first 64 KB at most.</param>
    bool Recognises(string head);

    /// <summary>Reads it entry by entry, and holds no more than one.</summary>
    /// <param name="input">UTF-8.</param>
    /// <param name="names">Finds the package types.</param>
    /// <param name="ct">Ends the reading.</param>
    /// <exception cref="System.Text.Json.JsonException">
    /// Thrown by the enumeration where it cannot be read on.
    /// </exception>
    IAsyncEnumerable<InventoryEntry> ReadAsync(Stream input, InventoryNames names, CancellationToken ct);
}

/// <summary>An entry of an inventory: a package, something else that is passed over, or one that is damaged.</summary>
/// <param name="Line">Its line, or its place in the list; from 1.</param>
sealed record InventoryEntry(long Line)
{
    /// <summary>The type of the package; null when it is none.</summary>
    public IFeedType? Type { get; init; }

    /// <summary>The package; null when it is none.</summary>
    public PackageCoordinates? Package { get; init; }

    /// <summary>Below the target of the inventory, where exactly; null: there.</summary>
    public string? Place { get; init; }

    /// <summary>Why it cannot be read; null when it can.</summary>
    public string? Problem { get; init; }

    /// <summary>A package; passed over where its type is not known here.</summary>
    public static InventoryEntry Of(long line, IFeedType? type, string group, string name, string version,
        params (string Key, string Value)[] qualifiers) =>
        type is null ? new InventoryEntry(line)
        : name.Length == 0 || version.Length == 0 ? Bad(line, name.Length == 0 ? "has no name" : "has no version")
        : new InventoryEntry(line)
        {
            Type = type,
            Package = type.FromNames(group, name, version) with
            {
                Qualifier = PackageCoordinates.QualifierOf(qualifiers),
            },
        };

    /// <summary>One that cannot be read.</summary>
    public static InventoryEntry Bad(long line, string problem) => new(line) { Problem = problem };
}

/// <summary>What a reader needs to know of this server to name packages as records do.</summary>
/// <param name="types">The feed types.</param>
/// <param name="imageFeeds">The names of the feeds of images, with which addresses of images begin.</param>
sealed class InventoryNames(FeedTypeCatalog types, IReadOnlySet<string> imageFeeds)
{
    readonly Dictionary<string, IFeedType> byPackageType = types.All
        .GroupBy(type => type.PackageType, StringComparer.Ordinal)
        .ToDictionary(group => group.Key, group => group.First(), StringComparer.Ordinal);

    /// <summary>The feed type of a package URL type; null when there is none.</summary>
    public IFeedType? TypeOrNull(string packageType) => byPackageType.GetValueOrDefault(packageType);

    /// <summary>The package of a package URL.</summary>
    public InventoryEntry FromPurl(long line, string purl)
    {
        try
        {
            var parts = PackageUrlParts.Parse(purl);
            return TypeOrNull(parts.PackageType) is not { } type ? new InventoryEntry(line)
                : parts.Version.Length == 0 ? InventoryEntry.Bad(line, $"{purl} has no version")
                : new InventoryEntry(line) { Type = type, Package = parts.PackageOf(type) };
        }
        catch (FormatException exception)
        {
            return InventoryEntry.Bad(line, $"purl {exception.Message}");
        }
    }

    /// <summary>An image by its address, as container tools write it, and its digest.</summary>
    /// <param name="line">Where it stands.</param>
    /// <param name="image"><c>host/repository:tag@digest</c>, any part but the repository missing.</param>
    /// <param name="digest"><c>sha256:…</c>; empty when it is not known.</param>
    public InventoryEntry Image(long line, string image, string digest)
    {
        var at = image.IndexOf('@', StringComparison.Ordinal);
        if (at >= 0)
            (image, digest) = (image[..at], digest.Length > 0 ? digest : image[(at + 1)..]);
        string[] path = image.Split('/');
        if (path.Length > 1 && (path[0].IndexOfAny(['.', ':']) >= 0 || path[0] == "localhost"))
            path = path[1..];
        if (path.Length > 1 && (path[0] == "library" || imageFeeds.Contains(path[0])))
            path = path[1..];
        var colon = path[^1].LastIndexOf(':');
        var tag = colon < 0 ? "" : path[^1][(colon + 1)..];
        path[^1] = colon < 0 ? path[^1] : path[^1][..colon];
        var version = tag.Length > 0 ? tag : at < 0 ? "latest" : digest;
        return InventoryEntry.Of(line, TypeOrNull("docker"), "", string.Join('/', path), version,
            ("digest", version == digest ? "" : digest));
    }
}
