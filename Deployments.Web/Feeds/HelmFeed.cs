using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Deployments.Web.Feeds.Versions;

namespace Deployments.Web.Feeds;

/// <summary>Helm chart repositories: <c>index.yaml</c> and chart archives wherever it says.</summary>
/// <remarks>
/// See Helm's "The Chart Repository Guide". The upstream's index names archives anywhere; each is led to
/// <c>charts/{chart}/{version}/{file}</c>, so that name and version need not be guessed. A chart asked for by file name
/// alone is what its <c>Chart.yaml</c> says. The index of charts that are here is made of them; it is not signed.
/// </remarks>
public sealed partial class HelmFeed : StaticFeed
{
    const int ChartHeadBytes = 64 << 10; // helm packs Chart.yaml first

    const string IndexFile = "index.yaml";

    /// <inheritdoc/>
    public override string Key => "helm";

    /// <inheritdoc/>
    public override string DisplayName => "Helm";

    /// <inheritdoc/>
    public override IVersionOrder VersionOrder => SemVerVersionOrder.Instance;

    /// <inheritdoc/>
    /// <remarks>v1.0.0 and 1.0.0 are two versions to Helm.</remarks>
    public override PackageKeys Normalize(PackageCoordinates package) =>
        new(package.Group, package.Name, package.Version);

    /// <inheritdoc/>
    public override bool RewritesAnswer(FeedRequest request) => request.Segments is [.., IndexFile];

    /// <inheritdoc/>
    public override byte[] Rewrite(byte[] document, RewriteContext context)
    {
        var text = Encoding.UTF8.GetString(document).TrimStart('\uFEFF');
        var prefix = context.Request.Segments.SkipLast(1).ToArray();
        var index = Below(context.Connector, context.Request.RawPath);
        return text.AsSpan().TrimStart().StartsWith("{")
            ? RewriteJson(text, Led)
            : Encoding.UTF8.GetBytes(HelmIndex.Rewrite(text, Led));

        string Led(string chart, string version, string url)
        {
            if (!Uri.TryCreate(index, url, out var upstream) || upstream.Scheme is not ("http" or "https"))
                return url;
            var file = FileNameOf(upstream) is { Length: > 0 } name ? name : $"{chart}-{version}.tgz";
            return context.Lead(upstream, [.. prefix, "charts", chart, version, file]).AbsoluteUri;
        }
    }

    /// <inheritdoc/>
    /// <remarks>A chart's signature lies beside it.</remarks>
    public override Uri LedUrl(FeedRequest request, Uri led) =>
        request.Segments is [.., var file] && file.EndsWith(".prov", StringComparison.Ordinal)
        && !led.AbsolutePath.EndsWith(".prov", StringComparison.Ordinal)
            ? new UriBuilder(led) { Path = led.AbsolutePath + ".prov" }.Uri
            : led;

    /// <inheritdoc/>
    public override int HeadLength(FeedRequest download) => ChartHeadBytes;

