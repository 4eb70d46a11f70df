using System.Formats.Tar;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Deployments.Web.Feeds;

// {arch}/APKINDEX.tar.gz of packages that nobody indexed, as "apk index" makes it. Nothing signs it, so that clients
// take it with --allow-untrusted only.
public sealed partial class AlpineFeed
{
    const string IndexFile = "APKINDEX.tar.gz";
    const int IndexedBytes = 1 << 20; // signature and description with scripts; the files come behind them

    // What is copied from .PKGINFO, in the order of apk's own indexes: the letter, the field, whether it is a number.
    static readonly (char Letter, string Field, bool IsNumber)[] Described =
    [
        ('I', "size", true), ('T', "pkgdesc", false), ('U', "url", false), ('L', "license", false),
        ('o', "origin", false), ('m', "maintainer", false), ('t', "builddate", true), ('c', "commit", false),
        ('k', "provider_priority", true),
    ];

    static readonly (char Letter, string Field)[] Relations =
        [('D', "depend"), ('p', "provides"), ('i', "install_if")];

    /// <inheritdoc/>
    public override async ValueTask<LocalAnswer?> MakeIndexAsync(
        FeedRequest request, PackageTree tree, bool mayBeEmpty, CancellationToken ct)
    {
        string[] path = [.. request.Segments];
        if (path is not [.. var folder, IndexFile] || folder.Length == 0 || !IsPlain(folder)
            || !Architectures.Contains(folder[^1]))
            return null;
        var index = new StringBuilder();
        foreach (var file in tree.Files(folder))
        {
            string[] package = [.. folder, file];
            if (TryReadFile(package) is not null)
            {
                index.Append(await tree.MadeOfAsync(
                    (content, info) => DescribeAsync(file, content, info, ct), ct, package));
            }
        }

        return index.Length == 0 && !mayBeEmpty && !PackagesBelow(tree).Any()
            ? null // an architecture without packages, of a feed that has some, is empty
            : new LocalAnswer.Document(Packed(Archive(index.ToString())), "application/gzip");
    }

    // Clients ask for a file by the names in the index: where it is called otherwise, it is not in it.
    static async ValueTask<string> DescribeAsync(
        string file, Stream content, StoredFile info, CancellationToken ct)
    {
        if (Control(await HeadOfAsync(content, IndexedBytes, ct)) is not var (control, text))
            return "";
        var fields = FieldsOf(text);
        var (name, version) = (fields["pkgname"].FirstOrDefault(""), fields["pkgver"].FirstOrDefault(""));
        if ($"{name}-{version}.apk" != file)
            return "";
        var hash = Convert.ToBase64String(CryptographicOperations.HashData(HashAlgorithmName.SHA1, control.Span));
        var entry = new StringBuilder($"C:Q1{hash}\nP:{name}\nV:{version}\n");
        Append(entry, 'A', fields["arch"].FirstOrDefault(""));
        Append(entry, 'S', info.Size.ToString(CultureInfo.InvariantCulture));
        foreach (var (letter, field, isNumber) in Described)
        {
            var value = fields[field].FirstOrDefault("");
            Append(entry, letter, isNumber && !value.All(char.IsAsciiDigit) ? "" : value);
        }

        foreach (var (letter, field) in Relations)
            Append(entry, letter, string.Join(' ', fields[field]));
        return entry.Append('\n').ToString();
    }

    static void Append(StringBuilder entry, char letter, string value)
    {
        if (value.Length > 0)
            entry.Append(letter).Append(':').Append(value).Append('\n');
    }

    // The packed archive with the description, whose hash identifies the package, and the description. A signature is
    // an archive of its own before it.
    static (ReadOnlyMemory<byte> Packed, string Text)? Control(ReadOnlyMemory<byte> head)
    {
        for (var i = 0; i < 2 && PackageHead.FirstGzipMember(head) is { } member; i++)
        {
            if (PackageHead.TarGzEntry(member, name => name == ".PKGINFO") is { } text)
                return (member, text);
            head = head[member.Length..];
        }

        return null;
    }

    static byte[] Archive(string index)
    {
        using var archive = new MemoryStream();
        using (var tar = new TarWriter(archive, TarEntryFormat.Ustar, leaveOpen: true))
        {
            foreach (var (name, text) in new[] { ("DESCRIPTION", "made here\n"), ("APKINDEX", index) })
            {
                tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name)
                {
                    DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)),
                    ModificationTime = DateTimeOffset.UnixEpoch,
                });
            }
        }

        return archive.ToArray();
    }
}
