using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Deployments.Web.Feeds;

// Indexes of a repository that nobody indexed: Packages and Release, of a flat repository with every package of the
// tree, and of each distribution to which packages were uploaded. Nothing signs them ([trusted=yes]). Which packages a
// distribution has is kept beside the pool: suites/{distribution}/{component}/{file}.pool holds the file's path.
public sealed partial class DebianFeed
{
    const string Suites = "suites";
    const string PoolSuffix = ".pool";

    static readonly string[] AnyArchitecture = ["all", "amd64", "arm64", "armhf", "i386"];
    static readonly string[] MadeFields = ["filename", "size", "md5sum", "sha1", "sha256", "sha512"];

    /// <inheritdoc/>
    public override async ValueTask<LocalAnswer?> MakeIndexAsync(
        FeedRequest request, PackageTree tree, bool mayBeEmpty, CancellationToken ct)
    {
        switch (request.Segments)
        {
            case [var file and ("Packages" or "Packages.gz" or "Release")]:
                var all = await StanzasAsync(PackagesBelow(tree), tree, ct);
                return all.Count == 0 && !mayBeEmpty ? null
                    : file == "Release" ? Release(tree, "", "", Indexes("Packages", all))
                    : Packages(file, all);
            case ["dists", var suite, "Release"] when IsPlain([suite]) && HasFiles(tree, Suites, suite):
                return await SuiteAsync(suite, tree, ct);
            case ["dists", var suite, var component, var binary, var file and ("Packages" or "Packages.gz")]
                when IsPlain(request.Segments) && binary.StartsWith("binary-", StringComparison.Ordinal)
                && HasFiles(tree, Suites, suite, component):
                return Packages(file, Of(binary[7..], await StanzasAsync(Named(suite, component, tree), tree, ct)));
            default:
                return null;
        }
    }

    /// <summary>Files an uploaded package in the pool and names it in a distribution.</summary>
    async ValueTask<LocalAnswer> FileInSuiteAsync(
        FeedRequest request, string suite, string component, PackageTree tree, CancellationToken ct)
    {
        try
        {
            await using var spool = await tree.SpoolAsync(request.Body, ct);
            var upload = request.For("", $"?component={Uri.EscapeDataString(component)}");
            var manifest = TryReadHead(upload, await HeadOfAsync(spool, ControlBytes, ct));
            if (PlaceOf(upload, manifest) is not { } path)
                return new LocalAnswer.Status(400, "This is no Debian package whose control file can be read.");
            spool.Position = 0;
            var answer = await SaveAsync(spool, request, tree, ct, path);
            if (answer is LocalAnswer.Status { Code: 409 }
                && tree.Find(Suites, suite, component, path[^1] + PoolSuffix) is null)
            {
                // The same file again is for another distribution.
                spool.Position = 0;
                var sum = Convert.ToHexStringLower(await SHA256.HashDataAsync(spool, ct));
                if ((await tree.InfoAsync(ct, path))?.Sha256 == sum)
                    answer = new LocalAnswer.Status(201);
            }

            if (answer is LocalAnswer.Status { Code: 201 })
            {
                using var place = new MemoryStream(Encoding.UTF8.GetBytes(string.Join('/', path)));
                await tree.SaveAsync(
                    place, request.UserName, replace: true, ct, Suites, suite, component, path[^1] + PoolSuffix);
            }

            return answer;
        }
        catch (InvalidDataException e)
        {
            return new LocalAnswer.Status(400, e.Message);
        }
    }

    async ValueTask<LocalAnswer> SuiteAsync(string suite, PackageTree tree, CancellationToken ct)
    {
        var components = tree.Directories(Suites, suite);
        var indexes = new List<(string Path, byte[] Content)>();
        var architectures = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var component in components)
        {
            var stanzas = await StanzasAsync(Named(suite, component, tree), tree, ct);
            foreach (var arch in ArchitecturesOf(stanzas))
            {
                architectures.Add(arch);
                indexes.AddRange(Indexes($"{component}/binary-{arch}/Packages", Of(arch, stanzas)));
            }
        }

