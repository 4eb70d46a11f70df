using System.Security.Cryptography;
using Deployments.Web.Gateway;
using Deployments.Web.Settings;
using Microsoft.Extensions.Logging.Abstractions;

namespace Deployments.Tests.Gateway;

/// <summary>A package file on its way into the cache, where the disk takes no more.</summary>
public sealed class CacheFillTests : IDisposable
{
    const string Key = "0000";
    static readonly byte[] Content = RandomNumberGenerator.GetBytes(1_000_000);

    readonly string directory = Directory.CreateTempSubdirectory("deployments-fill-").FullName;
    readonly ConnectorCache cache;

    public CacheFillTests() => cache = new ConnectorCache(
        new DeploymentsSettings { DataDirectory = directory }, TimeProvider.System,
        NullLogger<ConnectorCache>.Instance);

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Theory]
    [InlineData(0)]
    [InlineData(300_000)]
    [InlineData(999_999)]
    public async Task A_disk_that_fills_up_ends_no_download(int room)
    {
        var file = new SmallDisk(Path.Combine(directory, "file"), room);
        using var response = new HttpResponseMessage();
        response.Content = new ByteArrayContent(Content);
        var fill = new CacheFill(file, response, new Dictionary<string, string>());
        var readers = Enumerable.Range(0, 3).Select(_ => fill.JoinOrNull()!).ToList();

        var run = fill.RunAsync(cache, Key, TimeSpan.FromMinutes(1));
        var bodies = await Task.WhenAll(readers.Select(ReadAsync));

        Assert.Null(await run);
        Assert.Equal("No space left on device", fill.DiskFailure);
        Assert.All(bodies, body => Assert.Equal(Content, body));
        Assert.False(File.Exists(file.Name));
        Assert.Null(await cache.FindOrNullAsync(Key, CancellationToken.None));
    }

    [Fact]
    public async Task Nobody_is_waited_for_who_has_left()
    {
        using var response = new HttpResponseMessage();
        response.Content = new ByteArrayContent(Content);
        var fill = new CacheFill(
            new SmallDisk(Path.Combine(directory, "file"), 300_000), response, new Dictionary<string, string>());
        var leaving = fill.JoinOrNull()!;
        var staying = fill.JoinOrNull()!;

        var run = fill.RunAsync(cache, Key, TimeSpan.FromMinutes(1));
        var body = ReadAsync(staying);
        Assert.Equal(Content[..100], (await leaving.HeadAsync(100, CancellationToken.None)).ToArray());
        leaving.Dispose();

        Assert.Equal(Content, await body);
        Assert.Null(await run);
    }

    [Fact]
    public async Task Fetching_ends_where_nothing_can_be_kept_and_nobody_reads()
    {
        using var response = new HttpResponseMessage();
        response.Content = new ByteArrayContent(Content);
        var fill = new CacheFill(
            new SmallDisk(Path.Combine(directory, "file"), 300_000), response, new Dictionary<string, string>());

        Assert.Null(await fill.RunAsync(cache, Key, TimeSpan.FromMinutes(1)));

        Assert.Throws<FileNotFoundException>(fill.JoinOrNull);
    }

    static async Task<byte[]> ReadAsync(CacheFill.Reader reader)
    {
        using (reader)
        {
            using var body = new MemoryStream();
            await reader.CopyAsync(body, CancellationToken.None);
            return body.ToArray();
        }
    }

    sealed class SmallDisk(string path, int room) : FileStream(
        path, FileMode.CreateNew, FileAccess.Write, FileShare.Read | FileShare.Delete, bufferSize: 0, useAsync: true)
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Position + buffer.Length > room)
                throw new IOException("No space left on device");
            return base.WriteAsync(buffer, cancellationToken);
        }
    }
}
