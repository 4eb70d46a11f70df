using Microsoft.AspNetCore.WebUtilities;

namespace Deployments.Web.Pages.Shared;

/// <summary>The lists whose filters can be saved, and what of an address is their filter.</summary>
static class ListAddress
{
    /// <summary>How long a filter may be, in characters.</summary>
    public const int QueryLengthMax = 2000;

    // Where in the list one is, not what is in it; and what an address may only ask for once.
    static readonly string[] Places = ["cursor", "limit", "notice", "handler"];

    static readonly Dictionary<string, string> Names = new(StringComparer.Ordinal)
    {
        ["/deployments"] = "Deployments",
        ["/targets"] = "Targets",
        ["/vulnerabilities"] = "Vulnerabilities",
        ["/drift"] = "Drift",
        ["/matrix"] = "Matrix",
        ["/calendar"] = "Calendar",
        ["/figures"] = "Figures",
        ["/removals"] = "Removals",
    };

    /// <summary>What the list at a path is called; null when there is none whose filters can be saved.</summary>
    public static string? NameOrNull(string path) => Names.GetValueOrDefault(path);

    /// <summary>
    /// The filter in a query string, with its question mark, blank conditions and the place in the list left out; empty
    /// when there is none.
    /// </summary>
    public static string FilterOf(string? query) => QueryHelpers.AddQueryString("",
        QueryHelpers.ParseQuery(query)
            .SelectMany(pair => pair.Value.Select(value => (Name: pair.Key, Value: value?.Replace('\0', '\ufffd'))))
            .Where(pair => !string.IsNullOrWhiteSpace(pair.Value) && !Places.Contains(pair.Name))
            .Select(pair => KeyValuePair.Create(pair.Name, pair.Value)));
}
