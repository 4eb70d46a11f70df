using Deployments.Data.Feeds;
using Deployments.Data.Records;
using Deployments.Data.Search;
using Deployments.Web.Accounts;
using Deployments.Web.Feeds;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Search;

/// <summary>One box for everything that has a name.</summary>
public sealed class SearchModel(SearchQueries search, RecordQueries records, FeedTypeCatalog types) : PageModel
{
    const int PerGroup = 10;
    const int PerGroupAlone = 200; // where only one group is shown

    /// <summary>What was typed.</summary>
    public SearchTerms Terms { get; private set; } = SearchTerms.Read(null);

    /// <summary>What was found.</summary>
    public SearchFindings Found { get; private set; } = new();

    /// <summary>What is wrong with what was asked for; null when nothing is.</summary>
    public string? Problem { get; private set; }

    VisibleFeeds Visible => CallerFeeds.Of(HttpContext);

    /// <summary>Shows the page.</summary>
    /// <param name="q">What is looked for.</param>
    /// <param name="in">The only group to show; null for all of them.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task OnGetAsync(string? q, string? @in, CancellationToken ct)
    {
        Terms = SearchTerms.Read(q);
        if (Terms.Text.Length == 0)
            return;
        var only = string.IsNullOrEmpty(@in) ? null : @in;
        if (only is not null && !SearchFindings.Groups.Contains(only))
        {
            Problem = $"in is not one of {string.Join(", ", SearchFindings.Groups)}.";
            Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        var name = SearchPattern.Of(Terms.Text);
        Found = new SearchFindings
        {
            Only = only,
            DeploymentId = only is null && Terms.Id is { } id && await IsRecordAsync(id, ct) ? id : null,
            Packages = await GroupAsync("packages", only, count => PackagesAsync(count, ct)),
            Versions = await GroupAsync("versions", only, count => VersionsAsync(count, ct)),
            Targets = await GroupAsync("targets", only, count => search.TargetsAsync(name, count, Visible, ct)),
            Applications = await GroupAsync(
                "applications", only, count => search.ApplicationsAsync(name, count, Visible, ct)),
            Users = await GroupAsync("users", only, count => search.UsersAsync(name, count, Visible, ct)),
        };
    }

    async Task<IReadOnlyList<PackageHit>> PackagesAsync(int count, CancellationToken ct)
    {
        if (Terms.Purl is not { } purl)
            return await search.PackagesAsync(Terms.PackagePattern, count, Visible, ct);
        foreach (var type in types.All.Where(type => type.PackageType == purl.Type))
        {
            var keys = type.Normalize(type.FromNames(purl.Package.Group, purl.Package.Name, purl.Package.Version));
            if (await search.PackageOrNullAsync(purl.Type, keys.Group, keys.Name, Visible, ct) is { } hit)
                return [hit];
        }

        // Some ecosystems put into the namespace what is no group here, such as a distribution.
        return await search.PackagesAsync(Terms.PackagePattern, count, Visible, ct);
    }

    async Task<IReadOnlyList<PackageHit>> VersionsAsync(int count, CancellationToken ct) => Terms.Version is { } version
        ? await search.VersionsAsync(
            SearchPattern.Of(version), Terms.HasNameAndVersion ? Terms.PackagePattern : null, count, Visible, ct)
        : [];

    async Task<bool> IsRecordAsync(long id, CancellationToken ct) =>
        (await records.StateOfAsync(id, Visible, ct)).Status != RecordStatus.Unknown;

    // One more than is shown tells whether there are more.
    static async Task<SearchGroup<T>> GroupAsync<T>(
        string name, string? only, Func<int, Task<IReadOnlyList<T>>> query)
    {
        if (only is not null && only != name)
            return new SearchGroup<T>([], false);
        var shown = only is null ? PerGroup : PerGroupAlone;
        var hits = await query(shown + 1);
        return new SearchGroup<T>([.. hits.Take(shown)], hits.Count > shown);
    }
}

/// <summary>What a search found, group by group.</summary>
public sealed record SearchFindings
{
    /// <summary>The groups by name, in the order in which they are shown.</summary>
    public static IReadOnlyList<string> Groups { get; } =
        ["packages", "versions", "targets", "applications", "users"];

    /// <summary>The only group that was asked for; null: all.</summary>
    public string? Only { get; init; }

    /// <summary>The record of that number; null when there is none.</summary>
    public long? DeploymentId { get; init; }

    /// <summary>Packages, with the highest version of each.</summary>
    public SearchGroup<PackageHit> Packages { get; init; } = new([], false);

    /// <summary>Versions of packages.</summary>
    public SearchGroup<PackageHit> Versions { get; init; } = new([], false);

    /// <summary>Targets.</summary>
    public SearchGroup<TargetHit> Targets { get; init; } = new([], false);

    /// <summary>Names of applications.</summary>
    public SearchGroup<string> Applications { get; init; } = new([], false);

    /// <summary>Names of people.</summary>
    public SearchGroup<string> Users { get; init; } = new([], false);

    /// <summary>Whether nothing was found.</summary>
    public bool IsEmpty => DeploymentId is null && Packages.Hits.Count == 0 && Versions.Hits.Count == 0
        && Targets.Hits.Count == 0 && Applications.Hits.Count == 0 && Users.Hits.Count == 0;
}

/// <summary>What was found of one kind.</summary>
/// <param name="Hits">The best ones.</param>
/// <param name="HasMore">Whether there are more.</param>
public sealed record SearchGroup<T>(IReadOnlyList<T> Hits, bool HasMore);
