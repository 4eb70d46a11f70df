using Deployments.Web.Feeds;

namespace Deployments.Tests.Feeds;

/// <summary>Bower's packages do not pass this server: see <see cref="BowerFeed"/>.</summary>
public sealed class BowerFeedTests : FeedTypeContract
{
    protected override IFeedType Type { get; } = new BowerFeed();

    protected override IReadOnlyList<Download> Downloads => [];

    protected override IReadOnlyList<string> NotDownloads =>
    [
        "", "packages", "packages/jquery", "packages/search/jquery", "jquery/1.0.0", "%2e%2e%2fjquery", "jquery.tar.gz",
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Equal =>
    [
        (new("", "jQuery", "1.0.0+x"), new("", "jquery", "1.0.0")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Different =>
    [
        (new("", "jquery", "1.0.0"), new("", "jquery", "1.0.1")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, string)> Purls =>
    [
        (new("", "jquery", "1.0.0"), "pkg:bower/jquery@1.0.0"),
    ];

    [Fact]
    public async Task Nothing_is_stored_and_nothing_asked_of_a_connector()
    {
        using var place = new TemporaryTree();
        var refused = await Type.AnswerAsync(
            Given.Request("packages", "POST", Given.Bytes("{}")), place.Tree, CancellationToken.None);
        Assert.Equal(405, Assert.IsType<LocalAnswer.Status>(refused).Code);
        Assert.Null(Type.UpstreamUrl(Given.Request("packages/jquery"), new Uri("https://up.test"), null));
    }
}
