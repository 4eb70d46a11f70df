using System.Collections.Concurrent;
using System.Globalization;
using System.Net;

namespace Deployments.Tests.Support;

/// <summary>Clients that download one package again and again, tagged, and remember what they were promised.</summary>
public sealed class TaggedLoad : IAsyncDisposable
{
    readonly CancellationTokenSource stopping = new();
    readonly Task clients;
    int unread;
    int others;

    /// <param name="client">Whom to ask.</param>
    /// <param name="path">The package's address.</param>
    /// <param name="parallel">How many clients.</param>
    /// <param name="pause">How long each rests between two downloads.</param>
    public TaggedLoad(HttpClient client, string path, int parallel = 32, TimeSpan pause = default) =>
        clients = Task.WhenAll(Enumerable.Range(0, parallel).Select(
            number => Task.Run(() => DownloadAsync(client, path, $"server-{number}", pause))));

    /// <summary>Every record promised: its id and how (recorded or journaled).</summary>
    public ConcurrentDictionary<long, string> Promised { get; } = new();

    /// <summary>Requests whose answer never came: they may be recorded or not.</summary>
    public int Unread => Volatile.Read(ref unread);

    /// <summary>Answers that were no download with a promise.</summary>
    public int Others => Volatile.Read(ref others);

    /// <summary>What the last such answer was.</summary>
    public string? LastOther { get; private set; }

    /// <summary>What to show when it does not go on.</summary>
    public Func<string> Log { get; init; } = () => "";

    public int Count(string status) => Promised.Values.Count(promise => promise == status);

    /// <summary>Returns when so many more promises of the kind have been given.</summary>
    public Task MoreAsync(string status, int more = 50)
    {
        var before = Count(status);
        return Patience.UntilAsync(() => Count(status) >= before + more, () =>
            $"Only {Count(status) - before} more downloads were {status}; {Others} others, {LastOther}\n{Log()}");
    }

    /// <summary>One tagged request, from the address given.</summary>
    public static HttpRequestMessage Request(string path, string target = "server") => new(HttpMethod.Get, path)
    {
        Headers =
        {
            { "X-ProGet-Deployment-Application", "load" },
            { "X-ProGet-Deployment-Description", "a test" },
            { "X-ProGet-Deployment-Target", target },
        },
    };

    /// <summary>Lets the requests under way end, and starts no more.</summary>
    public async Task StopAsync()
    {
        await stopping.CancelAsync();
        await clients;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        stopping.Dispose();
    }

    async Task DownloadAsync(HttpClient client, string path, string target, TimeSpan pause)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                using var request = Request(path, target);
                using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
                Note(answer);
                await answer.Content.ReadAsByteArrayAsync();
            }
            catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
            {
                Interlocked.Increment(ref unread);
                await Task.Delay(20); // the server is dead
            }

            await Task.Delay(pause);
        }
    }

    void Note(HttpResponseMessage answer)
    {
        var status = answer.Headers.TryGetValues("X-Deployment-Status", out var values) ? values.Single() : "none";
        if (answer.StatusCode == HttpStatusCode.OK && status is "recorded" or "journaled")
        {
            var id = long.Parse(answer.Headers.GetValues("X-Deployment-Id").Single(), CultureInfo.InvariantCulture);
            Assert.True(Promised.TryAdd(id, status), $"The id {id} was given twice.");
            return;
        }

        Interlocked.Increment(ref others);
        LastOther = $"{(int)answer.StatusCode} {status}";
    }
}
