using Deployments.Web.Feeds;

namespace Deployments.Tests.Feeds;

/// <summary>
/// What every feed type promises: subclass it with samples. Paths are written as they stand behind
/// <c>/{root}/{feed}/</c>.
/// </summary>
public abstract class FeedTypeContract
{
    /// <summary>A request that downloads a package, and the package.</summary>
    public sealed record Download(string Path, string Group, string Name, string Version, string Qualifier = "");

    protected abstract IFeedType Type { get; }

    /// <summary>Requests for package files; at least one of each shape the type knows.</summary>
    protected abstract IReadOnlyList<Download> Downloads { get; }

    /// <summary>Requests that must never be recorded.</summary>
    protected abstract IReadOnlyList<string> NotDownloads { get; }

    /// <summary>Packages that are the same although they are spelled otherwise.</summary>
    protected abstract IReadOnlyList<(PackageCoordinates One, PackageCoordinates Other)> Equal { get; }

    /// <summary>Packages that look alike and are not the same.</summary>
    protected abstract IReadOnlyList<(PackageCoordinates One, PackageCoordinates Other)> Different { get; }

    /// <summary>Package URLs, escaped as the purl specification says.</summary>
    protected abstract IReadOnlyList<(PackageCoordinates Package, string Purl)> Purls { get; }

    [Fact]
    public void Downloads_are_read_from_their_paths()
    {
        foreach (var sample in Downloads)
        {
            var read = Type.TryReadDownload(Given.Request(sample.Path));
            Assert.True(read is not null, $"{sample.Path} is a download");
            Assert.Equal(new PackageCoordinates(sample.Group, sample.Name, sample.Version, sample.Qualifier), read);
        }
    }

    [Fact]
    public void The_method_does_not_matter_to_what_a_path_means()
    {
        foreach (var sample in Downloads)
        {
            Assert.Equal(
                Type.TryReadDownload(Given.Request(sample.Path)),
                Type.TryReadDownload(Given.Request(sample.Path, "HEAD")));
        }
    }

    [Fact]
    public void Anything_else_is_no_download()
    {
        // What is no path at all was refused before a type is asked.
        foreach (var path in NotDownloads)
            Assert.True(
                Given.TryRequest(path) is not { } request || Type.TryReadDownload(request) is null,
                $"{path} is no download");
    }

    [Fact]
    public void Reading_needs_no_more_than_the_download_permission()
    {
        var paths = Downloads.Select(sample => sample.Path).Concat(NotDownloads);
        foreach (var path in paths.Where(path => Given.TryRequest(path) is not null))
        {
            Assert.Equal(FeedAccess.Download, Type.RequiredAccess(Given.Request(path)));
            Assert.Equal(FeedAccess.Download, Type.RequiredAccess(Given.Request(path, "HEAD")));
            Assert.NotEqual(FeedAccess.Download, Type.RequiredAccess(Given.Request(path, "DELETE")));
            Assert.NotEqual(FeedAccess.Download, Type.RequiredAccess(Given.Request(path, "PUT")));
        }
    }

    [Fact]
    public void Two_spellings_of_a_package_have_the_same_keys()
    {
        foreach (var (one, other) in Equal)
            Assert.Equal(Type.Normalize(one), Type.Normalize(other));
        foreach (var (one, other) in Different)
            Assert.NotEqual(Type.Normalize(one), Type.Normalize(other));
    }

    [Fact]
    public void Keys_of_keys_are_the_keys()
    {
        foreach (var sample in Downloads)
        {
            var keys = Type.Normalize(new PackageCoordinates(sample.Group, sample.Name, sample.Version));
            Assert.Equal(keys, Type.Normalize(new PackageCoordinates(keys.Group, keys.Name, keys.Version)));
        }
    }

    [Fact]
    public void Package_urls_are_escaped_as_specified()
    {
        foreach (var (package, purl) in Purls)
            Assert.Equal(purl, Type.Purl(package));
    }

