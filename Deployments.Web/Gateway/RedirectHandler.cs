using System.Net;

namespace Deployments.Web.Gateway;

/// <summary>
/// Follows redirects, which .NET's own handler does without credentials even to the same server. Here a redirect within
/// one origin keeps them, as does one from http to https of a host at their usual ports; any other loses them for good,
/// wherever the chain leads afterwards. From https to http nothing is followed.
/// </summary>
sealed class RedirectHandler(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    const int RedirectsMax = 5;

    /// <returns>The answer at the end; the last redirect where it may not be followed, or there are too many.</returns>
    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        for (var i = 0; i < RedirectsMax && TargetOrNull(request.RequestUri!, response) is { } target; i++)
        {
            if (!MayKnowPassword(request.RequestUri!, target))
                request.Headers.Authorization = null;
            if (response.StatusCode == HttpStatusCode.SeeOther && request.Method != HttpMethod.Head
                || response.StatusCode is HttpStatusCode.Moved or HttpStatusCode.Found
                    && request.Method == HttpMethod.Post)
            {
                request.Method = HttpMethod.Get;
                request.Content = null;
            }

            response.Dispose();
            request.RequestUri = target;
            request.Headers.Host = null;
            response = await base.SendAsync(request, cancellationToken);
        }

        return response;
    }

    /// <summary>Whether who may ask one address with a password may ask the other with it.</summary>
    public static bool MayKnowPassword(Uri from, Uri to) =>
        UpstreamClient.IsSameOrigin(from, to)
        || from.Scheme == Uri.UriSchemeHttp && to.Scheme == Uri.UriSchemeHttps && from.IsDefaultPort && to.IsDefaultPort
            && from.IdnHost.Equals(to.IdnHost, StringComparison.OrdinalIgnoreCase);

    static Uri? TargetOrNull(Uri from, HttpResponseMessage response)
    {
        if (response.StatusCode is not (HttpStatusCode.Moved or HttpStatusCode.Found or HttpStatusCode.SeeOther
            or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect)
            || response.Headers.Location is not { } location)
            return null;
        var target = new Uri(from, location);
        return target.Scheme == Uri.UriSchemeHttps
            || target.Scheme == Uri.UriSchemeHttp && from.Scheme == Uri.UriSchemeHttp
            ? target
            : null;
    }
}
