using System.Globalization;
using Deployments.Data.Feeds;
using Deployments.Web.Accounts;
using Deployments.Web.Feeds;
using Deployments.Web.Gateway;
using Microsoft.AspNetCore.Http;

namespace Deployments.Tests.Gateway;

/// <summary>What is remembered of pulls is bounded, and to remember more costs no more.</summary>
public sealed class PullSessionsTests
{
    static readonly Feed Images = new(
        1, "images", "docker", [], "", true, true, true, [], "{}", DateTimeOffset.UnixEpoch, []);

    static readonly Caller Nobody = new(Caller.AnonymousName, Data.Accounts.Permissions.None);

    readonly DefaultHttpContext client = new();
    readonly PullSessions sessions = new(TimeProvider.System);

    [Fact]
    public void A_flood_is_taken_at_its_own_pace_and_the_newest_entries_stay()
    {
        // Each one more would have looked at all the others, and this would take hours.
        for (var i = 0; i < 4 * PullSessions.EntriesMax; i++)
            sessions.ExpectDigest(Images, Nobody, client, Tagged("latest", $"sha256:{i:x64}"));

        Assert.InRange(sessions.Count, 1, PullSessions.EntriesMax);
        for (var i = 4 * PullSessions.EntriesMax - 1000; i < 4 * PullSessions.EntriesMax; i++)
            Assert.Equal("latest", Resolve($"sha256:{i:x64}")!.Version);
        Assert.Equal($"sha256:{0:x64}", Resolve($"sha256:{0:x64}")!.Version);
    }

    [Fact]
    public void Of_an_index_with_thousands_of_parts_the_first_ones_are_remembered()
    {
        var parts = Enumerable.Range(0, 100_000).Select(i => $"sha256:{i:x64}").ToList();

        sessions.ExpectParts(Images, Nobody, client, Tagged("latest", ""), parts);

        Assert.Equal(PullSessions.PartsMax, sessions.Count);
        Assert.Null(Resolve(parts[0]));
        Assert.Null(Resolve(parts[PullSessions.PartsMax - 1]));
        Assert.NotNull(Resolve(parts[PullSessions.PartsMax]));
    }

    [Fact]
    public void What_is_no_digest_is_no_part()
    {
        var digest = $"sha256:{7.ToString("x64", CultureInfo.InvariantCulture)}";
        var index = $$"""
            {"manifests":[{"digest":"{{digest}}"},{"digest":"{{new string('x', 100_000)}}"},{"digest":7},{},8]}
            """;

        Assert.Equal([digest], new DockerFeed().ChildVersions(
            FeedRequest.TryRead("GET", "app/manifests/latest")!, System.Text.Encoding.UTF8.GetBytes(index)));
    }

    PackageCoordinates? Resolve(string digest) =>
        sessions.ResolveOrNull(Images, Nobody, client, new PackageCoordinates("", "app", digest));

    static PackageCoordinates Tagged(string tag, string digest) =>
        new("", "app", tag, PackageCoordinates.QualifierOf(("digest", digest)));
}
