using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Startup;

static class SecurityHeaders
{
    // Everything comes from this server, and nothing is written into the markup: no inline script, no inline style.
    const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        + "connect-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

    const string PermissionsPolicy =
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()";

    /// <summary>
    /// Tells browsers to allow a page nothing that it does not need. Answers that are not pages - packages, the API -
    /// are never to be interpreted as one either: an uploaded HTML file must not run with a reader's session.
    /// </summary>
    public static void UseSecurityHeaders(this WebApplication app) => app.Use((context, next) =>
    {
        context.Response.OnStarting(() =>
        {
            var headers = context.Response.Headers;
            headers.XContentTypeOptions = "nosniff";
            headers["Referrer-Policy"] = "same-origin"; // addresses of pages name servers and packages
            headers.XFrameOptions = "DENY";
            headers["Permissions-Policy"] = PermissionsPolicy;
            // An upstream's own policy must not loosen ours.
            headers.ContentSecurityPolicy = IsPage(context) ? ContentSecurityPolicy : "default-src 'none'; sandbox";
            if (context.Request.IsHttps)
                headers.StrictTransportSecurity = "max-age=31536000";
            return Task.CompletedTask;
        });
        return next(context);
    });

    // By what answered, not by what the answer says of itself.
    static bool IsPage(HttpContext context) =>
        context.GetEndpoint() is null
        || context.GetEndpoint()!.Metadata.GetMetadata<PageActionDescriptor>() is not null
        || context.GetEndpoint()!.Metadata.GetMetadata<ShownAsPage>() is not null;

    /// <summary>Marks an endpoint that answers with pages of its own, which keep to the same policy.</summary>
    internal sealed class ShownAsPage;
}
