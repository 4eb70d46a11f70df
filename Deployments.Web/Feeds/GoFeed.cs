using System.Text;
using System.Text.RegularExpressions;
using Deployments.Web.Feeds.Versions;

namespace Deployments.Web.Feeds;

/// <summary>Go modules, as the go command reads them from a <c>GOPROXY</c>.</summary>
/// <remarks>
/// See "Go Modules Reference", section "GOPROXY protocol". Upper-case letters are written <c>!x</c>. The module file
/// (<c>.zip</c>) counts; <c>.info</c>, <c>.mod</c>, <c>list</c> and <c>@latest</c> are metadata. A list of versions is
/// made of the modules that are here.
/// </remarks>
public sealed partial class GoFeed : StaticFeed
{
    const int ModuleLengthMax = 500;

    static readonly string[] OtherNames = ["golang", "Go modules"];

    /// <inheritdoc/>
    public override string Key => "go";

    /// <inheritdoc/>
    public override string DisplayName => "Go";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Aliases => OtherNames;

    /// <inheritdoc/>
    public override string PackageType => "golang";

    /// <inheritdoc/>
    public override string? OsvEcosystem => "Go";

    /// <inheritdoc/>
    public override IVersionOrder VersionOrder => SemVerVersionOrder.Instance;

    /// <inheritdoc/>
    /// <remarks>Module paths are compared exactly. <c>+incompatible</c> is part of the version.</remarks>
    public override PackageKeys Normalize(PackageCoordinates package) => new(
        "", package.Group.Length > 0 ? $"{package.Group}/{package.Name}" : package.Name, package.Version);

    /// <inheritdoc/>
    public override string Purl(PackageCoordinates package)
    {
        var path = Normalize(package).Name;
        var slash = path.LastIndexOf('/');
        return PackageUrl.Of(PackageType, slash < 0 ? "" : path[..slash], path[(slash + 1)..], package.Version);
    }

    /// <inheritdoc/>
    public override string DownloadPath(PackageCoordinates package) => PathOf(
        Escape(Normalize(package).Name), "@v", Escape(package.Version) + ".zip");

    /// <inheritdoc/>
    public override IReadOnlyList<ClientSetup> ClientSetups(Uri feed) =>
    [
        new("go", $"""
            go env -w GOPROXY={feed.AbsoluteUri.TrimEnd('/')}
            go env -w GONOSUMDB=*   # for modules that no public checksum database knows
            """),
    ];

    /// <inheritdoc/>
    protected override async ValueTask<LocalAnswer?> ReadAsync(
        FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        if (await base.ReadAsync(request, tree, ct) is LocalAnswer.File file)
            return file;
        string[] path = [.. request.Segments];
        var end = Array.LastIndexOf(path, "@v");
        if (end < 0 && path is [.., "@latest"])
            end = path.Length - 1;
        if (end < 1 || !IsPlain(path) || Versions(path[..end], tree) is not { Count: > 0 } versions)
            return null;
        return path[end..] switch
        {
            ["@v", "list"] => new LocalAnswer.Document(
                Encoding.UTF8.GetBytes(string.Concat(versions.Select(version => version + "\n"))), "text/plain"),
            ["@v", var info] when info.EndsWith(".info", StringComparison.Ordinal)
                && versions.Contains(Unescape(info[..^5]) ?? "") => Info(Unescape(info[..^5])!),
            ["@v", var mod] when mod.EndsWith(".mod", StringComparison.Ordinal)
                && versions.Contains(Unescape(mod[..^4]) ?? "") => Mod(path, mod[..^4], tree),
            ["@latest"] => Info(Newest(versions)),
            _ => new LocalAnswer.Status(404, "This feed has the module, but not this file."),
        };
    }

