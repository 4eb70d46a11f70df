using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json;
using Deployments.Web.Feeds;

namespace Deployments.Tests.Feeds;

public sealed class UniversalFeedTests : FeedTypeContract, IDisposable
{
    readonly TemporaryTree place = new();

    protected override IFeedType Type { get; } = new UniversalFeed();

    protected override IReadOnlyList<Download> Downloads =>
    [
        new("download/virtudyne/simdesk/var-index/5.3.9?contentOnly=zip", "virtudyne/simdesk", "var-index", "5.3.9"),
        new("download/virtudyne/simdesk/var-index?latest", "virtudyne/simdesk", "var-index", ""),
        new("download/virtudyne/simdesk/var-index?latest&contentOnly=tgz", "virtudyne/simdesk", "var-index", ""),
        new("download/a/b/1.0.0", "a", "b", "1.0.0"),
        new("download/a/b/1.0.0?latest", "a/b", "1.0.0", ""),
        new("download/Tool/1.2.3-rc.1%2Bbuild.7", "", "Tool", "1.2.3-rc.1+build.7"),
        new("download/a%2Fb/Tool/1.0.0", "a/b", "Tool", "1.0.0"),
        new("Download/Tool/1.0.0/", "", "Tool", "1.0.0"),
    ];

    protected override IReadOnlyList<string> NotDownloads =>
    [
        "", "packages", "packages?group=a&name=b", "versions?name=b", "search?term=b", "download", "download/Tool",
        "download/1.0.0", "download/a/Tool/one", "download?latest", "download-file/Tool/1.0.0?path=x",
        "download-vpack/Tool/1.0.0", "meta/Tool/1.0.0", "upload/Tool/1.0.0", "delete/Tool/1.0.0",
        "download/..%2f../Tool/1.0.0", "download/Tööl/1.0.0",
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Equal =>
    [
        (new("A/B", "Tool", "1.0.0-RC"), new("a/b", "tOOL", "1.0.0-rc")),
        (new("/a/", "tool", "1.0.0"), new("a", "tool", "1.0.0")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Different =>
    [
        (new("a", "tool", "1.0.0"), new("", "tool", "1.0.0")),
        (new("a", "b", "1.0.0"), new("a/b", "", "1.0.0")),
        (new("", "tool", "1.0.0"), new("", "tool", "1.0.0-rc")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, string)> Purls =>
    [
        (new("virtudyne/simdesk", "var-index", "5.3.9"), "pkg:upack/virtudyne/simdesk/var-index@5.3.9"),
        (new("", "Tool", "1.0.0+b.7"), "pkg:upack/Tool@1.0.0%2Bb.7"),
        (new("", "Tool", ""), "pkg:upack/Tool"),
    ];

    public void Dispose() => place.Dispose();

    [Fact]
    public async Task An_uploaded_package_is_served_byte_for_byte_in_any_case()
    {
        var package = Package("Acme/Web", "Shop", "1.0.0-RC.1");
        Assert.Equal(201, await UploadAsync(package));
        foreach (var path in new[]
                 {
                     "download/Acme/Web/Shop/1.0.0-RC.1", "download/acme/web/shop/1.0.0-rc.1",
                     "download/acme/web/SHOP?latest",
                 })
        {
            var file = Assert.IsType<LocalAnswer.File>(await AskAsync(path));
            Assert.Equal(package, await File.ReadAllBytesAsync(file.Path));
            Assert.Equal(new PackageCoordinates("Acme/Web", "Shop", "1.0.0-RC.1"), file.Package);
        }

        var meta = await JsonAsync("meta/acme/web/shop/1.0.0-rc.1");
        Assert.Equal("A shop", meta.GetProperty("title").GetString());
        Assert.Equal("#!/bin/sh", await PartAsync("download-file/acme/web/shop/1.0.0-rc.1?path=bin/run.sh"));
        Assert.Equal(404, await StatusAsync("download-file/acme/web/shop/1.0.0-rc.1?path=../upack.json"));
    }

    [Fact]
    public async Task Content_alone_is_served_as_zip_and_as_tgz()
    {
        await UploadAsync(Package("", "Shop", "1.0.0"));
        var zip = Assert.IsType<LocalAnswer.File>(await AskAsync("download/shop/1.0.0?contentOnly=zip"));
        using (var archive = ZipFile.OpenRead(zip.Path))
            Assert.Equal(["bin/run.sh", "readme.txt"], archive.Entries.Select(entry => entry.FullName).Order());

        var tgz = Assert.IsType<LocalAnswer.File>(await AskAsync("download/shop?latest&contentOnly=tgz"));
        Assert.Equal(new PackageCoordinates("", "Shop", "1.0.0"), tgz.Package);
        var folder = Directory.CreateDirectory(Path.Combine(place.Root, "unpacked"));
        await using (var gzip = new GZipStream(File.OpenRead(tgz.Path), CompressionMode.Decompress))
            await TarFile.ExtractToDirectoryAsync(gzip, folder.FullName, overwriteFiles: false);
        Assert.Equal("#!/bin/sh", await File.ReadAllTextAsync(Path.Combine(folder.FullName, "bin", "run.sh")));

        Assert.Equal(400, await StatusAsync("download/shop/1.0.0?contentOnly=rar"));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(place.Root, ".tmp")));
    }

    [Fact]
    public async Task A_version_uploaded_anew_is_unpacked_anew()
    {
        await UploadAsync(Package("", "Shop", "1.0.0"));
        await AskAsync("download/shop/1.0.0?contentOnly=zip");
        Assert.Equal(204, await StatusAsync("delete/shop/1.0.0", "POST"));
        await UploadAsync(Given.Zip(("upack.json", Given.Bytes("""{"name":"Shop","version":"1.0.0"}""")), ("package/x",
            [])));
        var zip = Assert.IsType<LocalAnswer.File>(await AskAsync("download/shop/1.0.0?contentOnly=zip"));
        using var archive = ZipFile.OpenRead(zip.Path);
        Assert.Equal("x", Assert.Single(archive.Entries).FullName);
    }

    [Fact]
    public async Task Bare_content_becomes_a_package_when_the_address_names_it()
    {
        var content = Given.Zip(("a.txt", Given.Bytes("A")));
        Assert.Equal(400, await UploadAsync(content));
        Assert.Equal(201, await UploadAsync(content, "upload/acme/Tool/1.0.0?title=The+tool"));
        Assert.Equal(409, await UploadAsync(content, "upload?group=acme&name=tool&version=1.0.0"));
        var meta = await JsonAsync("meta/acme/tool/1.0.0");
        Assert.Equal("The tool", meta.GetProperty("title").GetString());
        Assert.Equal("A", await PartAsync("download-file/acme/tool/1.0.0?path=a.txt"));
    }

    [Fact]
    public async Task An_address_that_contradicts_the_package_is_refused()
    {
        Assert.Equal(400, await UploadAsync(Package("acme", "Shop", "1.0.0"), "upload/acme/Shop/1.0.1"));
        Assert.Equal(400, await UploadAsync(Package("acme", "Shop", "1.0.0"), "upload?name=other"));
        Assert.Equal(201, await UploadAsync(Package("acme", "Shop", "1.0.0"), "upload/Acme/shop/1.0.0"));
    }

    [Fact]
    public async Task What_is_no_package_is_refused_with_a_reason()
    {
        foreach (var (body, reason) in new[]
                 {
                     (Given.Bytes("nothing"), "not a zip file"),
                     (Given.Zip(("upack.json", Given.Bytes("[]"))), "not a JSON object"),
                     (Given.Zip(("upack.json", Given.Bytes("""{"name":"a","name":1}"""))), "not a JSON object"),
                     (Given.Zip(("upack.json", new byte[2 << 20])), "larger than 1 MB"),
                     (Package("", "..", "1.0.0"), "not a package name"),
                     (Package("", new string('a', 51), "1.0.0"), "not a package name"),
                     (Package("a/../b", "c", "1.0.0"), "not a package group"),
                     (Package(new string('a', 251), "c", "1.0.0"), "not a package group"),
                     (Package("", "c", "1.0"), "not a semantic version"),
                     (Given.Zip(("upack.json", Given.Bytes("""{"name":"a","version":"1.0.0"}""")), ("package/../../x",
                         [])),
                         "outside the package"),
                 })
        {
            var status = Assert.IsType<LocalAnswer.Status>(await AskAsync("upload", "PUT", body));
            Assert.Equal(400, status.Code);
            Assert.Contains(reason, status.Message, StringComparison.Ordinal);
        }

        Assert.Empty(place.Tree.Directories());
    }

    [Fact]
    public async Task Of_two_uploads_of_a_version_one_wins()
    {
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(n =>
            Task.Run(() => UploadAsync(Package("acme", "Race", "1.0.0", $"title {n}")))));
        Assert.Equal([201, .. Enumerable.Repeat(409, 7)], outcomes.Order());
    }

    [Fact]
    public async Task Packages_and_versions_are_listed()
    {
        await UploadAsync(Package("acme", "Shop", "1.9.0"));
        await UploadAsync(Package("acme", "Shop", "1.10.0"));
        await UploadAsync(Package("acme", "Shop", "2.0.0-rc"));
        await UploadAsync(Package("acme/sub", "Tool", "1.0.0"));
        await UploadAsync(Package("", "Loose", "1.0.0"));

        Assert.Equal(["Tool", "Shop", "Loose"], Names(await JsonAsync("packages")));
        var shop = Assert.Single((await JsonAsync("packages?group=ACME")).EnumerateArray());
        Assert.Equal("1.10.0", shop.GetProperty("latestVersion").GetString());
        Assert.Equal(3, shop.GetProperty("versions").GetArrayLength());
        Assert.Equal(["Tool"], Names(await JsonAsync("search?term=tool")));

        Assert.Equal(3, (await JsonAsync("versions?group=acme&name=shop")).GetArrayLength());
        var one = Assert.Single((await JsonAsync("versions?group=acme&name=shop&version=1.9.0")).EnumerateArray());
        Assert.Equal(40, one.GetProperty("sha1").GetString()!.Length);
        Assert.Equal(0, (await JsonAsync("versions?group=acme&name=shop&version=7.0.0")).GetArrayLength());
        Assert.Null(await AskAsync("versions?name=shop"));
        Assert.Null(await AskAsync("search?term=nothing"));
        Assert.IsType<LocalAnswer.Document>(Type.EmptyAnswer(Given.Request("search?term=nothing")));
    }

    [Fact]
    public async Task A_name_that_is_ours_is_never_asked_of_a_connector()
    {
        await UploadAsync(Package("acme", "Shop", "1.0.0"));
        Assert.Equal(404, await StatusAsync("download/acme/shop/9.0.0"));
        Assert.Null(await AskAsync("download/shop/1.0.0"));
        Assert.Equal(400, await StatusAsync("download/acme/shop"));
    }

    [Fact]
    public void The_newest_version_is_chosen_from_an_upstreams_list()
    {
        var download = Given.Request("download/acme/shop?latest&contentOnly=tgz");
        var list = Type.VersionListRequest(download)!;
        Assert.Equal(("versions", "?group=acme&name=shop"), (list.RawPath, list.RawQuery));
        var chosen = Type.WithNewestVersion(
            download, Given.Bytes("""[{"version":"1.9.0"},{"version":"1.10.0"},{"version":"2.0.0-rc"},{}]"""))!;
        Assert.Equal(("download/acme/shop/1.10.0", "?contentOnly=tgz"), (chosen.RawPath, chosen.RawQuery));
        Assert.Equal(new PackageCoordinates("acme", "shop", "1.10.0"), Type.TryReadDownload(chosen));
        Assert.Null(Type.WithNewestVersion(download, Given.Bytes("[]")));
        Assert.Null(Type.WithNewestVersion(download, Given.Bytes("<html>")));
    }

    [Fact]
    public void Deleting_by_post_needs_the_permission_to_delete()
    {
        Assert.Equal(FeedAccess.Delete, Type.RequiredAccess(Given.Request("delete/a/1.0.0", "POST")));
        Assert.Equal(FeedAccess.Upload, Type.RequiredAccess(Given.Request("upload", "POST")));
    }

    [Theory]
    [InlineData("zip")]
    [InlineData("tgz")]
    public async Task Those_who_ask_for_content_at_the_same_time_share_the_unpacking(string format)
    {
        var noise = new byte[8 << 20];
        new Random(1).NextBytes(noise);
        Assert.Equal(201, await UploadAsync(Given.Zip(
            ("upack.json", Given.Bytes("""{"name":"Shop","version":"1.0.0"}""")), ("package/noise", noise))));
        using var watcher = new FileSystemWatcher(Path.Combine(place.Root, "~shop", "1.0.0"), "*.tmp");
        var begun = 0;
        watcher.Created += (_, _) => Interlocked.Increment(ref begun);
        watcher.EnableRaisingEvents = true;
        using var impatient = new CancellationTokenSource();
        var first = Type.AnswerAsync(
            Given.Request($"download/shop/1.0.0?contentOnly={format}"), place.Tree, impatient.Token).AsTask();

        var answers = Enumerable.Range(0, 8)
            .Select(_ => AskAsync($"download/shop/1.0.0?contentOnly={format}").AsTask()).ToList();
        await impatient.CancelAsync(); // and whoever began it may leave

        var paths = (await Task.WhenAll(answers)).Select(answer => Assert.IsType<LocalAnswer.File>(answer).Path);
        Assert.True(File.Exists(Assert.Single(paths.Distinct())));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.Equal(1, Volatile.Read(ref begun));
    }

    [Fact]
    public async Task A_file_of_a_package_is_unpacked_while_it_is_sent()
    {
        const int length = 80 << 20; // more than was ever held in memory
        Assert.Equal(201, await UploadAsync(Given.Zip(
            ("upack.json", Given.Bytes("""{"name":"Shop","version":"1.0.0"}""")),
            ("package/zeros", new byte[length]))));
        var part = Assert.IsType<LocalAnswer.Unpacked>(await AskAsync("download-file/Shop/1.0.0?path=zeros"));
        Assert.Equal(length, part.Length);
        await using var client = new MeasuringStream();

        await part.CopyToAsync(client, CancellationToken.None);

        Assert.Equal(length, client.Length);
        Assert.InRange(client.LargestWrite, 1, 1 << 20); // what was held as a whole is written as a whole
    }

    [Fact]
    public async Task A_file_that_is_damaged_within_its_package_is_told()
    {
        var text = Given.Bytes(string.Join('\n', Enumerable.Range(0, 20_000)));
        var package = Given.Zip(
            ("upack.json", Given.Bytes("""{"name":"Shop","version":"1.0.0"}""")), ("package/x", text));
        Assert.Equal(201, await UploadAsync(package));
        var part = Assert.IsType<LocalAnswer.Unpacked>(await AskAsync("download-file/Shop/1.0.0?path=x"));
        var path = Assert.IsType<LocalAnswer.File>(await AskAsync("download/Shop/1.0.0")).Path;
        var at = package.AsSpan().IndexOf("package/x"u8) + "package/x".Length;
        package.AsSpan(at, 64).Fill(0xff);
        await File.WriteAllBytesAsync(path, package);

        await Assert.ThrowsAsync<InvalidDataException>(() => part.CopyToAsync(Stream.Null, CancellationToken.None));
    }

    static byte[] Package(string group, string name, string version, string title = "A shop") => Given.Zip(
        ("upack.json", JsonSerializer.SerializeToUtf8Bytes(new { group, name, version, title })),
        ("package/bin/run.sh", Given.Bytes("#!/bin/sh")),
        ("package/readme.txt", Given.Bytes("read me")));

    ValueTask<LocalAnswer?> AskAsync(string path, string method = "GET", byte[]? body = null) =>
        Type.AnswerAsync(Given.Request(path, method, body), place.Tree, CancellationToken.None);

    async Task<int> StatusAsync(string path, string method = "GET") =>
        Assert.IsType<LocalAnswer.Status>(await AskAsync(path, method)).Code;

    async Task<int> UploadAsync(byte[] body, string path = "upload") =>
        Assert.IsType<LocalAnswer.Status>(await AskAsync(path, "PUT", body)).Code;

    async Task<string> PartAsync(string path)
    {
        using var bytes = new MemoryStream();
        await Assert.IsType<LocalAnswer.Unpacked>(await AskAsync(path)).CopyToAsync(bytes, CancellationToken.None);
        return System.Text.Encoding.UTF8.GetString(bytes.ToArray());
    }

    async Task<JsonElement> JsonAsync(string path) =>
        JsonDocument.Parse(Assert.IsType<LocalAnswer.Document>(await AskAsync(path)).Content).RootElement;

    static IEnumerable<string?> Names(JsonElement json) =>
        json.EnumerateArray().Select(item => item.GetProperty("name").GetString());

    /// <summary>Takes anything and remembers how large its pieces were.</summary>
    sealed class MeasuringStream : MemoryStream
    {
        long length;

        public int LargestWrite { get; private set; }

        public override long Length => length;

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            length += buffer.Length;
            LargestWrite = Math.Max(LargestWrite, buffer.Length);
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        {
            Write(buffer.AsSpan(offset, count));
            return Task.CompletedTask;
        }

        public override ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Write(buffer.Span);
            return ValueTask.CompletedTask;
        }
    }
}
