using Deployments.Web.Feeds;

namespace Deployments.Tests.Feeds;

public sealed class CondaFeedTests : StaticFeedContract
{
    protected override IFeedType Type { get; } = new CondaFeed();

    protected override string OtherVersionPath => "linux-64/numpy-9.9.9-py311h64a7726_0.conda";

    protected override string IndexPath => "linux-64/repodata.json";

    protected override IReadOnlyList<Download> Downloads =>
    [
        new("linux-64/numpy-1.26.4-py311h64a7726_0.conda", "", "numpy", "1.26.4",
            "build=py311h64a7726_0&subdir=linux-64&type=conda"),
        new("noarch/font-ttf-dejavu-sans-mono-2.37-hab24e00_0.tar.bz2", "", "font-ttf-dejavu-sans-mono", "2.37",
            "build=hab24e00_0&subdir=noarch&type=tar.bz2"),
        new("label/dev/win-64/acme-1!2.0+local-0.conda", "", "acme", "1!2.0+local",
            "build=0&subdir=win-64&type=conda"),
        new("_libgcc_mutex-0.1-main.conda", "", "_libgcc_mutex", "0.1", "build=main&type=conda"),
        new("noarch/acme-1.0.conda", "", "noarch/acme-1.0.conda", "", "unresolved=path"),
        new("noarch/acme.tar.bz2", "", "noarch/acme.tar.bz2", "", "unresolved=path"),
        new("noarch/асme-1.0-0.conda", "", "noarch/асme-1.0-0.conda", "", "unresolved=path"),
    ];

