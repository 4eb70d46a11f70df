using Deployments.Web.Feeds;

namespace Deployments.Tests.Feeds;

public sealed class CranFeedTests : StaticFeedContract
{
    protected override IFeedType Type { get; } = new CranFeed();

    protected override string OtherVersionPath => "src/contrib/acme_9.9.tar.gz";

    protected override string IndexPath => "src/contrib/PACKAGES";

    protected override IReadOnlyList<Download> Downloads =>
    [
        new("src/contrib/acme_1.0.tar.gz", "", "acme", "1.0", "ext=tar.gz"),
        new("src/contrib/Archive/rJava/rJava_1.0-4.tar.gz", "", "rJava", "1.0-4", "ext=tar.gz"),
        new("bin/windows/contrib/4.3/data.table_1.14.8.zip", "", "data.table", "1.14.8",
            "ext=zip&path=bin%2Fwindows%2Fcontrib%2F4.3"),
        new("bin/macosx/big-sur-arm64/contrib/4.3/acme_1.0.tgz", "", "acme", "1.0",
            "ext=tgz&path=bin%2Fmacosx%2Fbig-sur-arm64%2Fcontrib%2F4.3"),
        new("src/contrib/4.3.0/Recommended/nlme_3.1-162.tar.gz", "", "nlme", "3.1-162", "ext=tar.gz"),
        new("src/contrib/acme.tar.gz", "", "src/contrib/acme.tar.gz", "", "unresolved=path"),
        new("src/contrib/acme_a_1.0.tar.gz", "", "src/contrib/acme_a_1.0.tar.gz", "", "unresolved=path"),
        new("src/contrib/асme_1.0.tar.gz", "", "src/contrib/асme_1.0.tar.gz", "", "unresolved=path"),
    ];

    protected override IReadOnlyList<string> NotDownloads =>
    [
        "", "src/contrib", "src/contrib/PACKAGES", "src/contrib/PACKAGES.gz", "src/contrib/PACKAGES.rds",
        "src/contrib/PACKAGES_x.tar.gz", "web/packages/acme/index.html", "acme_1.0.tar.gz",
        "src/contrib/acme_1.0.TAR.GZ", "src%2fcontrib/acme_1.0.tar.gz", "src/contrib/%2e%2e%2facme_1.0.tar.gz",
        "src/contrib%5cacme_1.0.tar.gz", "src/contrib/acme_1.0.tar.gz.asc", "contrib",
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Equal =>
    [
        (new("", "rJava", "1.0-4", "ext=zip"), new("", "rJava", "1.0-4")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Different =>
    [
        (new("", "rjava", "1.0-4"), new("", "rJava", "1.0-4")),
        (new("", "rJava", "1.0-4"), new("", "rJava", "1.0.4")),
    ];

    [Theory]
    [InlineData("acme/DESCRIPTION", "Package: acme\nVersion: 1.0-2\n", 201)]
    [InlineData("acme/DESCRIPTION", "Package: ../evil\nVersion: 1.0\n", 400)]
    [InlineData("acme/DESCRIPTION", "Package: acme\n", 400)]
    [InlineData("acme/x", "Package: acme\nVersion: 1.0\n", 400)]
    public async Task A_source_package_sent_to_the_feed_itself_is_filed_by_its_description(
        string file, string text, int status)
    {
        Assert.Equal(status, await StatusAsync("", "PUT", PackageHeads.TarGz((file, Given.Bytes(text)))));
        Assert.Equal(status == 201, Place.Tree.Find("src", "contrib", "acme_1.0-2.tar.gz") is not null);
        Assert.Equal(201, await StatusAsync("acme_1.0-3.tar.gz", "PUT", Given.Bytes("by its name")));
        Assert.NotNull(Place.Tree.Find("src", "contrib", "acme_1.0-3.tar.gz"));
        Assert.True(Place.NothingLeftTheTree);
    }

    protected override IReadOnlyList<(PackageCoordinates, string)> Purls =>
    [
        (new("", "A3", "1.0.0", "ext=tar.gz"), "pkg:cran/A3@1.0.0"),
    ];
}
