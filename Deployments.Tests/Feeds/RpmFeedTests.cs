using Deployments.Web.Feeds;

namespace Deployments.Tests.Feeds;

public sealed class RpmFeedTests : StaticFeedContract
{
    const string Java = "Packages/java-17-openjdk-headless-17.0.9.0.9-2.el9.x86_64.rpm";

    protected override IFeedType Type { get; } = new RpmFeed();

    protected override string OtherVersionPath => "Packages/java-17-openjdk-headless-99.0-1.el9.x86_64.rpm";

    protected override string IndexPath => "repodata/repomd.xml";

    protected override IReadOnlyList<Download> Downloads =>
    [
        new(Java, "", "java-17-openjdk-headless", "17.0.9.0.9-2.el9", "arch=x86_64"),
        new("acme-1.0-1.noarch.rpm", "", "acme", "1.0-1", "arch=noarch"),
        new("x86_64/Packages/g/gcc-c++-12.2.1-4.fc37.x86_64.rpm", "", "gcc-c++", "12.2.1-4.fc37", "arch=x86_64"),
        new("SRPMS/acme-1.0-1.src.rpm", "", "acme", "1.0-1", "arch=src"),
        new("a/acme-1.0~rc1-0.1%5Egit.noarch.rpm", "", "acme", "1.0~rc1-0.1^git", "arch=noarch"),
        new("acme.rpm", "", "acme.rpm", "", "unresolved=path"),
        new("tools/acme-1.0.rpm", "", "tools/acme-1.0.rpm", "", "unresolved=path"),
        new("Ａcme-1.0-1.noarch.rpm", "", "Ａcme-1.0-1.noarch.rpm", "", "unresolved=path"),
    ];

    protected override IReadOnlyList<string> NotDownloads =>
    [
        "", "repodata/repomd.xml", "repodata/repomd.xml.asc", "repodata/abc-primary.xml.gz",
        "repodata/x-1-1.noarch.rpm",
        "drpms/acme-1.0-1_1.1-1.noarch.drpm", "acme-1.0-1.noarch.rpm.asc", "RPM-GPG-KEY-acme", "mirrorlist",
        "acme-1.0-1.noarch.RPM", "a%2facme-1.0-1.noarch.rpm", "%2e%2e%2facme-1.0-1.noarch.rpm",
        "a%5cacme-1.0-1.noarch.rpm",
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Equal =>
    [
        (new("", "acme", "0:1.0-1", "arch=noarch"), new("", "acme", "1.0-1")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Different =>
    [
        (new("", "Acme", "1.0-1"), new("", "acme", "1.0-1")),
        (new("", "acme", "1:1.0-1"), new("", "acme", "1.0-1")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, string)> Purls =>
    [
        (new("", "curl", "7.50.3-1.fc25", "arch=i386"), "pkg:rpm/curl@7.50.3-1.fc25?arch=i386"),
        (new("", "java", "1:17.0-2.el9", "arch=x86_64"), "pkg:rpm/java@17.0-2.el9?arch=x86_64&epoch=1"),
        (new("", "gcc-c++", "1.0^git-1", ""), "pkg:rpm/gcc-c%2B%2B@1.0%5Egit-1"),
    ];

    [Theory]
    [InlineData(null, "1.0-1.el9")]
    [InlineData(0, "1.0-1.el9")]
    [InlineData(2, "2:1.0-1.el9")]
    public async Task The_header_tells_the_epoch(int? epoch, string version) => Assert.Equal(
        new PackageCoordinates("", "acme", version, "arch=x86_64"),
        await StoredPackageAsync(
            "acme-1.0-1.el9.x86_64.rpm", PackageHeads.Rpm("acme", epoch, "1.0", "1.el9", "x86_64")));

    [Fact]
    public async Task The_header_tells_what_an_odd_name_hides() => Assert.Equal(
        new PackageCoordinates("", "acme", "1.0-1", "arch=src"),
        await StoredPackageAsync("latest.rpm", PackageHeads.Rpm("acme", null, "1.0", "1", "x86_64", isSource: true)));

    [Fact]
    public void Any_head_that_is_cut_off_or_damaged_is_read_without_harm()
    {
        var whole = PackageHeads.Rpm("acme", 3, "1.0", "1", "noarch");
        for (var i = 0; i < whole.Length; i++)
        {
            _ = Type.TryReadHead(Given.Request("x.rpm"), whole.AsMemory(0, i));
            foreach (var value in new byte[] { 0, 0x7F, 0x80, 0xFF })
            {
                var damaged = (byte[])whole.Clone();
                damaged[i] = value;
                _ = Type.TryReadHead(Given.Request("x.rpm"), damaged);
            }
        }
    }
}
