using System.Net.Sockets;
using System.Text;
using Deployments.Tests.Support;

namespace Deployments.Tests.Api;

/// <summary>Who may send a body slowly: whoever may upload, and nobody else.</summary>
public sealed class SlowBodyTests
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("X-ApiKey: wrong")]
    [InlineData("Authorization: Bearer wrong")]
    public async Task Credentials_in_headers_are_judged_before_the_body_is_read(string header)
    {
        await using var app = await TestApp.StartAsync();

        Assert.StartsWith("HTTP/1.1 403", await SendAsync(
            app, "POST /api/package-deployment", $"{header}\r\nContent-Type: application/json", 0),
            StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 403", await SendAsync(
            app, "POST /api/package-deployment?key=wrong", "Content-Type: application/json", 0),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_slow_body_is_waited_for_where_somebody_may_upload_and_nowhere_else()
    {
        await using var app = await TestApp.StartAsync();
        await app.CreateFeedAsync("files", "asset");
        const string key = "X-ApiKey: " + TestApp.ApiKey;
        const string json = "\r\nContent-Type: application/json";

        // At once, since each takes the seconds that the server grants to everybody.
        var answers = await Task.WhenAll(
            SendAsync(app, "PUT /endpoints/files/content/slow.txt", key, 14),
            SendAsync(app, "POST /api/package-deployment", "X-Nothing: x" + json, 14),
            SendAsync(app, "POST /api/management/feeds/create", key + json, 14),
            SendAsync(app, "POST /sign-in", "Content-Type: application/x-www-form-urlencoded", 14));

        Assert.StartsWith("HTTP/1.1 201", answers[0], StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 408", answers[1], StringComparison.Ordinal);
        Assert.All(answers[2..], answer => Assert.DoesNotContain("HTTP/1.1 2", answer, StringComparison.Ordinal));
    }

    // A body of which so many bytes come, one each half second; none at all where it is 0.
    static async Task<string> SendAsync(TestApp app, string request, string headers, int count)
    {
        using var patience = new CancellationTokenSource(Patience);
        using var client = new TcpClient();
        await client.ConnectAsync(app.Url.Host, app.Url.Port, patience.Token);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(
            $"{request} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n"
            + $"Content-Length: {(count == 0 ? 100 : count)}\r\n\r\n"), patience.Token);
        var sending = TrickleAsync(stream, count, patience.Token);
        using var reader = new StreamReader(stream, Encoding.Latin1);
        var answer = await reader.ReadLineAsync(patience.Token) ?? "";
        await sending;
        return answer;
    }

    static async Task TrickleAsync(NetworkStream stream, int count, CancellationToken ct)
    {
        try
        {
            for (var i = 0; i < count; i++)
            {
                await Task.Delay(500, ct);
                await stream.WriteAsync("x"u8.ToArray(), ct);
            }
        }
        catch (IOException)
        {
            // Cut off, as it should be.
        }
    }
}
