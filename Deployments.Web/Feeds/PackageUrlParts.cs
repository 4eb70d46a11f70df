namespace Deployments.Web.Feeds;

/// <summary>A package URL taken apart, as the purl specification's "How to parse" says; decoded.</summary>
/// <param name="Type">The type, lower case.</param>
/// <param name="Namespace">Its segments joined by slashes; empty when there are none.</param>
/// <param name="Name">The name.</param>
/// <param name="Version">The version; empty when none is named.</param>
/// <param name="Qualifiers">In the order given, keys in lower case; none with an empty value.</param>
public sealed record PackageUrlParts(
    string Type, string Namespace, string Name, string Version, IReadOnlyList<(string Key, string Value)> Qualifiers)
{
    // What tells the files of a version apart; everything else says where they lie.
    static readonly string[] FileKeys = ["arch", "classifier", "ext", "platform"];

    /// <summary>The type under which packages are kept here: what is called oci is a Docker image.</summary>
    public string PackageType => Type == "oci" ? "docker" : Type;

    /// <summary>The package as a feed type of <see cref="PackageType"/> names it.</summary>
    /// <param name="type">The feed type.</param>
    public PackageCoordinates PackageOf(IFeedType type)
    {
        ArgumentNullException.ThrowIfNull(type);
        if (Type == "oci")
            return type.FromNames("", Repository(), Version.Length > 0 ? Version : Said("tag"));
        // Maven calls otherwise what is an extension here, and names those that everybody has.
        var qualifiers = Qualifiers
            .Select(pair => type.PackageType == "maven" && pair.Key == "type" ? ("ext", pair.Value) : pair)
            .Where(pair => FileKeys.Contains(pair.Item1) && pair.Value is not ("jar" or "ruby"))
            .DistinctBy(pair => pair.Item1);
        return type.FromNames(Namespace, Name, Version) with
        {
            Qualifier = PackageCoordinates.QualifierOf(qualifiers),
        };
    }

    string Said(string key) => Qualifiers.FirstOrDefault(pair => pair.Key == key).Value ?? "";

    // An OCI package URL has the last part of the repository only; where it lies is said beside it.
    string Repository()
    {
        var path = Said("repository_url").Split("://")[^1].Split('/', StringSplitOptions.RemoveEmptyEntries);
        return path.Length > 2 && path[^1].Equals(Name, StringComparison.OrdinalIgnoreCase)
            ? string.Join('/', path[1..])
            : Name;
    }

    /// <summary>Reads <c>pkg:type/namespace/name@version?key=value#subpath</c>.</summary>
    /// <exception cref="FormatException">It is none; the message completes a sentence that begins with it.</exception>
    public static PackageUrlParts Parse(string purl)
    {
        var rest = purl.Split('#')[0];
        var question = rest.IndexOf('?', StringComparison.Ordinal);
        var qualifiers = Pairs(question < 0 ? "" : rest[(question + 1)..]).ToList();
        rest = question < 0 ? rest : rest[..question];
        if (!rest.StartsWith("pkg:", StringComparison.OrdinalIgnoreCase))
            throw new FormatException("must begin with pkg:");
        string[] path = [.. rest["pkg:".Length..].Split('/', StringSplitOptions.RemoveEmptyEntries)];
        if (path.Length < 2)
            throw new FormatException("must name a type and a package: pkg:type/name");

        // Two at signs: an npm scope that was not encoded, or a digest.
        var at = path[^1].LastIndexOf('@');
        var version = at <= 0 ? "" : Decode(path[^1][(at + 1)..]);
        var name = Decode(at <= 0 ? path[^1] : path[^1][..at]);
        // Distributions name the epoch beside the version, of which it is a part.
        if (qualifiers.FindIndex(pair => pair.Key == "epoch") is >= 0 and var epoch)
        {
            version = $"{qualifiers[epoch].Value}:{version}";
            qualifiers.RemoveAt(epoch);
        }

        return new PackageUrlParts(
            path[0].ToLowerInvariant(), string.Join('/', path[1..^1].Select(Decode)), name, version, qualifiers);
    }

    /// <summary>Pairs of a query, decoded.</summary>
    public static IEnumerable<(string Key, string Value)> Pairs(string text) => text
        .Split('&', StringSplitOptions.RemoveEmptyEntries)
        .Select(pair => pair.Split('=', 2))
        .Where(pair => pair.Length == 2 && pair[1].Length > 0)
        .Select(pair => (pair[0].Trim().ToLowerInvariant(), Uri.UnescapeDataString(pair[1].Trim())));

    static string Decode(string text) => PercentEncoding.TryDecode(text) is { } plain && !plain.Any(char.IsControl)
        ? plain
        : throw new FormatException("is not encoded as a package URL is");
}
