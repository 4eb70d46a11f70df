using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Deployments.Web.Feeds.Versions;

namespace Deployments.Web.Feeds;

/// <summary>Terraform and OpenTofu modules: <c>{host}/{feed}__{namespace}/{module}/{provider}</c>.</summary>
/// <remarks>
/// See "Module Registry Protocol". The answer that counts is the one that names the archive (204,
/// <c>X-Terraform-Get</c>): it says the version, and to it the client sends its credentials. A connector's address is
/// the upstream's <c>modules.v1</c>. Where an upstream points at a git repository, there is no archive to pass on, and
/// the client is told of none.
/// </remarks>
public sealed partial class TerraformFeed : StaticFeed
{
    const string GetHeader = "X-Terraform-Get";

    static readonly string[] OtherNames = ["opentofu", "Terraform modules"];
    static readonly string[] Pointers = [GetHeader];
    static readonly string[] Archives = ["archive.zip", "archive.tar.gz"];

    /// <inheritdoc/>
    public override string Key => "terraform";

    /// <inheritdoc/>
    public override string DisplayName => "Terraform";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Aliases => OtherNames;

    /// <inheritdoc/>
    public override IVersionOrder VersionOrder => SemVerVersionOrder.Instance;

    /// <inheritdoc/>
    public override string? FeedNameSeparator => "__";

    /// <inheritdoc/>
    public override bool PointsToPackages => true;

    /// <inheritdoc/>
    public override PackageKeys Normalize(PackageCoordinates package) => new(
        package.Group.ToLowerInvariant(), package.Name.ToLowerInvariant(), SemVerSyntax.WithoutBuild(package.Version));

    /// <inheritdoc/>
    public override PackageCoordinates? TryReadDownload(FeedRequest request) =>
        request.Segments is [var space, var module, var provider, var version, "download"]
        && IsModule(space, module, provider) && SemVerSyntax.IsVersion(version)
            ? new PackageCoordinates(space, $"{module}.{provider}", version)
            : null;

    /// <inheritdoc/>
    public override Uri? UpstreamUrl(FeedRequest request, Uri connector, JsonElement? index) =>
        request.Segments is [_, _, _, "versions"] or [_, _, _, _, "download"]
            || TryReadFile([.. request.Segments]) is not null
            ? base.UpstreamUrl(request, connector, index)
            : null;

    /// <inheritdoc/>
    public override IReadOnlyList<string> RewrittenHeaders => Pointers;

    /// <inheritdoc/>
    public override string? RewriteHeader(string name, string value, RewriteContext context)
    {
        // address[//folder within the archive][?archive=kind]; other getters (git::…) name no file.
        var from = new Uri($"{context.Connector.AbsoluteUri.TrimEnd('/')}/{context.Request.RawPath}");
        if (value.Contains("::", StringComparison.Ordinal) || !Uri.TryCreate(from, value, out var pointer)
            || pointer.Scheme is not ("http" or "https"))
            return null;
        var inside = pointer.AbsolutePath.IndexOf("//", StringComparison.Ordinal);
        var (file, folder) = inside < 0
            ? (pointer.AbsolutePath, "")
            : (pointer.AbsolutePath[..inside], pointer.AbsolutePath[inside..]);
        var archive = new UriBuilder(pointer) { Path = file }.Uri;
        var isZip = file.EndsWith(".zip", StringComparison.OrdinalIgnoreCase)
            || pointer.Query.Contains("archive=zip", StringComparison.Ordinal);
        string[] path = [.. context.Request.Segments.SkipLast(1), Archives[isZip ? 0 : 1]];
        return context.Lead(archive, path).AbsoluteUri + folder;
    }

    /// <inheritdoc/>
    public override string DownloadPath(PackageCoordinates package) => PathOf([
        package.Group, .. package.Name.Split('.', 2), package.Version, "download"]);

    /// <inheritdoc/>
    public override IReadOnlyList<ClientSetup> ClientSetups(Uri feed) =>
    [
        new("terraform, tofu", $$"""
            # needs https
            module "acme" {
              source  = "{{feed.Authority}}/{{feed.AbsolutePath.Trim('/').Split('/')[^1]}}__mycompany/acme/aws"
              version = "1.0.0"
            }
            """),
    ];

    /// <inheritdoc/>
    protected override async ValueTask<LocalAnswer?> ReadAsync(
        FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        string[] path = [.. request.Segments];
        if (path is not [var space, var module, var provider, .. var rest] || !IsModule(space, module, provider))
            return null;
        if (await base.ReadAsync(request, tree, ct) is { } file)
            return file;
        string[] folder = path[..3];
        if (!HasFiles(tree, folder))
            return null;
        if (rest is ["versions"])
            return Versions(tree, folder);
        return rest is [var version, "download"]
            && Array.Find(Archives, archive => tree.Find([.. folder, version, archive]) is not null) is { } found
            ? new LocalAnswer.Status(204)
            {
                Headers = [(GetHeader, request.UrlOf([.. folder, version, found]).AbsoluteUri)],
            }
            : new LocalAnswer.Status(404, "This feed has the module, but not this version.");
    }

    /// <inheritdoc/>
    protected override ValueTask<LocalAnswer> StoreAsync(
        FeedRequest request, PackageTree tree, CancellationToken ct) =>
        TryReadFile([.. request.Segments]) is not null
            ? base.StoreAsync(request, tree, ct)
            : ValueTask.FromResult<LocalAnswer>(new LocalAnswer.Status(
                400, "Upload to namespace/module/provider/version/archive.zip or archive.tar.gz."));

    /// <inheritdoc/>
    protected override PackageCoordinates? TryReadFile(string[] path) =>
        path is [var space, var module, var provider, var version, var file] && IsModule(space, module, provider)
        && SemVerSyntax.IsVersion(version) && Archives.Contains(file)
            ? new PackageCoordinates(space, $"{module}.{provider}", version)
            : null;

    /// <inheritdoc/>
    protected override string MediaType(string file) =>
        file.EndsWith(".zip", StringComparison.Ordinal) ? "application/zip" : "application/gzip";

    static LocalAnswer.Document Versions(PackageTree tree, string[] folder)
    {
        var versions = tree.Directories(folder).Where(version => HasFiles(tree, [.. folder, version]))
            .Select(version => (JsonNode)new JsonObject { ["version"] = version });
        var module = new JsonObject { ["versions"] = new JsonArray([.. versions]) };
        return new LocalAnswer.Document(
            JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["modules"] = new JsonArray(module) }),
            "application/json");
    }

    static bool IsModule(params string[] names) => names.All(name => NamePattern().IsMatch(name));

    [GeneratedRegex(@"\A[0-9A-Za-z]([0-9A-Za-z_-]{0,62}[0-9A-Za-z])?\z", RegexOptions.NonBacktracking)]
    private static partial Regex NamePattern();
}