        return Release(tree, suite,
            $"Architectures: {string.Join(' ', architectures)}\nComponents: {string.Join(' ', components)}\n", indexes);
    }

    // Of what is for every architecture, nobody knows which ones ask for it.
    static IEnumerable<string> ArchitecturesOf(List<(string Arch, string Text)> stanzas)
    {
        var named = stanzas.Select(stanza => stanza.Arch).Append("all").Distinct().ToList();
        return named.Count > 1 ? named : AnyArchitecture;
    }

    static List<(string Arch, string Text)> Of(string arch, List<(string Arch, string Text)> stanzas) =>
        [.. stanzas.Where(stanza => stanza.Arch == arch || stanza.Arch == "all")];

    static IEnumerable<string[]> Named(string suite, string component, PackageTree tree)
    {
        foreach (var name in tree.Files(Suites, suite, component))
        {
            if (name.EndsWith(PoolSuffix, StringComparison.Ordinal)
                && tree.Find(Suites, suite, component, name) is { } place)
                yield return File.ReadAllText(place).Split('/');
        }
    }

    // Without packages that were removed, or that cannot be read.
    async ValueTask<List<(string Arch, string Text)>> StanzasAsync(
        IEnumerable<string[]> files, PackageTree tree, CancellationToken ct)
    {
        var stanzas = new List<(string, string)>();
        foreach (var path in files)
        {
            if (await tree.MadeOfAsync(DescribeAsync, ct, path) is not { Length: > 0 } text)
                continue;
            var arch = FieldPattern().Matches(text).FirstOrDefault(field =>
                field.Groups[1].Value.Equals("Architecture", StringComparison.OrdinalIgnoreCase));
            stanzas.Add((arch?.Groups[2].Value.Trim() ?? "", $"{text}Filename: {string.Join('/', path)}\n\n"));
        }

        return stanzas;

        async ValueTask<string> DescribeAsync(Stream content, StoredFile info)
        {
            var head = await HeadOfAsync(content, ControlBytes, ct);
            if (TryReadHead(FeedRequest.TryRead("GET", "")!, head) is null
                || PackageHead.DebianControl(head) is not { } control)
                return "";
            return OwnFields(control) + string.Create(CultureInfo.InvariantCulture,
                $"Size: {info.Size}\nMD5sum: {info.Md5}\nSHA1: {info.Sha1}\nSHA256: {info.Sha256}\n");
        }
    }

    // Each field with the lines in which it goes on, without what only an index says; an empty line would end them.
    static string OwnFields(string control)
    {
        var (fields, isOwn) = (new StringBuilder(), false);
        foreach (var line in control.Split('\n').Select(line => line.TrimEnd()).Where(line => line.Length > 0))
        {
            if (line[0] is not (' ' or '\t'))
                isOwn = FieldPattern().Match(line) is { Success: true } field
                    && !MadeFields.Contains(field.Groups[1].Value.ToLowerInvariant());
            if (isOwn)
                fields.Append(line).Append('\n');
        }

        return fields.ToString();
    }

    static List<(string Path, byte[] Content)> Indexes(string path, List<(string Arch, string Text)> stanzas)
    {
        var text = string.Concat(stanzas.Select(stanza => stanza.Text));
        return [(path, Packed(text, isPacked: false)), (path + ".gz", Packed(text, isPacked: true))];
    }

    static LocalAnswer.Document Packages(string file, List<(string Arch, string Text)> stanzas)
    {
        var isPacked = file.EndsWith(".gz", StringComparison.Ordinal);
        return new LocalAnswer.Document(
            Packed(string.Concat(stanzas.Select(stanza => stanza.Text)), isPacked),
            isPacked ? "application/gzip" : "text/plain");
    }

    static LocalAnswer.Document Release(
        PackageTree tree, string suite, string lists, IEnumerable<(string Path, byte[] Content)> indexes)
    {
        var name = suite.Length > 0 ? $"Suite: {suite}\nCodename: {suite}\n" : "";
        var sums = indexes.Select(index => string.Create(CultureInfo.InvariantCulture,
            $" {Convert.ToHexStringLower(SHA256.HashData(index.Content))} {index.Content.Length} {index.Path}\n"));
        return new LocalAnswer.Document(
            Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture,
                $"{name}Date: {tree.Now:R}\n{lists}SHA256:\n{string.Concat(sums)}").Replace(
                    "GMT", "UTC", StringComparison.Ordinal)), "text/plain");
    }
}
