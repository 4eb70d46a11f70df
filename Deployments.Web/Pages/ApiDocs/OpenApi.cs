using Deployments.Data.Accounts;
using Deployments.Web.Accounts;

namespace Deployments.Web.Pages.ApiDocs;

/// <summary>
/// The OpenAPI 3.1 description of everything below <c>/api</c>: <c>Api/openapi.json</c>, kept by hand, because
/// the handlers read bodies that no type describes. A test compares it with what is mapped.
/// </summary>
static class OpenApi
{
    /// <summary>The document as UTF-8.</summary>
    public static byte[] Document { get; } = Load();

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/openapi/v1.json", () => Results.Bytes(Document, "application/json"))
            .RequirePermission(Permissions.View, anyFeed: true);

    static byte[] Load()
    {
        using var stream = typeof(OpenApi).Assembly.GetManifestResourceStream("Deployments.Web.Api.openapi.json")!;
        var document = new byte[stream.Length];
        stream.ReadExactly(document);
        return document;
    }
}
