using System.Text;
using System.Text.RegularExpressions;

namespace Deployments.Web.Feeds;

// src/contrib/PACKAGES, as R's tools::write_PACKAGES makes it of the sources that lie beside it.
public sealed partial class CranFeed
{
    const int DescriptionBytes = 256 << 10; // DESCRIPTION comes first, or nearly so

    static readonly string[] IndexedFields =
    [
        "Package", "Version", "Priority", "Depends", "Imports", "LinkingTo", "Suggests", "Enhances", "License",
        "License_is_FOSS", "License_restricts_use", "OS_type", "Archs", "NeedsCompilation",
    ];

    /// <inheritdoc/>
    public override async ValueTask<LocalAnswer?> MakeIndexAsync(
        FeedRequest request, PackageTree tree, bool mayBeEmpty, CancellationToken ct)
    {
        if (request.Segments is not ["src", "contrib", "PACKAGES" or "PACKAGES.gz"])
            return null;
        var index = new StringBuilder();
        foreach (var file in tree.Files("src", "contrib"))
        {
            string[] path = ["src", "contrib", file];
            if (TryReadFile(path) is not null && file.EndsWith(".tar.gz", StringComparison.Ordinal))
                index.Append(await tree.MadeOfAsync(DescribeAsync, ct, path));
        }

        var isPacked = request.Segments[2].EndsWith(".gz", StringComparison.Ordinal);
        return index.Length == 0 && !mayBeEmpty
            ? null
            : new LocalAnswer.Document(Packed(index.ToString(), isPacked), MediaType(request.Segments[2]));

        async ValueTask<string> DescribeAsync(Stream content, StoredFile info)
        {
            var fields = await DescriptionAsync(content, ct);
            var lines = IndexedFields.Where(fields.ContainsKey).Select(field => $"{field}: {fields[field]}\n");
            return fields.ContainsKey("Package") && fields.ContainsKey("Version")
                ? $"{string.Concat(lines)}MD5sum: {info.Md5}\n\n"
                : "";
        }
    }

    /// <inheritdoc/>
    protected override async ValueTask<PackageCoordinates?> ReadUploadAsync(
        FeedRequest upload, Stream content, CancellationToken ct)
    {
        var fields = await DescriptionAsync(content, ct);
        return fields.TryGetValue("Package", out var name) && fields.TryGetValue("Version", out var version)
            ? TryReadFile(["src", "contrib", $"{name}_{version}.tar.gz"])
            : null;
    }

    // The fields of a source package's DESCRIPTION; none when it has none.
    static async ValueTask<Dictionary<string, string>> DescriptionAsync(Stream content, CancellationToken ct)
    {
        var head = await HeadOfAsync(content, DescriptionBytes, ct);
        var description = PackageHead.TarGzEntry(head, name => name.Split('/') is [_, "DESCRIPTION"]) ?? "";
        return DescriptionField().Matches(description)
            .GroupBy(match => match.Groups[1].Value, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => OnOneLine(group.First().Groups[2].Value));
    }

    static string OnOneLine(string value) =>
        string.Join(' ', value.Split((char[])['\r', '\n', ' ', '\t'], StringSplitOptions.RemoveEmptyEntries));

    // A field goes on in lines that begin with white space.
    [GeneratedRegex(@"^([A-Za-z][A-Za-z0-9_@/.-]*):[ \t]*([^\n]*(?:\n[ \t][^\n]*)*)", RegexOptions.Multiline)]
    private static partial Regex DescriptionField();
}
