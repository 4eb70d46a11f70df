using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Deployments.Web.Feeds.Versions;

namespace Deployments.Web.Feeds;

// The indexes of the gems that are here: the compact index (versions, names, info/) and the full one (specs.4.8.gz and
// its like, quick/), as the Compact Index API and "gem generate_index" have them.
public sealed partial class RubyGemsFeed
{
    const string QuickFolder = "Marshal.4.8";

    /// <inheritdoc/>
    /// <remarks>What there is to know of one gem of ours is never asked of a connector.</remarks>
    protected override async ValueTask<LocalAnswer?> ReadAsync(
        FeedRequest request, PackageTree tree, CancellationToken ct) =>
        await base.ReadAsync(request, tree, ct)
        ?? request.Segments switch
        {
            ["info", var name] => await InfoAsync(name, tree, ct),
            ["quick", QuickFolder, var file] => await QuickAsync(file, tree, ct),
            _ => null,
        };

    /// <inheritdoc/>
    public override async ValueTask<LocalAnswer?> MakeIndexAsync(
        FeedRequest request, PackageTree tree, bool mayBeEmpty, CancellationToken ct)
    {
        Func<List<GemSpecification>, LocalAnswer>? make = request.Segments switch
        {
            ["versions"] => gems => Versions(gems, tree.Now),
            ["names"] => gems => Lines("---\n" + string.Concat(gems.Select(gem => gem.Name).Distinct()
                .Order(StringComparer.Ordinal).Select(name => name + "\n"))),
            ["specs.4.8.gz"] => gems => Specs(gems.Where(gem => !IsPrerelease(gem.Version))),
            ["prerelease_specs.4.8.gz"] => gems => Specs(gems.Where(gem => IsPrerelease(gem.Version))),
            ["latest_specs.4.8.gz"] => gems => Specs(Sorted(gems.Where(gem => !IsPrerelease(gem.Version)))
                .GroupBy(gem => (gem.Name, gem.Platform)).Select(group => group.Last())),
            _ => null,
        };
        if (make is null)
            return null;
        var all = await GemsAsync(tree, ct);
        return all.Count == 0 && !mayBeEmpty ? null : make(all);
    }

    async ValueTask<LocalAnswer?> InfoAsync(string name, PackageTree tree, CancellationToken ct)
    {
        if (!NamePattern().IsMatch(name))
            return null;
        var gems = (await GemsAsync(tree, ct, name + "-")).Where(gem => gem.Name == name).ToList();
        return gems.Count == 0 ? null : Lines(InfoText(gems));
    }

    async ValueTask<LocalAnswer?> QuickAsync(string file, PackageTree tree, CancellationToken ct)
    {
        const string Suffix = ".gemspec.rz";
        if (!file.EndsWith(Suffix, StringComparison.Ordinal)
            || (await GemsAsync(tree, ct, file[..^Suffix.Length] + ".gem")).FirstOrDefault() is not { } gem)
            return null;
        var document = new RubyMarshal();
        document.Dumped("Gem::Specification", Specification(gem));
        using var packed = new MemoryStream();
        await using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
            await zlib.WriteAsync(document.ToArray(), ct);
        return new LocalAnswer.Document(packed.ToArray(), "application/octet-stream");
    }

    // Those whose file begins so.
    async ValueTask<List<GemSpecification>> GemsAsync(PackageTree tree, CancellationToken ct, string start = "")
    {
        var gems = new List<GemSpecification>();
        foreach (var file in tree.Files("gems").Where(file => file.StartsWith(start, StringComparison.Ordinal)))
        {
            if (TryReadFile(["gems", file]) is not null
                && await tree.MadeOfAsync(DescribeAsync, ct, "gems", file) is { Length: > 0 } json)
                gems.Add(GemSpecification.FromJson(json));
        }

        return gems;

        async ValueTask<string> DescribeAsync(Stream content, StoredFile info) =>
            PackageHead.GemMetadata(await HeadOfAsync(content, MetadataBytes, ct)) is { } metadata
            && GemSpecification.ReadOrNull(metadata, info.Sha256) is { } gem
            && NamePattern().IsMatch(gem.Name) && VersionPattern().IsMatch(gem.Version)
            && NamePattern().IsMatch(gem.Platform) && gem.Dependencies.All(one => NamePattern().IsMatch(one.Name))
                ? gem.ToJson()
                : "";
    }

