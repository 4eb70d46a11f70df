using System.Text.Json.Nodes;
using Deployments.Data.Findings;
using Deployments.Data.Targets;
using Deployments.Data.Vulnerabilities;
using Deployments.Tests.Support;
using Deployments.Web.Feeds;
using Deployments.Web.Vulnerabilities;

namespace Deployments.Tests.Vulnerabilities;

/// <summary>
/// The exported documents, compared with files that were validated against the official JSON schemas of OpenVEX 0.2.0
/// and CycloneDX 1.6 when they were written (the schemas themselves are not part of this repository). To write them
/// anew: UPDATE_VEX=1, then validate them again.
/// </summary>
public sealed class VexTests
{
    const string UpdateSwitch = "UPDATE_VEX";

    static readonly DateTimeOffset Start = new(2026, 3, 1, 8, 15, 0, TimeSpan.Zero);

    static readonly FeedTypeCatalog Types = new();
    static readonly OpenVex OpenVex = new(Types);
    static readonly CycloneDx CycloneDx = new(Types);

    // Every state, scope and kind of text once; hostile ones among them.
    static readonly AssessedVersion[] Versions =
    [
        Version(1, "Acme.Json", "1.2.0"),
        Version(1, "Acme.Json", "1.0.0"),
        Version(1, "Acme.Xml", "1.0.0"),
        Version(2, "Acme.Json", "1.0.0") with
        {
            Target = "WEB-01",
            State = AssessmentState.Accepted,
            Justification = null,
            Reason = "The release of June.",
            ExpiresAt = Start.AddDays(100),
        },
        Version(3, "portal", "3.0.0") with
        {
            Id = "CVE-2026-2",
            Aliases = [],
            Summary = "",
            Score = null,
            Severity = SeverityLevel.Unknown,
            SeveritySource = "",
            PublishedAt = null,
            Type = "npm",
            Group = "@acme",
            State = AssessmentState.FixedByOtherMeans,
            Justification = null,
            Reason = "</script>\"\\\u202e\nsecond line",
            Target = "<b>\u00e4/\u202eserver #1</b>",
        },
        Version(4, "acme", "1.0.0") with
        {
            Id = "PGV-1",
            Aliases = [],
            Type = "no-such-type",
            Qualifier = "",
            Justification = null,
            Reason = "Ignored.",
            Score = null,
            Severity = SeverityLevel.High,
            SeveritySource = "HIGH",
        },
    ];

    [Fact]
    public async Task OpenVEX_is_as_it_was_validated() =>
        await AssertFileAsync("openvex.json", OpenVex.Write(Versions, Start));

    [Fact]
    public async Task CycloneDX_VEX_is_as_it_was_validated() =>
        await AssertFileAsync("vex.cdx.json", CycloneDx.WriteVex(Versions, Start));

    [Fact]
    public async Task CycloneDX_VEX_of_nothing_is_as_it_was_validated() =>
        await AssertFileAsync("vex-empty.cdx.json", CycloneDx.WriteVex([], null));

    [Fact]
    public async Task An_SBOM_is_as_it_was_validated() => await AssertFileAsync("sbom.cdx.json", Sbom(null,
        Installed("nuget", "", "Acme.Json", "1.0.0", 1), Installed("docker", "", "acme/portal", "sha256:0123", 3),
        Installed("npm", "@acme", "portal", "3.0.0", 2), Installed("no-such-type", "", "</script>\u202e", "", 0)));

    [Fact]
    public async Task An_SBOM_of_nothing_is_as_it_was_validated() =>
        await AssertFileAsync("sbom-empty.cdx.json", Sbom(null));

    [Fact]
    public void The_same_content_is_the_same_text_in_whatever_order_it_comes()
    {
        var reversed = Versions.Reverse().ToArray();

        Assert.Equal(OpenVex.Write(Versions, Start), OpenVex.Write(reversed, Start));
        Assert.Equal(CycloneDx.WriteVex(Versions, Start), CycloneDx.WriteVex(reversed, Start));
        Assert.Equal(
            Sbom(Start, Installed("nuget", "", "A", "1", 1), Installed("nuget", "", "B", "1", 1)),
            Sbom(Start, Installed("nuget", "", "B", "1", 1), Installed("nuget", "", "A", "1", 1)));
    }