    protected override IReadOnlyList<string> NotDownloads =>
    [
        "", "linux-64", "linux-64/repodata.json", "linux-64/current_repodata.json", "linux-64/repodata.json.zst",
        "linux-64/repodata.json.bz2", "channeldata.json", "linux-64/acme-1.0-0.conda.sig", "linux-64/acme-1.0-0.CONDA",
        "linux-64%2facme-1.0-0.conda", "%2e%2e%2facme-1.0-0.conda", "linux-64%5cacme-1.0-0.conda",
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Equal =>
    [
        (new("", "NumPy", "1.0", "build=0"), new("", "numpy", "1.0")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Different =>
    [
        (new("", "numpy", "1.0"), new("", "numpy", "1.0.0")),
        (new("", "numpy-base", "1.0"), new("", "numpy_base", "1.0")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, string)> Purls =>
    [
        (new("", "absl-py", "0.4.1", "build=py36h06a4308_0&subdir=linux-64&type=tar.bz2"),
            "pkg:conda/absl-py@0.4.1?build=py36h06a4308_0&subdir=linux-64&type=tar.bz2"),
    ];

    [Theory]
    [InlineData("https://files.test/c/linux-64/", "~SEALED(https://files.test/c/linux-64/)/linux-64")]
    [InlineData("https://files.test/c", "~SEALED(https://files.test/c/)/linux-64")]
    [InlineData("../pool", "~SEALED(http://up.test/main/pool/)/linux-64")]
    public void A_channel_whose_packages_lie_elsewhere_is_led_through_the_feed(string given, string led) =>
        Assert.Equal(
            $$$"""{"info":{"subdir":"linux-64","base_url":"{{{Given.FeedUrl}}}{{{led}}}"},"packages":{}}""",
            Uri.UnescapeDataString(Rewritten(
                "linux-64/repodata.json",
                $$$"""{"info":{"subdir":"linux-64","base_url":"{{{given}}}"},"packages":{}}""",
                    "http://up.test/main")));

    [Fact]
    public void Any_other_index_passes_byte_for_byte()
    {
        const string Index = """{ "info": {"subdir": "linux-64"},  "packages": {} }""";
        Assert.Equal(Index, Rewritten("linux-64/repodata.json", Index, "http://up.test/main"));
    }

    [Fact]
    public void A_file_is_fetched_from_the_folder_that_was_sealed() => Assert.Equal(
        "https://files.test/c/acme-1.0-0.conda",
        Type.LedUrl(Given.Request("linux-64/acme-1.0-0.conda"), new Uri("https://files.test/c/")).AbsoluteUri);

    [Theory]
    [InlineData("{\"info\":{\"base_url\":\"x\"")]
    [InlineData("\"base_url\"")]
    public void A_broken_index_is_refused(string index) =>
        Assert.Throws<FormatException>(() => Rewritten("noarch/repodata.json", index, "http://up.test/main"));

    [Fact]
    public async Task Packages_sent_to_the_channel_are_filed_and_indexed_by_their_manifests()
    {
        var newer = PackageHeads.Conda("acme", "1.0", "py_0", "noarch");
        var older = PackageHeads.Bzip2(PackageHeads.Tar(
            ("lib/x", new byte[5000]),
            ("info/index.json", PackageHeads.CondaManifest("acme-old", "2!1.0", "0", "linux-64"))));
        Assert.Equal(201, await StatusAsync("", "PUT", newer));
        Assert.Equal(409, await StatusAsync("whatever.conda", "POST", newer));
        Assert.Equal(201, await StatusAsync("acme.tar.bz2", "PUT", older));
        Assert.Equal(201, await StatusAsync("noarch/other-1.0-0.conda", "PUT", newer)); // says that it is another

        var noarch = await IndexAsync("noarch/repodata.json");
        var entry = Assert.Single(noarch["packages.conda"]!.AsObject());
        Assert.Equal("acme-1.0-py_0.conda", entry.Key);
        Assert.Equal(
            ("acme", "1.0", "py_0", "noarch", newer.Length,
                Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(newer)), "python >=3.9"),
            ((string?)entry.Value!["name"], (string?)entry.Value["version"], (string?)entry.Value["build"],
                (string?)entry.Value["subdir"], (int)entry.Value["size"]!, (string?)entry.Value["sha256"],
                (string?)entry.Value["depends"]![0]));
        Assert.Empty(noarch["packages"]!.AsObject());
        Assert.Equal("acme-old-2!1.0-0.tar.bz2",
            Assert.Single((await IndexAsync("linux-64/current_repodata.json"))["packages"]!.AsObject()).Key);
        Assert.Empty((await IndexAsync("win-64/repodata.json"))["packages"]!.AsObject());
        Assert.Null(await Type.MakeIndexAsync(Given.Request("x/repodata.json"), Place.Tree, true, default));
    }

    [Fact]
    public async Task A_channel_without_packages_makes_an_index_only_where_nobody_else_could_have_one()
    {
        var request = Given.Request("noarch/repodata.json");
        Assert.Null(await Type.MakeIndexAsync(request, Place.Tree, mayBeEmpty: false, default));
        Assert.NotNull(await Type.MakeIndexAsync(request, Place.Tree, mayBeEmpty: true, default));
    }

    [Fact]
    public async Task What_is_no_package_or_a_damaged_one_is_refused()
    {
        var random = new Random(1);
        foreach (var whole in new[]
                 {
                     PackageHeads.Conda("acme", "1.0", "0", "noarch"),
                     PackageHeads.Bzip2(PackageHeads.Tar(
                         ("info/index.json", PackageHeads.CondaManifest("acme", "1.0", "0", "noarch")))),
                 })
        {
            for (var i = 0; i < whole.Length; i += 7)
            {
                var damaged = (byte[])whole.Clone();
                damaged[i] ^= (byte)random.Next(1, 256);
                foreach (var sent in new[] { whole[..i], damaged })
                    Assert.Contains(await StatusAsync("", "PUT", sent), (int[])[201, 400, 409]);
            }
        }

        Assert.True(Place.NothingLeftTheTree);
    }

    [Theory]
    [InlineData("acme", "1.0", "0", "../..")]
    [InlineData("acme", "1.0", "0", "")]
    [InlineData("../acme", "1.0", "0", "noarch")]
    [InlineData("acme", "1-0", "0", "noarch")]
    [InlineData("acme", "1.0", "", "noarch")]
    public async Task A_package_without_proper_names_is_refused(
        string name, string version, string build, string subdir) =>
        Assert.Equal(400, await StatusAsync("", "PUT", PackageHeads.Conda(name, version, build, subdir)));

    async Task<System.Text.Json.Nodes.JsonNode> IndexAsync(string path) => System.Text.Json.Nodes.JsonNode.Parse(
        Assert.IsType<LocalAnswer.Document>(
            await Type.MakeIndexAsync(Given.Request(path), Place.Tree, mayBeEmpty: false, default)).Content)!;

    [Fact]
    public void Packed_indexes_are_not_passed_on()
    {
        var connector = new Uri("http://up.test/main");
        Assert.Null(Type.UpstreamUrl(Given.Request("linux-64/repodata.json.zst"), connector, null));
        Assert.Null(Type.UpstreamUrl(Given.Request("linux-64/current_repodata.json.bz2"), connector, null));
        Assert.NotNull(Type.UpstreamUrl(Given.Request("linux-64/repodata.json"), connector, null));
    }
}
