using System.Text;

namespace Deployments.Web.Feeds;

/// <summary>Writes package URLs (the purl specification): <c>pkg:type/namespace/name@version?key=value</c>.</summary>
public static class PackageUrl
{
    /// <summary>The package URL of these parts; empty parts are left out.</summary>
    /// <param name="type">The purl type, lower case.</param>
    /// <param name="group">The namespace; its slashes separate segments.</param>
    /// <param name="name">The name; a slash in it is encoded.</param>
    /// <param name="version">The version, or empty.</param>
    /// <param name="qualifiers">Keys in lower case with plain values; those with an empty value are left out.</param>
    public static string Of(
        string type, string group, string name, string version,
        params IEnumerable<(string Key, string Value)> qualifiers)
    {
        var purl = new StringBuilder("pkg:").Append(type);
        foreach (var segment in group.Split('/', StringSplitOptions.RemoveEmptyEntries))
            purl.Append('/').Append(Encode(segment));
        purl.Append('/').Append(Encode(name));
        if (version.Length > 0)
            purl.Append('@').Append(Encode(version));

        var separator = '?';
        var given = qualifiers.Where(pair => pair.Value.Length > 0).OrderBy(pair => pair.Key, StringComparer.Ordinal);
        foreach (var (key, value) in given)
        {
            purl.Append(separator).Append(key).Append('=').Append(Encode(value));
            separator = '&';
        }

        return purl.ToString();
    }

    // Everything but the unreserved characters and the colon.
    static string Encode(string text) => Uri.EscapeDataString(text).Replace("%3A", ":", StringComparison.Ordinal);
}
