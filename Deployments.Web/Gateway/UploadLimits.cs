using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Deployments.Web.Gateway;

/// <summary>
/// What bodies may be like. The server's own limits hold for every request that does not lift them here.
/// </summary>
static class UploadLimits
{
    /// <summary>
    /// Lets a body be large, and come as slowly as its line is; only for a caller who is known to be allowed to send
    /// it.
    /// </summary>
    /// <param name="context">The request; its body must not have been read yet.</param>
    /// <param name="bytesMax">How large; null: whoever reads it sees to that.</param>
    public static void Lift(HttpContext context, long? bytesMax)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = bytesMax;
        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
            rate.MinDataRate = null;
    }
}
