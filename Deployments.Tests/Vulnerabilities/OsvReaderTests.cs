using System.Text;
using System.Text.Json.Nodes;
using Deployments.Data.Findings;
using Deployments.Data.Vulnerabilities;

namespace Deployments.Tests.Vulnerabilities;

/// <summary>Reading advisories: real ones, with their own lists as the oracle, and hostile ones.</summary>
public sealed class OsvReaderTests
{
    /// <summary>A contradiction in the data: its list names a version that its range calls fixed.</summary>
    static readonly HashSet<(string, string)> WrongInTheData = [("PYSEC-2021-114", "2.11.6")];

    [Fact]
    public void Every_fixture_is_read() => Assert.All(Osv.Raw, pair =>
        Assert.Equal(pair.Key, Osv.Read(pair.Value).Id));

    [Fact]
    public void Listed_versions_are_inside_the_ranges_alone()
    {
        var count = 0;
        var wrong = new List<string>();
        foreach (var (id, raw) in Osv.Raw)
        {
            var advisory = Osv.Read(raw);
            foreach (var package in advisory.Packages.Where(package => package.Ranges.Count > 0))
            {
                foreach (var version in package.Versions.Where(version => version.SortKey is not null))
                {
                    count++;
                    var (affected, _) = Osv.Decide(
                        advisory, package.Ecosystem, package.Name, version.Version, useLists: false);
                    if (!affected && !WrongInTheData.Contains((id, version.Version)))
                        wrong.Add($"{id} {package.Name} {version.Version}");
                }
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.True(count > 8_000, $"Only {count} versions are listed.");
    }

    [Fact]
    public void A_fixed_version_is_not_affected_unless_another_entry_says_so()
    {
        var wrong = new List<string>();
        foreach (var advisory in Osv.Raw.Values.Select(Osv.Read))
        {
            foreach (var package in advisory.Packages)
            {
                foreach (var range in package.Ranges.Where(range => range is { Fixed: not null, LowKey: not null }))
                {
                    var isElsewhere = advisory.Packages.Where(other => other.NameKey == package.NameKey
                            && other.GroupKey == package.GroupKey && other.Release == package.Release)
                        .SelectMany(other => other.Ranges)
                        .Any(other => other != range && other.LowKey is not null
                            && other.LowKey.AsSpan().SequenceCompareTo(range.HighKey) <= 0
                            && (other.HighKey is null || other.HighKey.AsSpan().SequenceCompareTo(range.HighKey) > 0));
                    var decided = Osv.Decide(
                        advisory, package.Ecosystem, package.Name, range.Fixed!, useLists: false).Affected;
                    if (decided != isElsewhere)
                        wrong.Add($"{advisory.Id} {package.Name} {range.Fixed}");
                }
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Theory]
    [InlineData("NuGet", "Newtonsoft.Json", "12.0.3", true, "13.0.1", "GHSA-5crp-9r3c-p9vr")]
    [InlineData("NuGet", "newtonsoft.json", "13.0.1-beta2", true, "13.0.1", "GHSA-5crp-9r3c-p9vr")]
    [InlineData("NuGet", "Newtonsoft.Json", "13.0.1", false, null, "GHSA-5crp-9r3c-p9vr")]
    [InlineData("NuGet", "System.Text.Json", "6.0.9", true, "6.0.10", "GHSA-8g4q-xg66-9fp4")]
    [InlineData("NuGet", "System.Text.Json", "7.0.4", false, null, "GHSA-8g4q-xg66-9fp4")]
    [InlineData("NuGet", "System.Text.Json", "8.0.5", false, null, "GHSA-8g4q-xg66-9fp4")]
    [InlineData("NuGet", "Microsoft.Data.SqlClient", "2.1.7", false, null, "GHSA-98g6-xh36-x2p7")]
    [InlineData("NuGet", "Microsoft.Data.SqlClient", "5.1.2", true, "5.1.3", "GHSA-98g6-xh36-x2p7")]
    [InlineData("NuGet", "System.Data.SqlClient", "4.8.6", false, null, "GHSA-98g6-xh36-x2p7")]
    [InlineData("NuGet", "log4net", "2.0.9", true, "2.0.10", "GHSA-2cwj-8chv-9pp9")]
    [InlineData("NuGet", "log4net", "2.0.10", false, null, "GHSA-2cwj-8chv-9pp9")]
    [InlineData("npm", "lodash", "4.17.20", true, "4.17.21", "GHSA-35jh-r3h4-6jhm")]
    [InlineData("npm", "lodash.template", "4.5.0", true, null, "GHSA-35jh-r3h4-6jhm")]
    [InlineData("npm", "lodash", "4.17.21", false, null, "GHSA-35jh-r3h4-6jhm")]
    [InlineData("Maven", "org.apache.logging.log4j:log4j-core", "2.14.1", true, "2.15.0", "GHSA-jfh8-c2jp-5v3q")]
    [InlineData("Maven", "org.apache.logging.log4j:log4j-core", "2.3.1", false, null, "GHSA-jfh8-c2jp-5v3q")]
    [InlineData("Maven", "org.apache.logging.log4j:log4j-core", "2.12.2", false, null, "GHSA-jfh8-c2jp-5v3q")]
    [InlineData("Maven", "org.apache.logging.log4j:log4j-core", "2.0-beta8", false, null, "GHSA-jfh8-c2jp-5v3q")]
    [InlineData("Maven", "org.apache.logging.log4j:log4j-core", "2.15.0", false, null, "GHSA-jfh8-c2jp-5v3q")]
    [InlineData("NuGet", "jQuery", "3.4.1", true, "3.5.0", "GHSA-gxr4-xjj5-5px2")]
    [InlineData("NuGet", "JQUERY", "2.0.1.1", true, "3.5.0", "GHSA-gxr4-xjj5-5px2")]
    [InlineData("NuGet", "jquery", "1.11.3", true, "3.4.0", "GHSA-6c3j-c64m-qhgq")]
    [InlineData("NuGet", "RestSharp", "106.11.8-alpha.0.13", false, null, "GHSA-9pq7-rcxv-47vq")]
    [InlineData("NuGet", "DotNetZip", "1.16.0", true, null, "GHSA-xhg6-9j5j-w4vf")]
    [InlineData("NuGet", "IdentityServer4", "4.1.3", false, null, "GHSA-55p7-v223-x366")]
    [InlineData(
        "NuGet", "Microsoft.Extensions.Caching.Memory", "9.0.0-rc.1.24431.7", true, "9.0.0-rc.2.24473.5",
        "GHSA-qj66-m88j-hmgj")]
    [InlineData("npm", "express", "5.0.0-beta.2", true, "5.0.0-beta.3", "GHSA-rv95-896h-c2vc")]
    [InlineData("npm", "express", "5.0.0-beta.3", false, null, "GHSA-rv95-896h-c2vc")]
    [InlineData("npm", "rc", "1.2.9", true, null, "GHSA-g2q5-5433-rhrf")]
    [InlineData("npm", "rc", "1.2.8", false, null, "GHSA-g2q5-5433-rhrf")]
    [InlineData("npm", "@babel/helpers", "8.0.0-alpha.16", true, "8.0.0-alpha.17", "GHSA-968p-4wvh-cqc8")]
    [InlineData("npm", "request", "2.88.2", true, null, "GHSA-p8p7-x288-28g6")]
    [InlineData("npm", "axios", "1.6.0", false, null, "GHSA-wf5p-g6vw-rhxx")]
    [InlineData("npm", "axios", "0.8.0", false, null, "GHSA-wf5p-g6vw-rhxx")]
    [InlineData("Debian:12", "curl", "7.88.1-10+deb12u5~bpo11+1", true, "7.88.1-10+deb12u5", "DSA-5587-1")]
    [InlineData("Debian:12", "openssl", "3.0.11-1~deb12u1", true, "3.0.11-1~deb12u2", "DSA-5532-1")]
    public void Spot_check(
        string ecosystem, string name, string version, bool isAffected, string? fixedIn, string id)
    {
        var decided = Osv.Decide(Osv.Read(id), ecosystem, name, version);

        Assert.Equal((isAffected, fixedIn), decided);
    }

    [Fact]
    public void Another_release_of_a_distribution_is_another_package()
    {
        var advisory = Osv.Read("DSA-5587-1");

        Assert.True(Osv.Decide(advisory, "Debian:12", "curl", "7.88.1-10+deb12u4").Affected);
        Assert.False(Osv.Decide(advisory, "Debian:10", "curl", "7.88.1-10+deb12u4").Affected);
    }

    [Fact]
    public void Events_may_come_in_any_order_and_limits_cut()
    {
        var advisory = Osv.Advisory("X-1", "acme", "2.0.0", "2.5.0");
        advisory["affected"]![0]!["ranges"] = new JsonArray(Range("ECOSYSTEM",
            ("fixed", "2.5.0"), ("introduced", "0"), ("introduced", "2.0.0"), ("last_affected", "1.2.0"),
            ("introduced", "3.0.0"), ("limit", "3.1.0")), Range("GIT", ("introduced", "0")));

        var read = Osv.Read(advisory);

        string[] versions = ["0.1.0", "1.2.0", "1.2.1", "2.0.0-rc.1", "2.0.0", "2.5.0", "3.0.5", "3.1.0", "9.0.0"];
        Assert.Equal(
            [true, true, false, false, true, false, true, false, false],
            versions.Select(version => Osv.Decide(read, "NuGet", "ACME", version).Affected));
    }

    [Fact]
    public void A_range_that_cannot_be_compared_is_kept_as_such()
    {
        var range = Assert.Single(Osv.Read(Osv.Advisory("X-1", "acme", "0", "the next one")).Packages[0].Ranges);

        Assert.Null(range.LowKey);
        Assert.Equal("the next one", range.Fixed);
    }

    [Fact]
    public void A_malicious_package_is_critical() =>
        Assert.Equal(SeverityLevel.Critical, Osv.Read(Osv.Advisory("MAL-2026-1", "acme", "0", null)).Severity);

    [Fact]
    public void Without_a_vector_the_databases_word_counts()
    {
        var advisory = Osv.Read("GHSA-4qm4-8hg2-g2xm");

        Assert.Null(advisory.Score);
        Assert.NotEqual(SeverityLevel.Unknown, advisory.Severity);
    }

    [Fact]
    public void A_packages_own_severity_overrides_the_advisorys()
    {
        var advisory = Osv.Advisory("X-1", "acme", "0", null);
        advisory["affected"]![0]!["severity"] = new JsonArray(new JsonObject
        {
            ["type"] = "CVSS_V3",
            ["score"] = "CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N",
        });

        Assert.Equal(3.1, Osv.Read(advisory).Score);
    }

    [Fact]
    public void Times_may_have_nine_digits()
    {
        var advisory = Osv.Advisory("X-1", "acme", "0", null, modified: "2026-01-31T08:15:00.123456789Z");

        Assert.Equal(
            new DateTimeOffset(2026, 1, 31, 8, 15, 0, TimeSpan.Zero).AddMicroseconds(123456),
            Osv.Read(advisory).Modified);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"id":"X-1"}""")]
    [InlineData("""{"id":"X-1","modified":"yesterday"}""")]
    [InlineData("""{"id":"<script>","modified":"2026-01-01T00:00:00Z"}""")]
    [InlineData("""{"id":"X-1\u0000","modified":"2026-01-01T00:00:00Z"}""")]
    [InlineData("""{"id":"X-1","modified":"2026-01-01T00:00:00Z","summary":"\ud800"}""")]
    [InlineData("""{"id":"X-1","modified":"2026-01-01T00:00:00Z",""")]
    public void What_is_no_advisory_is_refused_with_a_reason(string json) =>
        Assert.NotEmpty(Assert.Throws<FormatException>(() => Osv.Reader.Read(Encoding.UTF8.GetBytes(json))).Message);

    [Theory]
    [InlineData("""{"id":"X-1","modified":"2026-01-01T00:00:00Z"}""")]
    [InlineData("""{"id":"X-1","modified":"2026-01-01T00:00:00Z","affected":null,"aliases":7,"severity":{}}""")]
    [InlineData("""{"id":"X-1","modified":"2026-01-01T00:00:00Z","affected":[null,1,{},{"package":{}}]}""")]
    [InlineData(
        """{"id":"X-1","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"Moon","name":"x"}}]}""")]
    public void What_concerns_nobody_matches_nothing(string json) =>
        Assert.Empty(Osv.Reader.Read(Encoding.UTF8.GetBytes(json)).Packages);

    [Fact]
    public void A_hundred_thousand_ranges_are_refused()
    {
        var advisory = Osv.Advisory("X-1", "acme", "0", null);
        advisory["affected"]![0]!["ranges"] = new JsonArray([.. Enumerable.Range(0, 100_000)
            .Select(i => Range("ECOSYSTEM", ("introduced", $"{i}.0.0")))]);

        Assert.Contains("events", Assert.Throws<FormatException>(() => Osv.Read(advisory)).Message);
    }

    [Fact]
    public void Deep_JSON_is_refused() => Assert.Throws<FormatException>(() => Osv.Reader.Read(
        Encoding.UTF8.GetBytes(new string('[', 1_000_000))));

    [Fact]
    public void A_text_of_ten_megabytes_is_cut()
    {
        var advisory = Osv.Advisory("X-1", "acme", "0", null);
        advisory["details"] = new string('x', 10 << 20);

        Assert.InRange(Osv.Read(advisory).Details.Length, 1_000, 60_000);
    }

    [Fact]
    public void Only_web_addresses_are_references()
    {
        var advisory = Osv.Advisory("X-1", "acme", "0", null);
        advisory["references"] = new JsonArray(
            Reference("javascript:alert(1)"), Reference("https://example.com/a"), Reference("file:///etc/passwd"));

        Assert.Equal(["https://example.com/a"], Osv.Read(advisory).References);

        static JsonObject Reference(string url) => new() { ["type"] = "WEB", ["url"] = url };
    }

    static JsonObject Range(string type, params (string Kind, string Version)[] events) => new()
    {
        ["type"] = type,
        ["events"] = new JsonArray([.. events.Select(e => new JsonObject { [e.Kind] = e.Version })]),
    };
}
