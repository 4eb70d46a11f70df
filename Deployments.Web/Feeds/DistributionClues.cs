using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;

namespace Deployments.Web.Feeds;

/// <summary>
/// What metadata of repositories says of the distribution that they serve, in OSV's names. It may be anything; where
/// it is not plain, nothing is told.
/// </summary>
static partial class DistributionClues
{
    /// <summary>Suites that are asked for, since a repository does not list its own: the maintained ones.</summary>
    public static readonly string[] Suites =
    [
        "buster", "bullseye", "bookworm", "trixie", "forky", "bionic", "focal", "jammy", "noble", "plucky", "questing",
    ];

    // Releases of Debian that are not out yet have no number in their metadata.
    static readonly Dictionary<string, string> Codenames = new(StringComparer.Ordinal)
    {
        ["buster"] = "10",
        ["bullseye"] = "11",
        ["bookworm"] = "12",
        ["trixie"] = "13",
        ["forky"] = "14",
    };

    /// <summary>Of a suite's <c>Release</c> file, as it is or signed; null: of none that has advisories.</summary>
    public static string? OfRelease(string release)
    {
        string Field(string name) => Regex.Match(
            release, $@"^{name}:[ \t]*([^\r\n]{{0,200}})", RegexOptions.Multiline | RegexOptions.NonBacktracking)
            .Groups[1].Value.Trim();
        var (origin, version) = (Field("Origin"), Field("Version"));
        var codename = Field("Codename").Split('-', '/')[0];
        return origin switch
        {
            "Debian" when NumberPattern().Match(version) is { Success: true } number => Known($"Debian:{number.Value}"),
            "Debian" when Codenames.TryGetValue(codename, out var number) => Known($"Debian:{number}"),
            "Ubuntu" when version.Length > 0 => Known($"Ubuntu:{version}"),
            _ => null,
        };
    }

    /// <summary>Of <c>repomd.xml</c>, whose tags may name the distribution; null: they do not.</summary>
    public static string? OfRepomd(byte[] repomd)
    {
        try
        {
            using var reader = XmlReader.Create(new MemoryStream(repomd), new XmlReaderSettings
            {
                DtdProcessing = DtdProcessing.Prohibit,
                XmlResolver = null,
                MaxCharactersInDocument = 1 << 20,
            });
            return XDocument.Load(reader).Descendants().Where(element => element.Name.LocalName == "distro")
                .Select(element => OfCpe(element.Attribute("cpeid")?.Value ?? ""))
                .FirstOrDefault(name => name is not null);
        }
        catch (XmlException)
        {
            return null;
        }
    }

    /// <summary>Of a platform (CPE 2.2): <c>cpe:/o:rocky:rocky:9</c>; null: of none that has advisories.</summary>
    public static string? OfCpe(string cpe)
    {
        var parts = cpe.Split(':');
        if (parts.Length < 5 || parts[0] != "cpe" || parts[1] != "/o")
            return null;
        var major = NumberPattern().Match(parts[4]).Value;
        return (parts[2], parts[3]) switch
        {
            ("rocky" or "resf", _) => Known($"Rocky Linux:{major}"),
            ("almalinux", _) => Known($"AlmaLinux:{major}"),
            ("redhat", "enterprise_linux") => Known($"Red Hat:enterprise_linux:{major}"),
            ("opensuse", "leap") => Known($"openSUSE:Leap {parts[4]}"),
            ("opensuse", "tumbleweed") => Known("openSUSE:Tumbleweed"),
            ("suse", "sles") => Known($"SUSE:Linux Enterprise Server {parts[4]}"
                + (parts.Length > 5 && parts[5].Length > 0 ? $" {parts[5].ToUpperInvariant()}" : "")),
            ("mageia", _) => Known($"Mageia:{major}"),
            ("openeuler", _) => Known($"openEuler:{parts[4]}"),
            _ => null,
        };
    }