    [Fact]
    public void Keys_and_package_urls_never_throw()
    {
        foreach (var text in HostileTexts)
        {
            var package = new PackageCoordinates(text, text, text, text);
            Assert.NotNull(Type.Normalize(package).Name);
            Assert.StartsWith("pkg:" + Type.PackageType + "/", Type.Purl(package), StringComparison.Ordinal);
            _ = Type.VersionOrder.SortKey(text);
        }
    }

    [Fact]
    public void The_path_of_an_example_is_a_download_of_it()
    {
        // A file name never has the epoch.
        foreach (var sample in Downloads.Where(sample => sample.Version.Length > 0 && !sample.Version.Contains(':')
            && Type.Key is not ("npm" or "maven" or "universal" or "nuget")))
        {
            var path = Type.DownloadPath(new(sample.Group, sample.Name, sample.Version, sample.Qualifier));
            var read = Type.TryReadDownload(Given.Request(path));
            Assert.Equal((sample.Name, sample.Version), (read?.Name, read?.Version));
        }
    }

    /// <summary>Snippets are shown as they are and copied; they name this feed and no other host.</summary>
    [Fact]
    public void Clients_are_pointed_at_the_feed_and_nowhere_else()
    {
        var setups = Type.ClientSetups(new Uri("http://feeds.test:8624/root/main/"));
        Assert.Distinct(setups.Select(setup => setup.Client));
        foreach (var setup in setups)
        {
            Assert.Equal(setup.Text, setup.Text.Trim());
            Assert.All(
                System.Text.RegularExpressions.Regex.Matches(setup.Text, "https?://([^/\\s\"'<]+)"),
                match => Assert.Equal("feeds.test:8624", match.Groups[1].Value));
        }
    }

    [Fact]
    public async Task An_empty_feed_serves_no_package()
    {
        using var place = new TemporaryTree();
        foreach (var sample in Downloads)
        {
            var answer = await Type.AnswerAsync(Given.Request(sample.Path), place.Tree, CancellationToken.None);
            Assert.True(answer is null, $"{sample.Path} is left to the connectors");
        }
    }

    /// <summary>
    /// Goal: no request makes a type throw or touch anything outside its tree. Method: every segment of every sample is
    /// replaced and extended by hostile texts, raw and encoded, with a body that is no package. Writing is tried with
    /// fewer samples: a type may store what it is sent, and each file is flushed to the disk.
    /// </summary>
    [Fact]
    public async Task Hostile_paths_neither_throw_nor_leave_the_tree()
    {
        using var place = new TemporaryTree();
        var samples = Downloads.Select(sample => sample.Path).Concat(NotDownloads).ToList();
        var reads = samples.SelectMany(HostileVariants).Distinct().ToList();
        var writes = samples.Take(2).SelectMany(HostileVariants).Distinct().ToList();
        foreach (var (method, paths) in new[]
                 {
                     ("GET", reads), ("PUT", writes), ("POST", writes), ("HEAD", reads), ("DELETE", writes),
                 })
        {
            foreach (var path in paths)
            {
                if (Given.TryRequest(path, method, Given.Bytes("no package")) is not { } request)
                    continue;
                _ = Type.TryReadDownload(request);
                _ = Type.RequiredAccess(request);
                _ = Type.RewritesAnswer(request);
                _ = Type.UpstreamUrl(request, new Uri("http://upstream.test/root"), null);
                var answer = await Type.AnswerAsync(request, place.Tree, CancellationToken.None);
                if (answer is LocalAnswer.File file)
                    Assert.StartsWith(place.Root + "/", Path.GetFullPath(file.Path), StringComparison.Ordinal);
            }
        }

        Assert.True(place.NothingLeftTheTree);
    }

