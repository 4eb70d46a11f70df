using Deployments.Data.Findings;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Vulnerabilities;

namespace Deployments.Tests.Vulnerabilities;

/// <summary>Scores against the published examples of the specifications.</summary>
public sealed class CvssTests
{
    [Theory]
    [InlineData("AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0)]
    [InlineData("AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1)] // CVE-2013-1937
    [InlineData("AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", 6.4)] // CVE-2013-0375
    [InlineData("AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N", 3.1)] // CVE-2014-3566
    [InlineData("AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H", 9.9)] // CVE-2012-1516
    [InlineData("AV:L/AC:L/PR:H/UI:N/S:U/C:L/I:L/A:L", 4.2)] // CVE-2009-0783
    [InlineData("AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", 8.8)] // CVE-2012-0384
    [InlineData("AV:L/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H", 7.8)] // CVE-2015-1098
    [InlineData("AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", 7.5)] // CVE-2014-0160
    [InlineData("AV:A/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 8.8)] // CVE-2011-1265
    [InlineData("AV:P/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N", 4.6)] // CVE-2014-2019
    [InlineData("AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0)]
    [InlineData("AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H/E:H", 10.0)]
    [InlineData("AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:P/RL:O/RC:C", 8.8)]
    public void Version_3_scores_as_published(string metrics, double score) =>
        Assert.Equal(score, Severity.OfVectorOrNull("CVSS:3.1/" + metrics)!.Score);

    [Theory]
    [InlineData("AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", 10.0)] // CVE-2021-44228
    [InlineData("AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 9.3)] // CVE-2014-6271
    [InlineData("AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 7.3)] // CVE-2022-41741
    [InlineData("AV:N/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 7.7)] // CVE-2020-3549
    [InlineData("AV:N/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:U", 5.2)]
    [InlineData("AV:N/AC:L/AT:P/PR:N/UI:N/VC:H/VI:L/VA:L/SC:N/SI:N/SA:N", 8.3)] // CVE-2023-3089
    [InlineData("AV:L/AC:L/AT:N/PR:N/UI:A/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N", 4.6)] // CVE-2021-44714
    [InlineData("AV:N/AC:L/AT:N/PR:N/UI:A/VC:N/VI:N/VA:N/SC:L/SI:L/SA:N", 5.1)] // CVE-2022-21830
    [InlineData("AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N", 8.7)] // CVE-2014-0160
    [InlineData("AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N", 0.0)]
    [InlineData("AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:X/CR:X/MAV:X", 9.3)]
    public void Version_4_scores_as_published(string metrics, double score) =>
        Assert.Equal(score, Severity.OfVectorOrNull("CVSS:4.0/" + metrics)!.Score);

    [Theory]
    [InlineData("")]
    [InlineData("CVSS:3.1")]
    [InlineData("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H")]
    [InlineData("CVSS:3.1/AV:Z/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H")]
    [InlineData("CVSS:3.1/AV:N/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H")]
    [InlineData("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N")]
    [InlineData("CVSS:4.0/AV:NA/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N")]
    [InlineData("CVSS:4.0/////")]
    [InlineData("CVSS:9.9/AV:N")]
    public void What_is_no_vector_has_no_score(string text) => Assert.Null(Severity.OfVectorOrNull(text));

    [Fact]
    public void Every_vector_of_version_4_has_a_score()
    {
        var vectors =
            from exploit in new[] { "AV:N/PR:N/UI:N", "AV:A/PR:L/UI:P", "AV:P/PR:H/UI:A" }
            from complexity in new[] { "AC:L/AT:N", "AC:H/AT:P" }
            from own in new[] { "VC:H/VI:H/VA:N", "VC:L/VI:N/VA:H", "VC:N/VI:L/VA:L" }
            from other in new[] { "SC:H/SI:H/SA:N", "SC:N/SI:L/SA:N", "SC:N/SI:N/SA:N/MSI:S" }
            from threat in new[] { "E:A", "E:P", "E:U" }
            from need in new[] { "CR:H/IR:H/AR:H", "CR:L/IR:M/AR:L" }
            select $"CVSS:4.0/{exploit}/{complexity}/{own}/{other}/{threat}/{need}";

        Assert.All(vectors, vector => Assert.InRange(Severity.OfVectorOrNull(vector)!.Score!.Value, 0.1, 10));
    }

    [Theory]
    [InlineData("CRITICAL", SeverityLevel.Critical)]
    [InlineData("moderate", SeverityLevel.Medium)]
    [InlineData("whatever", SeverityLevel.Unknown)]
    public void A_word_has_a_level(string word, SeverityLevel level) =>
        Assert.Equal(level, Severity.OfWord(word).Level);
}
