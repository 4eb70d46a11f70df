using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Deployments.Tests.Support;

namespace Deployments.Tests.Inventory;

/// <summary>What an inventory needs of memory does not grow with it.</summary>
public sealed class InventoryMemoryTests
{
    const int Lines = 1_000_000;

    [Fact]
    public async Task A_million_lines_are_taken_in_little_memory()
    {
        // Goal: 47 MB in 1,000,000 lines. Method: the program with a heap of 160 MB at most, of which
        // more than half is its own; keeping the lines would take several times that.
        await using var server = await ServerProcess.StartAsync("DOTNET_GCHeapHardLimit=A000000");
        using var lines = new MemoryStream();
        await using (var writer = new StreamWriter(lines, new UTF8Encoding(false), leaveOpen: true))
        {
            for (var n = 0; n < Lines; n++)
                await writer.WriteAsync($"ii \tpackage-{n % 20_000}\t1.0-1\tamd64\tsource-{n:0000000}\t1\t1\n");
        }

        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            await gzip.WriteAsync(lines.ToArray());
        var answer = await SendAsync(server, packed.ToArray(), "packed");
        Assert.Equal((Lines, 0), ((int)answer["read"]!, (int)answer["failed"]!));
    }

    [Fact]
    public async Task A_log_of_any_length_is_taken_in_little_memory()
    {
        await using var server = await ServerProcess.StartAsync("DOTNET_GCHeapHardLimit=A000000");
        using var made = await server.Admin.PostAsync(
            "/api/management/feeds/create",
            new StringContent("""{"name":"debian","feedType":"debian"}""", Encoding.UTF8, "application/json"));
        Assert.True(made.IsSuccessStatusCode);
        var log = new StringBuilder();
        for (var n = 0; n < 200; n++)
        {
            log.Append("Start-Date: 2026-02-01  10:00:00\nCommandline: apt-get upgrade ").Append(n)
                .Append("\nUpgrade: ");
            for (var package = 0; package < 1000; package++)
                log.Append(null, $"package-{package}:amd64 (1.{n}, 1.{n + 1}), ");
            log.Length -= 2;
            log.Append("\nEnd-Date: 2026-02-01  10:00:00\n\n");
        }

        var answer = await SendAsync(
            server, Encoding.UTF8.GetBytes(log.ToString()), "log", "?format=apt-history&zone=UTC");
        Assert.Equal((200, 200_000, 0), (
            (int)answer["transactions"]!, (int)answer["unknown"]!, (int)answer["failed"]!));
    }

    static async Task<JsonNode> SendAsync(ServerProcess server, byte[] body, string target, string query = "")
    {
        // A loaded machine is slow; only what it takes of memory counts here.
        using var client = new HttpClient { BaseAddress = server.Url, Timeout = Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.Add("X-ApiKey", TestApp.ApiKey);
        using var content = new ByteArrayContent(body);
        using var answer = await client.PostAsync($"/api/inventory/{target}{query}", content);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text + server.Output);
        return JsonNode.Parse(text)!;
    }
}
