using Deployments.Data.Audit;
using Deployments.Data.Feeds;
using Deployments.Data.Octopus;
using Deployments.Web.Feeds;
using Deployments.Web.Gateway;
using Deployments.Web.Settings;

namespace Deployments.Web.Octopus;

/// <summary>
/// Which feed of ours one of Octopus is: the one that its address leads to, where it leads to this server; else the
/// one that an administrator chose; else one made for packages of its type from elsewhere.
/// </summary>
sealed class OctopusFeeds(
    OctopusReader reader, OctopusMappingStore mappings, FeedDirectory feeds, FeedStore store, FeedTypeCatalog types,
    DeploymentsSettings settings)
{
    /// <summary>Octopus's words for feed types and ours; what is not named here is a file of some kind.</summary>
    static readonly Dictionary<string, string> TypeOf = new(StringComparer.OrdinalIgnoreCase)
    {
        ["NuGet"] = "nuget",
        ["BuiltIn"] = "nuget", // its packages are named as those of NuGet
        ["OctopusProject"] = "nuget",
        ["Maven"] = "maven",
        ["Npm"] = "npm",
        ["PyPi"] = "pypi",
        ["Helm"] = "helm",
        ["OciRegistry"] = "docker",
        ["Docker"] = "docker",
        ["AwsElasticContainerRegistry"] = "docker",
        ["AzureContainerRegistry"] = "docker",
        ["GoogleContainerRegistry"] = "docker",
    };

    const string TypeOfOthers = "universal";

    /// <summary>Ours for one of Octopus.</summary>
    /// <param name="octopus">The server.</param>
    /// <param name="spaceId">Where the feed is.</param>
    /// <param name="octopusFeedId">Such as <c>Feeds-9</c>.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>Null when Octopus does not have it any more and nobody has said which it was.</returns>
    public async Task<OctopusFeed?> FindOrNullAsync(
        OctopusConnection octopus, string spaceId, string octopusFeedId, CancellationToken ct)
    {
        if (await KnownOrNullAsync(octopus, octopusFeedId, ct) is { IsChosen: true, OurFeed: not null } chosen)
            return chosen;
        if (await reader.FeedOrNullAsync(octopus, spaceId, octopusFeedId, ct) is not { } json)
            return null;
        var seen = new OctopusFeed
        {
            ConnectionId = octopus.ConnectionId,
            OctopusFeedId = octopusFeedId,
            Name = json.Text("Name") ?? octopusFeedId,
            FeedType = json.Text("FeedType") ?? "",
            FeedUri = WithoutCredentials(json.Text("FeedUri")),
        };
        var ours = await OursOrNullAsync(octopus, seen, ct) ?? await MadeAsync(seen, ct);
        await mappings.NoteFeedAsync(seen with { FeedId = ours.Feed.FeedId }, ct);
        return await KnownOrNullAsync(octopus, octopusFeedId, ct);
    }

    async Task<OctopusFeed?> KnownOrNullAsync(OctopusConnection octopus, string octopusFeedId, CancellationToken ct) =>
        (await mappings.FeedsAsync(octopus.ConnectionId, ct)).FirstOrDefault(
            feed => feed.OctopusFeedId == octopusFeedId && feed.OurType is not null);

    /// <summary>The feed that the address names, when the address is one of this server's.</summary>
    async Task<ServedFeed?> OursOrNullAsync(OctopusConnection octopus, OctopusFeed seen, CancellationToken ct)
    {
        if (!Uri.TryCreate(seen.FeedUri, UriKind.Absolute, out var url)
            || !(IsHost(url, octopus.OwnHost) || (settings.PublicUrl is { } own && IsHost(url, own.Authority))))
            return null;
        foreach (var segment in url.AbsolutePath.Split('/', StringSplitOptions.RemoveEmptyEntries).Skip(1))
        {
            if (await feeds.FindOrNullAsync(Uri.UnescapeDataString(segment), ct) is { } found)
                return found;
        }

        return null;
    }

    static bool IsHost(Uri url, string authority) =>
        string.Equals(url.Authority, authority, StringComparison.OrdinalIgnoreCase)
        || string.Equals(url.Host, authority, StringComparison.OrdinalIgnoreCase);

    async Task<ServedFeed> MadeAsync(OctopusFeed seen, CancellationToken ct)
    {
        var type = TypeOf.GetValueOrDefault(seen.FeedType, TypeOfOthers);
        var key = types.FindOrNull(type)!.Key;
        for (var number = 1; ; number++)
        {
            var name = number == 1 ? $"octopus-{type}" : $"octopus-{type}-{number}";
            if (await feeds.FindOrNullAsync(name, ct) is { } found && found.Type.Key == key)
                return found;
            var outcome = await store.AddAsync(
                new FeedFields
                {
                    Name = name,
                    FeedType = key,
                    Description = "Packages that Octopus Deploy takes from elsewhere.",
                    AnonymousAccess = false,
                }, Actor.Program, ct);
            await feeds.ReloadAsync(ct);
            if (outcome == FeedOutcome.Saved && await feeds.FindOrNullAsync(name, ct) is { } made)
                return made;
            if (number > 100)
                throw new OctopusException($"No feed can be made for packages of type {type}.");
        }
    }

    static string WithoutCredentials(string? address) =>
        Uri.TryCreate(address, UriKind.Absolute, out var url)
            ? url.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped)
            : "";
}
