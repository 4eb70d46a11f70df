using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Deployments.Web.Feeds;

namespace Deployments.Tests.Feeds;

public sealed class MavenFeedTests : FeedTypeContract, IDisposable
{
    const string SnapshotFolder = "org/acme/app/1.2-SNAPSHOT";

    readonly TemporaryTree place = new();

    protected override IFeedType Type { get; } = new MavenFeed();

    protected override IReadOnlyList<Download> Downloads =>
    [
        new("org/acme/app/1.2/app-1.2.jar", "org.acme", "app", "1.2"),
        new("org/acme/app/1.2/app-1.2-dist.tar.gz", "org.acme", "app", "1.2", "classifier=dist&ext=tar.gz"),
        new("org/acme/app/1.2/app-1.2.war", "org.acme", "app", "1.2", "ext=war"),
        new("org/acme/app/1.2/app-1.2.tar.gz", "org.acme", "app", "1.2", "ext=tar.gz"),
        new("org/acme/app/1.2/app-1.2-linux-x86_64.jar", "org.acme", "app", "1.2", "classifier=linux-x86_64&ext=jar"),
        new("org/acme/app/1.2/app-1.2-netty4.1.jar", "org.acme", "app", "1.2", "classifier=netty4.1&ext=jar"),
        new("org/acme/app/1.2/app-1.2-a%26b.zip", "org.acme", "app", "1.2", "classifier=a%26b&ext=zip"),
        new($"{SnapshotFolder}/app-1.2-20240102.030405-7.jar", "org.acme", "app", "1.2-SNAPSHOT"),
        new($"{SnapshotFolder}/app-1.2-SNAPSHOT.jar", "org.acme", "app", "1.2-SNAPSHOT"),
        new($"{SnapshotFolder}/app-1.2-20240102.030405-7-dist.zip", "org.acme", "app", "1.2-SNAPSHOT",
            "classifier=dist&ext=zip"),
        new("junit/junit/4.12/junit-4.12.jar", "junit", "junit", "4.12"),
        new("org/acme/my-app-2/1.0-rc-1/my-app-2-1.0-rc-1.jar", "org.acme", "my-app-2", "1.0-rc-1"),
    ];

