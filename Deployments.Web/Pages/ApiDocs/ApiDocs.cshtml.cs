using Deployments.Web.Settings;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.ApiDocs;

/// <summary>The API for people: what its OpenAPI document says, with nothing fetched from anywhere.</summary>
public sealed class ApiDocsModel : PageModel
{
    static readonly IReadOnlyList<ApiOperation> Operations = ApiOperation.Read(OpenApi.Document);

    /// <summary>The groups of operations, each with what is said of it.</summary>
    public IReadOnlyList<(string Name, string Description)> Groups { get; } = ApiOperation.Groups(OpenApi.Document);

    /// <summary>This server's address, as the reader knows it.</summary>
    public string Server => ServerAddress.Of(HttpContext);

    /// <summary>The operations of a group.</summary>
    public IEnumerable<ApiOperation> In(string group) => Operations.Where(operation => operation.Group == group);
}
