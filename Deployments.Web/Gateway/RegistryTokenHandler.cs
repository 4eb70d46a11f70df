using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Deployments.Web.Gateway;

/// <summary>
/// Fetches the token that a container registry upstream asks for, with the connector's credentials where it has some,
/// and sends it along. Only for requests that say so: a password must not go wherever any upstream points.
/// </summary>
/// <remarks>See "Token Authentication Specification" of the Distribution project.</remarks>
sealed partial class RegistryTokenHandler(HttpMessageHandler inner, TimeProvider time) : DelegatingHandler(inner)
{
    const int TokenBytesMax = 1 << 20;
    const int TokensMax = 10_000;

    static readonly TimeSpan LifetimeDefault = TimeSpan.FromSeconds(60); // where the registry does not say
    static readonly TimeSpan Margin = TimeSpan.FromSeconds(10);

    /// <summary>Set on a request to a registry.</summary>
    public static readonly HttpRequestOptionsKey<bool> IsRegistry = new("registry");

    readonly ConcurrentDictionary<(string Host, string Repository, string Credentials),
        (string Token, DateTimeOffset Until)> tokens = new();

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (!request.Options.TryGetValue(IsRegistry, out var isRegistry) || !isRegistry
            || (request.Method != HttpMethod.Get && request.Method != HttpMethod.Head))
            return await base.SendAsync(request, cancellationToken);

        var url = request.RequestUri!; // following a redirect changes it
        var credentials = request.Headers.Authorization;
        var key = (url.Authority, RepositoryPattern().Match(url.AbsolutePath).Groups[1].Value, $"{credentials}");
        if (tokens.TryGetValue(key, out var known) && known.Until > time.GetUtcNow())
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", known.Token);
        var response = await base.SendAsync(request, cancellationToken);
        // Whoever the registry redirects to may not ask for its credentials.
        if (response.StatusCode != HttpStatusCode.Unauthorized
            || !UpstreamClient.IsSameOrigin(response.RequestMessage?.RequestUri ?? request.RequestUri!, url)
            || ChallengeIn(response) is not { } challenge)
            return response;

        var (token, lifetime) = await FetchAsync(new Uri(url, challenge), credentials, cancellationToken);
        if (token is null)
            return response;
        response.Dispose();
        if (tokens.Count > TokensMax)
            tokens.Clear();
        tokens[key] = (token, time.GetUtcNow() + lifetime - Margin);
        request.RequestUri = url;
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return await base.SendAsync(request, cancellationToken);
    }

    // Bearer realm="https://…",service="…",scope="repository:…:pull": the address to ask for a token.
    static string? ChallengeIn(HttpResponseMessage response)
    {
        var bearer = response.Headers.WwwAuthenticate
            .FirstOrDefault(header => header.Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase));
        var parameters = ParameterPattern().Matches(bearer?.Parameter ?? "")
            .GroupBy(match => match.Groups[1].Value.ToLowerInvariant())
            .ToDictionary(group => group.Key, group => group.First().Groups[2].Value);
        if (!parameters.TryGetValue("realm", out var realm)
            || !Uri.TryCreate(realm, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            return null;
        var query = parameters.Where(pair => pair.Key is "service" or "scope")
            .Select(pair => $"{pair.Key}={Uri.EscapeDataString(pair.Value)}");
        return $"{realm}{(address.Query.Length > 0 ? "&" : "?")}{string.Join('&', query)}";
    }

    async Task<(string? Token, TimeSpan Lifetime)> FetchAsync(
        Uri address, AuthenticationHeaderValue? credentials, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Authorization = credentials;
        using var response = await base.SendAsync(request, ct);
        if ((int)response.StatusCode >= 500) // away, which is not a refusal
            throw new HttpRequestException($"the upstream's token service answers {(int)response.StatusCode}");
        if (!response.IsSuccessStatusCode)
            return (null, default);
        try
        {
            await response.Content.LoadIntoBufferAsync(TokenBytesMax, ct);
            using var json = await JsonDocument.ParseAsync(
                await response.Content.ReadAsStreamAsync(ct), cancellationToken: ct);
            var lifetime = json.RootElement.TryGetProperty("expires_in", out var seconds)
                && seconds.TryGetInt32(out var count) && count > 0
                ? TimeSpan.FromSeconds(count)
                : LifetimeDefault;
            foreach (var name in new[] { "token", "access_token" })
            {
                if (json.RootElement.TryGetProperty(name, out var token) && token.ValueKind == JsonValueKind.String
                    && token.GetString() is { Length: > 0 } text && text.All(c => c is > ' ' and < '\x7f'))
                    return (text, lifetime);
            }

            return (null, default);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new HttpRequestException("the upstream's token cannot be read", e);
        }
    }

    [GeneratedRegex(@"\A/v2/(.+?)/(?:manifests|blobs|tags|referrers)/", RegexOptions.NonBacktracking)]
    private static partial Regex RepositoryPattern();

    [GeneratedRegex("([A-Za-z]+)=\"([^\"]*)\"", RegexOptions.NonBacktracking)]
    private static partial Regex ParameterPattern();
}