    /// <summary>Of an address, where it tells: that of Alpine's releases, Wolfi's and Chainguard's.</summary>
    public static string? OfAddress(Uri address) =>
        AlpineAddressPattern().Match(address.AbsolutePath) is { Success: true } release
            ? Known($"Alpine:{release.Groups[1].Value}")
            : address.Host.EndsWith("wolfi.dev", StringComparison.OrdinalIgnoreCase) ? "Wolfi"
            : address.Host.EndsWith("cgr.dev", StringComparison.OrdinalIgnoreCase) ? "Chainguard"
            : null;

    /// <summary>
    /// Of the description in an Alpine index: the newest tag of the packages' source, <c>v3.19.1-99-g0123456</c>.
    /// </summary>
    public static string? OfApkDescription(string description) =>
        AlpineTagPattern().Match(description) is { Success: true } tag ? Known($"Alpine:{tag.Groups[1].Value}") : null;

    /// <summary>
    /// Of versions: Debian's updates end in <c>deb12u1</c>, Ubuntu's in <c>ubuntu0.22.04.1</c>, those for Red Hat and
    /// what is built from it in <c>.el9</c>.
    /// </summary>
    /// <param name="packageType">Package URL type.</param>
    /// <param name="versions">Versions of the feed's packages.</param>
    /// <param name="isOf">Whether the feed says elsewhere that it is of a family that <c>.el9</c> leaves open.</param>
    /// <returns>Each distribution with the mark that tells it, those of most versions first.</returns>
    public static IReadOnlyList<(string Distribution, string Mark)> OfVersions(
        string packageType, IEnumerable<string> versions, Func<string, bool> isOf)
    {
        var marks = versions.Select(version => packageType == "deb"
                ? DebianMark().Match(version) is { Success: true } debian
                    ? (debian.Value, $"Debian:{debian.Groups[1].Value}")
                    : UbuntuMark().Match(version) is { Success: true } ubuntu
                        ? (ubuntu.Value, $"Ubuntu:{ubuntu.Groups[1].Value}")
                    : default
                : packageType == "rpm" && ElMark().Match(version) is { Success: true } el
                    ? (el.Value, el.Groups[1].Value)
                    : default)
            .Where(mark => mark != default)
            .GroupBy(mark => mark.Item2).OrderByDescending(group => group.Count())
            .Select(group => (Name: group.Key, Mark: group.First().Item1)).ToList();
        if (packageType != "rpm")
        {
            return [.. marks.Where(mark => Known(mark.Name) is not null)
                .Select(mark => (Known(mark.Name)!, mark.Mark))];
        }

        (string Word, string Family)[] families =
            [("rocky", "Rocky Linux:"), ("alma", "AlmaLinux:"), ("redhat", "Red Hat:enterprise_linux:")];
        var named = Array.FindAll(families, family => isOf(family.Word));
        return [.. from mark in marks from family in named.Length > 0 ? named : families
            select (family.Family + mark.Name, mark.Mark)];
    }

    static string? Known(string name) =>
        Distributions.FamilyOrNull(name.Split(':')[0]) is { Release: { } pattern }
        && Distributions.Read([name])[0] is var canonical
        && pattern.IsMatch(canonical[(canonical.IndexOf(':', StringComparison.Ordinal) + 1)..])
            ? canonical
            : null;

    [GeneratedRegex(@"\A[1-9][0-9]?")]
    private static partial Regex NumberPattern();

    [GeneratedRegex(@"/alpine/(v[1-9]\.[0-9]{1,3})(/|\z)", RegexOptions.IgnoreCase)]
    private static partial Regex AlpineAddressPattern();

    [GeneratedRegex(@"\A(v[1-9]\.[0-9]{1,3})[._-]")]
    private static partial Regex AlpineTagPattern();

    [GeneratedRegex(@"[+~]deb([1-9][0-9])u[0-9]")]
    private static partial Regex DebianMark();

    [GeneratedRegex(@"ubuntu(?:[0-9]{1,3}\.){1,4}?([0-9]{2}\.(?:04|10))\.[0-9]")]
    private static partial Regex UbuntuMark();

    [GeneratedRegex(@"\.el([1-9][0-9]?)(?![0-9])")]
    private static partial Regex ElMark();
}
