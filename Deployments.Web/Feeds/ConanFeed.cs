using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Deployments.Web.Feeds.Versions;

namespace Deployments.Web.Feeds;

/// <summary>Conan packages, by the revisions API (v2).</summary>
/// <remarks>
/// A binary counts when its <c>conan_package.tgz</c> is fetched; recipes, manifests and lists do not. The lists of
/// what is here are made of the tree that clients upload.
/// </remarks>
public sealed partial class ConanFeed : StaticFeed
{
    const string PackageFile = "conan_package.tgz";

    static readonly string[] PurlKeys = ["channel", "prev", "rrev", "user"];

    /// <inheritdoc/>
    /// <remarks>Of its searches.</remarks>
    public override IReadOnlyList<string>? QueryParameters(FeedRequest request) =>
        TryReadDownload(request) is null ? null : [];

    /// <inheritdoc/>
    public override string Key => "conan";

    /// <inheritdoc/>
    public override string DisplayName => "Conan";

    /// <inheritdoc/>
    public override string? OsvEcosystem => "ConanCenter";

    /// <inheritdoc/>
    public override IVersionOrder VersionOrder => NaturalVersionOrder.Instance;

    /// <inheritdoc/>
    public override PackageKeys Normalize(PackageCoordinates package) => new("", package.Name, package.Version);

    /// <inheritdoc/>
    public override string Purl(PackageCoordinates package) => PackageUrl.Of(
        PackageType, "", package.Name, package.Version,
        PurlKeys.Select(key => (key, package.QualifierValue(key))));

    /// <inheritdoc/>
    /// <remarks>Signing in is this feed's own business.</remarks>
    public override Uri? UpstreamUrl(FeedRequest request, Uri connector, JsonElement? index) =>
        request.Segments is ["v2", "conans", ..] ? base.UpstreamUrl(request, connector, index) : null;

    /// <inheritdoc/>
    public override string DownloadPath(PackageCoordinates package) => PathOf(
        "v2", "conans", package.Name, package.Version, Qualified(package, "user", "_"),
        Qualified(package, "channel", "_"), "revisions", Qualified(package, "rrev", "0"), "packages",
        Qualified(package, "pkgid", "0"), "revisions", Qualified(package, "prev", "0"), "files", PackageFile);

    /// <inheritdoc/>
    public override IReadOnlyList<ClientSetup> ClientSetups(Uri feed) =>
    [
        new("conan", $"""
            conan remote add feed {feed.AbsoluteUri.TrimEnd('/')}
            conan remote login feed api --password KEY
            """),
    ];

    /// <inheritdoc/>
    protected override async ValueTask<LocalAnswer?> ReadAsync(
        FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        switch (request.Segments)
        {
            case ["v1" or "v2", "ping"]:
                return new LocalAnswer.Status(200) { Headers = [("X-Conan-Server-Capabilities", "revisions")] };
            case ["v2", "users", "authenticate"]:
                return Token(request);
            case ["v2", "users", "check_credentials"]:
                return new LocalAnswer.Status(200);
            case ["v2", "conans", "search"]:
                return Recipes(tree, request.Query("q") ?? "") is { Count: > 0 } found ? Found(found) : null;
        }

        if (await base.ReadAsync(request, tree, ct) is { } file)
            return file;
        string[] path = [.. request.Segments];
        if (path is not ["v2", "conans", _, _, _, _, .. var rest] || !IsPlain(path) || !HasFiles(tree, path[..6]))
            return null;
        return rest switch
        {
            [] => null,
            ["search"] => await BinariesAsync(tree, [.. path[..6], "revisions"], ct),
            ["revisions", _, "search"] => await BinariesAsync(tree, path[..^1], ct),
            [.., "latest"] => await RevisionsAsync(tree, [.. path[..^1], "revisions"], latestOnly: true, ct),
            [.., "revisions"] => await RevisionsAsync(tree, path, latestOnly: false, ct),
            [.., "files"] => Json(new JsonObject
            {
                ["files"] = new JsonObject(tree.Files(path).Select(name =>
                    KeyValuePair.Create(name, (JsonNode?)new JsonObject()))),
            }),
            _ => new LocalAnswer.Status(404, "This feed has the recipe, but not this."),
        };
    }

    /// <inheritdoc/>
    public override LocalAnswer? EmptyAnswer(FeedRequest request) =>
        request.Segments is ["v2", "conans", "search"] ? Found([]) : null;

    /// <inheritdoc/>
    protected override ValueTask<LocalAnswer> StoreAsync(
        FeedRequest request, PackageTree tree, CancellationToken ct) =>
        request.Segments is ["v2", "conans", _, _, _, _, "revisions", _, .., "files", _]
            ? base.StoreAsync(request, tree, ct)
            : ValueTask.FromResult<LocalAnswer>(
                new LocalAnswer.Status(400, "This is no address of a recipe's or a package's file."));

