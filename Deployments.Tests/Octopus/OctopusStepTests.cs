using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Deployments.Tests.Support;

namespace Deployments.Tests.Octopus;

public sealed class OctopusStepTests
{
    [Theory]
    [InlineData("https://octopus.example", "/app#/Spaces-1/deployments/Deployments-11",
        "https://octopus.example/app#/Spaces-1/deployments/Deployments-11")]
    [InlineData("", "/app#/Spaces-1/deployments/Deployments-11", null)]
    public async Task The_script_for_Bash_records_what_Octopus_tells_it(string server, string link, string? url)
    {
        await using var app = await TestApp.StartAsync();
        await app.CreateFeedAsync("apps", "nuget");
        using var browser = await Browser.SignedInAsync(app);
        var template = JsonSerializer.Deserialize<JsonElement>(
            await browser.ReadAsync("/connect?handler=OctopusStep&syntax=bash"));
        var script = template.GetProperty("Properties").GetProperty("Octopus.Action.Script.ScriptBody").GetString()!;
        var values = new Dictionary<string, string>
        {
            ["Deployments.Server"] = template.GetProperty("Parameters").EnumerateArray()
                .Single(one => one.GetProperty("Name").GetString() == "Deployments.Server")
                .GetProperty("DefaultValue").GetString()!,
            ["Deployments.Feed"] = "apps",
            ["Deployments.Key"] = TestApp.ApiKey,
            ["Octopus.Action.Package[Deployments.Package].PackageId"] = "Shop.Web",
            ["Octopus.Action.Package[Deployments.Package].PackageVersion"] = "1.4.2",
            ["Octopus.Machine.Name"] = "köln-01",
            ["Octopus.Environment.Name"] = "Production",
            ["Octopus.Project.Name"] = "Shop & more",
            ["Octopus.Release.Number"] = "1.4.2",
            ["Octopus.Deployment.CreatedBy.DisplayName"] = "Jane Doe",
            ["Octopus.Web.DeploymentLink"] = link,
            ["Octopus.Web.ServerUri"] = server,
        };

        await RunAsync(script, values);

        var page = await app.Admin.GetFromJsonAsync<JsonElement>("/api/package-deployments");
        var record = Assert.Single(page.GetProperty("items").EnumerateArray());
        Assert.Equal("Shop.Web", record.GetProperty("name").GetString());
        Assert.Equal("1.4.2", record.GetProperty("version").GetString());
        Assert.Equal("köln-01", record.GetProperty("target").GetString());
        Assert.Equal("Shop & more", record.GetProperty("application").GetString());
        Assert.Equal("Release 1.4.2 to Production", record.GetProperty("description").GetString());
        Assert.Equal("Jane Doe", record.GetProperty("user").GetString());
        Assert.Equal(url, record.GetProperty("url").GetString());
    }

    [Fact]
    public async Task The_script_for_PowerShell_asks_for_the_same_variables()
    {
        await using var app = await TestApp.StartAsync();
        using var browser = await Browser.SignedInAsync(app);

        var bash = await browser.ReadAsync("/connect?handler=OctopusStep&syntax=bash");
        var powerShell = await browser.ReadAsync("/connect?handler=OctopusStep");

        foreach (var variable in new[]
        {
            "Octopus.Machine.Name", "Octopus.Environment.Name", "Octopus.Web.DeploymentLink", "Octopus.Web.ServerUri",
            "Octopus.Web.BaseUrl", "Octopus.Project.Name", "Octopus.Release.Number",
            "Octopus.Deployment.CreatedBy.DisplayName", "Deployments.Server", "Deployments.Feed", "Deployments.Key",
            "Octopus.Action.Package[Deployments.Package]",
        })
        {
            Assert.Contains(variable, bash, StringComparison.Ordinal);
            Assert.Contains(variable, powerShell, StringComparison.Ordinal);
        }
    }

    /// <summary>Runs a script with Octopus's function for variables, as its own bootstrap has it.</summary>
    static async Task RunAsync(string script, Dictionary<string, string> values)
    {
        var cases = string.Concat(values.Select(pair => $"  {Quoted(pair.Key)}) printf %s {Quoted(pair.Value)} ;;\n"));
        var start = new ProcessStartInfo("bash") { RedirectStandardInput = true, RedirectStandardError = true };
        using var bash = Process.Start(start)!;
        await bash.StandardInput.WriteAsync(
            $"get_octopusvariable() {{ case \"$1\" in\n{cases}esac; }}\n{script}\n");
        bash.StandardInput.Close();
        var error = await bash.StandardError.ReadToEndAsync();
        await bash.WaitForExitAsync();
        Assert.True(bash.ExitCode == 0, error);
    }

    static string Quoted(string text) => "'" + text.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}
