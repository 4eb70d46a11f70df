using System.Diagnostics.CodeAnalysis;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Deployments.Data.Notifications;
using Deployments.Web.Accounts;
using Deployments.Web.Gateway;

namespace Deployments.Web.Notifications;

/// <summary>
/// Sends webhooks, through the same guard as connectors: never to link-local or metadata addresses, to private ones
/// only where the settings allow it. Redirects are not followed.
/// </summary>
sealed class WebhookSender(UpstreamGuard guard, ConnectorSecrets secrets, NotificationLinks links, TimeProvider time)
    : IDisposable
{
    const int AnswerBytesMax = 2000; // as many as 500 characters may take
    const int UrlLengthMax = 2000;
    const int SecretBytes = 32;

    readonly HttpMessageInvoker invoker = CreateInvoker(guard);

    /// <summary>How long a receiver may take, from the connection to the end of its answer.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A new secret to sign with.</summary>
    public static string MakeSecret() =>
        "whsec_" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(SecretBytes));

    /// <summary>Why a text cannot be a webhook's address; null when it can.</summary>
    public static string? ProblemOrNull(string? address) =>
        address is not { Length: > 0 and <= UrlLengthMax } || address.Any(c => char.IsControl(c) || c == ' ')
            || !Uri.TryCreate(address, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https")
            || url.Host.Length == 0
            ? "A webhook needs the address of its receiver: an http or https URL of at most 2,000 characters."
        : url.UserInfo.Length > 0 || url.Fragment.Length > 0
            ? "The address of a receiver has no user name and no fragment."
        : null;

    /// <summary>The signature of a body: <c>sha256=</c> and the HMAC in lower-case hexadecimal.</summary>
    public static string Sign(string secret, ReadOnlySpan<byte> body) =>
        "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body));

    /// <summary>Sends one notification once.</summary>
    /// <param name="rule">Says where to, and with what secret.</param>
    /// <param name="notification">What happened.</param>
    /// <param name="ct">Ends the program; then nothing is known of what the receiver got.</param>
    public Task<DeliveryResult> SendAsync(
        NotificationRule rule, ClaimedNotification notification, CancellationToken ct) =>
        SendAsync(() => Request(rule, notification), ct);

    /// <summary>Sends a body that is of no notification, once and unsigned.</summary>
    /// <param name="url">Where to.</param>
    /// <param name="occasion">What it is about.</param>
    /// <param name="body">JSON.</param>
    /// <param name="ct">Ends the program.</param>
    /// <returns>Why it was not taken; null when it was.</returns>
    public async Task<string?> PostAsync(string url, string occasion, byte[] body, CancellationToken ct) =>
        (await SendAsync(() => Request(url, occasion, body), ct)).Problem;

    async Task<DeliveryResult> SendAsync(Func<HttpRequestMessage> make, CancellationToken ct)
    {
        var began = time.GetTimestamp();
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(ct);
        timeout.CancelAfter(Timeout);
        try
        {
            using var request = make();
            using var response = await invoker.SendAsync(request, timeout.Token);
            var status = (int)response.StatusCode;
            var answer = await ReadAsync(response.Content, timeout.Token);
            var problem = response.IsSuccessStatusCode ? null
                : status is >= 300 and < 400
                    ? $"The receiver answered {status}, a redirect; redirects are not followed."
                    : $"The receiver answered {status}.";
            return new DeliveryResult(problem is null, Took(began), status, answer, problem);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return Failed("The receiver took too long.");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return Failed(exception.GetBaseException().Message);
        }
        catch (CryptographicException)
        {
            return Failed("The secret cannot be read any more, because keys were lost. Make a new one.");
        }

        DeliveryResult Failed(string problem) => new(false, Took(began), null, "", problem);
    }

    /// <inheritdoc/>
    public void Dispose() => invoker.Dispose();

    [SuppressMessage("Reliability", "CA2000", Justification = "The invoker owns it.")]
    static HttpMessageInvoker CreateInvoker(UpstreamGuard guard) => new(guard.CreateHandler());

    HttpRequestMessage Request(NotificationRule rule, ClaimedNotification notification)
    {
        var body = NotificationText.Body(rule, notification, links);
        var request = Request(rule.Url!, NotificationText.EventOf(notification.Occasion), body);
        request.Headers.Add("X-Deployments-Delivery", notification.DeliveryKey.ToString());
        request.Headers.Add("X-Deployments-Signature-256", Sign(secrets.Unprotect(rule.SecretEncrypted!), body));
        return request;
    }

    static HttpRequestMessage Request(string url, string occasion, byte[] body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, url);
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("Deployments", "1"));
        request.Headers.Add("X-Deployments-Event", occasion);
        request.Content = new ByteArrayContent(body);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json", "utf-8");
        return request;
    }

    // Only the beginning is kept; the rest of an endless answer is not waited for.
    static async Task<string> ReadAsync(HttpContent content, CancellationToken ct)
    {
        await using var stream = await content.ReadAsStreamAsync(ct);
        var buffer = new byte[AnswerBytesMax];
        var length = await stream.ReadAtLeastAsync(buffer, AnswerBytesMax, throwOnEndOfStream: false, ct);
        return Encoding.UTF8.GetString(buffer, 0, length);
    }

    int Took(long began) => (int)time.GetElapsedTime(began).TotalMilliseconds;
}
