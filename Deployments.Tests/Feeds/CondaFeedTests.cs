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
    public void Packed_indexes_are_not_passed_on()
    {
        var connector = new Uri("http://up.test/main");
        Assert.Null(Type.UpstreamUrl(Given.Request("linux-64/repodata.json.zst"), connector, null));
        Assert.Null(Type.UpstreamUrl(Given.Request("linux-64/current_repodata.json.bz2"), connector, null));
        Assert.NotNull(Type.UpstreamUrl(Given.Request("linux-64/repodata.json"), connector, null));
    }
}