    /// <inheritdoc/>
    public override PackageCoordinates? TryReadHead(FeedRequest download, ReadOnlyMemory<byte> head)
    {
        var chart = ChartYaml(head);
        var (name, version) = (Scalar(chart, "name"), Scalar(chart, "version"));
        return ChartNamePattern().IsMatch(name) && VersionPattern().IsMatch(version)
            ? new PackageCoordinates(TryReadDownload(download)?.Group ?? "", name, version)
            : null;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<IReadOnlyList<string>> IndexPaths(PackageCoordinates package) =>
        [[PathOf(package.Group, IndexFile)]];

    /// <inheritdoc/>
    public override string DownloadPath(PackageCoordinates package) => PathOf(
        package.Group, "charts", package.Name, package.Version, $"{package.Name}-{package.Version}.tgz");

    /// <inheritdoc/>
    public override IReadOnlyList<ClientSetup> ClientSetups(Uri feed) =>
    [
        new("helm", $"helm repo add feed {feed.AbsoluteUri.TrimEnd('/')}"),
        new("helm, with the plugin cm-push", $"""
            helm cm-push acme-1.0.0.tgz {feed.AbsoluteUri.TrimEnd('/')} --username api --password KEY
            # "helm push" itself wants a registry: a feed of type Docker takes charts too
            """),
        new("curl", $"""
            curl -T acme-1.0.0.tgz -H "X-ApiKey: $KEY" {feed}
            """),
    ];

    /// <inheritdoc/>
    protected override async ValueTask<LocalAnswer?> ReadAsync(
        FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        if (await base.ReadAsync(request, tree, ct) is { } answer)
            return answer;
        if (request.Segments is [IndexFile])
            return await IndexAsync(tree, mayBeEmpty: false, ct);
        // Any version of a chart that is here.
        return TryReadDownload(request) is { Group: "", Version: not "" } package
            && HasFiles(tree, "charts", package.Name)
            ? new LocalAnswer.Status(404, "This feed has the chart, but not this version.")
            : null;
    }

    /// <inheritdoc/>
    public override async ValueTask<LocalAnswer?> MakeIndexAsync(
        FeedRequest request, PackageTree tree, bool mayBeEmpty, CancellationToken ct) =>
        request.Segments is [IndexFile] ? await IndexAsync(tree, mayBeEmpty, ct) : null;

    /// <inheritdoc/>
    /// <remarks>An archive sent to the feed's own address, as ProGet takes it, is filed by its Chart.yaml.</remarks>
    protected override async ValueTask<LocalAnswer> StoreAsync(
        FeedRequest request, PackageTree tree, CancellationToken ct) =>
        request.Segments is ["api", "charts"] ? await PushAsync(request, tree, ct)
        : request.Segments is not ([] or [_]) || request.Segments is [IndexFile]
            ? await base.StoreAsync(request, tree, ct)
        : (await StoreChartAsync(request.Body, request, tree, ct)).Answer;

    async ValueTask<(LocalAnswer Answer, string[] Path)> StoreChartAsync(
        Stream content, FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        try
        {
            await using var spool = await tree.SpoolAsync(content, ct);
            if (TryReadHead(request, await HeadOfAsync(spool, ChartHeadBytes, ct)) is not { } chart)
            {
                return (new LocalAnswer.Status(
                    400, "This is no chart: it has no Chart.yaml with a name and a version."), []);
            }

            spool.Position = 0;
            string[] path = ["charts", chart.Name, chart.Version, $"{chart.Name}-{chart.Version}.tgz"];
            return (await SaveAsync(spool, request, tree, ct, path), path);
        }
        catch (InvalidDataException e)
        {
            return (new LocalAnswer.Status(400, e.Message), []);
        }
    }

    // ChartMuseum's API, which the plugin cm-push speaks: a form with the chart and perhaps its signature, or the chart
    // alone, and an answer in JSON.
    async ValueTask<LocalAnswer> PushAsync(FeedRequest request, PackageTree tree, CancellationToken ct)
    {
        try
        {
            if (UploadForm.OfOrNull(request) is not { } form)
                return Pushed((await StoreChartAsync(request.Body, request, tree, ct)).Answer);
            LocalAnswer? answer = null;
            string[] chart = [];
            while (await form.NextOrNullAsync(ct) is var (field, _, content))
            {
                if (field == "chart" && answer is null)
                    (answer, chart) = await StoreChartAsync(content, request, tree, ct);
                else if (field == "prov" && answer is LocalAnswer.Status { Code: 201 })
                    await SaveAsync(content, request, tree, ct, [.. chart[..^1], chart[^1] + ".prov"]);
            }

            return Pushed(answer ?? new LocalAnswer.Status(400, "The form has no file called 'chart'."));
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            return Pushed(new LocalAnswer.Status(400, "The form is malformed, or ended early."));
        }
    }

    static LocalAnswer Pushed(LocalAnswer answer) => answer is LocalAnswer.Status status
        ? new LocalAnswer.Document(
            status.Code == 201
                ? """{"saved":true}"""u8.ToArray()
                : JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["error"] = status.Message }),
            "application/json")
        {
            Code = status.Code,
        }
        : answer;

    /// <inheritdoc/>
    public override ValueTask<LocalAnswer> UploadAsync(FeedRequest upload, PackageTree tree, CancellationToken ct) =>
        StoreAsync(upload, tree, ct);

    /// <inheritdoc/>
    protected override PackageCoordinates? TryReadFile(string[] path)
    {
        if (path is [.. var prefix, "charts", var chart, var version, var file]
            && !file.EndsWith(".prov", StringComparison.Ordinal) && file is not IndexFile
            && ChartNamePattern().IsMatch(chart) && VersionPattern().IsMatch(version))
            return new PackageCoordinates(string.Join('/', prefix), chart, version);
        if (path is not [.., var archive] || !archive.EndsWith(".tgz", StringComparison.Ordinal))
            return null;
        // The left-most place where a whole version follows: my-app-2-1.0.0-rc.1. What the archive says decides.
        var stem = archive[..^4];
        for (var dash = stem.IndexOf('-', StringComparison.Ordinal); dash > 0;
            dash = stem.IndexOf('-', dash + 1))
        {
            if (VersionPattern().IsMatch(stem[(dash + 1)..]) && ChartNamePattern().IsMatch(stem[..dash]))
                return new PackageCoordinates("", stem[..dash], stem[(dash + 1)..]);
        }

        return PackageCoordinates.Unresolved(path);
    }

    /// <inheritdoc/>
    protected override string MediaType(string file) => Path.GetExtension(file) switch
    {
        ".yaml" => "application/yaml",
        ".prov" => "text/plain",
        _ => "application/gzip",
    };

    async ValueTask<LocalAnswer?> IndexAsync(PackageTree tree, bool mayBeEmpty, CancellationToken ct)
    {
        var index = new StringBuilder();
        foreach (var chart in tree.Directories("charts"))
        {
            var entries = new StringBuilder();
            foreach (var version in tree.Directories("charts", chart))
            {
                foreach (var file in tree.Files("charts", chart, version))
                {
                    string[] path = ["charts", chart, version, file];
                    if (TryReadFile(path) is not null)
                        await AppendEntryAsync(entries, path, tree, ct);
                }
            }

            if (entries.Length == 0)
                continue;
            index.Append("  ").Append(JsonSerializer.Serialize(chart)).Append(":\n").Append(entries);
        }

        return index.Length == 0 && !mayBeEmpty
            ? null
            : new LocalAnswer.Document(
                Encoding.UTF8.GetBytes($"apiVersion: v1\nentries:{(index.Length > 0 ? "\n" : " {}\n")}{index}"),
                "application/yaml");
    }

    static async ValueTask AppendEntryAsync(
        StringBuilder entries, string[] path, PackageTree tree, CancellationToken ct)
    {
        if (tree.Find(path) is not { } file || await tree.InfoAsync(ct, path) is not { } info)
            return;
        var head = new byte[ChartHeadBytes];
        await using (var content = File.OpenRead(file))
            head = head[..await content.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, ct)];
        var mark = "  - ";
        foreach (var line in HelmIndex.EntryLines(ChartYaml(head)))
        {
            entries.Append(mark).Append(line).Append('\n');
            mark = "    ";
        }

        entries.Append(mark).Append("created: ").Append(JsonSerializer.Serialize(info.UploadedAt)).Append('\n')
            .Append("    digest: ").Append(info.Sha256).Append('\n')
            .Append("    urls:\n    - ")
            .Append(JsonSerializer.Serialize(string.Join('/', path.Select(PercentEncoding.EncodeSegment))))
            .Append('\n');
    }

    static byte[] RewriteJson(string text, Func<string, string, string, string> led)
    {
        try
        {
            var json = JsonNode.Parse(text);
            var entries = json?["entries"] as JsonObject ?? [];
            foreach (var entry in entries.SelectMany(chart => chart.Value as JsonArray ?? []))
            {
                if (entry?["urls"] is not JsonArray urls)
                    continue;
                for (var i = 0; i < urls.Count; i++)
                {
                    if (urls[i] is JsonValue value && value.TryGetValue<string>(out var url))
                        urls[i] = led(entry["name"]?.ToString() ?? "-", entry["version"]?.ToString() ?? "-", url);
                }
            }

            return JsonSerializer.SerializeToUtf8Bytes(json);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            throw new FormatException("The upstream's chart index cannot be read.", e);
        }
    }

    static string ChartYaml(ReadOnlyMemory<byte> head) =>
        PackageHead.TarGzEntry(head, name => name.Split('/') is [_, "Chart.yaml"]) ?? "";

    static string Scalar(string yaml, string key) => HelmIndex.Unquote(
        Regex.Match(yaml, $@"^{key}:[ \t]*([^\r\n]*)", RegexOptions.Multiline | RegexOptions.NonBacktracking)
            .Groups[1].Value);

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,249}\z", RegexOptions.NonBacktracking)]
    private static partial Regex ChartNamePattern();

    [GeneratedRegex(
        @"\Av?[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]{1,100})?([+_][0-9A-Za-z.-]{1,100})?\z",
        RegexOptions.NonBacktracking)]
    private static partial Regex VersionPattern();
}
