using System.Diagnostics;
using System.Text.RegularExpressions;
using Deployments.Tests.Support;
using Deployments.Web.Settings;
using Microsoft.Extensions.Configuration;

namespace Deployments.Tests.Operation;

/// <summary>The files and the guide for those who operate the program: what can be checked of them here.</summary>
public sealed partial class OperationFilesTests
{
    [Fact]
    public void Every_setting_and_file_that_the_guide_names_is_there()
    {
        var guide = Text("eng/operation.md");
        var example = new ConfigurationBuilder().AddInMemoryCollection(
            [KeyValuePair.Create<string, string?>("Deployments:Oidc:corp:Title", "the guide calls it so")]).Build();
        var settings = SettingsCheck.KeysOf(example)
            .Select(key => key.Replace(":", "__", StringComparison.Ordinal)).ToList();
        foreach (var file in new[]
            { "operation.md", "deployments.service", "Containerfile", "nginx.conf", "haproxy.cfg" })
        {
            var named = Setting().Matches(Text("eng/" + file)).Select(match => match.Value).Distinct().ToList();
            Assert.Empty(named.Select(name => FileSuffix().Replace(name, "")).Except(settings));
        }

        var paths = OwnPath().Matches(guide).Select(match => match.Value).Distinct().ToList();
        Assert.NotEmpty(paths);
        Assert.DoesNotContain(paths, path => !Path.Exists(Path.Combine(Repository.Root, path)));
        foreach (var file in Directory.GetFiles(Path.Combine(Repository.Root, "eng")).Select(Path.GetFileName))
        {
            if (file is not ("operation.md" or "install.sh" or "profile.sh" or "Containerfile.dockerignore")
                && !file!.EndsWith(".png", StringComparison.Ordinal))
                Assert.Contains("eng/" + file, guide, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_unit_and_the_account_are_what_systemd_takes()
    {
        var directory = Directory.CreateTempSubdirectory("deployments-unit-");
        try
        {
            // Nothing is installed where the file says: it is checked with what is on this machine.
            var unit = Path.Combine(directory.FullName, "deployments.service");
            File.WriteAllText(unit, Text("eng/deployments.service")
                .Replace("/usr/bin/dotnet", Environment.ProcessPath, StringComparison.Ordinal)
                .Replace("WorkingDirectory=/opt/deployments", "WorkingDirectory=/", StringComparison.Ordinal));
            Assert.Equal((0, ""), await RunAsync("systemd-analyze", "verify", "--man=no", unit));
            var (exitCode, said) = await RunAsync(
                "systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=25", unit);
            Assert.True(exitCode == 0, said);
            (exitCode, said) = await RunAsync(
                "systemd-sysusers", "--dry-run", Path.Combine(Repository.Root, "eng/deployments.sysusers"));
            Assert.True(exitCode == 0, said);
            Assert.DoesNotContain("ignoring", said, StringComparison.Ordinal);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public void The_container_file_runs_nothing_as_root_and_copies_what_there_is()
    {
        var lines = Continued().Replace(Text("eng/Containerfile"), " ").Split('\n')
            .Where(line => line.Length > 0 && line[0] != '#').ToList();
        var words = lines.Select(line => line.Split(' ', 2)).ToList();
        Assert.All(words, line => Assert.Contains(line[0], Instructions));
        Assert.Equal(2, words.Count(line => line[0] == "FROM"));
        Assert.All(words.Where(line => line[0] == "FROM"), line =>
            Assert.Matches(@"^\$\{DOTNET\}/(sdk|aspnet):\$\{VERSION\}( AS build)?$", line[1]));
        Assert.Contains("\"version\": \"10.0.", Text("global.json"), StringComparison.Ordinal);
        Assert.Contains(words, line => line[0] == "ARG" && line[1] == "VERSION=10.0");

        var last = words.Skip(words.FindLastIndex(line => line[0] == "FROM")).ToList();
        var user = Assert.Single(last, line => line[0] == "USER")[1];
        Assert.Matches("^[1-9][0-9]+:[1-9][0-9]+$", user); // a number: who starts it can tell that it is not root
        Assert.True(last.FindIndex(line => line[0] == "USER") > last.FindLastIndex(line => line[0] == "RUN"));
        Assert.StartsWith("[\"dotnet\", ", last.Single(line => line[0] == "ENTRYPOINT")[1], StringComparison.Ordinal);
        Assert.DoesNotContain("__File", string.Join('\n', lines), StringComparison.Ordinal); // no secret is built in

        foreach (var source in words
            .Where(line => line[0] == "COPY" && !line[1].StartsWith("--from", StringComparison.Ordinal))
            .SelectMany(line => line[1].Split(' ')[..^1]))
            Assert.True(Path.Exists(Path.Combine(Repository.Root, source)), source);
        Assert.DoesNotContain(words, line => line[0] == "ADD");
    }

    static readonly string[] Instructions =
        ["ARG", "FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL", "ENTRYPOINT"];

    static string Text(string path) => File.ReadAllText(Path.Combine(Repository.Root, path));

    static async Task<(int ExitCode, string Said)> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, errors + await output);
    }

    [GeneratedRegex(@"\b(Deployments|ConnectionStrings)__[A-Za-z]+(__[A-Za-z]+)*")]
    private static partial Regex Setting();

    [GeneratedRegex("__File$")]
    private static partial Regex FileSuffix();

    [GeneratedRegex(@"(?<![\w/.])(eng|db)/[\w./-]*\w")]
    private static partial Regex OwnPath();

    [GeneratedRegex(@"\\\n\s*")]
    private static partial Regex Continued();
}
