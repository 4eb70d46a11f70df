using Deployments.Web.Feeds;

namespace Deployments.Tests.Feeds;

public sealed class GoFeedTests : StaticFeedContract
{
    protected override IFeedType Type { get; } = new GoFeed();

    protected override string OtherVersionPath => "example.com/acme/@v/v9.9.9.zip";

    protected override string IndexPath => "example.com/acme/@v/list";

    protected override bool MakesIndex => true;

    protected override IReadOnlyList<Download> Downloads =>
    [
        new("example.com/acme/@v/v1.2.3.zip", "", "example.com/acme", "v1.2.3"),
        new("example.com/!big!corp/!tool/v2/@v/v2.0.0-rc.1.zip", "", "example.com/BigCorp/Tool/v2", "v2.0.0-rc.1"),
        new("example.com/acme/@v/v2.0.0+incompatible.zip", "", "example.com/acme", "v2.0.0+incompatible"),
        new("example.com/acme/@v/v0.0.0-20200101000000-abcdefabcdef.zip", "", "example.com/acme",
            "v0.0.0-20200101000000-abcdefabcdef"),
        new("acme/@v/v1.0.0.zip", "", "acme", "v1.0.0"),
        new("example.com/Acme/@v/v1.0.0.zip", "", "example.com/Acme/@v/v1.0.0.zip", "", "unresolved=path"),
        new("example.com/acme/@v/latest.zip", "", "example.com/acme/@v/latest.zip", "", "unresolved=path"),
        new("example.com/асme/@v/v1.0.0.zip", "", "example.com/асme/@v/v1.0.0.zip", "", "unresolved=path"),
        new("example.com/a!/@v/v1.0.0.zip", "", "example.com/a!/@v/v1.0.0.zip", "", "unresolved=path"),
    ];

    protected override IReadOnlyList<string> NotDownloads =>
    [
        "", "example.com/acme/@v/list", "example.com/acme/@latest", "example.com/acme/@v/v1.2.3.info",
        "example.com/acme/@v/v1.2.3.mod", "example.com/acme/@v/v1.2.3.ziphash", "example.com/acme/v1.2.3.zip",
        "@v/v1.2.3.zip", "sumdb/sum.example/supported", "example.com%2facme/@v/v1.2.3.zip",
        "example.com/acme/@v%2fv1.2.3.zip", "%2e%2e%2facme/@v/v1.2.3.zip", "example.com%5cacme/@v/v1.2.3.zip",
        "example.com/acme/@V/v1.2.3.ZIP",
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Equal =>
    [
        (new("example.com", "acme", "v1.0.0"), new("", "example.com/acme", "v1.0.0")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Different =>
    [
        (new("", "example.com/Acme", "v1.0.0"), new("", "example.com/acme", "v1.0.0")),
        (new("", "example.com/acme", "v2.0.0"), new("", "example.com/acme", "v2.0.0+incompatible")),
        (new("", "example.com/acme", "v2.0.0"), new("", "example.com/acme/v2", "v2.0.0")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, string)> Purls =>
    [
        (new("", "example.com/BigCorp/tool", "v1.0.0"), "pkg:golang/example.com/BigCorp/tool@v1.0.0"),
        (new("", "acme", "v2.0.0+incompatible"), "pkg:golang/acme@v2.0.0%2Bincompatible"),
    ];

    [Fact]
    public async Task The_list_and_the_newest_version_are_made_of_the_modules_that_are_here()
    {
        foreach (var version in new[] { "v1.10.0", "v1.9.0", "v2.0.0-rc.1" })
            await StatusAsync($"example.com/!acme/@v/{version}.zip", "PUT", Given.Bytes(version));
        Assert.Equal("v1.9.0\nv1.10.0\nv2.0.0-rc.1\n", await ContentAsync("example.com/!acme/@v/list"));
        Assert.Equal("""{"Version":"v1.10.0"}""", await ContentAsync("example.com/!acme/@latest"));
        Assert.Equal("""{"Version":"v1.9.0"}""", await ContentAsync("example.com/!acme/@v/v1.9.0.info"));
        Assert.Equal(404, await StatusAsync("example.com/!acme/@v/v1.8.0.info"));
        Assert.Null(await AskAsync("example.com/other/@v/list"));
    }

    [Fact]
    public async Task What_a_module_needs_is_read_out_of_it_where_nobody_uploaded_it()
    {
        const string Module = "example.com/!acme/@v";
        await StatusAsync($"{Module}/v1.0.0.zip", "PUT", Given.Zip(
            ("example.com/Acme@v1.0.0/go.mod", Given.Bytes("module example.com/Acme\n\ngo 1.19\n"))));
        await StatusAsync($"{Module}/v0.9.0.zip", "PUT", Given.Zip(
            ("example.com/Acme@v0.9.0/acme.go", Given.Bytes("package acme\n"))));

        Assert.Equal("module example.com/Acme\n\ngo 1.19\n", await ContentAsync($"{Module}/v1.0.0.mod"));
        Assert.Equal("module example.com/Acme\n", await ContentAsync($"{Module}/v0.9.0.mod"));
        Assert.Equal(404, await StatusAsync($"{Module}/v0.8.0.mod"));
    }
}
