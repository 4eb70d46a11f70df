using Deployments.Web.Feeds;

namespace Deployments.Web.Demo;

/// <summary>The packages of the invented company Meridian, named as each ecosystem would have it.</summary>
static class DemoPackages
{
    static readonly string[] Services =
    [
        "billing", "orders", "tracking", "customers", "pricing", "notifications", "routing", "invoices", "warehouse",
        "identity", "reports", "gateway", "documents", "payments", "scheduler",
    ];

    /// <summary>The group under which a type's packages stand; empty for types without groups.</summary>
    public static string Group(string feedType) => feedType switch
    {
        "npm" => "@meridian",
        "maven" => "com.example.meridian",
        "universal" => "meridian/apps",
        "composer" or "terraform" => "meridian",
        _ => "",
    };

    /// <summary>The names of the first packages of a type.</summary>
    /// <param name="feedType">Key of the feed type; one that is not known here gets plain names.</param>
    /// <param name="count">How many; at most 15.</param>
    public static IEnumerable<string> Names(string feedType, int count) =>
        Services.Skip(Start(feedType)).Concat(Services).Take(count).Select(service => Name(feedType, service));

    /// <summary>
    /// A version as the ecosystem writes it, in its release or in a candidate for that; the release where the ecosystem
    /// has no candidates.
    /// </summary>
    /// <param name="type">The feed type.</param>
    /// <param name="release">Such as <c>2.4.1</c>.</param>
    /// <param name="candidate">Which candidate, from 1; 0 for the release itself.</param>
    public static string Version(IFeedType type, string release, int candidate)
    {
        var text = type.Key switch
        {
            "go" => "v" + (candidate == 0 ? release : $"{release}-rc.{candidate}"),
            "debian" => candidate == 0 ? release + "-1" : $"{release}~rc{candidate}-1",
            "rpm" => candidate == 0 ? release + "-1" : $"{release}~rc{candidate}-1",
            "apk" => candidate == 0 ? release + "-r0" : $"{release}_rc{candidate}-r0",
            "pypi" or "conda" => candidate == 0 ? release : $"{release}rc{candidate}",
            "rubygems" => candidate == 0 ? release : $"{release}.rc{candidate}",
            "cran" => release,
            _ => candidate == 0 ? release : $"{release}-rc.{candidate}",
        };
        if (type.VersionOrder.SortKey(text) is not { } key)
            return release;
        // Where the order knows no candidates, one would count as newer than its release.
        return candidate > 0 && key.AsSpan().SequenceCompareTo(type.VersionOrder.SortKey(Version(type, release, 0))) > 0
            ? Version(type, release, 0)
            : text;
    }

    static string Name(string feedType, string service) => feedType switch
    {
        "nuget" => $"Meridian.{Capital(service)}",
        "powershell" => $"Meridian{Capital(service)}",
        "npm" => $"{service}-ui",
        "maven" => $"{service}-service",
        "universal" => Capital(service) + "Web",
        "pypi" or "conda" => $"meridian-{service}-jobs",
        "cran" => $"meridian.{service}",
        "rubygems" => $"meridian-{service}-tools",
        "go" => $"git.meridian.example/platform/{service}",
        "helm" => $"{service}-chart",
        "docker" or "oci" => $"meridian/{service}",
        "asset" => $"installers/{service}-agent.msi",
        "debian" or "rpm" or "apk" => $"meridian-{service}-agent",
        "terraform" => $"{service}/cloud",
        _ => $"meridian-{service}",
    };

    // Not every ecosystem begins with the same service.
    static int Start(string feedType) => feedType.Sum(letter => letter) % Services.Length;

    static string Capital(string word) => char.ToUpperInvariant(word[0]) + word[1..];
}
