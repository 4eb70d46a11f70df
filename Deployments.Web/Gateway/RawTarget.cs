using Microsoft.AspNetCore.Http.Features;

namespace Deployments.Web.Gateway;

/// <summary>
/// The request target as the client sent it. ASP.NET's path is decoded except for <c>%2F</c>, so neither what goes
/// upstream nor what is parsed can be taken from it. A key in the query is not in it any more, see
/// <see cref="Accounts.KeyInAddress"/>.
/// </summary>
static class RawTarget
{
    /// <summary>The target in origin form: path and query, undecoded.</summary>
    public static string Of(HttpContext context)
    {
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (target.StartsWith('/'))
            return target;
        return Uri.TryCreate(target, UriKind.Absolute, out var address) ? address.PathAndQuery : "/";
    }

    /// <summary>
    /// What follows <c>/{root}/{feed}/</c>, and the query with its question mark.
    /// </summary>
    public static (string Path, string Query) BelowFeed(HttpContext context) => Below(context, 2);

    /// <summary>
    /// What follows so many segments of the path, without a leading slash, and the query with its question mark.
    /// </summary>
    public static (string Path, string Query) Below(HttpContext context, int segments)
    {
        var target = Of(context);
        var question = target.IndexOf('?', StringComparison.Ordinal);
        var path = question < 0 ? target : target[..question];
        var query = question < 0 ? "" : target[question..];

        var slash = 0;
        for (; segments > 0 && slash >= 0; segments--)
            slash = path.IndexOf('/', slash + 1);
        return (slash < 0 ? "" : path[(slash + 1)..], query);
    }
}