    /// <summary>
    /// Goal: what a hostile spelling of a download is recorded under leads nowhere else. Method: each segment of each
    /// download is preceded, followed and replaced by traversals (plain, encoded, encoded twice, overlong UTF-8,
    /// backslashes), separators that are encoded or merely look alike, NUL, line ends and 5,000 letters; what is still
    /// taken for a package has none of them in its names, or is kept as the path that was asked for.
    /// </summary>
    [Fact]
    public void A_hostile_spelling_of_a_download_names_nothing_but_a_package()
    {
        foreach (var sample in Downloads)
        {
            var path = sample.Path.Split('?')[0];
            var segments = path.Split('/');
            var spellings = Enumerable.Range(0, segments.Length).SelectMany(place => HostileParts.SelectMany(part =>
                new[] { part + segments[place], segments[place] + part, part }.Select(text =>
                    string.Join('/', [.. segments[..place], text, .. segments[(place + 1)..]]))));
            foreach (var spelling in spellings.Append(path.Replace("/", "%2f", StringComparison.Ordinal))
                .Append(path.Replace("/", "%5c", StringComparison.Ordinal)))
            {
                if (Given.TryRequest(spelling) is { } request && Type.TryReadDownload(request) is { } read)
                    Assert.True(IsHarmless(read), $"{spelling} is read as {read}");
            }
        }
    }

    static bool IsHarmless(PackageCoordinates package)
    {
        if (package.Qualifier == PackageCoordinates.UnresolvedQualifier)
            return !package.Name.Any(char.IsControl);
        string[] texts = [package.Group, package.Name, package.Version];
        return texts.All(text => !text.Any(char.IsControl) && !text.Contains('\\', StringComparison.Ordinal)
            && text.Split('/').All(part => part is not (".." or ".")));
    }

    static readonly string[] HostileParts =
    [
        "..", "../", "%2e%2e", "%2e%2e%2f", "..%2f", ".%2e/", "%252e%252e%252f", "%c0%ae%c0%ae%c0%af", "..%5c", "%5c",
        "%2f", "%252f", "%EF%BC%8F", "%E2%88%95", "%00", "%0d%0a", "%7f", "%ff", "%u002e", new string('a', 5_000),
    ];

    static readonly string[] HostileTexts =
    [
        "", ".", "..", "../..", "a/../../b", "..\\..", "/etc/passwd", "C:\\x", "\0", "\r\n", "%2e%2e", "%", "~", "@",
        "@/", "-",
        "index.json", "x.info.json", "1.0.0-", "99999999999999999999.0.0", "Ｎewtonsoft", "раскаge", "İ", "a\u202eb",
        "\ud800",
        new string('a', 5_000), new string('é', 250), "1.0.0+" + new string('9', 300), " ", "a b", "'\"<>&", "{0}",
    ];

    static readonly string[] HostileSegments =
    [
        "..", "%2e%2e", "%2E%2e%2f%2e%2e", "..%2f..", "%252e%252e%252f", "..%5c..", "%00", "a%00b", "%c0%ae%c0%ae",
        "%ff", "%", "%zz",
        "@%2f..", "@..%2fx", "@a%2fb%2fc", "%2f", "%40a%2f", "~seal", "con", ".hidden", "x.info.json", "a%20b",
        "%EF%BC%8F",
        "İ", "раскаge", "NEWTONSOFT.json", "a%0d%0ab", "-", "1.0.0", "latest", new string('a', 300), new string('%', 3),
        string.Concat(Enumerable.Repeat("%F0%9F%92%A9", 80)),
    ];

    static IEnumerable<string> HostileVariants(string path)
    {
        var mark = path.IndexOf('?', StringComparison.Ordinal);
        var (raw, query) = mark < 0 ? (path, "") : (path[..mark], path[mark..]);
        var segments = raw.Split('/');
        yield return raw.ToUpperInvariant() + query;
        yield return raw.Replace("/", "%2f", StringComparison.Ordinal) + query;
        yield return raw.Replace("/", "//", StringComparison.Ordinal) + query;
        yield return string.Join('/', Enumerable.Repeat(raw, 200)) + query;
        foreach (var hostile in HostileSegments)
        {
            yield return $"{raw}/{hostile}{query}";
            for (var i = 0; i < segments.Length; i++)
            {
                yield return string.Join('/', [.. segments[..i], hostile, .. segments[(i + 1)..]]) + query;
                yield return string.Join('/', [.. segments[..i], segments[i] + hostile,
                    .. segments[(i + 1)..]]) + query;
            }
        }
    }
}