    /// <inheritdoc/>
    protected override PackageCoordinates? TryReadFile(string[] path)
    {
        if (path is not [_, .., "@v", var file] || !file.EndsWith(".zip", StringComparison.Ordinal))
            return null;
        return Unescape(string.Join('/', path[..^2])) is { } module && module.Length <= ModuleLengthMax
            && ModulePattern().IsMatch(module)
            && Unescape(file[..^4]) is { } version && VersionPattern().IsMatch(version)
            ? new PackageCoordinates("", module, version)
            : PackageCoordinates.Unresolved(path);
    }

    /// <inheritdoc/>
    public override PackageFile? StoredPackage(string[] path) => base.StoredPackage(path) is { } file
        ? file with { FileName = $"{path[^3]}@{path[^1]}" }
        : null;

    /// <inheritdoc/>
    public override PackageFile? FileOf(PackageCoordinates package)
    {
        var module = Normalize(package).Name;
        return package.Version.Length > 0
            ? PackageFile.At(
                $"{module[(module.LastIndexOf('/') + 1)..]}@{package.Version}.zip",
                [.. Escape(module).Split('/'), "@v", $"{Escape(package.Version)}.zip"])
            : null;
    }

    /// <inheritdoc/>
    protected override string MediaType(string file) => Path.GetExtension(file) switch
    {
        ".zip" => "application/zip",
        ".info" => "application/json",
        _ => "text/plain; charset=utf-8",
    };

    static List<string> Versions(string[] module, PackageTree tree) =>
    [
        .. tree.Files([.. module, "@v"]).Where(file => file.EndsWith(".zip", StringComparison.Ordinal))
            .Select(file => Unescape(file[..^4])).OfType<string>().Where(version => VersionPattern().IsMatch(version))
            .OrderBy(SemVerVersionOrder.Instance.SortKey, SemVerSyntax.KeyOrder),
    ];

    static string Newest(List<string> versions) =>
        versions.LastOrDefault(version => !SemVerSyntax.IsPrerelease(version)) ?? versions[^1];

    // The module's own go.mod; one that has none needs nothing, and is called by its path.
    static LocalAnswer Mod(string[] path, string version, PackageTree tree)
    {
        var module = Unescape(string.Join('/', path[..^2])) ?? "";
        var name = $"{module}@{Unescape(version)}/go.mod";
        try
        {
            using var zip = File.OpenRead(tree.Find([.. path[..^1], version + ".zip"])!);
            var mod = PackageArchive.Read(zip, archive => archive.GetEntry(name) is { } entry
                ? PackageArchive.ReadManifest(entry)
                : Encoding.UTF8.GetBytes($"module {module}\n"));
            return new LocalAnswer.Document(mod, "text/plain; charset=utf-8");
        }
        catch (InvalidDataException)
        {
            return new LocalAnswer.Status(404, "The module's file is no zip file that can be read.");
        }
    }

    static LocalAnswer.Document Info(string version) =>
        new(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(new { Version = version }), "application/json");

    static string Escape(string text) => string.Concat(text.Select(letter =>
        char.IsAsciiLetterUpper(letter) ? $"!{char.ToLowerInvariant(letter)}" : letter.ToString()));

    // !x stands for X; an upper-case letter of its own does not occur.
    static string? Unescape(string text)
    {
        var plain = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsAsciiLetterUpper(text[i]) || (text[i] == '!' && (i + 1 == text.Length
                || !char.IsAsciiLetterLower(text[i + 1]))))
                return null;
            plain.Append(text[i] == '!' ? char.ToUpperInvariant(text[++i]) : text[i]);
        }

        return plain.ToString();
    }

    [GeneratedRegex(
        @"\A[A-Za-z0-9~_-][A-Za-z0-9._~+-]*(/[A-Za-z0-9~_-][A-Za-z0-9._~+-]*)*\z", RegexOptions.NonBacktracking)]
    private static partial Regex ModulePattern();

    [GeneratedRegex(@"\Av[0-9]+\.[0-9]+\.[0-9]+[0-9A-Za-z.+-]{0,150}\z", RegexOptions.NonBacktracking)]
    private static partial Regex VersionPattern();
}