    /// <inheritdoc/>
    protected override PackageCoordinates? TryReadFile(string[] path)
    {
        if (path is not ["v2", "conans", var name, var version, var user, var channel, "revisions", var recipe,
            "packages", var package, "revisions", var revision, "files", PackageFile])
            return null;
        return new[] { name, version, user, channel, recipe, package, revision }.All(IsName)
            ? new PackageCoordinates("", name, version, PackageCoordinates.QualifierOf(
                ("channel", channel == "_" ? "" : channel), ("pkgid", package), ("prev", revision), ("rrev", recipe),
                ("user", user == "_" ? "" : user)))
            : PackageCoordinates.Unresolved(path);
    }

    // The client exchanges its password for a token and sends that; a key is one already.
    static LocalAnswer Token(FeedRequest request)
    {
        var header = request.Header("Authorization") ?? "";
        var bytes = new byte[header.Length];
        return header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase)
            && Convert.TryFromBase64String(header[6..].Trim(), bytes, out var length)
            && Encoding.UTF8.GetString(bytes, 0, length).Split(':', 2) is ["api", { Length: > 0 } key]
            ? new LocalAnswer.Document(Encoding.UTF8.GetBytes(key), "text/plain")
            : new LocalAnswer.Status(401, "Sign in as user 'api' with an API key as the password.");
    }

    static async ValueTask<LocalAnswer> RevisionsAsync(
        PackageTree tree, string[] folder, bool latestOnly, CancellationToken ct)
    {
        var all = (await RevisionsAsync(tree, folder, ct))
            .Select(revision => new JsonObject { ["revision"] = revision.Revision, ["time"] = revision.Time }).ToList();
        return all.Count == 0 ? new LocalAnswer.Status(404, "There is no revision here.")
            : latestOnly ? Json(all[0])
            : Json(new JsonObject { ["revisions"] = new JsonArray([.. all]) });
    }

    // The newest first.
    static async ValueTask<IEnumerable<(string Revision, DateTimeOffset Time)>> RevisionsAsync(
        PackageTree tree, string[] folder, CancellationToken ct)
    {
        var revisions = new List<(string Revision, DateTimeOffset Time)>();
        foreach (var revision in tree.Directories(folder))
        {
            DateTimeOffset? newest = null;
            foreach (var file in tree.Files([.. folder, revision, "files"]))
            {
                if (await tree.InfoAsync(ct, [.. folder, revision, "files", file]) is { } info
                    && (newest is null || info.UploadedAt > newest))
                    newest = info.UploadedAt;
            }

            if (newest is { } time)
                revisions.Add((revision, time));
        }

        return revisions.OrderByDescending(revision => revision.Time);
    }

    // References that match a pattern with asterisks, as the client shows them: name/version[@user/channel].
    static List<string> Recipes(PackageTree tree, string pattern)
    {
        var wanted = new Regex(
            $@"\A{Regex.Escape(pattern.Length > 0 ? pattern : "*").Replace(@"\*", ".*", StringComparison.Ordinal)}\z",
            RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
        var all =
            from name in Below()
            from version in Below(name)
            from user in Below(name, version)
            from channel in Below(name, version, user)
            where HasFiles(tree, "v2", "conans", name, version, user, channel)
            select user == "_" ? $"{name}/{version}" : $"{name}/{version}@{user}/{channel}";
        return [.. all.Where(reference => wanted.IsMatch(reference) || wanted.IsMatch(reference.Split('/')[0]))];

        IReadOnlyList<string> Below(params string[] folder) => tree.Directories(["v2", "conans", .. folder]);
    }

    static LocalAnswer.Document Found(IEnumerable<string> references) => Json(new JsonObject
    {
        ["results"] = new JsonArray([.. references.Select(reference => (JsonNode)reference)]),
    });

    // The binaries of a recipe's revision, or of its newest, and for what each was built.
    static async ValueTask<LocalAnswer> BinariesAsync(PackageTree tree, string[] folder, CancellationToken ct)
    {
        if (folder[^1] == "revisions")
        {
            if (await NewestAsync(tree, folder, ct) is not { } recipe)
                return new LocalAnswer.Status(404, "There is no revision here.");
            folder = [.. folder, recipe];
        }

        var binaries = new JsonObject();
        foreach (var binary in tree.Directories([.. folder, "packages"]))
        {
            string[] revisions = [.. folder, "packages", binary, "revisions"];
            if (await NewestAsync(tree, revisions, ct) is { } revision
                && tree.Find([.. revisions, revision, "files", "conaninfo.txt"]) is { } info)
                binaries[binary] = new JsonObject { ["content"] = await File.ReadAllTextAsync(info, ct) };
        }

        return Json(binaries);
    }

    static async ValueTask<string?> NewestAsync(PackageTree tree, string[] folder, CancellationToken ct) =>
        (await RevisionsAsync(tree, folder, ct)).Select(revision => revision.Revision).FirstOrDefault();

    static LocalAnswer.Document Json(JsonObject json) =>
        new(JsonSerializer.SerializeToUtf8Bytes(json), "application/json");

    static bool IsName(string text) => NamePattern().IsMatch(text);

    [GeneratedRegex(@"\A[A-Za-z0-9_][A-Za-z0-9_+.-]{0,100}\z", RegexOptions.NonBacktracking)]
    private static partial Regex NamePattern();
}