    static LocalAnswer.Document Versions(List<GemSpecification> gems, DateTimeOffset now)
    {
        var text = new StringBuilder(string.Create(
            CultureInfo.InvariantCulture, $"created_at: {now.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}\n---\n"));
        foreach (var gem in gems.GroupBy(gem => gem.Name).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            var all = Sorted(gem).ToList();
#pragma warning disable CA5351 // what the protocol has: clients tell by it whether info/ has changed
            var sum = Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(InfoText(all))));
#pragma warning restore CA5351
            text.Append(gem.Key).Append(' ').AppendJoin(',', all.Select(one => one.FullVersion)).Append(' ').Append(sum)
                .Append('\n');
        }

        return Lines(text.ToString());
    }

    static string InfoText(IEnumerable<GemSpecification> gems)
    {
        var text = new StringBuilder("---\n");
        foreach (var gem in Sorted(gems))
        {
            text.Append(gem.FullVersion).Append(' ')
                .AppendJoin(',', gem.Dependencies.Where(one => !one.IsForDevelopment)
                    .Select(one => $"{one.Name}:{Conditions(one.Requirements)}"))
                .Append("|checksum:").Append(gem.Sha256);
            if (IsLimited(gem.Ruby))
                text.Append(",ruby:").Append(Conditions(gem.Ruby));
            if (IsLimited(gem.RubyGems))
                text.Append(",rubygems:").Append(Conditions(gem.RubyGems));
            text.Append('\n');
        }

        return text.ToString();
    }

    static bool IsLimited(GemRequirement[] requirements) =>
        requirements is not ([] or [{ Operator: ">=", Version: "0" }]);

    static string Conditions(GemRequirement[] requirements) => requirements.Length == 0
        ? ">= 0"
        : string.Join('&', requirements.Select(one => $"{one.Operator} {one.Version}"));

    static IOrderedEnumerable<GemSpecification> Sorted(IEnumerable<GemSpecification> gems) => gems
        .OrderBy(gem => gem.Name, StringComparer.Ordinal)
        .ThenBy(gem => RubyGemsVersionOrder.Instance.SortKey(gem.Version), SemVerSyntax.KeyOrder)
        .ThenBy(gem => gem.Platform, StringComparer.Ordinal);

    static LocalAnswer.Document Specs(IEnumerable<GemSpecification> gems)
    {
        var all = Sorted(gems).ToList();
        var document = new RubyMarshal();
        document.List(all.Count);
        foreach (var gem in all)
        {
            document.List(3);
            document.Text(gem.Name);
            WriteVersion(document, gem.Version);
            document.Text(gem.Platform);
        }

        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
            gzip.Write(document.ToArray());
        return new LocalAnswer.Document(packed.ToArray(), "application/gzip");
    }

    // The fields of Gem::Specification#_dump, in their order.
    static byte[] Specification(GemSpecification gem)
    {
        var document = new RubyMarshal();
        document.List(19);
        document.Text("3.0.0"); // the RubyGems that wrote it
        document.Int(4);
        document.Text(gem.Name);
        WriteVersion(document, gem.Version);
        document.Nil(); // the date
        document.Text(gem.Summary);
        WriteRequirement(document, gem.Ruby);
        WriteRequirement(document, gem.RubyGems);
        document.Text(gem.Platform);
        document.List(gem.Dependencies.Length);
        foreach (var dependency in gem.Dependencies)
            WriteDependency(document, dependency);
        document.Text("");
        document.Texts(gem.Email);
        document.Texts(gem.Authors);
        document.Text(gem.Description);
        document.Text(gem.Homepage);
        document.Bool(true);
        document.Text(gem.Platform);
        document.Texts(gem.Licenses);
        document.EmptyMap();
        return document.ToArray();
    }

    static void WriteDependency(RubyMarshal document, GemDependency dependency)
    {
        document.Object("Gem::Dependency", 5);
        document.Symbol("@name");
        document.Text(dependency.Name);
        document.Symbol("@requirement");
        WriteRequirement(document, dependency.Requirements);
        document.Symbol("@type");
        document.Symbol(dependency.IsForDevelopment ? "development" : "runtime");
        document.Symbol("@prerelease");
        document.Bool(false);
        document.Symbol("@version_requirements");
        WriteRequirement(document, dependency.Requirements);
    }

    static void WriteRequirement(RubyMarshal document, GemRequirement[] requirements)
    {
        GemRequirement[] all = requirements.Length > 0 ? requirements : [new GemRequirement(">=", "0")];
        document.Own("Gem::Requirement");
        document.List(1);
        document.List(all.Length);
        foreach (var requirement in all)
        {
            document.List(2);
            document.Text(requirement.Operator);
            WriteVersion(document, requirement.Version);
        }
    }

    static void WriteVersion(RubyMarshal document, string version)
    {
        document.Own("Gem::Version");
        document.List(1);
        document.Text(version);
    }

    static LocalAnswer.Document Lines(string text) => new(Encoding.UTF8.GetBytes(text), "text/plain");
}
