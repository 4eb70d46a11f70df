using System.Text;
using System.Text.RegularExpressions;
using Deployments.Web.Feeds.Versions;
using Microsoft.AspNetCore.WebUtilities;

namespace Deployments.Web.Feeds;

/// <summary>Ruby gems, as gem and bundler read them: <c>gems/</c> and the indexes beside it.</summary>
/// <remarks>
/// See the Compact Index API and <c>gem generate_index</c>. Names and platforms have dashes in them, so a gem is what
/// the metadata at its head says. <c>RubyGemsFeed.Index.cs</c>: the indexes of the gems that are here.
/// </remarks>
public sealed partial class RubyGemsFeed : StaticFeed
{
    const int YankBytesMax = 4 << 10;
    const int MetadataBytes = 64 << 10; // metadata.gz comes first and has some kilobytes

    static readonly string[] OtherNames = ["gem", "Ruby"];

    /// <inheritdoc/>
    /// <remarks>Of its API.</remarks>
    public override IReadOnlyList<string>? QueryParameters(FeedRequest request) =>
        TryReadDownload(request) is null ? null : [];

    /// <inheritdoc/>
    public override string Key => "rubygems";

    /// <inheritdoc/>
    public override string DisplayName => "RubyGems";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Aliases => OtherNames;

    /// <inheritdoc/>
    public override string PackageType => "gem";

    /// <inheritdoc/>
    public override string? OsvEcosystem => "RubyGems";

    /// <inheritdoc/>
    public override IVersionOrder VersionOrder => RubyGemsVersionOrder.Instance;

    /// <inheritdoc/>
    public override PackageKeys Normalize(PackageCoordinates package) => new("", package.Name, package.Version);

    /// <inheritdoc/>
    public override string Purl(PackageCoordinates package) => PackageUrl.Of(
        PackageType, "", package.Name, package.Version, ("platform", package.QualifierValue("platform")));

    /// <inheritdoc/>
    public override int HeadLength(FeedRequest download) => MetadataBytes;

    /// <inheritdoc/>
    public override PackageCoordinates? TryReadHead(FeedRequest download, ReadOnlyMemory<byte> head)
    {
        if (PackageHead.GemMetadata(head) is not { } metadata)
            return null;
        var name = Value(NameLine().Match(metadata));
        var version = Value(VersionLines().Match(metadata));
        var platform = Value(PlatformLine().Match(metadata));
        return NamePattern().IsMatch(name) && VersionPattern().IsMatch(version)
            && (platform.Length == 0 || NamePattern().IsMatch(platform))
            ? new PackageCoordinates("", name, version, Platform(platform))
            : null;
    }

    /// <inheritdoc/>
    public override string DownloadPath(PackageCoordinates package) => PathOf(
        "gems", string.Join('-', new[] { package.Name, package.Version, package.QualifierValue("platform") }
            .Where(part => part.Length > 0)) + ".gem");

    /// <inheritdoc/>
    public override IReadOnlyList<ClientSetup> ClientSetups(Uri feed) =>
    [
        new("gem", $"gem sources --add {feed}"),
        new("bundler", $"""
            # Gemfile
            source "{feed}"
            """),
        new("gem push", $"""
            GEM_HOST_API_KEY=KEY gem push acme-1.0.gem --host {feed.AbsoluteUri.TrimEnd('/')}
            """),
    ];

    /// <inheritdoc/>
    protected override PackageCoordinates? TryReadFile(string[] path)
    {
        if (path is not ["gems", var file] || !file.EndsWith(".gem", StringComparison.Ordinal))
            return null;
        // The first part that begins with a digit is the version; what follows is the platform.
        var parts = file[..^4].Split('-');
        var at = Array.FindIndex(parts, 1, parts.Length - 1, part => part.Length > 0 && char.IsAsciiDigit(part[0]));
        if (at < 0)
            return PackageCoordinates.Unresolved(path);
        var (name, platform) = (string.Join('-', parts[..at]), string.Join('-', parts[(at + 1)..]));
        return NamePattern().IsMatch(name) && VersionPattern().IsMatch(parts[at])
            && (platform.Length == 0 || NamePattern().IsMatch(platform))
            ? new PackageCoordinates("", name, parts[at], Platform(platform))
            : PackageCoordinates.Unresolved(path);
    }

