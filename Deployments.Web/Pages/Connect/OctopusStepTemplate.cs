using System.Text.Json;
using System.Text.Json.Nodes;

namespace Deployments.Web.Pages.Connect;

/// <summary>
/// A step template that Octopus imports (Library, Step templates): for projects of those who have no access to the
/// server itself. It tells of the package that its parameter names, on the machine where it runs.
/// </summary>
/// <remarks>Shape: Octopus's exported action templates, as in OctopusDeploy/Library.</remarks>
public static class OctopusStepTemplate
{
    /// <summary>For POSIX shells with curl.</summary>
    public const string Bash =
        """
        set -eu
        value() { get_octopusvariable "$1"; }
        package='Octopus.Action.Package[Deployments.Package]'
        server="$(value Deployments.Server)"
        target="$(value Octopus.Machine.Name)"
        environment="$(value Octopus.Environment.Name)"
        [ -n "$target" ] || target="$environment"
        # The link has no server in it; an address without one would be refused.
        link="$(value Octopus.Web.DeploymentLink)"
        base="$(value Octopus.Web.ServerUri)"
        [ -n "$base" ] || base="$(value Octopus.Web.BaseUrl)"
        case "$link" in
          http*) ;;
          *) [ -n "$link" ] && [ -n "$base" ] && link="${base%/}/${link#/}" || link="" ;;
        esac
        # The key comes through a pipe: arguments can be seen by others on the machine.
        printf 'X-ApiKey: %s\n' "$(value Deployments.Key)" | curl --fail -sS -X POST -H @- \
          --data-urlencode "FeedName=$(value Deployments.Feed)" \
          --data-urlencode "PackageName=$(value "$package.PackageId")" \
          --data-urlencode "Version=$(value "$package.PackageVersion")" \
          --data-urlencode "Application=$(value Octopus.Project.Name)" \
          --data-urlencode "Description=Release $(value Octopus.Release.Number) to $environment" \
          --data-urlencode "Target=$target" \
          --data-urlencode "Url=$link" \
          --data-urlencode "UserName=$(value Octopus.Deployment.CreatedBy.DisplayName)" \
          "${server%/}/api/package-deployment/"
        """;

    /// <summary>For PowerShell, Windows PowerShell 5 included.</summary>
    public const string PowerShell =
        """
        $ErrorActionPreference = 'Stop'
        $package = 'Octopus.Action.Package[Deployments.Package]'
        $target = $OctopusParameters['Octopus.Machine.Name']
        if (-not $target) { $target = $OctopusParameters['Octopus.Environment.Name'] }
        # The link has no server in it; an address without one would be refused.
        $link = $OctopusParameters['Octopus.Web.DeploymentLink']
        $base = $OctopusParameters['Octopus.Web.ServerUri']
        if (-not $base) { $base = $OctopusParameters['Octopus.Web.BaseUrl'] }
        if ($link -and $link -notlike 'http*') {
          if ($base) { $link = $base.TrimEnd('/') + '/' + $link.TrimStart('/') } else { $link = '' }
        }
        $record = @{
          FeedName = $OctopusParameters['Deployments.Feed']
          PackageName = $OctopusParameters["$package.PackageId"]
          Version = $OctopusParameters["$package.PackageVersion"]
          Application = $OctopusParameters['Octopus.Project.Name']
          Description = 'Release ' + $OctopusParameters['Octopus.Release.Number'] +
            ' to ' + $OctopusParameters['Octopus.Environment.Name']
          Target = $target
          Url = $link
          UserName = $OctopusParameters['Octopus.Deployment.CreatedBy.DisplayName']
        }
        [Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor 3072
        $url = $OctopusParameters['Deployments.Server'].TrimEnd('/') + '/api/package-deployment/'
        Invoke-RestMethod -Method Post -Uri $url -ContentType 'application/json; charset=utf-8' `
          -Headers @{ 'X-ApiKey' = $OctopusParameters['Deployments.Key'] } `
          -Body ([Text.Encoding]::UTF8.GetBytes((ConvertTo-Json $record)))
        """;

    static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>The template as Octopus imports it.</summary>
    /// <param name="server">This server's address.</param>
    /// <param name="isBash">For POSIX shells; else for PowerShell.</param>
    public static string Write(string server, bool isBash)
    {
        ArgumentNullException.ThrowIfNull(server);
        const string package = "Deployments.Package";
        return new JsonObject
        {
            ["Id"] = isBash ? "6c1b7e0a-55d8-4f0e-9a57-1f6d2ce0a4b1" : "0f4be2a7-3a9d-4f5d-8a39-8d1c3b4d7e62",
            ["Name"] = "Record a package deployment" + (isBash ? " (Bash)" : ""),
            ["Description"] = "Tells a deployment tracker which package was put on this machine.",
            ["ActionType"] = "Octopus.Script",
            ["Version"] = 1,
            ["Packages"] = new JsonArray(new JsonObject
            {
                ["Name"] = package,
                ["PackageId"] = null,
                ["FeedId"] = null,
                ["AcquisitionLocation"] = "NotAcquired",
                ["Properties"] = new JsonObject
                {
                    ["Extract"] = "False",
                    ["SelectionMode"] = "deferred",
                    ["PackageParameterName"] = package,
                },
            }),
            ["Properties"] = new JsonObject
            {
                ["Octopus.Action.Script.ScriptSource"] = "Inline",
                ["Octopus.Action.Script.Syntax"] = isBash ? "Bash" : "PowerShell",
                ["Octopus.Action.Script.ScriptBody"] = isBash ? Bash : PowerShell,
                ["Octopus.Action.RunOnServer"] = "false",
            },
            ["Parameters"] = new JsonArray(
                Parameter(isBash ? "1" : "2", package, "The package that was deployed", "", "Package"),
                Parameter(isBash ? "3" : "4", "Deployments.Server", "Address of the tracker",
                    server, "SingleLineText"),
                Parameter(isBash ? "5" : "6", "Deployments.Feed", "The feed's name there", "", "SingleLineText"),
                Parameter(isBash ? "7" : "8", "Deployments.Key", "An API key that may add", "", "Sensitive")),
            ["$Meta"] = new JsonObject { ["Type"] = "ActionTemplate" },
        }.ToJsonString(Indented);
    }

    static JsonObject Parameter(string number, string name, string label, string value, string control) => new()
    {
        ["Id"] = $"b7c1f2d0-6a1e-4b8e-9c7d-00000000000{number}",
        ["Name"] = name,
        ["Label"] = label,
        ["HelpText"] = null,
        ["DefaultValue"] = value,
        ["DisplaySettings"] = new JsonObject { ["Octopus.ControlType"] = control },
    };
}
