using Deployments.Web.Feeds;

namespace Deployments.Tests.Feeds;

public sealed class AlpineFeedTests : StaticFeedContract
{
    protected override IFeedType Type { get; } = new AlpineFeed();

    protected override string OtherVersionPath => "x86_64/py3-yaml-9.9-r0.apk";

    protected override string IndexPath => "x86_64/APKINDEX.tar.gz";

    protected override IReadOnlyList<Download> Downloads =>
    [
        new("x86_64/py3-yaml-6.0-r2.apk", "", "py3-yaml", "6.0-r2", "arch=x86_64"),
        new("main/aarch64/libstdc++-12.2.1_git20220924-r10.apk", "", "libstdc++", "12.2.1_git20220924-r10",
            "arch=aarch64"),
        new("x86_64/font-3270-2.3.1-r0.apk", "", "font-3270", "2.3.1-r0", "arch=x86_64"),
        new("x86_64/ncurses-6.4_p20230506-r0.apk", "", "ncurses", "6.4_p20230506-r0", "arch=x86_64"),
        new("acme-1.0-r0.apk", "", "acme", "1.0-r0"),
        new("x86_64/acme-1.0.apk", "", "x86_64/acme-1.0.apk", "", "unresolved=path"),
        new("x86_64/acme.apk", "", "x86_64/acme.apk", "", "unresolved=path"),
        new("x86_64/асme-1.0-r0.apk", "", "x86_64/асme-1.0-r0.apk", "", "unresolved=path"),
    ];