    protected override IReadOnlyList<string> NotDownloads =>
    [
        "", "org", "org/acme/app/1.2/app-1.2.jar.sha1", "org/acme/app/1.2/app-1.2.jar.md5",
        "org/acme/app/1.2/app-1.2.jar.asc", "org/acme/app/1.2/app-1.2.jar.asc.sha256", "org/acme/app/1.2/app-1.2.pom",
        "org/acme/app/1.2/app-1.2-dist.tar.gz.asc", "org/acme/app/1.2/app-1.2-dist.tar.gz.sha512",
        "org/acme/app/1.2/app-1.2.module", "org/acme/app/1.2/app-1.2-sources.jar",
        "org/acme/app/1.2/app-1.2-javadoc.jar",
        "org/acme/app/maven-metadata.xml", "org/acme/app/maven-metadata.xml.sha1",
        $"{SnapshotFolder}/maven-metadata.xml",
        "org/acme/app/1.2/app-1.3.jar", "org/acme/app/1.2/other-1.2.jar", "org/acme/app/1.2/app-1.2",
        "app/1.2/app-1.2.jar",
        $"{SnapshotFolder}/app-1.2-2024.jar", "archetype-catalog.xml", "org%2facme/app/1.2/app-1.2%2f.jar",
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Equal =>
    [
        (new("org.acme", "app", "1.2", "ext=war"), new("org.acme", "app", "1.2")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Different =>
    [
        (new("org.acme", "app", "1.0"), new("org.acme", "app", "1.0.0")),
        (new("org.acme", "App", "1.0"), new("org.acme", "app", "1.0")),
        (new("org.acme", "app", "1.0-SNAPSHOT"), new("org.acme", "app", "1.0")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, string)> Purls =>
    [
        (new("org.apache.xmlgraphics", "batik-anim", "1.9.1"), "pkg:maven/org.apache.xmlgraphics/batik-anim@1.9.1"),
        (new("org.acme", "app", "1.2", "classifier=dist&ext=tar.gz"),
            "pkg:maven/org.acme/app@1.2?classifier=dist&type=tar.gz"),
        (new("org.acme", "app", "1.2", "classifier=a%26b&ext=jar"), "pkg:maven/org.acme/app@1.2?classifier=a%26b"),
        (new("org.acme", "app", "1.2+3", "ext=war"), "pkg:maven/org.acme/app@1.2%2B3?type=war"),
    ];

    public void Dispose() => place.Dispose();

    [Fact]
    public async Task Uploaded_files_are_served_byte_for_byte()
    {
        Assert.Equal(201, await PutAsync("org/acme/app/1.2/app-1.2.jar", "jar"));
        Assert.Equal(201, await PutAsync("org/acme/app/1.2/app-1.2.jar.sha1", "as uploaded"));
        Assert.Equal("jar", await ContentAsync("org/acme/app/1.2/app-1.2.jar"));
        Assert.Equal("as uploaded", await ContentAsync("org/acme/app/1.2/app-1.2.jar.sha1"));
    }

    [Fact]
    public async Task Checksums_that_nobody_uploaded_are_computed()
    {
        await PutAsync("org/acme/app/1.2/app-1.2.jar", "jar");
        Assert.Equal(
            Convert.ToHexStringLower(SHA256.HashData("jar"u8)),
                await ContentAsync("org/acme/app/1.2/app-1.2.jar.sha256"));
        Assert.Equal(
            Convert.ToHexStringLower(SHA512.HashData("jar"u8)),
                await ContentAsync("org/acme/app/1.2/app-1.2.jar.sha512"));
        Assert.Equal(32, (await ContentAsync("org/acme/app/1.2/app-1.2.jar.md5")).Length);
        Assert.Equal(40, (await ContentAsync("org/acme/app/1.2/app-1.2.jar.sha1")).Length);
        Assert.Equal(404, await StatusAsync("org/acme/app/1.2/app-1.2.war.sha1"));
    }

    [Fact]
    public async Task Releases_stay_and_snapshots_and_metadata_are_replaced()
    {
        foreach (var (path, second) in new[]
                 {
                     ("org/acme/app/1.2/app-1.2.jar", 409),
                     ("org/acme/app/1.2/app-1.2.pom", 409),
                     ("org/acme/app/maven-metadata.xml", 201),
                     ("org/acme/app/maven-metadata.xml.sha1", 201),
                     ("org/acme/maven-metadata.xml", 201),
                     ($"{SnapshotFolder}/maven-metadata.xml", 201),
                     ($"{SnapshotFolder}/app-1.2-SNAPSHOT.jar", 201),
                 })
        {
            Assert.Equal(201, await PutAsync(path, "first"));
            Assert.Equal(second, await PutAsync(path, "second"));
            Assert.Equal(second == 201 ? "second" : "first", await ContentAsync(path));
        }
    }

    [Fact]
    public async Task A_replaced_files_checksum_is_the_new_ones()
    {
        foreach (var content in new[] { "first", "other" })
        {
            await PutAsync("org/acme/app/maven-metadata.xml", content);
            Assert.Equal(
                Convert.ToHexStringLower(SHA256.HashData(Given.Bytes(content))),
                await ContentAsync("org/acme/app/maven-metadata.xml.sha256"));
        }
    }

    [Fact]
    public async Task A_snapshot_by_its_base_version_is_its_newest_build()
    {
        await PutAsync($"{SnapshotFolder}/app-1.2-20240102.030405-9.jar", "nine");
        await PutAsync($"{SnapshotFolder}/app-1.2-20240102.030405-10.jar", "ten");
        await PutAsync($"{SnapshotFolder}/app-1.2-20230102.030405-11.jar", "older");
        await PutAsync($"{SnapshotFolder}/app-1.2-20250102.030405-12-sources.jar", "sources");
        Assert.Equal("ten", await ContentAsync($"{SnapshotFolder}/app-1.2-SNAPSHOT.jar"));
        Assert.Equal(
            Convert.ToHexStringLower(SHA256.HashData("ten"u8)),
            await ContentAsync($"{SnapshotFolder}/app-1.2-SNAPSHOT.jar.sha256"));
        Assert.Equal(404, await StatusAsync($"{SnapshotFolder}/app-1.2-SNAPSHOT.war"));
    }

    [Fact]
    public async Task Metadata_of_an_artifact_that_nobody_uploaded_is_made_of_its_versions()
    {
        foreach (var version in new[] { "1.10", "1.9", "2.0-SNAPSHOT" })
            await PutAsync($"org/acme/app/{version}/app-{version}.jar", "jar");

        var metadata = XElement.Parse(await ContentAsync("org/acme/app/maven-metadata.xml"));

        Assert.Equal(["1.9", "1.10", "2.0-SNAPSHOT"], metadata.Descendants("version").Select(version => version.Value));
        Assert.Equal(("org.acme", "app", "2.0-SNAPSHOT", "1.10"), (
            metadata.Element("groupId")!.Value, metadata.Element("artifactId")!.Value,
            metadata.Descendants("latest").Single().Value, metadata.Descendants("release").Single().Value));
        foreach (var (kind, sum) in Sums(await ContentAsync("org/acme/app/maven-metadata.xml")))
            Assert.Equal(sum, await ContentAsync($"org/acme/app/maven-metadata.xml.{kind}"));
    }

    [Fact]
    public async Task Metadata_of_a_snapshot_that_nobody_uploaded_names_the_newest_build_of_each_file()
    {
        foreach (var file in new[]
                 {
                     "app-1.2-20240102.030405-9.jar", "app-1.2-20240103.030405-10.jar",
                     "app-1.2-20240103.030405-10.pom", "app-1.2-20240102.030405-9-sources.jar",
                     "app-1.2-20240103.030405-10.jar.sha1",
                 })
            await PutAsync($"{SnapshotFolder}/{file}", "x");

        var metadata = XElement.Parse(await ContentAsync($"{SnapshotFolder}/maven-metadata.xml"));

        Assert.Equal(("20240103.030405", "10", "1.2-SNAPSHOT"), (
            metadata.Descendants("timestamp").Single().Value, metadata.Descendants("buildNumber").Single().Value,
            metadata.Element("version")!.Value));
        Assert.Equal(
            [" jar 1.2-20240103.030405-10", " pom 1.2-20240103.030405-10", "sources jar 1.2-20240102.030405-9"],
            metadata.Descendants("snapshotVersion").Select(file => string.Join(' ',
                new[] { "classifier", "extension", "value" }.Select(name => file.Element(name)?.Value))));
        foreach (var (kind, sum) in Sums(await ContentAsync($"{SnapshotFolder}/maven-metadata.xml")))
            Assert.Equal(sum, await ContentAsync($"{SnapshotFolder}/maven-metadata.xml.{kind}"));
    }

    static IEnumerable<(string Kind, string Sum)> Sums(string text)
    {
        var bytes = Given.Bytes(text);
#pragma warning disable CA5350, CA5351 // what the protocol asks for
        yield return ("md5", Convert.ToHexStringLower(MD5.HashData(bytes)));
        yield return ("sha1", Convert.ToHexStringLower(SHA1.HashData(bytes)));
#pragma warning restore CA5350, CA5351
        yield return ("sha256", Convert.ToHexStringLower(SHA256.HashData(bytes)));
        yield return ("sha512", Convert.ToHexStringLower(SHA512.HashData(bytes)));
    }

    [Fact]
    public async Task An_artifact_that_is_ours_is_never_asked_of_a_connector()
    {
        await PutAsync("org/acme/app/1.2/app-1.2.jar", "jar");
        Assert.Equal(404, await StatusAsync("org/acme/app/9.9/app-9.9.jar"));
        Assert.Contains("<version>1.2</version>", await ContentAsync("org/acme/app/maven-metadata.xml"),
            StringComparison.Ordinal);
        Assert.Equal(404, await StatusAsync("org/acme/app/1.2/app-1.2.pom"));
        Assert.Null(await AskAsync("org/acme/lib/1.0/lib-1.0.jar"));
        Assert.Null(await AskAsync("org/acme/maven-metadata.xml"));
        Assert.Null(await AskAsync("org/acme/app/sub/1.0/sub-1.0.jar"));
    }

    [Fact]
    public async Task Paths_that_cannot_be_stored_are_refused()
    {
        Assert.Equal(400, await PutAsync("file.jar", "x"));
        Assert.Equal(400, await PutAsync("a/b/file.jar", "x"));
        Assert.Equal(400, await PutAsync($"a/b/c/{new string('d', 300)}", "x"));
        Assert.Equal(400, await PutAsync("a/b%2fc/d/e/f.jar", "x"));
        Assert.Equal(201, await PutAsync("a/b/1/b-1.jar", "x"));
        Assert.Equal(400, await PutAsync("a/b/1/b-1.jar/c/d", "x"));
        Assert.Equal(201, await PutAsync("a/b/1/x/y.jar", "x"));
        Assert.Equal(400, await PutAsync("a/b/1/x", "x"));
    }

    [Fact]
    public async Task Nobody_overwrites_what_the_store_knows_about_a_file()
    {
        await PutAsync("org/acme/app/1.2/app-1.2.jar", "jar");
        await PutAsync("org/acme/app/1.2/app-1.2.jar.info.json", """{"Sha256":"forged"}""");
        Assert.Equal(
            Convert.ToHexStringLower(SHA256.HashData("jar"u8)),
                await ContentAsync("org/acme/app/1.2/app-1.2.jar.sha256"));
        Assert.Contains("forged", await ContentAsync("org/acme/app/1.2/app-1.2.jar.info.json"),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_a_version_or_an_artifact_is_deleted_but_no_group()
    {
        await PutAsync("org/acme/app/1.2/app-1.2.jar", "jar");
        await PutAsync("org/acme/app/1.3/app-1.3.jar", "jar");
        await PutAsync("org/acme/lib/1.0/lib-1.0.jar", "jar");
        Assert.Equal(404, await StatusAsync("org/acme", "DELETE"));
        Assert.Equal(404, await StatusAsync("org/acme/app/7", "DELETE"));
        Assert.Equal(204, await StatusAsync("org/acme/app/1.2/app-1.2.jar", "DELETE"));
        Assert.Equal(204, await StatusAsync("org/acme/app/1.3", "DELETE"));
        Assert.Equal(204, await StatusAsync("org/acme/lib", "DELETE"));
        Assert.Null(await AskAsync("org/acme/app/1.3/app-1.3.jar"));
    }

    [Fact]
    public async Task Of_two_uploads_of_a_release_one_wins()
    {
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(n =>
            Task.Run(() => PutAsync("org/acme/app/1.2/app-1.2.jar", $"jar {n}"))));
        Assert.Equal([201, .. Enumerable.Repeat(409, 7)], outcomes.Order());
    }

    [Fact]
    public void Requests_keep_their_path_upstream()
    {
        var connector = new Uri("https://up.test/maven2/");
        var request = Given.Request("org/acme/app/1.2%2B3/app-1.2%2B3.jar");
        Assert.Equal(
            "https://up.test/maven2/org/acme/app/1.2%2B3/app-1.2%2B3.jar",
            Type.UpstreamUrl(request, connector, null)!.AbsoluteUri);
        Assert.Null(Type.UpstreamUrl(Given.Request("a/b/1/b-1.jar", "PUT"), connector, null));
    }

    ValueTask<LocalAnswer?> AskAsync(string path, string method = "GET", string? body = null) =>
        Type.AnswerAsync(
            Given.Request(path, method, body is null ? null : Given.Bytes(body)), place.Tree, CancellationToken.None);

    async Task<int> PutAsync(string path, string body) =>
        await StatusAsync(path, "PUT", body);

    async Task<int> StatusAsync(string path, string method = "GET", string? body = null) =>
        Assert.IsType<LocalAnswer.Status>(await AskAsync(path, method, body)).Code;

    async Task<string> ContentAsync(string path) => await AskAsync(path) switch
    {
        LocalAnswer.File file => await File.ReadAllTextAsync(file.Path),
        LocalAnswer.Document document => Encoding.ASCII.GetString(document.Content),
        var other => throw new InvalidOperationException($"{path}: {other}"),
    };

    [Theory]
    [InlineData("org/acme/lib/1.0/lib-1.0.jar", true)]
    [InlineData("org/acme/lib/1.1-SNAPSHOT/lib-1.1-SNAPSHOT.jar", false)]
    public void A_snapshot_may_change_under_its_name(string path, bool isImmutable)
    {
        var request = FeedRequest.TryRead("GET", path)!;
        IFeedType type = new MavenFeed();

        Assert.Equal(isImmutable, type.IsImmutable(request, type.TryReadDownload(request)!));
    }
}
