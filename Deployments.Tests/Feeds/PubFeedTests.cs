using Deployments.Web.Feeds;

namespace Deployments.Tests.Feeds;

public sealed class PubFeedTests : StaticFeedContract
{
    protected override IFeedType Type { get; } = new PubFeed();

    protected override string OtherVersionPath => "packages/acme_http/versions/9.9.9.tar.gz";

    protected override string IndexPath => "api/packages/acme_http";

    protected override IReadOnlyList<Download> Downloads =>
    [
        new("packages/acme_http/versions/1.0.0+2.tar.gz", "", "acme_http", "1.0.0+2"),
        new("api/archives/acme_http-1.0.0-dev.1.tar.gz", "", "acme_http", "1.0.0-dev.1"),
        new("packages/acme/versions/latest.tar.gz", "", "packages/acme/versions/latest.tar.gz", "", "unresolved=path"),
        new("packages/acme-x/versions/1.0.0.tar.gz", "", "packages/acme-x/versions/1.0.0.tar.gz", "",
            "unresolved=path"),
        new("packages/асme/versions/1.0.0.tar.gz", "", "packages/асme/versions/1.0.0.tar.gz", "",
            "unresolved=path"),
    ];

    protected override IReadOnlyList<string> NotDownloads =>
    [
        "", "api/packages/acme", "api/packages/acme/versions/1.0.0", "api/packages/acme/advisories",
        "packages/acme/versions/1.0.0", "packages/acme/1.0.0.tar.gz", "packages%2facme/versions/1.0.0.tar.gz",
        "packages/%2e%2e%2facme/versions/1.0.0.tar.gz", "packages/acme%5cx/versions/1.0.0.tar.gz",
        "packages/acme/versions/1.0.0.TAR.GZ", "Packages/acme/versions/1.0.0.tar.gz",
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Equal =>
    [
        (new("", "Acme", "1.0.0"), new("", "acme", "1.0.0")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Different =>
    [
        (new("", "acme", "1.0.0+1"), new("", "acme", "1.0.0+2")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, string)> Purls =>
    [
        (new("", "characters", "1.2.0"), "pkg:pub/characters@1.2.0"),
    ];

    [Fact]
    public void Archives_are_led_through_the_feed()
    {
        var rewritten = Rewritten("api/packages/acme",
            """
            {"name":"acme","latest":{"version":"2.0.0","archive_url":"https://files.test/a?v=2"},
             "versions":[{"version":"1.0.0","archive_url":"/packages/acme/versions/1.0.0.tar.gz","archive_sha256":"s"}]}
            """, "https://up.test/");
        Assert.Contains("(https:%2F%2Ffiles.test%2Fa%3Fv=2)/packages/acme/versions/2.0.0.tar.gz\"", rewritten,
            StringComparison.Ordinal);
        Assert.Contains($"\"{Given.FeedUrl}packages/acme/versions/1.0.0.tar.gz\",\"archive_sha256\":\"s\"", rewritten,
            StringComparison.Ordinal);
        Assert.Throws<FormatException>(() => Rewritten("api/packages/acme", "[]", "https://up.test/"));
    }

    [Fact]
    public void Publishing_stays_here() => Assert.Null(
        Type.UpstreamUrl(Given.Request("api/packages/versions/new"), new Uri("https://up.test"), null));
}
