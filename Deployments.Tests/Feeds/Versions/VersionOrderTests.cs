using System.Globalization;
using System.Numerics;
using System.Text;
using Deployments.Web.Feeds.Versions;
using NuGet.Versioning;

namespace Deployments.Tests.Feeds.Versions;

public class VersionOrderTests
{
    static readonly Dictionary<string, IVersionOrder> Orders = new()
    {
        ["Alpine"] = AlpineVersionOrder.Instance,
        ["Composer"] = ComposerVersionOrder.Instance,
        ["Conda"] = CondaVersionOrder.Instance,
        ["Cran"] = CranVersionOrder.Instance,
        ["Debian"] = DebianVersionOrder.Instance,
        ["Maven"] = MavenVersionOrder.Instance,
        ["Natural"] = NaturalVersionOrder.Instance,
        ["NuGet"] = NuGetVersionOrder.Instance,
        ["Pub"] = PubVersionOrder.Instance,
        ["Python"] = PythonVersionOrder.Instance,
        ["Rpm"] = RpmVersionOrder.Instance,
        ["RubyGems"] = RubyGemsVersionOrder.Instance,
        ["SemVer"] = SemVerVersionOrder.Instance,
    };

    public static TheoryData<string> Names => [.. Orders.Keys];

    public static TheoryData<string> FixtureFiles => [.. VersionOrderFixture.OrderByFile.Keys];

    [Theory]
    [MemberData(nameof(FixtureFiles))]
    public void Every_fixture_line_holds(string file)
    {
        var order = VersionOrderFixture.OrderByFile[file];
        var failures = VersionOrderFixture.Read(file)
            .Where(line => line.HoldsFor(order) == VersionOrderFixture.WrongLines.Contains(line.Line))
            .Select(line => line.Line)
            .ToList();
        Assert.True(failures.Count == 0, $"{failures.Count} lines of {file}:\n{string.Join('\n', failures)}");
    }

    [Fact]
    public void Every_fixture_file_and_every_order_is_tested()
    {
        Assert.Equal(VersionOrderFixture.OrderByFile.Keys.Order(), VersionOrderFixture.Files.Order());

        var lines = VersionOrderFixture.Files.SelectMany(VersionOrderFixture.Read).Select(line => line.Line);
        Assert.Empty(VersionOrderFixture.WrongLines.Except(lines));

        var classes = typeof(IVersionOrder).Assembly.GetTypes()
            .Where(type => type.IsClass && type.IsAssignableTo(typeof(IVersionOrder)));
        Assert.Equal(classes.ToHashSet(), Orders.Values.Select(order => order.GetType()).ToHashSet());
    }

