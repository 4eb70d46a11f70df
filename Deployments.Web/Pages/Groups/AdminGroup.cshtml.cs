using Deployments.Data.Accounts;
using Deployments.Data.Audit;
using Deployments.Data.Feeds;
using Deployments.Data.Groups;
using Deployments.Web.Accounts;
using Deployments.Web.Groups;
using Deployments.Web.Records;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Groups;

/// <summary>One group: who is in it, what it may do; rename and delete.</summary>
public sealed class AdminGroupModel(
    AccessGroupQueries queries, AccessGroupDesk desk, FeedQueries feeds, AccountQueries accounts, ApiKeyQueries keys,
    OidcProviders providers, DirectorySignIn directory, TimeProvider time) : PageModel
{
    const int ProposedMax = 1000; // more names than anybody reads

    /// <summary>The group.</summary>
    public AccessGroupDefinition Group { get; private set; } = new("", [], [], [], []);

    /// <summary>Feeds, by name.</summary>
    public IReadOnlyList<Feed> Feeds { get; private set; } = [];

    /// <summary>Users who are not in it, by name; the first of many.</summary>
    public IReadOnlyList<Account> Accounts { get; private set; } = [];

    /// <summary>Keys that can be put into it, newest first.</summary>
    public IReadOnlyList<ApiKey> Keys { get; private set; } = [];

    /// <summary>What the settings call the providers and the directory that people sign in with.</summary>
    public IReadOnlyList<string> Providers =>
    [
        .. providers.All.Select(provider => provider.Name),
        .. directory.IsSet ? [DirectorySignIn.ProviderName] : Array.Empty<string>(),
    ];

    /// <summary>What was done just now.</summary>
    [TempData]
    public string? Notice { get; set; }

    Actor By => PageAccess.CallerOf(HttpContext).ActorFor(HttpContext);

    /// <summary>Whether a granted feed is there for others than groups, too.</summary>
    public bool IsOpenToAll(AccessGrant grant) =>
        Feeds.Any(feed => feed.FeedId == grant.FeedId && !feed.GroupsOnly);

    /// <summary>Shows the group.</summary>
    public async Task<IActionResult> OnGetAsync([FromRoute] int id, CancellationToken ct) =>
        await LoadAsync(id, ct) ? Page() : NotFound();

    /// <summary>Gives it another name.</summary>
    public Task<IActionResult> OnPostRenameAsync([FromRoute] int id, string? name, CancellationToken ct) =>
        ChangeAsync(id, _ => new() { Name = name ?? "" }, "Renamed.", ct);

    /// <summary>Puts a user into it.</summary>
    public Task<IActionResult> OnPostAddUserAsync([FromRoute] int id, string? user, CancellationToken ct) =>
        ChangeAsync(
            id, group => new() { Accounts = [.. group.Accounts.Select(member => member.Name), user ?? ""] },
            $"{user} is in the group.", ct);

    /// <summary>Takes a user out of it.</summary>
    public Task<IActionResult> OnPostRemoveUserAsync([FromRoute] int id, int member, CancellationToken ct) =>
        ChangeAsync(
            id, group => new()
            {
                Accounts = [.. group.Accounts.Where(one => one.Id != member).Select(one => one.Name)],
            },
            "The user is no longer in the group.", ct);

    /// <summary>Puts a key into it.</summary>
    public Task<IActionResult> OnPostAddKeyAsync([FromRoute] int id, int key, CancellationToken ct) => ChangeAsync(
        id, group => new() { Keys = [.. group.Keys.Select(member => member.Id), key] }, "The key is in the group.", ct);

    /// <summary>Takes a key out of it.</summary>
    public Task<IActionResult> OnPostRemoveKeyAsync([FromRoute] int id, int member, CancellationToken ct) =>
        ChangeAsync(
            id, group => new() { Keys = [.. group.Keys.Select(one => one.Id).Where(one => one != member)] },
            "The key is no longer in the group.", ct);

    /// <summary>Puts the people of a provider's group into it.</summary>
    public Task<IActionResult> OnPostAddClaimAsync(
        [FromRoute] int id, string? provider, string? claim, CancellationToken ct) => ChangeAsync(
        id, group => new() { Claims = [.. group.Claims, new GroupClaim(provider ?? "", claim ?? "")] },
        "The provider's group is in the group: its people come in when they sign in next.", ct);

    /// <summary>Takes the people of a provider's group out of it.</summary>
    public Task<IActionResult> OnPostRemoveClaimAsync(
        [FromRoute] int id, string? provider, string? claim, CancellationToken ct) => ChangeAsync(
        id, group => new()
        {
            Claims = [.. group.Claims.Where(one => one != new GroupClaim(provider ?? "", claim ?? ""))],
        },
        "The provider's group is no longer in the group.", ct);

    /// <summary>Grants a feed, or those of a pattern; a level that was granted before is replaced.</summary>
    public Task<IActionResult> OnPostAddGrantAsync(
        [FromRoute] int id, string? feed, AccessLevel level, CancellationToken ct)
    {
        var name = (feed ?? "").Trim();
        return !Enum.IsDefined(level) ? Task.FromResult<IActionResult>(BadRequest()) : ChangeAsync(
            id, group => new()
            {
                Grants =
                [
                    .. Given(group).Where(grant => !grant.Feed.Equals(name, StringComparison.OrdinalIgnoreCase)),
                    new GrantInput(name, level),
                ],
            },
            $"Granted {name}: {level.ToString().ToLowerInvariant()}.", ct);
    }

    /// <summary>Takes a grant away.</summary>
    public async Task<IActionResult> OnPostRemoveGrantAsync(
        [FromRoute] int id, string? feed, int? feedId, CancellationToken ct)
    {
        if (!ModelState.IsValid)
            return BadRequest();
        var problem = await desk.RemoveGrantAsync(id, feedId, feed ?? "", By, ct);
        return await FinishAsync(id, problem, "The grant is taken away.", ct);
    }

    /// <summary>Deletes the group.</summary>
    public async Task<IActionResult> OnPostDeleteAsync([FromRoute] int id, string? confirm, CancellationToken ct)
    {
        if (!await LoadAsync(id, ct))
            return NotFound();
        // As it is shown, too: nobody can type what is invisible.
        if (!new[] { Group.Name, Shown.Of(Group.Name) }.Contains(confirm?.Trim(), StringComparer.OrdinalIgnoreCase))
            return Refused("The typed name is not the group's.");
        await desk.DeleteAsync(id, By, ct);
        Notice = $"Deleted {Group.Name}.";
        return RedirectToPage("/Groups/AdminGroups");
    }

    async Task<IActionResult> ChangeAsync(
        int id, Func<AccessGroupDefinition, AccessGroupInput> change, string done, CancellationToken ct) =>
        ModelState.IsValid
            ? await FinishAsync(id, await desk.ChangeAsync(id, change, By, ct), done, ct)
            : BadRequest();

    async Task<IActionResult> FinishAsync(int id, AccessGroupProblem? problem, string done, CancellationToken ct)
    {
        if (problem is null)
        {
            Notice = done;
            return RedirectToPage(new { id });
        }

        return await LoadAsync(id, ct) ? Refused(problem.Text) : NotFound();
    }

    PageResult Refused(string problem)
    {
        ModelState.AddModelError("", problem);
        Response.StatusCode = StatusCodes.Status400BadRequest;
        return Page();
    }

    static IEnumerable<GrantInput> Given(AccessGroupDefinition group) =>
        group.Grants.Where(grant => !grant.IsDeleted).Select(grant => new GrantInput(grant.Feed, grant.Level));

    async Task<bool> LoadAsync(int id, CancellationToken ct)
    {
        if (await queries.FindOrNullAsync(id, ct) is not { } group)
            return false;
        Group = group.Definition;
        Feeds = await feeds.AllAsync(VisibleFeeds.All, ct);
        var people = Group.Accounts.Select(member => member.Id).ToHashSet();
        Accounts =
        [
            .. (await accounts.AllAsync(ct)).Where(account => account.Active && !people.Contains(account.AccountId))
                .Take(ProposedMax),
        ];
        var (tools, now) = (Group.Keys.Select(member => member.Id).ToHashSet(), time.GetUtcNow());
        Keys =
        [
            .. (await keys.AllAsync(ct)).Where(key => key.Account is null && key.RevokedAt is null
                && !(key.ExpiresAt <= now) && !tools.Contains(key.ApiKeyId)).Take(ProposedMax),
        ];
        return true;
    }
}
