using System.Text.RegularExpressions;
using Deployments.Web.Feeds;

namespace Deployments.Web.Pages.Packages;

/// <summary>Command lines that download a package and record that as a deployment, ready to be copied.</summary>
/// <param name="Curl">For a POSIX shell.</param>
/// <param name="PowerShell">For PowerShell on any system.</param>
public sealed partial record RecordCommand(string Curl, string PowerShell)
{
    const string ExampleVersion = "1.0.0";

    /// <param name="server">This server's address, as the reader knows it.</param>
    /// <param name="feed">The feed's name.</param>
    /// <param name="type">The feed's type.</param>
    /// <param name="package">What is downloaded; an empty version becomes an example.</param>
    /// <param name="needsKey">Whether the feed asks for credentials.</param>
    public static RecordCommand For(
        string server, string feed, IFeedType type, PackageCoordinates package, bool needsKey)
    {
        var wanted = package.Version.Length > 0 ? package : package with { Version = ExampleVersion };
        var url = Address(server, feed, type, wanted);
        var file = FileName(type, wanted);
        (string Name, string Bash, string PowerShell)[] headers =
        [
            ("Application", "my-deploy-script", "'my-deploy-script'"),
            ("Description", "First deployment", "'First deployment'"),
            ("Target", "$(hostname)", "[Environment]::MachineName"),
            ("Url", "https://ci.example.com/build/1", "'https://ci.example.com/build/1'"),
            ("UserName", "$(whoami)", "[Environment]::UserName"),
            ("Date", "$(date -u +%Y-%m-%dT%H:%M:%SZ)", "[DateTime]::UtcNow.ToString('yyyy-MM-ddTHH:mm:ssZ')"),
        ];
        var curl = headers.Select(header => $"  --header \"X-ProGet-Deployment-{header.Name}: {header.Bash}\" \\")
            .Prepend("curl --fail --location \\");
        var powerShell = headers.Select(header => $"  'X-ProGet-Deployment-{header.Name}' = {header.PowerShell}")
            .Prepend("Invoke-WebRequest -Headers @{");
        if (needsKey)
        {
            curl = curl.Append("  --header \"X-ApiKey: $API_KEY\" \\");
            powerShell = powerShell.Append("  'X-ApiKey' = $env:API_KEY");
        }
        return new RecordCommand(
            string.Join('\n', curl.Append($"  --output {InBash(file)} \\").Append($"  {InBash(url)}")),
            string.Join('\n', powerShell.Append($"}} -OutFile {InPowerShell(file)} -Uri {InPowerShell(url)}")));
    }

    /// <summary>The address of a package's file.</summary>
    public static string Address(string server, string feed, IFeedType type, PackageCoordinates package) =>
        $"{server}/{type.Root}/{Uri.EscapeDataString(feed)}/{Path(type, package)}";

    /// <summary>A name for that file, without what file systems or shells mind.</summary>
    public static string FileName(IFeedType type, PackageCoordinates package) =>
        OutsideFileNames().Replace($"{package.Name}-{package.Version}{Extension(type.Key)}", "-");

    static string Path(IFeedType type, PackageCoordinates package)
    {
        var (name, version) = (Escape(package.Name), Escape(package.Version));
        return type.Key switch
        {
            "nuget" => $"package/{name}/{version}",
            "npm" => $"{(package.Group.Length > 0 ? Escape(package.Group) + "/" : "")}{name}/-/{name}-{version}.tgz",
            "maven" => $"{Escape(package.Group.Replace('.', '/'))}/{name}/{version}/{name}-{version}.jar",
            "universal" => $"download/{Escape($"{package.Group}/{package.Name}".Trim('/'))}/{version}",
            _ => type.DownloadPath(package),
        };
    }

    static string Extension(string feedType) => feedType switch
    {
        "nuget" => ".nupkg",
        "npm" => ".tgz",
        "maven" => ".jar",
        "universal" => ".upack",
        _ => "",
    };

    static string Escape(string path) => string.Join('/', path.Split('/').Select(Uri.EscapeDataString));

    static string InBash(string text) => $"'{text.Replace("'", @"'\''", StringComparison.Ordinal)}'";

    static string InPowerShell(string text) => $"'{QuotesOfPowerShell().Replace(text, "$0$0")}'";

    // PowerShell takes typographic quotes for quotes.
    [GeneratedRegex("['\u2018\u2019\u201A\u201B]")]
    private static partial Regex QuotesOfPowerShell();

    [GeneratedRegex(@"[^\w.@+-]+")]
    private static partial Regex OutsideFileNames();
}
