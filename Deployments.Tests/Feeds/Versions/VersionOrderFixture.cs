using Deployments.Web.Feeds.Versions;

namespace Deployments.Tests.Feeds.Versions;

/// <summary>One line of a fixture file: two versions and what stands between them.</summary>
sealed record VersionOrderFixture(string Line, string Left, char Relation, string Right)
{
    /// <summary>Which order reads which file of Fixtures/version-order.</summary>
    public static readonly IReadOnlyDictionary<string, IVersionOrder> OrderByFile =
        new Dictionary<string, IVersionOrder>
        {
            ["alpine.txt"] = AlpineVersionOrder.Instance,
            ["alpine-generated.txt"] = AlpineVersionOrder.Instance,
            ["cran.txt"] = CranVersionOrder.Instance,
            ["cran-generated.txt"] = CranVersionOrder.Instance,
            ["debian.txt"] = DebianVersionOrder.Instance,
            ["debian-generated.txt"] = DebianVersionOrder.Instance,
            ["maven.txt"] = MavenVersionOrder.Instance,
            ["maven-generated.txt"] = MavenVersionOrder.Instance,
            ["nuget.txt"] = NuGetVersionOrder.Instance,
            ["packagist.txt"] = ComposerVersionOrder.Instance,
            ["packagist-generated.txt"] = ComposerVersionOrder.Instance,
            ["pub.txt"] = PubVersionOrder.Instance,
            ["pypi.txt"] = PythonVersionOrder.Instance,
            ["pypi-generated.txt"] = PythonVersionOrder.Instance,
            ["redhat.txt"] = RpmVersionOrder.Instance,
            ["rubygems.txt"] = RubyGemsVersionOrder.Instance,
            ["rubygems-generated.txt"] = RubyGemsVersionOrder.Instance,
            ["semver.txt"] = SemVerVersionOrder.Instance,
        };

    /// <summary>
    /// The lines that do not say what the ecosystem says. The test requires each of them to fail, so that this
    /// list cannot outlive its reasons.
    /// </summary>
    public static readonly IReadOnlySet<string> WrongLines = new HashSet<string>
    {
        // Maven before 3.9 placed ".word" above "-word", which was a bug (MNG-7644): it made 1.0.0-1 precede
        // 1.0.0.RC1, although 1.0.0.RC1 precedes 1.0.0 and 1.0.0 precedes 1.0.0-1.
        "1.0.0-gradle-rework-beta3 < 1.0.0.RC7-3",
        "2.9.0-1 < 2.9.0.RC1",
        "3.6.2.FL.20090615 < 3.6.2-FL-2009-05-11",
        "6.1.12.rc5 < 6.1.12rc1",
        "1.1.31.sec10 < 1.1.31_noneautotype",
        "1.1.46.sec10 < 1.1.46_noneautotype",
        "1.2.8.sec10_noneautotype < 1.2.8_noneautotype",
        "1.2.54.sec10 < 1.2.54_noneautotype",
        "1.2.60.sec10 < 1.2.60_noneautotype",
        "1.2.67.sec10 < 1.2.67_noneautotype",
        "1.0.0rc0 < 1.0.beta8",
        "1.5.9.RC1 < 1.5.9-RC0",
        "3.5.0-CR-2 < 3.5.0.Beta-1",
        "1.1.0-01-glassfish < 1.1.0.Beta1",
        // These hold for the bare texts in PHP's version_compare. Composer resolves and audits with normalized
        // versions (composer/semver, issue 155): all four numbers are written out first, 1.0 is 1.0.0.0 ...
        "1.0.0 > 1.0",
        "v3.4 < v3.4.0-alpha",
        "v4-beta4 < v4.0-alpha",
        // ... and turns words to lower case (version_compare does not know the word ALPHA).
        "v1.9.0-BETA.1 < v1.9.0-ALPHA.2",
        "v1.9.0-ALPHA.2 = v1.9.0-BETA.2",
        // A sign that equals every number cannot be part of an order: # = 1, # = 2, but 1 < 2. Composer refuses it.
        "1.2.3.# = 1.2.3.1",
    };

    /// <summary>The lines of a file.</summary>
    public static IEnumerable<VersionOrderFixture> Read(string file) =>
        from line in File.ReadLines(Path.Combine(Folder, file))
        let words = line.Split(' ')
        select new VersionOrderFixture(line, words[0], words[1].Single(), words[2]);

    /// <summary>The names of all files there are.</summary>
    public static IEnumerable<string> Files =>
        Directory.EnumerateFiles(Folder, "*.txt").Select(path => Path.GetFileName(path)!);

    /// <summary>Whether the keys of the two versions stand in the relation of the line.</summary>
    public bool HoldsFor(IVersionOrder order)
    {
        if (order.SortKey(Left) is not { } left || order.SortKey(Right) is not { } right)
            return false;
        var sign = Math.Sign(left.AsSpan().SequenceCompareTo(right));
        return sign == Relation switch { '<' => -1, '=' => 0, _ => 1 };
    }

    static string Folder => Path.Combine(AppContext.BaseDirectory, "Fixtures", "version-order");
}
