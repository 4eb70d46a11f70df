using Deployments.Web.Feeds;

namespace Deployments.Tests.Feeds;

public sealed class DebianFeedTests : StaticFeedContract
{
    const string Control = "Package: libxml2\nVersion: 1:2.9.14+dfsg-1.3\nArchitecture: amd64\nDescription: x\n y\n";

    protected override IFeedType Type { get; } = new DebianFeed();

    protected override string OtherVersionPath => "pool/main/libx/libxml2/libxml2_9.9-1_amd64.deb";

    protected override string IndexPath => "dists/stable/InRelease";

    protected override IReadOnlyList<Download> Downloads =>
    [
        new("pool/main/libx/libxml2/libxml2_2.9.14%2bdfsg-1.3%7edeb12u1_amd64.deb", "main", "libxml2",
            "2.9.14+dfsg-1.3~deb12u1", "arch=amd64"),
        new("pool/main/libx/libxml2/libxml2_2.9.14+dfsg-1.3~deb12u1_amd64.deb", "main", "libxml2",
            "2.9.14+dfsg-1.3~deb12u1", "arch=amd64"),
        new("pool/updates/main/o/openssl/openssl_3.0.1-1_arm64.deb", "main", "openssl", "3.0.1-1", "arch=arm64"),
        new("pool/acme_1.0_all.deb", "", "acme", "1.0", "arch=all"),
        new("acme_1.0_all.deb", "", "acme", "1.0", "arch=all"),
        new("./acme_1.0_all.deb", "", "acme", "1.0", "arch=all"),
        new("pool/main/a/acme/acme-udeb_1.0_all.udeb", "main", "acme-udeb", "1.0", "arch=all"),
        new("pool/main/a/acme/acme_1%3a1.0-2_all.deb", "main", "acme", "1:1.0-2", "arch=all"),
        new("latest/acme.deb", "", "latest/acme.deb", "", "unresolved=path"),
        new("acme_1.0.deb", "", "acme_1.0.deb", "", "unresolved=path"),
        new("раскаge_1.0_all.deb", "", "раскаge_1.0_all.deb", "", "unresolved=path"),
    ];

