using System.Diagnostics;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Bunit;
using Deployments.Data.Feeds;
using Deployments.Web.Feeds;
using Deployments.Web.Pages.Connect;

namespace Deployments.Tests.Connect;

public sealed partial class ConnectSnippetsTests : BunitContext
{
    static readonly FeedTypeCatalog Types = new();

    public static TheoryData<string, string, bool> Places => new()
    {
        { "nuget", "https://deployments.example.com", false },
        { "npm", "http://127.0.0.1:8624", true },
        { "maven", "https://example.com:8443/it's-$(here)", true },
        { "universal", "https://example.com/\"<&>\\", false },
    };

    [Theory]
    [MemberData(nameof(Places))]
    public async Task Shell_snippets_are_shell_scripts(string type, string server, bool needsKey)
    {
        var place = Place(type, server, needsKey);
        var yaml = ConnectSnippets.Tools(place).Where(s => s.Id is "github-actions" or "gitlab-ci" or "azure-pipelines")
            .Select(snippet => BlockOf(snippet.Text));
        var jenkins = TripleQuoted().Match(ConnectSnippets.Tools(place).Single(s => s.Id == "jenkins").Text)
            .Groups[1].Value.Replace(@"\'", "'", StringComparison.Ordinal)
            .Replace(@"\\", @"\", StringComparison.Ordinal);
        var scripts = ConnectSnippets.Scripts(place).Where(s => s.Id != "powershell").Select(s => s.Text);

        foreach (var script in scripts.Concat(yaml).Append(jenkins))
        {
            // With curl replaced by a function that prints its last argument, the address must come out unharmed.
            var (exitCode, output) = await BashAsync(
                $"curl() {{ printf '%s' \"${{@: -1}}\"; }}\nTARGET=x DEPLOYMENTS_KEY=k\n{script}");
            Assert.Equal(0, exitCode);
            Assert.Contains(output, new[] { place.Download, place.Report }.ToList());
        }
    }

    [Theory]
    [MemberData(nameof(Places))]
    public void Maven_settings_are_XML(string type, string server, bool needsKey)
    {
        _ = type;
        var place = Place("maven", server, needsKey);
        var settings = XDocument.Parse(ConnectSnippets.Maven(place).Text).Root!;

        Assert.Equal(place.FeedAddress, settings.Descendants("url").Single().Value);
        Assert.Equal(settings.Descendants("server").Single().Element("id")!.Value,
            settings.Descendants("mirror").Single().Element("id")!.Value);
        var names = settings.Descendants("name").Select(name => name.Value).ToList();
        Assert.Contains("X-ProGet-Deployment-Target", names);
        Assert.Equal(needsKey, names.Contains("X-ApiKey"));
    }

    [Theory]
    [MemberData(nameof(Places))]
    public void Containerd_settings_name_the_server_and_the_headers(string type, string server, bool needsKey)
    {
        var toml = ConnectSnippets.Containerd(Place(type, server, needsKey)).Text;

        var quoted = server.Replace(@"\", @"\\", StringComparison.Ordinal)
            .Replace("\"", "\\\"", StringComparison.Ordinal);
        quoted = $"\"{quoted}\"";
        Assert.Contains($"[host.{quoted}.header]\n", toml, StringComparison.Ordinal);
        Assert.Equal(needsKey, toml.Contains("X-ApiKey", StringComparison.Ordinal));
        Assert.All(toml.Split('\n'), line => Assert.Matches(
            @"^(|server = "".*""|\[host\..*\]|  [\w-]+ = [\[""].*)$", line));
    }

    [Fact]
    public void Yaml_is_indented_with_blanks_only_and_keeps_blocks_together()
    {
        foreach (var snippet in ConnectSnippets.Tools(Place("nuget", "https://example.com", true)))
        {
            Assert.DoesNotContain('\t', snippet.Text);
            Assert.DoesNotContain("\n\n", snippet.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Ansible_and_PowerShell_quote_what_is_theirs()
    {
        var tools = ConnectSnippets.Tools(Place("universal", "https://example.com/it's-\"x\"", true));

        Assert.Contains(
            "url: \"https://example.com/it's-\\\"x\\\"/upack/", Text(tools, "ansible"), StringComparison.Ordinal);
        Assert.Contains(
            "-Uri 'https://example.com/it''s-\"x\"/upack/", Text(tools, "octopus"), StringComparison.Ordinal);
        Assert.Contains("FormData: %(", Text(tools, "buildmaster"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_card_shows_text_whatever_it_says()
    {
        const string hostile = "\"><script>alert(1)</script>";
        var card = Render<SnippetCard>(parameters =>
            parameters.Add(c => c.Snippet, new ConnectSnippet("id", hostile, hostile, hostile)));

        Assert.Empty(card.FindAll("script"));
        Assert.Equal(hostile, card.Find("pre").TextContent);
        Assert.Equal(hostile, card.Find("button.copy").GetAttribute("data-copy"));
    }

    static ConnectPlace Place(string type, string server, bool needsKey) => new(
        server,
        new Feed(1, "apps", type, [], "", true, !needsKey, true, [], "{}", DateTimeOffset.UnixEpoch, []),
        Types[type]);

    static string Text(IEnumerable<ConnectSnippet> snippets, string id) => snippets.Single(s => s.Id == id).Text;

    /// <summary>The lines of the only block scalar of a YAML text, without their indentation.</summary>
    static string BlockOf(string yaml)
    {
        var lines = yaml.Split('\n').SkipWhile(line => !line.EndsWith('|')).Skip(1).ToList();
        var indent = lines[0].Length - lines[0].TrimStart().Length;
        var margin = new string(' ', indent);
        return string.Join('\n', lines.TakeWhile(line => line.StartsWith(margin, StringComparison.Ordinal))
            .Select(line => line[indent..]));
    }

    static async Task<(int ExitCode, string Output)> BashAsync(string script)
    {
        using var bash = Process.Start(new ProcessStartInfo("bash", ["-eu", "-c", Unset().Replace(script, "x")])
        {
            RedirectStandardOutput = true,
        })!;
        var output = await bash.StandardOutput.ReadToEndAsync();
        await bash.WaitForExitAsync();
        return (bash.ExitCode, output);
    }

    // What the build server would set.
    [GeneratedRegex(@"\$(GITHUB|CI|GITLAB|BUILD|SYSTEM|JOB|API)_[A-Z_]+")]
    private static partial Regex Unset();

    [GeneratedRegex("'''\n(.*)\n'''", RegexOptions.Singleline)]
    private static partial Regex TripleQuoted();
}
