using Deployments.Data.Accounts;
using Deployments.Data.Audit;
using Deployments.Data.Groups;

namespace Deployments.Web.Accounts;

/// <summary>Who makes a request, and what they may do.</summary>
/// <param name="Name">
/// For display and for records: an account's name, <c>API key "ci"</c>, or <c>Anonymous</c>. No account can be called
/// like one of the latter two.
/// </param>
/// <param name="Permissions">
/// What the caller may do: on the feeds it may do it on, unless <see cref="Rights"/> say otherwise of one.
/// </param>
/// <param name="FeedId">The only feed the caller may do it on; null: every feed.</param>
public sealed record Caller(string Name, Permissions Permissions, int? FeedId = null)
{
    /// <summary>What callers without credentials are called.</summary>
    public const string AnonymousName = "Anonymous";

    /// <summary>The account, or the owner of a personal key; null for other keys and for nobody.</summary>
    public string? AccountName { get; init; }

    /// <summary>The number of the API key; null for people.</summary>
    public int? ApiKeyId { get; init; }

    /// <summary>
    /// How downloads with the caller's key are recorded that say nothing themselves; null: they are not.
    /// </summary>
    public RecordingPolicy? Policy { get; init; }

    /// <summary>The feeds on which groups, or that there are none, make it something else.</summary>
    public FeedRights Rights { get; init; } = FeedRights.None;

    /// <summary>No credentials were given. Given but wrong ones never make a caller.</summary>
    public bool IsAnonymous => AccountName is null && ApiKeyId is null;

    /// <summary>
    /// May download from that feed, or (<paramref name="feedId"/> null) read pages and the read API: of the feeds that
    /// are seen.
    /// </summary>
    public bool CanView(int? feedId = null) => Can(Permissions.View, feedId);

    /// <summary>May upload to that feed and record deployments.</summary>
    public bool CanAdd(int? feedId = null) => Can(Permissions.Add, feedId);

    /// <summary>May remove packages from that feed.</summary>
    public bool CanDelete(int? feedId = null) => Can(Permissions.Delete, feedId);

    /// <summary>May administer that feed, or (<paramref name="feedId"/> null) the server.</summary>
    public bool CanManage(int? feedId = null) => Can(Permissions.Manage, feedId);

    /// <summary>
    /// May change the settings of that feed: who manages feeds, and people and keys of a group that manages this one.
    /// </summary>
    public bool CanChange(int feedId) => Can(Permissions.Feeds) || (FeedId is null && CanManage(feedId));

    /// <summary>
    /// May do something to one feed, or (<paramref name="feedId"/> null) what concerns no single one.
    /// </summary>
    public bool Can(Permissions permission, int? feedId = null) =>
        (FeedId is null || FeedId == feedId)
        && ((feedId is { } one ? Rights.On(one, Permissions) : Permissions) & permission) == permission;

    /// <summary>May do something to every feed there is, and so may know which there are.</summary>
    public bool CanEverywhere(Permissions permission) => Can(permission) && Rights.All(permission);

    /// <summary>May do something to some feed, though there may be none.</summary>
    public bool CanSomewhere(Permissions permission) =>
        FeedId is null ? Can(permission) || Rights.Any(permission) : Can(permission, FeedId);

    /// <summary>The caller as the audit log names it.</summary>
    public Actor ActorFor(HttpContext context) => new(Name, ClientAddress(context));

    /// <summary>The client's network address as people write it; null when there is no network.</summary>
    public static string? ClientAddress(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } address
            ? (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString()
            : null;

    internal static Permissions PermissionsOf(AccountRole role) => role switch
    {
        AccountRole.Administrator => Permissions.All,
        AccountRole.Publisher => Permissions.View | Permissions.Add,
        _ => Permissions.View,
    };
}

/// <summary>What a request's credentials came to.</summary>
public abstract record CallerResult
{
    CallerResult()
    {
    }

    /// <summary>It is known who calls; anonymous where no credentials were given.</summary>
    /// <param name="Caller">Who.</param>
    public sealed record Known(Caller Caller) : CallerResult;

    /// <summary>
    /// Credentials were given, and they are unknown, expired or revoked. Never to be treated as none.
    /// </summary>
    public sealed record WrongCredentials : CallerResult;

    /// <summary>The database is away, and these credentials were not seen lately. Answer 503.</summary>
    public sealed record CannotTell : CallerResult;

    /// <summary>Too many wrong passwords for this name from this address. Answer 429.</summary>
    /// <param name="RetryAfter">How long to wait.</param>
    public sealed record TooManyAttempts(TimeSpan RetryAfter) : CallerResult;
}