    protected override IReadOnlyList<string> NotDownloads =>
    [
        "", "dists/stable/InRelease", "dists/stable/Release", "dists/stable/Release.gpg",
        "dists/stable/main/binary-amd64/Packages.xz", "dists/stable/main/binary-amd64/by-hash/SHA256/aabb",
        "dists/stable/main/i18n/Translation-en", "dists/stable/Contents-amd64.gz", "./Packages", "./InRelease",
        "pool/main/a/acme/acme_1.0-1.dsc", "pool/main/a/acme/acme_1.0.orig.tar.gz", "keys/main.asc",
        "pool/main/a/acme/acme_1.0_all.deb.asc", "pool/main/a/acme/acme_1.0_all.DEB",
        "pool%2fmain%2facme_1.0_all.deb", "pool/%2e%2e%2facme_1.0_all.deb", "a%5cacme_1.0_all.deb",
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Equal =>
    [
        (new("main", "acme", "1.0", "arch=all"), new("", "acme", "1.0")),
        (new("", "ACME", "1.0"), new("", "acme", "1.0")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Different =>
    [
        (new("", "acme", "1:1.0"), new("", "acme", "1.0")),
        (new("", "acme", "1.0-1"), new("", "acme", "1.0-1+b1")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, string)> Purls =>
    [
        (new("main", "libxml2", "1:2.9.14+dfsg-1.3~deb12u1", "arch=amd64"),
            "pkg:deb/libxml2@1:2.9.14%2Bdfsg-1.3~deb12u1?arch=amd64"),
    ];

    [Theory]
    [InlineData("pool/main/libx/libxml2/libxml2_2.9.14+dfsg-1.3_amd64.deb", "main")]
    [InlineData("latest/libxml2.deb", "")]
    public async Task The_control_file_tells_the_epoch_and_what_an_odd_name_hides(string path, string component) =>
        Assert.Equal(
            new PackageCoordinates(component, "libxml2", "1:2.9.14+dfsg-1.3", "arch=amd64"),
            await StoredPackageAsync(path, PackageHeads.Deb(Control)));

    /// <summary>The archive was made with tar and xz, which is how dpkg-deb makes it.</summary>
    [Fact]
    public void A_control_archive_packed_with_xz_is_read()
    {
        var deb = PackageHeads.Deb("control.tar.xz", Convert.FromBase64String(ControlTarXz));
        Assert.Equal(
            new PackageCoordinates("", "libxml2", "1:2.9.14+dfsg-1.3", "arch=amd64"),
            Type.TryReadHead(Given.Request("x.deb"), deb));
    }

    [Fact]
    public void A_control_archive_packed_with_zstd_is_read()
    {
        var tar = PackageHeads.Tar(("./control", Given.Bytes(Control)));
        var deb = PackageHeads.Deb("control.tar.zst", PackageHeads.Zstd(tar));
        Assert.Equal(
            new PackageCoordinates("", "libxml2", "1:2.9.14+dfsg-1.3", "arch=amd64"),
            Type.TryReadHead(Given.Request("x.deb"), deb));
        Assert.Null(Type.TryReadHead(Given.Request("x.deb"), PackageHeads.Deb("control.tar.zst", tar)));
    }

    /// <summary>The frame's header says so; RFC 8878, 3.1.1.1.2.</summary>
    [Fact]
    public void A_window_larger_than_any_packer_uses_is_refused_before_it_costs_memory()
    {
        var tar = PackageHeads.Tar(("./control", Given.Bytes(Control)));
        byte[] raw = [.. BitConverter.GetBytes((tar.Length << 3) | 1)[..3], .. tar]; // one block, as it is, the last
        byte[] Frame(int windowLog) => [0x28, 0xB5, 0x2F, 0xFD, 0, (byte)((windowLog - 10) << 3), .. raw];

        foreach (var (windowLog, isRead) in new[] { (20, true), (23, true), (24, false), (31, false) })
        {
            using var process = System.Diagnostics.Process.GetCurrentProcess();
            var before = process.PeakWorkingSet64;
            var deb = PackageHeads.Deb("control.tar.zst", Frame(windowLog));
            for (var i = 0; i < 20; i++)
                Assert.Equal(isRead, Type.TryReadHead(Given.Request("x.deb"), deb) is not null);
            process.Refresh();
            Assert.InRange(process.PeakWorkingSet64 - before, 0, 200 << 20);
        }
    }

    [Fact]
    public void How_large_a_dictionary_an_archive_asks_for_costs_no_memory()
    {
        var archive = Convert.FromBase64String(ControlTarXz);
        archive[16] = 40; // 4 GiB
        var deb = PackageHeads.Deb("control.tar.xz", archive);
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Equal("libxml2", Type.TryReadHead(Given.Request("x.deb"), deb)?.Name);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 << 20);
    }

    [Fact]
    public void Any_head_that_is_cut_off_or_damaged_is_read_without_harm()
    {
        var random = new Random(1);
        foreach (var whole in new[]
                 {
                     PackageHeads.Deb(Control),
                     PackageHeads.Deb("control.tar.xz", Convert.FromBase64String(ControlTarXz)),
                     PackageHeads.Deb(
                         "control.tar.zst", PackageHeads.Zstd(PackageHeads.Tar(("./control", Given.Bytes(Control))))),
                 })
        {
            for (var i = 0; i < whole.Length; i++)
            {
                _ = Type.TryReadHead(Given.Request("x.deb"), whole.AsMemory(0, i));
                var damaged = (byte[])whole.Clone();
                damaged[i] ^= (byte)random.Next(1, 256);
                _ = Type.TryReadHead(Given.Request("x.deb"), damaged);
            }
        }
    }

    [Theory]
    [InlineData("upload/stable/extra", "extra")]
    [InlineData("upload/stable/extra/whatever.deb", "extra")]
    [InlineData("", "main")]
    public async Task An_upload_to_a_distribution_is_filed_in_the_pool(string path, string component)
    {
        Assert.Equal(201, await StatusAsync(path, "PUT", PackageHeads.Deb(Control)));
        Assert.Equal(409, await StatusAsync(path, "POST", PackageHeads.Deb(Control)));

        Assert.IsType<LocalAnswer.File>(
            await AskAsync($"pool/{component}/libx/libxml2/libxml2_2.9.14+dfsg-1.3_amd64.deb"));
        Assert.Empty(Place.Tree.Directories("dists")); // an index would want a signature
    }

    [Theory]
    [InlineData("upload/stable")]
    [InlineData("upload")]
    [InlineData("upload/st%20able/main")]
    [InlineData("upload/stable/%26x")]
    [InlineData("upload/stable/a%2fb")]
    [InlineData("upload/stable/main/a/b.deb")]
    public async Task An_upload_to_no_distribution_is_refused(string path) =>
        Assert.Equal(400, await StatusAsync(path, "PUT", PackageHeads.Deb(Control)));

    [Fact]
    public async Task An_upload_that_is_no_package_is_refused() =>
        Assert.Equal(400, await StatusAsync("upload/stable/main", "PUT", Given.Bytes("no archive")));

    [Theory]
    [InlineData("Package: a b\nVersion: 1\nArchitecture: all\n")]
    [InlineData("Package: acme\nVersion: 1/2\nArchitecture: all\n")]
    [InlineData("Package: acme\nVersion: 1\n")]
    [InlineData("")]
    public void A_control_file_without_proper_names_is_not_believed(string control) =>
        Assert.Null(Type.TryReadHead(Given.Request("x.deb"), PackageHeads.Deb(control)));

    const string ControlTarXz =
        "/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4Cf/AK5dABcLyOfZ5dHD1ZV9QtvcDlxs1FkS8hVsMeLQmVxXt1lJt9ydFjh2zKjx6mVA"
        + "3xitT9Sndv9Fye6XBSSf/3VNoKuXc2fTPhKl1eqhGD1gEsZTJ8R3UP2yILGvJFO/7SgPClUrClQtxFbnMTvw6SzAyFcuRhy8eod2"
        + "wnLuTACgJi0gS6/FAJ3reuck3VUpfTEBQ8KMAV8ucBZWs4d18NAN39/3jFXrAcghOMvDoPM0gAAAANPql9zD/mV6AAHKAYBQAAA0"
        + "WKPPscRn+wIAAAAABFla";
}