    [Theory]
    // https://semver.org/spec/v2.0.0.html, items 4 and 11
    [InlineData("SemVer", "0 0.1.0 1.0.0-0 1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2"
        + " 1.0.0-beta.11 1.0.0-rc.1 1.0.0 2.0.0 2.1.0 2.1.1")]
    // https://go.dev/ref/mod#pseudo-versions
    [InlineData("SemVer", "v0.0.0-20191109021931-daa7c04131f5 v1.2.3-pre v1.2.3-pre.0.20191109021931-daa7c04131f5"
        + " v1.2.3 v1.2.4-0.20191109021931-daa7c04131f5 v1.2.4 v2.0.0+incompatible")]
    // https://dart.dev/tools/pub/versioning
    [InlineData("Pub", "1.0.0-a 1.0.0-a+1 1.0.0 1.0.0+1 1.0.0+2 1.0.0+10 1.0.0+hotfix")]
    // https://learn.microsoft.com/nuget/concepts/package-versioning
    [InlineData("NuGet", "1.0.1-aaa.2 1.0.1-aaa.10 1.0.1-alpha10 1.0.1-alpha2 1.0.1-Beta 1.0.1-open 1.0.1-rc"
        + " 1.0.1-zzz 1.0.1 1.0.1.1-a 1.0.1.1 99999999999.0")]
    // https://maven.apache.org/pom.html#version-order-specification
    [InlineData("Maven", "1-alpha-1 1-alpha-2 1-beta 1-milestone 1-rc 1-snapshot 1 1-sp 1-sp-1 1-foo2 1-foo10 1-xyz"
        + " 1-1 1.1 1.1.0.1 2")]
    [InlineData("Maven", "1 1-ga.1 1-sp 1-sp-1 1-sp.1 1-ga-1 1.0.0.1")]
    // https://peps.python.org/pep-0440/#summary-of-permitted-suffixes-and-relative-ordering
    [InlineData("Python", "oldest 1.dev0 1.0.dev456 1.0a1 1.0a2.dev456 1.0a12.dev456 1.0a12 1.0b1.dev456 1.0b2"
        + " 1.0b2.post345.dev456 1.0b2.post345 1.0rc1.dev456 1.0rc1 1.0 1.0+abc.5 1.0+abc.7 1.0+5 1.0+5.1"
        + " 1.0.post456.dev34 1.0.post456 1.0.15 1.1.dev1 1!0.1")]
    // https://docs.ruby-lang.org/en/master/Gem/Version.html
    [InlineData("RubyGems", "1.0.A 1.0.a.1 1.0.a.2 1.0.a10 1.0.b1 1.0-1 1.0 1.0.1.a 1.0.1 1.0.10 1.1 2")]
    [InlineData("RubyGems", "1.a.b 1.a.0.b 1.a.0.0.b 1.a 1.a.0.0.1 1.a.0.1 1.a.1")]
    // https://www.debian.org/doc/debian-policy/ch-controlfields.html#version
    [InlineData("Debian", "~~ ~~a ~ 0 a +")]
    [InlineData("Debian", "1.0~rc1-1 1.0-1~bpo1 1.0-1 1.0-1a 1.0-1+b1 1.0-1.1 1.0a-1 1.0+1-1 1.0.1 1:0")]
    // rpm-version(7)
    [InlineData("Rpm", "1.0~beta 1.0~rc1 1.0~rc1^git1 1.0 1.0-1 1.0^20240101 1.0^20240102 1.0.a 1.0.1 1:0.1")]
    // apk-package(5)
    [InlineData("Alpine", "1.0_alpha 1.0_alpha1 1.0_beta 1.0_pre 1.0_rc1 1.0 1.0-r1 1.0-r10 1.0~1a2b 1.0_cvs 1.0_svn"
        + " 1.0_git 1.0_hg 1.0_p 1.0_p1 1.0a 1.0b 1.0.01 1.0.1 1.0.10 1.01 1.1")]
    // https://www.php.net/manual/function.version-compare.php
    [InlineData("Composer", "dev-main 1.0-dev 1.0-alpha1 1.0-beta2 1.0-RC1 v1.0.0 1.0-p1 1.0.1 1.9.5 1.x-dev 2.0")]
    // https://stat.ethz.ch/R-manual/R-devel/library/base/html/numeric_version.html
    [InlineData("Cran", "0.9 0.10 1.0 1.0-0 1.0-1 1.0.1.0 1.0.2")]
    // https://docs.conda.io/projects/conda/en/stable/user-guide/concepts/pkg-specs.html#version-ordering
    [InlineData("Conda", "0.4 0.4.1.rc 0.4.1 0.5a1 0.5b3 0.5C1 0.5 0.9.6 0.960923 1.0 1.1dev1 1.1_ 1.1a1 1.1.0dev1"
        + " 1.1.a1 1.1.0rc1 1.1.0 1.1.0post1 1.1post1 1996.07.12 1!0.4.1 1!3.1.1.6 2!0.4.1")]
    [InlineData("Natural", "latest 1.2-rc.1 1.2 1.2-alpine 1.2-alpine3.9 1.2-alpine3.10 v1.2.1 1.10")]
    public void Versions_ascend_as_the_specification_says(string name, string ascending)
    {
        var versions = ascending.Split(' ');
        for (var later = 1; later < versions.Length; later++)
        {
            for (var earlier = 0; earlier < later; earlier++)
            {
                var sign = Math.Sign(Compare(Orders[name], versions[earlier], versions[later]));
                Assert.True(sign < 0, $"{versions[earlier]} must precede {versions[later]}, but the sign is {sign}.");
            }
        }
    }

