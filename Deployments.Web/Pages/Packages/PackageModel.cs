using System.Globalization;
using Deployments.Data.Feeds;
using Deployments.Data.Packages;
using Deployments.Web.Accounts;
using Deployments.Web.Feeds;
using Deployments.Web.Settings;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Packages;

/// <summary>What the tabs of a package share: which package it is, and its numbers.</summary>
public abstract class PackageModel(FeedQueries feeds, PackageQueries packages, FeedTypeCatalog types) : PageModel
{
    /// <summary>The feed through which the package is looked at.</summary>
    public Feed Feed { get; private set; } = null!;

    /// <summary>The feed's type.</summary>
    public IFeedType Type { get; private set; } = null!;

    /// <summary>The package as displayed, with the version that was asked for, if any.</summary>
    public PackageCoordinates Package { get; private set; } = null!;

    /// <summary>Which package it is, whatever its spelling.</summary>
    public PackageKey Key { get; private set; } = null!;

    /// <summary>Key of the version that was asked for; null for all.</summary>
    public string? VersionKey { get; private set; }

    /// <summary>The package in numbers; null when nothing of it was recorded.</summary>
    public PackageSummary? Summary { get; private set; }

    /// <summary>What the reader sees.</summary>
    protected VisibleFeeds Visible => CallerFeeds.Of(HttpContext);

    /// <summary>Group and name in one.</summary>
    public string FullName => Package.Group.Length > 0 ? $"{Package.Group}/{Package.Name}" : Package.Name;

    /// <summary>A number that was counted up to a limit: <c>10,000+</c> where there are more.</summary>
    public static string Counted(long count, int max) => count > max
        ? max.ToString("N0", CultureInfo.InvariantCulture) + "+"
        : count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>How the first deployment is recorded.</summary>
    public RecordCommand Command => RecordCommand.For(
        ServerAddress.Of(HttpContext), Feed.Name, Type, Package, !Feed.AnonymousAccess);

    /// <summary>The address of a tab of this package.</summary>
    public string Tab(string? tab) =>
        PackageLinks.Package(Feed.Name, Package.Group, Package.Name, tab, Package.Version);

    /// <summary>Finds the feed and the package; false when there is no such feed.</summary>
    protected async Task<bool> LoadAsync(string feed, string name, string? group, string? version, CancellationToken ct)
    {
        if (await feeds.ByNameOrNullAsync(feed, Visible, ct) is not { } found
            || types.FindOrNull(found.FeedType) is not { } type)
            return false;
        (Feed, Type) = (found, type);
        Package = new PackageCoordinates(Clean(group), Clean(PackageLinks.FromRoute(name)), Clean(version));
        var keys = type.Normalize(Package);
        Key = new PackageKey(type.PackageType, keys.Group, keys.Name);
        VersionKey = Package.Version.Length > 0 ? keys.Version : null;
        Summary = await packages.SummaryOrNullAsync(Key, Visible, ct);
        if (Summary is not null)
            Package = Package with { Group = Summary.GroupName, Name = Summary.Name };
        return true;
    }

    /// <summary>What came in an address as text that the database can compare.</summary>
    protected static string Clean(string? text) => (text ?? "").Trim().Replace("\0", "", StringComparison.Ordinal);
}
