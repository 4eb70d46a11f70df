using Deployments.Data.Inventory;
using Microsoft.AspNetCore.WebUtilities;

namespace Deployments.Web.Inventory;

/// <summary>Differences between records and what was seen, in words.</summary>
static class DriftText
{
    /// <summary>The kind as people read it.</summary>
    public static string Of(DriftKind kind) => kind switch
    {
        DriftKind.Different => "Different version",
        DriftKind.Unrecorded => "Unrecorded",
        DriftKind.Missing => "Missing",
        _ => "Unconfirmed",
    };

    /// <summary>The kind as the API names it.</summary>
    public static string Name(DriftKind kind) => Of(kind).Split(' ')[0].ToLowerInvariant();

    /// <summary>Where somebody decides that it is right so.</summary>
    public static string AcceptLink(DriftRow row) => QueryHelpers.AddQueryString(
        "/drift/accept",
        new Dictionary<string, string?>
        {
            ["target"] = row.Target,
            ["type"] = row.Type,
            ["group"] = row.Group,
            ["name"] = row.Name,
        }.Where(pair => pair.Value is { Length: > 0 }));
}
