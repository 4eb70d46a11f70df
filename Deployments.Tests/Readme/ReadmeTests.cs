using System.Diagnostics;
using System.IO.Compression;
using System.Text.RegularExpressions;
using Deployments.Tests.Support;

namespace Deployments.Tests.Readme;

/// <summary>Runs what the README tells people to type.</summary>
public sealed partial class ReadmeTests
{
    [Fact]
    public async Task The_commands_of_the_README_record_two_deployments()
    {
        await using var app = await TestApp.StartAsync();
        var directory = Directory.CreateTempSubdirectory("deployments-readme-");
        try
        {
            WritePackage(Path.Combine(directory.FullName, "acme-1.0.0.upack"));
            var readme = Repository.Files.Single(file => file.Path == "README.md").Text;
            var section = readme[readme.IndexOf("## Connect your tools", StringComparison.Ordinal)..];
            var commands = string.Join('\n', ShellBlock().Matches(section).Select(block => block.Groups[1].Value));
            Assert.Equal(4, Curl().Count(commands));

            // --fail: the README's reader would see the error, a script must be told to stop at it.
            await RunAsync(directory.FullName, Curl().Replace(commands, "curl --fail ")
                .Replace("http://127.0.0.1:8624", app.Url.AbsoluteUri.TrimEnd('/'), StringComparison.Ordinal));

            await Recorded.DrainedAsync(app.Database);
            Assert.Equal(["WEB-07", "WEB-08"], (await Recorded.AllAsync(app.Database)).Select(r => r.Target).Order());
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    static void WritePackage(string path)
    {
        using var archive = ZipFile.Open(path, ZipArchiveMode.Create);
        using var manifest = new StreamWriter(archive.CreateEntry("upack.json").Open());
        manifest.Write("""{"name":"acme","version":"1.0.0"}""");
    }

    static async Task RunAsync(string directory, string commands)
    {
        using var shell = Process.Start(new ProcessStartInfo("bash", ["-euo", "pipefail", "-c", commands])
        {
            WorkingDirectory = directory,
            Environment = { ["KEY"] = TestApp.ApiKey },
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        var output = shell.StandardOutput.ReadToEndAsync();
        var errors = await shell.StandardError.ReadToEndAsync();
        await shell.WaitForExitAsync();
        Assert.True(shell.ExitCode == 0, errors + await output);
    }

    [GeneratedRegex("```sh\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex ShellBlock();

    [GeneratedRegex("^curl ", RegexOptions.Multiline)]
    private static partial Regex Curl();
}
