using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text.Json;
using Deployments.Data.Feeds;
using Deployments.Web.Feeds;
using Deployments.Web.Gateway;

namespace Deployments.Web.Connectors;

/// <summary>
/// Asks an upstream on behalf of an administrator, by the way that downloads go: same guard, same credentials.
/// </summary>
public sealed class ConnectorCheck
{
    // Somebody waits at the page, whatever patience downloads have.
    static readonly TimeSpan PatienceMax = TimeSpan.FromSeconds(30);

    readonly UpstreamClient upstream;
    readonly FeedTypeCatalog types;
    readonly TimeProvider time;

    // Pages are public and may know this class; the gateway's parts are not, and they may not know them.
    internal ConnectorCheck(UpstreamClient upstream, FeedTypeCatalog types, TimeProvider time)
    {
        this.upstream = upstream;
        this.types = types;
        this.time = time;
    }

    /// <summary>Asks for the feed type's index with the stored credentials.</summary>
    /// <param name="connector">Whom to ask.</param>
    /// <param name="ct">Ends the asking.</param>
    /// <returns>What came of it; never an exception for what an upstream does, never a secret.</returns>
    public async Task<ConnectorAnswer> AskAsync(Connector connector, CancellationToken ct)
    {
        var type = types.FindOrNull(connector.FeedType);
        if (type is null)
            return new ConnectorAnswer(false, null, "", 0, $"This version knows no feed type {connector.FeedType}.");
        var address = new Uri(connector.Url);
        var url = type.UpstreamProbe(address);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var seconds = Math.Min(connector.TimeoutSeconds, (int)PatienceMax.TotalSeconds);
        patience.CancelAfter(TimeSpan.FromSeconds(seconds));
        var began = time.GetTimestamp();
        ConnectorAnswer Answer(bool ok, int? status, string text) => new(
            ok, status, WithoutQuery(url), (long)time.GetElapsedTime(began).TotalMilliseconds, text);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            upstream.Authorize(request, connector);
            using var response = await upstream.Invoker.SendAsync(request, patience.Token);
            var index = type.HasUpstreamIndex(address) && response.IsSuccessStatusCode
                ? await UpstreamClient.ReadAsync(response.Content, patience.Token)
                : null;
            var (ok, text) = index is not null && !IsJson(index)
                ? (false, "It answers, but not with the index that this connector needs. Check the address.")
                : Judge(response.StatusCode, connector);
            return Answer(ok, (int)response.StatusCode, text + RedirectNote(url, response));
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return Answer(false, null, $"No answer within {seconds} {(seconds == 1 ? "second" : "seconds")}.");
        }
        catch (CryptographicException)
        {
            return Answer(false, null, "The stored password cannot be read any more; type it in again.");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or SocketException)
        {
            return Answer(false, null, Explain(exception, url.Host));
        }
    }

    /// <summary>What a status means for a connector.</summary>
    internal static (bool Ok, string Text) Judge(HttpStatusCode status, Connector connector) => (int)status switch
    {
        >= 200 and < 300 => (true, "It answers."),
        401 or 403 when HasCredentials(connector) => (false, "It refuses the user name and password that are stored."),
        401 or 403 => (false, "It wants a user name and a password, and none are stored."),
        404 or 410 => (false,
            "The server answers, but has nothing at this address. Some feeds show no index and serve packages all the "
            + "same; otherwise check the address."),
        407 => (false, "A proxy in between wants credentials; connectors do not use proxies."),
        429 => (false, "It is asked too often just now. Try again later."),
        >= 500 => (false, "The server answers with an error of its own."),
        _ => (false, "It answers with something that is not a success."),
    };

    /// <summary>Why there was no answer, in plain words. The innermost cause knows best.</summary>
    internal static string Explain(Exception exception, string host)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            if (Known(cause, host) is { } text)
                return text;
        }

        // From the guard: says itself why an address is refused.
        return exception.GetBaseException() is HttpRequestException refusal
            ? refusal.Message + "."
            : "The connection failed: " + exception.GetBaseException().Message;
    }

    static string? Known(Exception cause, string host) => cause switch
    {
        AuthenticationException => "No secure connection: " + cause.Message.TrimEnd('.')
            + ". Is the certificate valid for this host, in date, and issued by an authority this machine trusts?",
        SocketException socket => socket.SocketErrorCode switch
        {
            SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain =>
                $"The name {host} has no address in DNS.",
            SocketError.ConnectionRefused => "The connection was refused: nothing listens at that host and port.",
            SocketError.HostUnreachable or SocketError.NetworkUnreachable =>
                "There is no way to that host from this machine.",
            SocketError.TimedOut => "That host does not answer at all; a firewall perhaps.",
            SocketError.ConnectionReset => "The connection was reset by the other side.",
            _ => null,
        },
        HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse } =>
            "What answers does not speak HTTP. Is it https instead of http, or another port?",
        HttpIOException { HttpRequestError: HttpRequestError.ResponseEnded } =>
            "The other side hung up without an answer.",
        _ => null,
    };

    static bool HasCredentials(Connector connector) =>
        !string.IsNullOrEmpty(connector.Username) || connector.PasswordEncrypted is not null;

    static string RedirectNote(Uri asked, HttpResponseMessage response) =>
        response.RequestMessage?.RequestUri is { } last && last != asked
            ? $" It led on to {WithoutQuery(last)}."
            : "";

    // Signatures and keys stand in queries.
    static string WithoutQuery(Uri url) => url.GetComponents(
        UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped) + (url.Query.Length > 0 ? "?…" : "");

    static bool IsJson(byte[] document)
    {
        try
        {
            using var json = JsonDocument.Parse(document);
            return json.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
