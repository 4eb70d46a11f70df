using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;

namespace Deployments.Web.Accounts;

/// <summary>
/// Takes <c>?key=</c>, which is a credential, out of a request's address before anything else sees the request: the
/// server's own log, what is kept of a download, pages, upstreams. <see cref="CallerResolver"/> asks here for it.
/// </summary>
/// <param name="services">The program's services.</param>
sealed class KeyInAddress(IServiceProvider services) : IHttpContextFactory
{
    const string Name = "key";

    readonly DefaultHttpContextFactory inner = new(services);

    /// <summary>The keys that the address had, in order; empty when it had none.</summary>
    public static IReadOnlyList<string> Of(HttpContext context) => context.Features.Get<Taken>()?.Keys ?? [];

    /// <inheritdoc/>
    public HttpContext Create(IFeatureCollection featureCollection)
    {
        if (featureCollection.Get<IHttpRequestFeature>() is { QueryString.Length: > 0 } request)
            TakeOut(request, featureCollection);
        return inner.Create(featureCollection);
    }

    /// <inheritdoc/>
    public void Dispose(HttpContext httpContext) => inner.Dispose(httpContext);

    static void TakeOut(IHttpRequestFeature request, IFeatureCollection features)
    {
        var keys = new List<string>();
        var query = WithoutKeys(request.QueryString, keys);
        if (keys.Count == 0)
            return;
        request.QueryString = query;
        var mark = request.RawTarget.IndexOf('?', StringComparison.Ordinal);
        request.RawTarget = mark < 0
            ? request.RawTarget
            : request.RawTarget[..mark] + WithoutKeys(request.RawTarget[mark..], []);
        features.Set(new Taken(keys));
    }

    /// <summary>The query, its other parts byte for byte; names are compared as ASP.NET reads them.</summary>
    static string WithoutKeys(string query, List<string> keys)
    {
        var kept = new List<string>();
        foreach (var part in query[1..].Split('&'))
        {
            var found = keys.Count;
            foreach (var pair in new QueryStringEnumerable(part))
            {
                if (pair.DecodeName().Span.Equals(Name, StringComparison.OrdinalIgnoreCase))
                    keys.Add(pair.DecodeValue().ToString());
            }

            if (keys.Count == found)
                kept.Add(part);
        }

        return kept.Count == 0 ? "" : $"?{string.Join('&', kept)}";
    }

    sealed record Taken(IReadOnlyList<string> Keys);
}