    /// <inheritdoc/>
    public override PackageFile? FileOf(PackageCoordinates package) =>
        package.Version.Length > 0 ? PackageFile.At(FileName(package), "gems", FileName(package)) : null;

    /// <inheritdoc/>
    public override bool IsPrerelease(string version) => version.Any(char.IsAsciiLetter);

    /// <inheritdoc/>
    /// <remarks><c>gem push</c> sends the gem to the RubyGems API.</remarks>
    protected override async ValueTask<LocalAnswer> StoreAsync(
        FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        if (request.Method != "POST" || request.Segments is not ["api", "v1", "gems"])
            return await base.StoreAsync(request, tree, ct);
        return await FileAsync(request, tree, ct) is LocalAnswer.Status { Code: not 201 } refused
            ? refused
            : new LocalAnswer.Status(200, "Successfully registered gem.");
    }

    /// <inheritdoc/>
    /// <remarks><c>gem yank</c> names the gem in a form.</remarks>
    protected override async ValueTask<LocalAnswer> DeleteAsync(
        FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        if (request.Segments is not ["api", "v1", "gems", "yank"])
            return await base.DeleteAsync(request, tree, ct);
        var form = new byte[YankBytesMax];
        var length = await request.Body.ReadAtLeastAsync(form, form.Length, throwOnEndOfStream: false, ct);
        var fields = QueryHelpers.ParseQuery(Encoding.UTF8.GetString(form, 0, length));
        string Field(string name) => request.Query(name)
            ?? (fields.TryGetValue(name, out var values) ? values.ToString() : "");

        var gem = new PackageCoordinates("", Field("gem_name"), Field("version"), Platform(Field("platform")));
        return NamePattern().IsMatch(gem.Name) && VersionPattern().IsMatch(gem.Version)
            && tree.Find("gems", FileName(gem)) is not null && tree.Delete("gems", FileName(gem))
            ? new LocalAnswer.Status(200, $"Successfully deleted gem: {gem.Name} ({gem.Version})")
            : new LocalAnswer.Status(404, "This feed has no such gem.");
    }

    /// <inheritdoc/>
    protected override string[]? PlaceOf(FeedRequest upload, PackageCoordinates? manifest) =>
        manifest is null ? null : ["gems", FileName(manifest)];

    /// <inheritdoc/>
    protected override string MediaType(string file) => Path.GetExtension(file) switch
    {
        ".gem" => "application/octet-stream",
        ".gz" => "application/gzip",
        "" => "text/plain",
        _ => "application/octet-stream",
    };

    static string FileName(PackageCoordinates gem) => gem.QualifierValue("platform") is { Length: > 0 } platform
        ? $"{gem.Name}-{gem.Version}-{platform}.gem"
        : $"{gem.Name}-{gem.Version}.gem";

    static string Platform(string platform) =>
        PackageCoordinates.QualifierOf(("platform", platform is "ruby" ? "" : platform));

    static string Value(Match line) => line.Groups[1].Value.Trim().Trim('"', '\'');

    [GeneratedRegex(@"\A[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}\z", RegexOptions.NonBacktracking)]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"\A[0-9]+(\.[0-9A-Za-z]+)*\z", RegexOptions.NonBacktracking)]
    private static partial Regex VersionPattern();

    [GeneratedRegex(@"^name: ([^\r\n]+)", RegexOptions.Multiline)]
    private static partial Regex NameLine();

    [GeneratedRegex(@"^version:[^\r\n]*\r?\n  version: ([^\r\n]+)", RegexOptions.Multiline)]
    private static partial Regex VersionLines();

    [GeneratedRegex(@"^platform: ([^\r\n]+)", RegexOptions.Multiline)]
    private static partial Regex PlatformLine();
}
