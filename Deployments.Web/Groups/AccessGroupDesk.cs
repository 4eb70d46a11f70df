using Deployments.Data.Accounts;
using Deployments.Data.Audit;
using Deployments.Data.Feeds;
using Deployments.Data.Groups;
using Deployments.Web.Accounts;
using Deployments.Web.Ldap;

namespace Deployments.Web.Groups;

/// <summary>Takes what pages and the API are told of groups: finds whom names mean, checks, and keeps it.</summary>
public sealed class AccessGroupDesk(
    AccessGroupQueries queries, AccessGroupStore store, AccountQueries accounts, ApiKeyQueries keys, FeedQueries feeds,
    Credentials credentials)
{
    /// <summary>Makes a group.</summary>
    /// <returns>Its number, or why it is not made.</returns>
    public async Task<(int AccessGroupId, AccessGroupProblem? Problem)> AddAsync(
        AccessGroupInput input, Actor by, CancellationToken ct)
    {
        var (definition, problem) = await ReadAsync(input, new AccessGroupDefinition("", [], [], [], []), ct);
        if (problem is not null)
            return (0, new(problem));
        var (outcome, id) = await store.AddAsync(definition, by, ct);
        if (outcome != AccessGroupOutcome.Saved)
            return (0, ProblemOf(outcome));
        await credentials.RefreshAsync(ct);
        return (id, null);
    }

    /// <summary>Changes what is given of a group.</summary>
    /// <param name="accessGroupId">The group.</param>
    /// <param name="change">What of it, made from how it is now.</param>
    /// <param name="by">Who does it.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>Why it is not changed; null: it is.</returns>
    public async Task<AccessGroupProblem?> ChangeAsync(
        int accessGroupId, Func<AccessGroupDefinition, AccessGroupInput> change, Actor by, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(change);
        if (await queries.FindOrNullAsync(accessGroupId, ct) is not { } group)
            return ProblemOf(AccessGroupOutcome.NotFound);
        var (wanted, problem) = await ReadAsync(change(group.Definition), group.Definition, ct);
        if (problem is not null)
            return new(problem);
        var isOld = false;
        var outcome = await store.ChangeAsync(accessGroupId, now =>
        {
            // Names were looked up for the group as it was read.
            isOld = !AccessGroupStore.Same(now, group.Definition);
            return isOld ? now : wanted;
        }, by, ct);
        await credentials.RefreshAsync(ct);
        return isOld
            ? new("Somebody has changed the group at the same moment. Look at it, and try again.", IsClash: true)
            : outcome == AccessGroupOutcome.Saved ? null : ProblemOf(outcome);
    }

    /// <summary>Takes a grant away.</summary>
    /// <param name="accessGroupId">The group.</param>
    /// <param name="feedId">Which feed it is of; null: the pattern's.</param>
    /// <param name="pattern">The pattern, where there is no feed.</param>
    /// <param name="by">Who does it.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>Why it is not taken away; null: it is.</returns>
    public async Task<AccessGroupProblem?> RemoveGrantAsync(
        int accessGroupId, int? feedId, string pattern, Actor by, CancellationToken ct)
    {
        var outcome = await store.ChangeAsync(accessGroupId, group => group with
        {
            Grants =
            [
                .. group.Grants.Where(grant => grant.FeedId != feedId
                    || (feedId is null && !grant.Feed.Equals(pattern, StringComparison.OrdinalIgnoreCase))),
            ],
        }, by, ct);
        await credentials.RefreshAsync(ct);
        return outcome == AccessGroupOutcome.Saved ? null : ProblemOf(outcome);
    }

    /// <summary>Removes a group; its people and keys lose what it was granted.</summary>
    /// <returns>False when there is none of that number.</returns>
    public async Task<bool> DeleteAsync(int accessGroupId, Actor by, CancellationToken ct)
    {
        var isDeleted = await store.DeleteAsync(accessGroupId, by, ct);
        await credentials.RefreshAsync(ct);
        return isDeleted;
    }

    async Task<(AccessGroupDefinition Definition, string? Problem)> ReadAsync(
        AccessGroupInput input, AccessGroupDefinition before, CancellationToken ct)
    {
        var (people, nobody) = await PeopleAsync(input.Accounts, before, ct);
        var (tools, noKey) = await KeysAsync(input.Keys, before, ct);
        var (grants, noFeed) = await GrantsAsync(input.Grants, before, ct);
        var definition = new AccessGroupDefinition(
            input.Name?.Trim() ?? before.Name, people, tools,
            input.Claims is null ? before.Claims : [.. input.Claims.Select(Comparable).Distinct()], grants);
        var problem = nobody ?? noKey ?? noFeed;
        if (problem is null
            && (await new AccessGroupValidator().ValidateAsync(definition, ct)).Errors is [var error, ..])
            problem = error.ErrorMessage + ".";
        return (definition, problem);
    }

    async Task<(IReadOnlyList<GroupMember>, string?)> PeopleAsync(
        IReadOnlyList<string>? names, AccessGroupDefinition before, CancellationToken ct)
    {
        if (names is null)
            return (before.Accounts, null);
        var all = (await accounts.AllAsync(ct)).ToDictionary(account => account.Name, StringComparer.OrdinalIgnoreCase);
        var missing = names.FirstOrDefault(name => !all.ContainsKey(name.Trim()));
        return missing is not null ? ([], $"There is no user called {Cut(missing)}.") :
        (
            [.. names.Select(name => all[name.Trim()]).DistinctBy(account => account.AccountId)
                .Select(account => new GroupMember(account.AccountId, account.Name, account.Active))],
            null
        );
    }

    async Task<(IReadOnlyList<GroupMember>, string?)> KeysAsync(
        IReadOnlyList<int>? ids, AccessGroupDefinition before, CancellationToken ct)
    {
        if (ids is null)
            return (before.Keys, null);
        var all = (await keys.AllAsync(ct)).ToDictionary(key => key.ApiKeyId);
        foreach (var id in ids)
        {
            if (!all.TryGetValue(id, out var key))
                return ([], $"There is no API key {id}.");
            if (key.Account is { } owner)
                return ([], $"API key {id} is {owner.Name}'s own, and may what {owner.Name} may.");
        }

        return ([.. ids.Distinct().Select(id => new GroupMember(id, all[id].DisplayName))], null);
    }

    async Task<(IReadOnlyList<AccessGrant>, string?)> GrantsAsync(
        IReadOnlyList<GrantInput>? given, AccessGroupDefinition before, CancellationToken ct)
    {
        if (given is null)
            return (before.Grants, null);
        // What was deleted has no name any more by which it could be given.
        var grants = before.Grants.Where(grant => grant.IsDeleted).ToList();
        var all = await feeds.AllAsync(VisibleFeeds.All, ct);
        foreach (var (name, level) in given.Select(grant => (grant.Feed.Trim(), grant.Level)))
        {
            var feed = all.FirstOrDefault(feed => feed.AlternateNames.Prepend(feed.Name)
                .Contains(name, StringComparer.OrdinalIgnoreCase));
            if (feed is null && !AccessGroupValidator.IsPattern(name))
                return ([], $"There is no feed called {Cut(name)}.");
            grants.Add(new AccessGrant(feed?.FeedId, feed?.Name ?? name.ToLowerInvariant(), level));
        }

        return (grants, null);
    }

    // The directory's groups are compared as its answers are, whatever blanks and cases were typed.
    static GroupClaim Comparable(GroupClaim claim)
    {
        var (provider, text) = (claim.Provider.Trim(), claim.Claim.Trim());
        return provider.Equals(DirectorySignIn.ProviderName, StringComparison.OrdinalIgnoreCase)
            ? new GroupClaim(DirectorySignIn.ProviderName, LdapText.Comparable(text))
            : new GroupClaim(provider, text);
    }

    static AccessGroupProblem ProblemOf(AccessGroupOutcome outcome) => outcome switch
    {
        AccessGroupOutcome.NameTaken => new("Another group has this name.", IsClash: true),
        AccessGroupOutcome.TooMany => new($"There are at most {AccessGroupDefinition.GroupsMax} groups."),
        AccessGroupOutcome.Unknown => new("A user, key or feed of it is not there any more."),
        _ => new("There is no such group."),
    };

    static string Cut(string text) => text.Length > 100 ? text[..100] + "…" : text;
}

/// <summary>What is told of a group; null leaves what it is.</summary>
public sealed record AccessGroupInput
{
    /// <summary>Its name.</summary>
    public string? Name { get; init; }

    /// <summary>Names of people.</summary>
    public IReadOnlyList<string>? Accounts { get; init; }

    /// <summary>Numbers of keys.</summary>
    public IReadOnlyList<int>? Keys { get; init; }

    /// <summary>Groups of providers.</summary>
    public IReadOnlyList<GroupClaim>? Claims { get; init; }

    /// <summary>What it may do.</summary>
    public IReadOnlyList<GrantInput>? Grants { get; init; }
}

/// <summary>What a group may do, as it is typed.</summary>
/// <param name="Feed">A feed's name, or a pattern with a star.</param>
/// <param name="Level">What it may do there.</param>
public sealed record GrantInput(string Feed, AccessLevel Level);

/// <summary>Why a group is not kept.</summary>
/// <param name="Text">A sentence for people.</param>
/// <param name="IsClash">Whether it is what somebody else did that stands in the way.</param>
public sealed record AccessGroupProblem(string Text, bool IsClash = false);
