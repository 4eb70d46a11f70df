using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Deployments.Tests.Support;
using Deployments.Web.Gateway;

namespace Deployments.Tests.Gateway;

/// <summary>What is remembered of stored files is never served when it is not true any more.</summary>
public sealed class LocalDownloadsTests : IAsyncLifetime
{
    const string Path = "/endpoints/files/content/tools/setup.bin";
    const string Jar = "/maven2/java/org/acme/lib/1.0/lib-1.0.jar";

    TestDatabase database = null!;
    TestApp one = null!;
    string packages = null!;

    public async Task InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        packages = Directory.CreateTempSubdirectory("deployments-test-").FullName;
        one = await TestApp.StartAsync(database, "Deployments:PackagesDirectory=" + packages);
        await one.CreateFeedAsync("java", "maven");
        await one.CreateFeedAsync("files", "asset");
    }

    public async Task DisposeAsync()
    {
        await one.DisposeAsync();
        await database.DisposeAsync();
        Directory.Delete(packages, recursive: true);
    }

    [Theory]
    [InlineData(20_000)] // from memory
    [InlineData(200_000)] // from the file
    public async Task A_file_is_sent_whole_in_part_and_not_again_to_who_has_it(int length)
    {
        var bytes = await PutAsync(one, Jar, length);
        for (var time = 0; time < 3; time++)
        {
            using var whole = await one.Client.GetAsync(Jar);
            Assert.Equal(bytes, await whole.Content.ReadAsByteArrayAsync());
            Assert.Equal(length, whole.Content.Headers.ContentLength);

            using var part = await one.Client.SendAsync(new HttpRequestMessage(HttpMethod.Get, Jar)
            {
                Headers = { Range = new RangeHeaderValue(10, 99) },
            });
            Assert.Equal(HttpStatusCode.PartialContent, part.StatusCode);
            Assert.Equal(bytes[10..100], await part.Content.ReadAsByteArrayAsync());
            Assert.Equal(whole.Headers.ETag, part.Headers.ETag);

            using var same = await one.Client.SendAsync(new HttpRequestMessage(HttpMethod.Get, Jar)
            {
                Headers = { IfNoneMatch = { whole.Headers.ETag! } },
            });
            Assert.Equal(HttpStatusCode.NotModified, same.StatusCode);

            using var head = await one.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, Jar));
            Assert.Equal(length, head.Content.Headers.ContentLength);
        }
    }

    [Theory]
    [InlineData(20_000)]
    [InlineData(200_000)]
    public async Task What_another_node_replaced_or_deleted_is_right_at_the_next_request(int length)
    {
        await using var other = await TestApp.StartAsync(database, "Deployments:PackagesDirectory=" + packages);
        await PutAsync(one, Jar, length);
        await ReadAsync(Jar);
        await ReadAsync(Jar);

        Assert.Equal(HttpStatusCode.NoContent, await DeleteAsync(other, Jar));
        using (var gone = await one.Client.GetAsync(Jar))
            Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);

        var anew = await PutAsync(other, Jar, length); // of the same length
        Assert.Equal(anew, await ReadAsync(Jar));
        Assert.Equal(anew, await ReadAsync(Jar));
    }

    [Fact]
    public async Task A_file_that_may_change_is_read_each_time()
    {
        for (var time = 0; time < 3; time++)
        {
            var bytes = await PutAsync(one, Path, 1_000);
            Assert.Equal(bytes, await ReadAsync(Path));
        }

        Assert.Equal(0, one.Service<LocalDownloads>().Count);
    }

    [Fact]
    public async Task A_version_that_was_blocked_meanwhile_is_refused()
    {
        await PutAsync(one, Jar, 1_000);
        await ReadAsync(Jar);
        Assert.Equal(1, one.Service<LocalDownloads>().Count);

        using (var blocked = await one.Admin.PostAsJsonAsync(
            "/api/packages/java/status?group=org.acme&name=lib&version=1.0", new { allow = false }))
            Assert.True(blocked.IsSuccessStatusCode, await blocked.Content.ReadAsStringAsync());

        await Patience.UntilAsync(async () =>
        {
            using var answer = await one.Client.GetAsync(Jar);
            return answer.StatusCode == HttpStatusCode.Forbidden;
        });
    }

    async Task<byte[]> ReadAsync(string path)
    {
        using var answer = await one.Client.GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsByteArrayAsync();
    }

    static async Task<byte[]> PutAsync(TestApp app, string path, int length)
    {
        var bytes = new byte[length];
        Random.Shared.NextBytes(bytes);
        using var content = new ByteArrayContent(bytes);
        using var answer = await app.Admin.PutAsync(path, content);
        Assert.True(answer.IsSuccessStatusCode, $"{answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        return bytes;
    }

    static async Task<HttpStatusCode> DeleteAsync(TestApp app, string path)
    {
        using var answer = await app.Admin.DeleteAsync(path);
        return answer.StatusCode;
    }
}
