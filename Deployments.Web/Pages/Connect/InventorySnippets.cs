using Deployments.Web.Inventory;
using static Deployments.Web.Pages.Connect.Quoting;

namespace Deployments.Web.Pages.Connect;

/// <summary>How machines send what is installed on them, by the tools that they have. Pure.</summary>
static class InventorySnippets
{
    /// <summary>What a person reads above them.</summary>
    public const string Title = "What is really installed";

    const string Host = "$(hostname)";
    const string KeyNote = "The key needs the permission to add, for every feed.";

    /// <summary>For each platform, and to be run every day.</summary>
    /// <param name="server">This server's address, without a slash at the end.</param>
    public static IReadOnlyList<ConnectSnippet> All(string server) =>
    [
        new("inventory-dpkg", "Debian, Ubuntu", Dpkg(server), KeyNote),
        new("inventory-rpm", "Red Hat, SUSE and others with RPM", Rpm(server), KeyNote),
        new("inventory-apk", "Alpine", $"gzip -c /lib/apk/db/installed | {Send(server, Host, "")}", KeyNote),
        new("inventory-cron", "Every day by cron", Cron(server),
            "Keep the line of the machine's packages in /etc/cron.d/send-inventory. The key is in a file that only root"
            + " reads. In such a file a percent sign needs a backslash."),
        new("inventory-choco", "Chocolatey", Windows(server, "choco list -r"), "Chocolatey 1 needs choco list -r -lo. "
            + KeyNote),
        new("inventory-task", "Every day by a scheduled task", ScheduledTask(server),
            "As an administrator, after [Environment]::SetEnvironmentVariable('DEPLOYMENTS_KEY', KEY, 'Machine')."),
        new("inventory-dotnet", "A .NET application", Application(server),
            "The scope is the application's folder: another one says nothing of it."),
        new("inventory-pip", "Python", "pip list --format json --disable-pip-version-check | "
            + Send(server, Host, "?scope=$(command -v pip)"), "The scope is the interpreter that pip belongs to."),
        new("inventory-npm", "npm", $"npm ls -g --json --depth 0 | {Send(server, Host, "?scope=$(npm root -g)")}",
            "What is installed globally."),
        new("inventory-docker", "Docker", $"docker inspect $(docker ps -q) | {Send(server, Host, "")}",
            "The images of the containers that run."),
        new("inventory-kubernetes", "Kubernetes",
            $"kubectl get pods -A -o json | gzip | {Send(server, "my-cluster", "")}",
            "Targets are my-cluster/namespace/workload."),
        new("inventory-sbom", "Anything that writes an SBOM",
            $"syft scan dir:/srv -o cyclonedx-json | gzip | {Send(server, Host, "?scope=/srv")}",
            "CycloneDX and SPDX, as JSON, of syft, trivy, cdxgen and others."),
        new("log-apt", "What apt was told by hand",
            "zcat -f $(ls -tr /var/log/apt/history.log*) | gzip | "
            + Send(server, Host, $"?format=apt-history&zone={Zone}"),
            "Becomes records with person and command, of packages that a feed knows; all=true and feed= are for all."
            + " The same log again doubles nothing."),
        new("log-zypp", "What zypper was told by hand",
            $"gzip -c /var/log/zypp/history | {Send(server, Host, $"?format=zypp-history&zone={Zone}")}",
            "The same for zypper."),
    ];

    const string Zone = "$(readlink -f /etc/localtime | sed 's:.*/zoneinfo/::')";

    static string Dpkg(string server) => $"{DpkgFormat.Command} | gzip | {Send(server, Host, "")}";

    static string Rpm(string server) => $"{RpmFormat.Command} | gzip | {Send(server, Host, "")}";

    static string Application(string server) =>
        "app=/srv/shop\n"
        + "curl --fail-with-body --header \"X-ApiKey: $DEPLOYMENTS_KEY\" \\\n"
        + "  --data-binary @\"$(ls \"$app\"/*.deps.json | head -n 1)\" \\\n"
        + $"  {Address(server, Host, "?scope=$app")}";

    static string Send(string server, string target, string query) =>
        "curl --fail-with-body --header \"X-ApiKey: $DEPLOYMENTS_KEY\" --data-binary @- \\\n  "
        + Address(server, target, query);

    // The server is quoted as it is; what the shell fills in stands between double quotes behind it.
    static string Address(string server, string target, string query) =>
        $"{Shell($"{server}/api/inventory/")}\"{target}{query}\"";

    static string Cron(string server) => string.Join('\n',
        new[] { Dpkg(server), Rpm(server) }.Select((command, i) =>
            $"{17 + i * 10} 3 * * * root DEPLOYMENTS_KEY=$(cat /etc/deployments-key); "
            + command.Replace(" \\\n ", "", StringComparison.Ordinal).Replace("%", @"\%", StringComparison.Ordinal)));

    static string Windows(string server, string command) =>
        "Invoke-RestMethod -Method Post -Headers @{ 'X-ApiKey' = $env:DEPLOYMENTS_KEY } -Body (("
        + $"{command}) -join \"`n\") -Uri ({PowerShell($"{server}/api/inventory/")} + $env:COMPUTERNAME)";

    // The task's own command stands between double quotes, so that it has none.
    static string ScheduledTask(string server)
    {
        var command = Windows(server, "choco list -r").Replace("\"`n\"", "[char]10", StringComparison.Ordinal);
        return "Register-ScheduledTask -TaskName 'Send inventory' -User SYSTEM `\n"
            + "  -Trigger (New-ScheduledTaskTrigger -Daily -At 3:17) `\n"
            + "  -Action (New-ScheduledTaskAction -Execute powershell.exe -Argument "
            + $"{PowerShell($"-NoProfile -Command \"{command}\"")})";
    }
}
