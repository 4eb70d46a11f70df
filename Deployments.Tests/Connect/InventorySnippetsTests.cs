using System.Diagnostics;
using System.Text.Json.Nodes;
using Deployments.Tests.Clients;
using Deployments.Tests.Support;
using Deployments.Web.Pages.Connect;

namespace Deployments.Tests.Connect;

/// <summary>The lines with which machines send their inventories, run as they stand where the tool is here.</summary>
public sealed class InventorySnippetsTests
{
    static readonly string[] Windows = ["inventory-choco", "inventory-task"];

    [Theory]
    [InlineData("https://deployments.example.com")]
    [InlineData("https://example.com:8443/it's-$(here)")]
    public async Task Each_is_a_shell_script_that_sends_to_the_server(string server)
    {
        foreach (var snippet in InventorySnippets.All(server).Where(snippet => !Windows.Contains(snippet.Id)))
        {
            // With curl replaced by a function that prints its last argument, and every tool by one that does nothing.
            var script = snippet.Id == "inventory-cron" ? CronCommand(snippet.Text, 0) : snippet.Text;
            var (exitCode, output) = await BashAsync(
                "curl() { printf '%s' \"${@: -1}\"; }\n"
                + "for tool in dpkg-query rpm pip npm docker kubectl syft gzip zcat cat ls; do\n"
                + "eval \"$tool() { :; }\"; done\nDEPLOYMENTS_KEY=k\n" + script);
            Assert.True(exitCode == 0, snippet.Id);
            Assert.StartsWith(server + "/api/inventory/", output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_task_of_Windows_has_no_quote_within_its_quotes()
    {
        var task = InventorySnippets.All("https://example.com").Single(snippet => snippet.Id == "inventory-task").Text;
        var argument = task[(task.IndexOf("-Argument '", StringComparison.Ordinal) + 11)..^2]
            .Replace("''", "'", StringComparison.Ordinal);

        Assert.StartsWith("-NoProfile -Command \"", argument, StringComparison.Ordinal);
        Assert.EndsWith("\"", argument, StringComparison.Ordinal);
        Assert.Equal(2, argument.Count(c => c == '"'));
        Assert.Contains("'https://example.com/api/inventory/' + $env:COMPUTERNAME", argument, StringComparison.Ordinal);
    }

    [ClientFact("curl", "dpkg-query")]
    public Task What_dpkg_lists_arrives() => ArrivesAsync("inventory-dpkg", "dpkg");

    [ClientFact("curl", "dpkg-query")]
    public Task What_cron_runs_arrives() => ArrivesAsync("inventory-cron", "dpkg",
        script => CronCommand(script, 0).Replace("cat /etc/deployments-key", $"printf {TestApp.ApiKey}",
            StringComparison.Ordinal));

    [ClientFact("curl", "pip")]
    public Task What_pip_lists_arrives() => ArrivesAsync("inventory-pip", "pip");

    [ClientFact("curl", "npm", "gzip")]
    public Task What_npm_lists_arrives() => ArrivesAsync("inventory-npm", "npm");

    [ClientFact("curl")]
    public Task What_a_NET_application_is_made_of_arrives() => ArrivesAsync("inventory-dotnet", "dotnet",
        script => script.Replace("/srv/shop", AppContext.BaseDirectory, StringComparison.Ordinal));

    [ClientFact("curl", "rpm", "rpmbuild")]
    public async Task What_rpm_lists_arrives()
    {
        // Goal: rpm's own output. Method: a database of its own, into which a package goes that rpmbuild made.
        using var home = new ClientHome();
        await home.WriteAsync("acme.spec",
            """
            Name: acme-agent
            Version: 1.0
            Release: 1
            Epoch: 2
            Summary: Test
            License: MIT
            BuildArch: noarch
            %description
            Test
            %files
            """u8.ToArray());
        await home.SucceedAsync("", "rpmbuild", "-bb", "--define", $"_topdir {home.At("rpm")}", home.At("acme.spec"));
        var built = Directory.GetFiles(home.At("rpm"), "*.noarch.rpm", SearchOption.AllDirectories).Single();
        var database = home.At("db");
        await home.SucceedAsync("", "rpm", "--dbpath", database, "--justdb", "--nodeps", "-i", built);

        var seen = await ArrivesAsync("inventory-rpm", "rpm",
            script => $"rpm() {{ command rpm --dbpath '{database}' \"$@\"; }}\n{script}");

        Assert.Equal("acme-agent 2:1.0-1", Assert.Single(seen));
    }

    [ClientFact("curl", "zcat")]
    public async Task What_apt_logged_arrives()
    {
        if (!File.Exists("/var/log/apt/history.log"))
            return; // not a machine with apt
        await using var app = await TestApp.StartAsync();
        await app.CreateFeedAsync("debian", "debian");

        var answer = await RunAsync(app, "log-apt", script => script);

        Assert.Equal("apt-history", (string?)answer["format"]);
        Assert.Equal(0, (int)answer["failed"]!);
    }

    static async Task<IReadOnlyList<string>> ArrivesAsync(
        string id, string format, Func<string, string>? change = null)
    {
        await using var app = await TestApp.StartAsync();
        var answer = await RunAsync(app, id, change ?? (script => script));

        Assert.Equal(format, (string?)answer["format"]);
        Assert.Equal(0, (int)answer["failed"]!);
        Assert.True((int)answer["read"]! > 0);
        var target = (string)answer["target"]!;
        return
        [
            .. JsonNode.Parse(await app.Admin.GetStringAsync(
                $"/api/inventory/{Uri.EscapeDataString(target)}?all=true"))!["packages"]!.AsArray()
                .Select(package => $"{package!["name"]} {package["version"]}"),
        ];
    }

    static async Task<JsonNode> RunAsync(TestApp app, string id, Func<string, string> change)
    {
        var script = InventorySnippets.All(app.Url.AbsoluteUri.TrimEnd('/')).Single(snippet => snippet.Id == id).Text;
        var (exitCode, output) = await BashAsync($"DEPLOYMENTS_KEY={TestApp.ApiKey}\n{change(script)}");
        Assert.True(exitCode == 0, output);
        return JsonNode.Parse(output)!;
    }

    // What cron runs of a line: the sixth field and the rest, with percent signs freed of their backslashes.
    static string CronCommand(string file, int line) => string.Join(' ', file.Split('\n')[line].Split(' ').Skip(6))
        .Replace(@"\%", "%", StringComparison.Ordinal);

    static async Task<(int ExitCode, string Output)> BashAsync(string script)
    {
        using var bash = Process.Start(new ProcessStartInfo("bash", ["-eu", "-c", script])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var errors = bash.StandardError.ReadToEndAsync();
        var output = await bash.StandardOutput.ReadToEndAsync();
        await bash.WaitForExitAsync();
        return (bash.ExitCode, output.Length > 0 ? output : await errors);
    }
}
