namespace Deployments.Web.Pages.Packages;

/// <summary>Addresses of a package's pages. Names come from clients and may hold any character, slashes too.</summary>
public static class PackageLinks
{
    /// <summary>The page of a package, or one of its tabs.</summary>
    /// <param name="feed">The feed through which it is looked at.</param>
    /// <param name="group">Its group; empty when it has none.</param>
    /// <param name="name">Its name.</param>
    /// <param name="tab"><c>history</c>, <c>versions</c> ...; null for the overview.</param>
    /// <param name="version">Only this version; null for all.</param>
    public static string Package(string feed, string group, string name, string? tab = null, string? version = null)
    {
        var query = QueryString.Empty;
        if (group.Length > 0)
            query = query.Add("group", group);
        if (!string.IsNullOrEmpty(version))
            query = query.Add("version", version);
        return $"/feeds/{Segment(feed)}/packages/{Segment(name)}{(tab is null ? "" : "/" + tab)}{query}";
    }

    /// <summary>The page that says which versions of a package can be deleted.</summary>
    public static string SafeToDelete(string feed, string group, string name)
    {
        var query = QueryString.Create("feed", feed);
        if (group.Length > 0)
            query = query.Add("group", group);
        return "/safe-to-delete" + query.Add("name", name);
    }

    /// <summary>The page of a target.</summary>
    public static string Target(string name) => "/targets/" + Segment(name);

    /// <summary>A name as it came in a route: the server leaves an encoded slash as it is.</summary>
    public static string FromRoute(string value) => value.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    // A name of dots only would be read as "this folder" or the one above.
    static string Segment(string name) => name.All(c => c == '.')
        ? name.Replace(".", "%2E", StringComparison.Ordinal)
        : Uri.EscapeDataString(name);
}
