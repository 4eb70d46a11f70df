using System.Globalization;
using Deployments.Data.Feeds;
using Deployments.Data.Packages;
using Deployments.Web.Feeds;

namespace Deployments.Web.Deletion;

/// <summary>
/// Judges whether versions can be deleted from any registry without anybody missing them, for page and API. Whoever
/// does not see every feed is never told that one can.
/// </summary>
public sealed class DeletionReader(
    DeletionQueries deletion, FeedQueries feeds, FeedTypeCatalog types, TimeProvider time)
{
    /// <summary>For how many days a version counts as used that no target has any more.</summary>
    public const int DaysDefault = 30;

    /// <summary>The most days that may be asked for.</summary>
    public const int DaysMax = 3650;

    /// <summary>How many of the versions that each group got last are kept.</summary>
    public const int KeepDefault = 3;

    /// <summary>The most versions to be kept that may be asked for.</summary>
    public const int KeepMax = 100;

    /// <summary>How many versions are judged at once.</summary>
    public const int VersionsMax = 500;

    /// <summary>The version that is named, or all recorded ones of a package, the newest first.</summary>
    /// <param name="value">The value of a field: feed, type, group, name, version, purl; empty: not given.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    /// <exception cref="DeletionException">It cannot be told what is meant.</exception>
    public async Task<IReadOnlyList<DeletionQuestion>> VersionsAsync(
        Func<string, string> value, VisibleFeeds visible, CancellationToken ct)
    {
        var one = await OneAsync(value, visible, ct);
        if (one.Package.Version.Length > 0)
            return [one];
        var versions = await deletion.VersionsAsync(one.Candidate.Package, VersionsMax, visible, ct);
        return
        [
            .. versions.Select(version => one with
            {
                Package = one.Package with { Version = version.Version },
                Candidate = one.Candidate with { VersionKey = version.Key },
            }),
        ];
    }

    /// <summary>The package that is named, with its version if that is.</summary>
    /// <param name="value">The value of a field: feed, type, group, name, version, purl; empty: not given.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    /// <exception cref="DeletionException">It cannot be told what is meant.</exception>
    public async Task<DeletionQuestion> OneAsync(
        Func<string, string> value, VisibleFeeds visible, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (Clean("purl") is { Length: > 0 } purl)
            return OfPurl(purl);
        if (Clean("name") is not { Length: > 0 } name)
            throw new DeletionException("name", "is required, or a purl");
        if (Clean("type") is { Length: > 0 } type)
            return Ask(TypeOf(type), TypeOf(type).FromNames(Clean("group"), name, Clean("version")));
        if (Clean("feed") is not { Length: > 0 } feed)
            throw new DeletionException("feed", "is required, or a type or a purl");
        if (await feeds.ByNameOrNullAsync(feed, visible, ct) is not { } found)
            throw new DeletionException(null, "No feed has this name.");
        return Ask(
            types[found.FeedType], types[found.FeedType].FromNames(Clean("group"), name, Clean("version")));

        string Clean(string field) => value(field).Trim().Replace('\0', '\ufffd');
    }

    /// <summary>Judges versions, in their order.</summary>
    /// <param name="asked">The versions.</param>
    /// <param name="days">For how many days a version counts as used that no target has any more.</param>
    /// <param name="keep">How many of the versions that each group got last are kept.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<IReadOnlyList<DeletionAnswer>> JudgeAsync(
        IReadOnlyList<DeletionQuestion> asked, int days, int keep, VisibleFeeds visible, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(visible);
        var facts = await deletion.OfAsync(
            [.. asked.Select(one => one.Candidate)], time.GetUtcNow().AddDays(-days), keep, visible, ct);
        return
        [
            .. asked.Zip(facts, (one, said) => new DeletionAnswer(
                one, said, said.IsSafe && visible.IsAll, [.. Reasons(said, days, keep, visible)])),
        ];
    }

    /// <summary>A number of days or of versions to keep, as it was typed; the usual one where nothing was.</summary>
    /// <exception cref="DeletionException">It is no such number.</exception>
    public static int Number(string? text, string name, int max, int usual) =>
        string.IsNullOrWhiteSpace(text) ? usual
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? Within(name, number, max)
            : throw Outside(name, max);

    /// <summary>The same number when it is from 0 to the most there may be.</summary>
    /// <exception cref="DeletionException">It is not.</exception>
    public static int Within(string name, int number, int max) =>
        number >= 0 && number <= max ? number : throw Outside(name, max);

    static IEnumerable<DeletionReason> Reasons(DeletionFacts facts, int days, int keep, VisibleFeeds visible)
    {
        if (facts.RunsOn > 0)
            yield return new("runsNow", $"runs on {Count(facts.RunsOn, "target")}");
        if (facts.RunsByDigestOn > 0)
            yield return new("runsByDigest", $"images run by digest on {Count(facts.RunsByDigestOn, "target")}, "
                + "and no record says which tag they have");
        if (facts.SeenOn > 0)
            yield return new("seenNow", $"inventories show it on {Count(facts.SeenOn, "target")}");
        if (facts is { IsRecent: true, RunsOn: 0 })
            yield return new("usedLately", $"ran somewhere within {Count(days, "day")}");
        foreach (var group in facts.LastOf)
            yield return new("amongLast", $"is among the last {keep} deployed to "
                + (group.Length > 0 ? $"the group {group}" : "targets that are in no group"));
        if (!facts.IsSafe)
            yield break;
        yield return facts.LastDeployedAt is null
            ? new("neverDeployed", "no deployment of it is on record")
            : new("notUsed", $"ran nowhere within {Count(days, "day")}");
        if (!visible.IsAll)
            yield return new("notAllSeen", "there are feeds that you do not see, so nobody can promise it");
    }

    DeletionQuestion OfPurl(string text)
    {
        try
        {
            var parts = PackageUrlParts.Parse(text);
            return Ask(TypeOf(parts.PackageType), parts.PackageOf(TypeOf(parts.PackageType)));
        }
        catch (FormatException exception)
        {
            throw new DeletionException("purl", exception.Message);
        }
    }

    IFeedType TypeOf(string name) => types.FindOrNull(name)
        ?? throw new DeletionException("type", "is no known type of packages");

    static DeletionQuestion Ask(IFeedType type, PackageCoordinates package)
    {
        var keys = type.Normalize(package);
        return new DeletionQuestion(type, package, new DeletionCandidate(
            new PackageKey(type.PackageType, keys.Group, keys.Name), keys.Version));
    }

    static DeletionException Outside(string name, int max) => new(name, $"must be a number from 0 to {max}");

    static string Count(long count, string word) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:N0} {word}{(count == 1 ? "" : "s")}");
}
