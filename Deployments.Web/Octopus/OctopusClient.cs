using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Deployments.Data.Octopus;
using Deployments.Web.Gateway;

namespace Deployments.Web.Octopus;

/// <summary>
/// Asks Octopus servers, by the way of the guard that connectors have, and not more often than they like: at most 60
/// requests in any minute, and none before the time that an answer of 429 names.
/// </summary>
/// <remarks>
/// Octopus allows about 200 requests a minute for each user since 2026.3 (its documentation, "rate limiting").
/// </remarks>
sealed class OctopusClient(
    UpstreamGuard guard, OctopusSecrets secrets, OctopusConnectionStore store, TimeProvider time) : IDisposable
{
    const int BodyBytesMax = 32 << 20;
    const int SaidLengthMax = 300;

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    static readonly TimeSpan BusyMin = TimeSpan.FromSeconds(1);
    static readonly TimeSpan BusyMax = TimeSpan.FromHours(1);

    readonly HttpMessageInvoker invoker = new(CreateHandler(guard));

    /// <summary>What the server has at a path.</summary>
    /// <param name="octopus">The server.</param>
    /// <param name="path">Below its address, such as <c>/api/Spaces-1/tasks?take=1</c>.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>Null when it has nothing there.</returns>
    /// <exception cref="OctopusException">It is away, refuses, or answers what is no JSON.</exception>
    /// <exception cref="OctopusBusyException">It wants to be left alone for a while.</exception>
    public Task<JsonElement?> GetOrNullAsync(OctopusConnection octopus, string path, CancellationToken ct) =>
        SendAsync(octopus, HttpMethod.Get, path, null, ct);

    /// <summary>Has the server make something.</summary>
    /// <inheritdoc cref="GetOrNullAsync"/>
    public Task<JsonElement?> PostAsync(OctopusConnection octopus, string path, object body, CancellationToken ct) =>
        SendAsync(octopus, HttpMethod.Post, path, JsonSerializer.SerializeToUtf8Bytes(body), ct);

    /// <inheritdoc/>
    public void Dispose() => invoker.Dispose();

    async Task<JsonElement?> SendAsync(
        OctopusConnection octopus, HttpMethod method, string path, byte[]? body, CancellationToken ct)
    {
        await WaitForPaceAsync(octopus, ct);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(ct);
        timeout.CancelAfter(Patience);
        using var request = new HttpRequestMessage(method, octopus.Url + path)
        {
            Content = body is null ? null : new ByteArrayContent(body),
        };
        request.Headers.TryAddWithoutValidation("X-Octopus-ApiKey", secrets.Key(octopus.ApiKeyEncrypted));
        request.Headers.Accept.ParseAdd("application/json");
        request.Content?.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        try
        {
            using var response = await invoker.SendAsync(request, timeout.Token);
            return await AnswerAsync(response, path, timeout.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new OctopusException($"Octopus did not answer within {Patience.TotalSeconds:0} seconds.", true);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or SocketException)
        {
            throw new OctopusException(
                $"Octopus cannot be reached: {exception.GetBaseException().Message.TrimEnd('.')}.", true);
        }
    }

    // In whole milliseconds, which timers count in: less is no wait at all.
    async Task WaitForPaceAsync(OctopusConnection octopus, CancellationToken ct)
    {
        while (await store.BookRequestAsync(octopus.ConnectionId, time.GetUtcNow(), ct) is var wait
            && wait > TimeSpan.Zero)
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds)), time, ct);
    }

    async Task<JsonElement?> AnswerAsync(HttpResponseMessage response, string path, CancellationToken ct)
    {
        var status = (int)response.StatusCode;
        if (status == 429 || (status == 503 && response.Headers.RetryAfter is not null))
            throw new OctopusBusyException(time.GetUtcNow() + Pause(response));
        if (status is 404 or 410)
            return null;
        if (status is >= 300 and < 400)
            throw new OctopusException(
                $"Octopus sends on to {Place(response)}; give that address if it is right.", isAboutServer: true);
        var body = await ReadAsync(response, ct);
        if (status == 401)
            throw new OctopusException("Octopus refuses the API key (401).", isAboutServer: true);
        if (status is < 200 or >= 300)
        {
            var said = TryParse(body) is { } error && error.Text("ErrorMessage") is { } text ? $": {Plain(text)}" : "";
            throw new OctopusException($"Octopus answers {status} to {path.Split('?')[0]}{said}") { Status = status };
        }

        return TryParse(body)
            ?? throw new OctopusException($"Octopus answers {path.Split('?')[0]} with something that is not JSON.");
    }

    /// <summary>How long to wait, as <c>Retry-After</c> says in seconds or as a date.</summary>
    TimeSpan Pause(HttpResponseMessage response)
    {
        var asked = response.Headers.RetryAfter is { } after
            ? after.Delta ?? after.Date - time.GetUtcNow() ?? TimeSpan.Zero
            : TimeSpan.FromMinutes(1);
        return asked < BusyMin ? BusyMin : asked > BusyMax ? BusyMax : asked;
    }

    static async Task<byte[]> ReadAsync(HttpResponseMessage response, CancellationToken ct)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(ct);
        using var body = new MemoryStream();
        var buffer = new byte[1 << 16];
        int read;
        while ((read = await stream.ReadAsync(buffer, ct)) > 0)
        {
            if (body.Length + read > BodyBytesMax)
                throw new OctopusException($"An answer of Octopus is larger than {BodyBytesMax >> 20} MB.");
            body.Write(buffer, 0, read);
        }

        return body.ToArray();
    }

    static JsonElement? TryParse(byte[] body)
    {
        try
        {
            return JsonSerializer.Deserialize<JsonElement>(body);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // Not followed: the API key goes only to where the administrator said.
    static string Place(HttpResponseMessage response) =>
        response.RequestMessage?.RequestUri is { } from && response.Headers.Location is { } location
            ? new Uri(from, location).GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped)
            : "another address";

    static string Plain(string text)
    {
        var plain = new string([.. text.Select(c => char.IsControl(c) ? ' ' : c)]).Trim();
        return plain.Length <= SaidLengthMax ? plain : plain[..SaidLengthMax] + "…";
    }

    static SocketsHttpHandler CreateHandler(UpstreamGuard guard)
    {
        var handler = guard.CreateHandler();
        handler.AutomaticDecompression = DecompressionMethods.All;
        return handler;
    }
}