    [Theory]
    [InlineData("SemVer", "v1.2.3 1.2.3 1.2.3+a 1.2.3+b.7")]
    [InlineData("Pub", "v1.2.3+a 1.2.3+a")]
    [InlineData("NuGet", "1.0 1.0.0 1.0.0.0 1.00.0 1.0+x")]
    [InlineData("NuGet", "1.0.0-RC.1 1.0.0-rc.1 1.0-Rc.1+b")]
    [InlineData("Maven", "1 1.0 1.0.0 1-0 1.ga 1-final 1.RELEASE 1.0-0.0")]
    [InlineData("Maven", "1.0.rc1 1-rc-1 1.0.0-CR1 1.0.RC1 1rc1")]
    [InlineData("Python", "1 1.0 1.0.0 v1.0 0!1")]
    [InlineData("Python", "1.1rc1 1.1.RC-1 1.1c1 1.1_preview_1 1.1.pre.1")]
    [InlineData("Python", "1.0-1 1.0.post1 1.0.rev1 1.0r1 1.0-post-1")]
    [InlineData("Python", "1.0+ubuntu-1 1.0+ubuntu.1 1.0+UBUNTU_1")]
    [InlineData("RubyGems", "1 1.0 1.0.0")]
    [InlineData("RubyGems", "1.a 1.0.a 1.0.0.a.0 1a")]
    [InlineData("RubyGems", "1-2 1.pre.2 1.0.pre.2")]
    [InlineData("Debian", "1.0 0:1.0 1.0-0 1.00-00")]
    [InlineData("Rpm", "1.0 0:1.0 1_0 1.00 1..0")]
    [InlineData("Alpine", "1.0-r1 1.0-r01")]
    [InlineData("Composer", "1.0 v1 1.0.0 1.0.0.0 1.0+build 1.0-stable")]
    [InlineData("Composer", "1.0a1 1.0-alpha1 1.0.0-ALPHA.1")]
    [InlineData("Cran", "1.0-1 1.0.1 1.00.1")]
    [InlineData("Conda", "0.4 0.4.0 0.4.0.0")]
    [InlineData("Conda", "1.1.dev1 1.1.0dev1 1.1-dev1 1.1_DEV1 0!1.1.dev1")]
    public void Versions_the_specification_calls_equal_have_equal_keys(string name, string equal)
    {
        var versions = equal.Split(' ');
        Assert.All(versions, version => Assert.Equal(0, Compare(Orders[name], versions[0], version)));
    }

    [Theory]
    [InlineData("SemVer", "x|latest|1..2|1.2.3-|1.2.3-a..b|1.2.3+|1.2.3-é|1.2.3 | 1.2.3|1,2|٣.0.0|v")]
    [InlineData("Pub", "1.2.3+a..b|latest")]
    [InlineData("NuGet", "1.2.3.4.5|v1.0.0|-1|1.0-|1.0-a_b")]
    [InlineData("RubyGems", "a.1|1..2|1.|1 2|1_2|٣")]
    [InlineData("Debian", ":1|a:1|1:|1 2|1é")]
    [InlineData("Cran", "1.a|1.|1..2|-1")]
    [InlineData("Conda", "1..2|1!|!1|1.0-a_b|é|1+|1 2")]
    [InlineData("Composer", "-|?|é")]
    public void Text_that_is_no_version_has_no_key(string name, string texts) =>
        Assert.All(texts.Split('|'), text => Assert.Null(Orders[name].SortKey(text)));