    [Fact]
    public void Other_content_has_another_number()
    {
        var changed = Versions.Select(row => row with { Reason = row.Reason + "." }).ToArray();

        Assert.NotEqual(Member(OpenVex.Write(Versions, Start), "@id"), Member(OpenVex.Write(changed, Start), "@id"));
        Assert.NotEqual(
            Member(CycloneDx.WriteVex(Versions, Start), "serialNumber"),
            Member(CycloneDx.WriteVex(changed, Start), "serialNumber"));
        Assert.NotEqual(Member(Sbom(Start), "serialNumber"), Member(Sbom(Start.AddDays(1)), "serialNumber"));
    }

    [Fact]
    public void A_number_is_a_UUID_of_version_5()
    {
        var number = ExportedJson.NumberOf("x");

        Assert.Equal((5, 0x8), (number.Version, number.Variant & 0xc));
        Assert.Equal(number, ExportedJson.NumberOf("x"));
    }

    // What the schemas require beyond what the files happen to show.
    [Fact]
    public void References_of_CycloneDX_lead_to_components_and_are_unique()
    {
        foreach (var text in new[]
        {
            CycloneDx.WriteVex(Versions, Start), Sbom(Start, Installed("nuget", "", "A", "1", 1)),
        })
        {
            var document = JsonNode.Parse(text)!;
            var references = Nodes(document).Select(node => (string?)node["bom-ref"]).OfType<string>().ToList();
            Assert.Equal(references.Distinct(), references);
            var used = Nodes(document).SelectMany(node => new[] { (string?)node["ref"] }.OfType<string>().Concat(
                node["dependsOn"]?.AsArray().Select(one => (string)one!) ?? []));
            Assert.All(used, reference => Assert.Contains(reference, references));
        }
    }

    static string? Member(string document, string name) => (string?)JsonNode.Parse(document)![name];

    static IEnumerable<JsonObject> Nodes(JsonNode node) => node switch
    {
        JsonObject all => all.Select(pair => pair.Value).OfType<JsonNode>().SelectMany(Nodes).Prepend(all),
        JsonArray all => all.OfType<JsonNode>().SelectMany(Nodes),
        _ => [],
    };

    static string Sbom(DateTimeOffset? at, params InstalledRow[] installed) =>
        CycloneDx.WriteSbom("WEB-01/<b>\u00e4", installed, at, []);

    static async Task AssertFileAsync(string name, string document)
    {
        var path = Path.Combine(Repository.Root, "Deployments.Tests", "Fixtures", "Vex", name + ".txt");
        if (Environment.GetEnvironmentVariable(UpdateSwitch) is "1")
            await File.WriteAllTextAsync(path, document + "\n");
        Assert.Equal(await File.ReadAllTextAsync(path), document + "\n", ignoreLineEndingDifferences: true);
    }

    static AssessedVersion Version(int assessment, string name, string version) => new()
    {
        AssessmentId = assessment,
        Id = "GHSA-1",
        Aliases = ["PYSEC-1", "CVE-2026-1"],
        Summary = "Something is <wrong>.",
        Severity = SeverityLevel.High,
        Score = 7.5,
        SeveritySource = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N",
        PublishedAt = Start.AddDays(-10),
        ModifiedAt = Start.AddDays(-5),
        State = AssessmentState.NotAffected,
        Justification = "vulnerable_code_not_in_execute_path",
        Reason = "Never called.",
        AssessedAt = Start.AddMinutes(-assessment),
        Type = "nuget",
        Name = name,
        Version = version,
    };

    static InstalledRow Installed(string type, string group, string name, string version, int days) => new()
    {
        DeploymentId = 4711,
        DeployedAt = Start.AddDays(-days),
        Feed = "apps",
        FeedType = type,
        Type = type,
        Group = group,
        Name = name,
        Version = version,
        Application = "deploy.sh",
        User = "jdoe",
    };
}
