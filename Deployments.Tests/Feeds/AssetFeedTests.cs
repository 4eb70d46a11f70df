using System.Text;
using System.Text.Json;
using Deployments.Web.Feeds;

namespace Deployments.Tests.Feeds;

public sealed class AssetFeedTests : FeedTypeContract, IDisposable
{
    readonly TemporaryTree place = new();

    protected override IFeedType Type { get; } = new AssetFeed();

    protected override IReadOnlyList<Download> Downloads =>
    [
        new("content/tools/setup%20v2.exe", "", "tools/setup v2.exe", ""),
        new("content/a", "", "a", ""),
        new("content/A/b.TXT", "", "A/b.TXT", ""),
        new("content/%E2%82%AC.txt", "", "€.txt", ""),
        new("content/a%252fb", "", "a%2fb", ""),
    ];

    protected override IReadOnlyList<string> NotDownloads =>
    [
        "", "content", "content/", "dir", "dir/tools", "metadata/tools/setup.exe", "export/tools?format=zip",
        "content/a%2fb", "content/%2e%2e%2fb", "content/a%5cb", "Content/a", "tools/setup.exe", "delete/a",
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Equal =>
    [
        (new("", "a/b", "abc", "x=1"), new("", "a/b", "abc")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Different =>
    [
        (new("", "a/B", "abc"), new("", "a/b", "abc")),
        (new("", "a/b", "abc"), new("", "a/b", "abd")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, string)> Purls =>
    [
        (new("", "tools/setup v2.exe", "abc"), "pkg:generic/tools/setup%20v2.exe@abc"),
    ];

    public void Dispose() => place.Dispose();

    [Fact]
    public async Task A_files_version_is_its_contents_and_it_may_be_replaced()
    {
        Assert.Equal(201, await StatusAsync("content/a/b.txt", "PUT", "one"));
        var one = await FileAsync("content/a/b.txt");
        Assert.Equal(201, await StatusAsync("content/a/b.txt", "POST", "two"));
        var two = await FileAsync("content/a/b.txt");

        Assert.Equal("7692c3ad3540", one.Package!.Version);
        Assert.NotEqual(one.Package.Version, two.Package!.Version);
        Assert.Equal(("a/b.txt", "text/plain"), (two.Package.Name, two.ContentType));
        Assert.Equal("two", await File.ReadAllTextAsync(two.Path));
    }

    [Fact]
    public void The_version_of_a_connectors_file_is_its_date() => Assert.Equal(
        new PackageCoordinates("", "a", "2026-01-02T03:04:05Z"),
        Type.WithAnswer(
            new("", "a", ""), name => name == "Last-Modified" ? "Fri, 02 Jan 2026 03:04:05 GMT" : null));

    [Fact]
    public async Task Directories_are_listed()
    {
        await StatusAsync("content/a/b.txt", "PUT", "one");
        await StatusAsync("content/c.txt", "PUT", "two");

        Assert.Equal(["a", "c.txt"], await NamesAsync("dir"));
        Assert.Equal(["a", "b.txt", "c.txt"], await NamesAsync("dir/?recursive=true"));
        Assert.Equal(["a", "c.txt"], await NamesAsync("dir/?recursive=false)"));
        Assert.Equal(["b.txt"], await NamesAsync("dir/a"));
        Assert.Null(await AskAsync("dir/none"));
        var metadata = Assert.IsType<LocalAnswer.Document>(await AskAsync("metadata/a/b.txt"));
        using var json = JsonDocument.Parse(metadata.Content);
        Assert.Equal($"{Given.FeedUrl}content/a/b.txt", json.RootElement.GetProperty("content").GetString());
    }

    [Fact]
    public async Task Files_are_removed_and_directories_only_when_that_is_said()
    {
        await StatusAsync("content/a/b.txt", "PUT", "one");
        Assert.Equal(404, await StatusAsync("delete/a", "POST"));
        Assert.Equal(200, await StatusAsync("delete/a/b.txt", "POST"));
        await StatusAsync("content/a/b.txt", "PUT", "one");
        Assert.Equal(200, await StatusAsync("delete/a?recursive=true", "DELETE"));
        Assert.Null(await AskAsync("content/a/b.txt"));
        Assert.Equal(FeedAccess.Delete, Type.RequiredAccess(Given.Request("delete/a", "POST")));
    }

    [Fact]
    public async Task A_large_file_comes_in_parts_in_any_order()
    {
        foreach (var (index, part) in new[] { (2, "e"), (0, "xx"), (1, "cd"), (0, "ab") }) // one of them twice
            Assert.Equal(200, await PartAsync(index, part));
        Assert.Null(await AskAsync("content/a/b.txt"));
        Assert.Null(await AskAsync("dir/?recursive=true"));

        Assert.Equal(201, await StatusAsync("content/a/b.txt?id=7f-A&multipart=complete", "POST"));

        Assert.Equal("abcde", await File.ReadAllTextAsync((await FileAsync("content/a/b.txt")).Path));
        Assert.Equal(404, await StatusAsync("content/a/b.txt?id=7f-A&multipart=complete", "POST"));
        Assert.Empty(place.Tree.Unfinished.Directories());
    }

    [Fact]
    public async Task Parts_that_make_no_whole_are_refused()
    {
        await PartAsync(0, "ab");
        await PartAsync(2, "e");
        Assert.Equal(400, await StatusAsync("content/a/b.txt?id=7f-A&multipart=complete", "POST"));
        await PartAsync(1, "c");
        Assert.Equal(400, await StatusAsync("content/a/b.txt?id=7f-A&multipart=complete", "POST"));
        await PartAsync(1, "cd");
        Assert.Equal(400, await StatusAsync("content/a%2fb?id=7f-A&multipart=complete", "POST"));
        Assert.Equal(201, await StatusAsync("content/a/b.txt?id=7f-A&multipart=complete", "POST"));
        Assert.Equal(400, await StatusAsync(Part(0) + "&partSize=7", "POST", "ab"));
        Assert.Equal(400, await StatusAsync("content/a/b.txt?id=7f-A&multipart=complete", "POST"));
    }

    [Theory]
    [InlineData("id=7f&multipart=upload")]
    [InlineData("id=7f&multipart=upload&index=0&totalSize=5")]
    [InlineData("id=7f&multipart=upload&index=3&totalSize=5&totalParts=3")]
    [InlineData("id=7f&multipart=upload&index=-1&totalSize=5&totalParts=3")]
    [InlineData("id=7f&multipart=upload&index=0&totalSize=5&totalParts=0")]
    [InlineData("id=7f&multipart=upload&index=0&totalSize=5&totalParts=100001")]
    [InlineData("id=7f&multipart=upload&index=0&totalSize=99999999999999999999&totalParts=1")]
    [InlineData("id=..%2f..&multipart=upload&index=0&totalSize=5&totalParts=3")]
    [InlineData("id=&multipart=upload&index=0&totalSize=5&totalParts=3")]
    [InlineData("multipart=complete")]
    [InlineData("id=7f&multipart=perhaps")]
    public async Task A_part_that_is_none_is_refused(string query)
    {
        Assert.Equal(400, await StatusAsync($"content/a/b.txt?{query}", "POST", "ab"));
        Assert.Empty(place.Tree.Unfinished.Directories());
    }

    [Fact]
    public async Task Uploads_that_were_abandoned_are_removed_by_the_next()
    {
        await PartAsync(0, "ab");
        var folder = Path.Combine(place.Root, ".uploads", "7f-A");
        Directory.SetLastWriteTimeUtc(folder, TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-2));

        await StatusAsync("content/c?id=1&multipart=upload&index=0&totalSize=1&totalParts=1", "POST", "c");

        Assert.Equal(["1"], place.Tree.Unfinished.Directories());
    }

    Task<int> PartAsync(int index, string content) =>
        StatusAsync(Part(index) + $"&partSize={content.Length}", "POST", content);

    static string Part(int index) =>
        $"content/a/b.txt?id=7f-A&multipart=upload&index={index}&offset=0&totalSize=5&totalParts=3";

    [Theory]
    [InlineData("content/a%2fb")]
    [InlineData("content")]
    [InlineData("b.txt")]
    [InlineData("content/a?multipart=upload&index=0")]
    public async Task What_is_no_upload_of_a_whole_file_is_refused(string path) =>
        Assert.Equal(400, await StatusAsync(path, "POST", "x"));

    [Fact]
    public void An_upstreams_listing_is_led_through_the_feed()
    {
        var context = new RewriteContext(
            Given.Request("dir/tools"), new Uri("http://up.test/endpoints/x/"), url => $"SEALED({url})");
        var rewritten = Encoding.UTF8.GetString(Type.Rewrite(Given.Bytes(
            """
            [{"name":"a.exe","parent":"tools","content":"http://up.test/endpoints/x/content/tools/a.exe"},
             {"name":"b.exe","parent":"tools","content":"https://files.test/b"},{"name":"d","type":"dir"}]
            """), context));
        Assert.Contains($"\"{Given.FeedUrl}content/tools/a.exe\"", rewritten, StringComparison.Ordinal);
        Assert.DoesNotContain("\"https://files.test", rewritten, StringComparison.Ordinal);
        Assert.Throws<FormatException>(() => Type.Rewrite(Given.Bytes("<html>"), context));
    }

    ValueTask<LocalAnswer?> AskAsync(string path, string method = "GET", string? body = null) =>
        Type.AnswerAsync(
            Given.Request(path, method, body is null ? null : Given.Bytes(body)), place.Tree, CancellationToken.None);

    async Task<int> StatusAsync(string path, string method, string? body = null) =>
        Assert.IsType<LocalAnswer.Status>(await AskAsync(path, method, body)).Code;

    async Task<LocalAnswer.File> FileAsync(string path) => Assert.IsType<LocalAnswer.File>(await AskAsync(path));

    async Task<string[]> NamesAsync(string path)
    {
        using var json = JsonDocument.Parse(Assert.IsType<LocalAnswer.Document>(await AskAsync(path)).Content);
        return [.. json.RootElement.EnumerateArray().Select(item => item.GetProperty("name").GetString()!)];
    }
}
