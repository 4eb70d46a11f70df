namespace Deployments.Web.Feeds;

/// <summary>The one file of a package, for tools that name packages rather than addresses.</summary>
/// <param name="RawPath">The path below the feed that downloads it, encoded.</param>
/// <param name="FileName">What the file is called where it is saved.</param>
/// <param name="RawQuery">The query with its question mark, or empty.</param>
public sealed record PackageFile(string RawPath, string FileName, string RawQuery = "")
{
    /// <summary>
    /// What of the tree is removed with the package: segments of a file or of a directory. Null when the file is not
    /// one of the tree.
    /// </summary>
    public IReadOnlyList<string>? Removed { get; init; }

    /// <summary>A file at a path of decoded segments.</summary>
    public static PackageFile At(string fileName, params IEnumerable<string> segments) =>
        new(string.Join('/', segments.Select(PercentEncoding.EncodeSegment)), fileName);
}