    [Theory]
    [MemberData(nameof(Names))]
    public void Empty_and_over_long_texts_have_no_key(string name)
    {
        Assert.Null(Orders[name].SortKey(""));
        Assert.NotNull(Orders[name].SortKey(new string('9', 200)));
        Assert.Null(Orders[name].SortKey(new string('9', 201)));
        Assert.Null(Orders[name].SortKey(new string('a', 1_000_000)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Hostile_texts_never_throw_and_give_short_keys(string name)
    {
        // Goal: whatever a client sends is answered. Method: random texts out of everything grammars care about.
        string[] pieces =
        [
            "0", "1", "00", "9999999999", ".", "-", "_", "~", "^", "+", "!", ":", "*", "#", " ", "\n", "\0", "\u0001",
            "a", "v", "x", "rc", "dev", "post", "alpha", "-r", "_p", "\ud800", "\udc00", "😀", "é", "ß", "٣", "\u212a",
        ];
        var random = new Random(4711);
        for (var round = 0; round < 2_000; round++)
        {
            var text = string.Concat(random.GetItems(pieces, random.Next(1, 60)));
            Check(text);
            var piece = pieces[round % pieces.Length] + pieces[round / pieces.Length % pieces.Length];
            Check(string.Concat(Enumerable.Repeat(piece, 200 / piece.Length)));
        }

        // An index entry of PostgreSQL holds about 2,700 bytes.
        void Check(string text) => Assert.InRange(Orders[name].SortKey(text)?.Length ?? 0, 0, 2_000);
    }

    [Fact]
    public void Control_characters_cannot_forge_the_end_of_a_text()
    {
        string[] ascending = ["1-a", "1-a\0", "1-a\0b", "1-a\u0001", "1-a\u0001\u0001", "1-a\u0002", "1-ab"];
        foreach (var (earlier, later) in ascending.Zip(ascending.Skip(1)))
            Assert.True(Compare(MavenVersionOrder.Instance, earlier, later) < 0);
    }

    [Theory]
    [MemberData(nameof(FixtureFiles))]
    public void No_key_is_the_beginning_of_another(string file)
    {
        // Goal: every key carries its own end. Method: among sorted keys a prefix stands right before its extension.
        var order = VersionOrderFixture.OrderByFile[file];
        var keys = VersionOrderFixture.Read(file)
            .SelectMany(line => new[] { order.SortKey(line.Left)!, order.SortKey(line.Right)! })
            .Select(Convert.ToHexString)
            .Distinct()
            .Order(StringComparer.Ordinal)
            .ToList();
        foreach (var (earlier, later) in keys.Zip(keys.Skip(1)))
            Assert.False(later.StartsWith(earlier, StringComparison.Ordinal), $"{earlier} begins {later}");
    }

    [Fact]
    public void Numbers_of_any_length_compare_as_numbers()
    {
        var random = new Random(42);
        for (var round = 0; round < 5_000; round++)
        {
            var (left, right) = (RandomDigits(random), RandomDigits(random));
            var expected = BigInteger.Parse(left, CultureInfo.InvariantCulture)
                .CompareTo(BigInteger.Parse(right, CultureInfo.InvariantCulture));
            Assert.Equal(expected, Math.Sign(Compare(CranVersionOrder.Instance, left, right)));
        }
    }

    [Fact]
    public void NuGet_keys_agree_with_the_client_library()
    {
        var random = new Random(7);
        for (var round = 0; round < 20_000; round++)
        {
            var (left, right) = (RandomNuGetVersion(random), RandomNuGetVersion(random));
            var expected = VersionComparer.Default.Compare(NuGetVersion.Parse(left), NuGetVersion.Parse(right));
            var actual = Compare(NuGetVersionOrder.Instance, left, right);
            Assert.True(Math.Sign(expected) == Math.Sign(actual), $"{left} and {right}: {expected}, but {actual}");
        }
    }

    static int Compare(IVersionOrder order, string left, string right)
    {
        var leftKey = order.SortKey(left);
        var rightKey = order.SortKey(right);
        Assert.True(leftKey is not null, $"{left} has no key.");
        Assert.True(rightKey is not null, $"{right} has no key.");
        return leftKey.AsSpan().SequenceCompareTo(rightKey);
    }

    static string RandomDigits(Random random) => new(random.GetItems("0001234567899".AsSpan(), random.Next(1, 8)));

    static string RandomNuGetVersion(Random random)
    {
        string[] labels = ["0", "2", "10", "a", "A", "b-1", "rc", "RC1"];
        var text = new StringBuilder().AppendJoin('.', random.GetItems([0, 0, 1, 2, 10, 11], random.Next(1, 5)));
        if (random.Next(2) == 0)
            text.Append('-').AppendJoin('.', random.GetItems(labels, random.Next(1, 4)));
        if (random.Next(4) == 0)
            text.Append("+build.").Append(random.Next(10));
        return text.ToString();
    }
}