    protected override IReadOnlyList<string> NotDownloads =>
    [
        "", "x86_64", "x86_64/APKINDEX.tar.gz", "keys/main%40proget.rsa.pub", "x86_64/acme-1.0-r0.apk.sig",
        "x86_64/acme-1.0-r0.APK", "x86_64%2facme-1.0-r0.apk", "%2e%2e%2facme-1.0-r0.apk", "x86_64%5cacme-1.0-r0.apk",
        "x86_64/acme-1.0-r0.tar.gz", "x86_64/acme-1.0-r0",
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Equal =>
    [
        (new("", "acme", "1.0-r0", "arch=x86"), new("", "ACME", "1.0-r0")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Different =>
    [
        (new("", "acme", "1.0-r0"), new("", "acme", "1.0-r1")),
        (new("", "acme", "1.0-r0"), new("", "acme", "1.0")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, string)> Purls =>
    [
        (new("", "curl", "7.83.0-r0", "arch=x86"), "pkg:apk/alpine/curl@7.83.0-r0?arch=x86"),
    ];

    [Theory]
    [InlineData("pkgname = py3-yaml\npkgver = 6.0-r2\narch = x86_64\n", 201)]
    [InlineData("pkgname = py3-yaml\npkgver = 6.0-r2\narch = noarch\n", 400)]
    [InlineData("pkgname = py3-yaml\npkgver = 6.0\narch = x86_64\n", 400)]
    [InlineData("pkgname = ../evil\npkgver = 6.0-r2\narch = x86_64\n", 400)]
    [InlineData("pkgname = py3-yaml\npkgver = 6.0-r2\narch = ../..\n", 400)]
    [InlineData("", 400)]
    public async Task A_package_sent_to_the_feed_itself_is_filed_by_its_description(string info, int status)
    {
        var package = Apk(info);

        Assert.Equal(status, await StatusAsync("", "POST", package));

        Assert.Equal(status == 201, Place.Tree.Find("x86_64", "py3-yaml-6.0-r2.apk") is not null);
        Assert.Equal(status == 201 ? 409 : status, await StatusAsync("", "PUT", package));
        Assert.True(Place.NothingLeftTheTree);
    }

    [Fact]
    public async Task An_index_is_made_of_the_descriptions_and_the_hashes_of_the_packed_ones()
    {
        const string Info = "pkgname = acme\npkgver = 1.0-r0\npkgdesc = A tool\nurl = https://acme.test/\nsize = 42\n"
            + "arch = x86_64\norigin = acme-src\nlicense = MIT\nbuilddate = 1700000000\ndepend = so:libc.so\n"
            + "depend = busybox>=1\nprovides = cmd:acme=1.0-r0\nprovider_priority = many\n";
        var packed = PackageHeads.Gzip(PackageHeads.Tar((".PKGINFO", Given.Bytes(Info)))[..^1024]);
        var signed = Apk(Info);
        byte[] unsigned = [.. packed, .. PackageHeads.TarGz(("usr/x", Given.Bytes("x")))];
        Assert.Equal(201, await StatusAsync("acme.apk", "PUT", signed));
        Assert.Equal(201, await StatusAsync("aarch64/acme-1.0-r0.apk", "PUT", unsigned));
        Assert.Equal(201, await StatusAsync("x86_64/other-1.0-r0.apk", "PUT", signed)); // says that it is another
        Assert.Equal(201, await StatusAsync("x86_64/broken-1.0-r0.apk", "PUT", signed[..300]));
        var hash = Convert.ToBase64String(StoredHash(packed));

        string Entry(int size) => $"C:Q1{hash}\nP:acme\nV:1.0-r0\nA:x86_64\nS:{size}\nI:42\nT:A tool\n"
            + "U:https://acme.test/\nL:MIT\no:acme-src\nt:1700000000\nD:so:libc.so busybox>=1\np:cmd:acme=1.0-r0\n\n";

        Assert.Equal(Entry(signed.Length), await IndexAsync("x86_64"));
        Assert.Equal(Entry(unsigned.Length), await IndexAsync("aarch64"));
        Assert.Equal("", await IndexAsync("s390x"));
        Assert.Null(await Type.MakeIndexAsync(
            Given.Request("any/APKINDEX.tar.gz"), Place.Tree, mayBeEmpty: true, default));
    }

    [Fact]
    public async Task An_architecture_without_packages_is_empty_only_where_nobody_else_could_have_any()
    {
        var request = Given.Request("x86_64/APKINDEX.tar.gz");
        Assert.Null(await Type.MakeIndexAsync(request, Place.Tree, mayBeEmpty: false, default));
        Assert.NotNull(await Type.MakeIndexAsync(request, Place.Tree, mayBeEmpty: true, default));
    }

    static byte[] StoredHash(byte[] content) => System.Security.Cryptography.CryptographicOperations.HashData(
        System.Security.Cryptography.HashAlgorithmName.SHA1, content);

    // As apk reads it: a packed archive with the list in a file of that name.
    async Task<string?> IndexAsync(string arch)
    {
        var index = Assert.IsType<LocalAnswer.Document>(await Type.MakeIndexAsync(
            Given.Request($"{arch}/APKINDEX.tar.gz"), Place.Tree, mayBeEmpty: false, default)).Content;
        return PackageHead.TarGzEntry(index, name => name == "APKINDEX");
    }

    // A signature, a description and the files, each packed by itself; only the last archive has an end.
    static byte[] Apk(string info) =>
    [
        .. PackageHeads.Gzip(PackageHeads.Tar((".SIGN.RSA.key.rsa.pub", new byte[256]))[..^1024]),
        .. PackageHeads.Gzip(PackageHeads.Tar((".PKGINFO", Given.Bytes(info)))[..^1024]),
        .. PackageHeads.TarGz(("usr/x", Given.Bytes("x"))),
    ];

    [Theory]
    [InlineData("http://up.test/v3/main", "x86_64/a-1-r0.apk", "http://up.test/v3/main/x86_64/a-1-r0.apk")]
    [InlineData("http://up.test/v3/main/x86_64/", "x86_64/a-1-r0.apk", "http://up.test/v3/main/x86_64/a-1-r0.apk")]
    [InlineData("http://up.test/v3/main/x86_64/", "x86_64/APKINDEX.tar.gz",
        "http://up.test/v3/main/x86_64/APKINDEX.tar.gz")]
    [InlineData("http://up.test/v3/main/x86_64/", "aarch64/a-1-r0.apk", null)]
    [InlineData("http://up.test/v3/main/x86_64/", "x86_64", null)]
    public void A_connector_may_point_at_one_architecture(string connector, string path, string? url) =>
        Assert.Equal(url, Type.UpstreamUrl(Given.Request(path), new Uri(connector), null)?.AbsoluteUri);
}
