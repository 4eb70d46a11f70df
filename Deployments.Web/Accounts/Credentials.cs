using System.Collections.Concurrent;
using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using Deployments.Data.Accounts;
using Deployments.Data.Groups;

namespace Deployments.Web.Accounts;

/// <summary>
/// Checks credentials, and keeps those found right in memory: feeds are asked thousands of times with the same ones,
/// and go on being served while the database is away. What is kept is keyed by hashes, never by the credentials
/// themselves.
/// </summary>
/// <remarks>
/// An entry counts for <see cref="Freshness"/> and is checked again at once when accounts, keys or groups change on any
/// node; while the database is away, for <see cref="Endurance"/>. What groups allow is part of it: no request asks.
/// Only right credentials are kept, so there are at most as many as there are accounts and keys.
/// </remarks>
public sealed class Credentials(
    AccountQueries accounts, ApiKeyQueries apiKeys, AccessGroupQueries groups, Passwords passwords,
    AttemptLimiter attempts, DirectorySignIn directory, TimeProvider time)
{
    /// <summary>How long an entry counts without being checked again.</summary>
    public static readonly TimeSpan Freshness = TimeSpan.FromSeconds(30);

    /// <summary>How long an entry counts while the database is away.</summary>
    public static readonly TimeSpan Endurance = TimeSpan.FromHours(8);

    /// <summary>How long a password counts without its directory being asked again.</summary>
    public static readonly TimeSpan DirectoryFreshness = TimeSpan.FromMinutes(5);

    static readonly TimeSpan DatabasePatience = TimeSpan.FromSeconds(3);
    static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(3);

    const int EntriesMax = 20_000;

    // More than one only while accounts or keys are changed at that moment.
    const int ChecksMax = 3;

    readonly ConcurrentDictionary<string, Entry> entries = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<int, DateTimeOffset> keyUses = new();
    readonly byte[] memoryKey = RandomNumberGenerator.GetBytes(32);
    long changes;
    long triedInVainAt;

    /// <summary>Checks an API key.</summary>
    public async ValueTask<CallerResult> CheckKeyAsync(string key, CancellationToken ct)
    {
        if (key.Length > ApiKeys.LengthMax)
            return new CallerResult.WrongCredentials();
        var hash = ApiKeys.Hash(key);
        var result = await CheckAsync(
            "k" + Convert.ToHexString(hash),
            async stop => (await apiKeys.ByHashesAsync([hash], stop)) is [var found]
                ? EntryOrNull(found, await GrantsAsync(found, stop)) : null,
            ct);
        return Noted(result);
    }

    /// <summary>Checks a name and a password, as often as <see cref="AttemptLimiter"/> allows.</summary>
    /// <param name="name">The account's name, in any case.</param>
    /// <param name="password">The password.</param>
    /// <param name="source">By what attempts are counted: an address, or a device that is known.</param>
    /// <param name="ct">Cancels.</param>
    /// <param name="fromTool">
    /// Whether a tool sends them, again and again: then they are remembered, and a personal key of that account does
    /// instead of the password. Never where somebody signs in to the pages.
    /// </param>
    public async ValueTask<CallerResult> CheckPasswordAsync(
        string name, string password, string? source, CancellationToken ct, bool fromTool = false)
    {
        // Keyed, so that a dump of this process's memory holds nothing that could be tried offline without its key.
        var memory = !fromTool ? null : "p" + Convert.ToHexString(
            HMACSHA256.HashData(memoryKey, Encoding.UTF8.GetBytes($"{name.Length}:{name}{password}")));
        if (FreshOrNull(memory) is { } fresh)
            return Noted(fresh);
        if (attempts.BeginOrWait(source, name) is { } wait)
            return new CallerResult.TooManyAttempts(wait);
        // What no account is called: the database would refuse the question, which says nothing of the database.
        if (name.Contains('\0', StringComparison.Ordinal))
            return new CallerResult.WrongCredentials();

        Account? account = null;
        var result = await CheckAsync(
            memory,
            async stop =>
            {
                if (fromTool && await OwnKeyOrNullAsync(name, password, stop) is { } own)
                    return own;
                account = await accounts.ByNameOrNullAsync(name, stop);
                return passwords.Check(account, password) ? await EntryOfAsync(account!, stop) : null;
            },
            ct);
        // Who has a password here is never asked of the directory, which would be told what was typed.
        if (result is CallerResult.WrongCredentials && directory.IsSet && account is not { HasPassword: true })
            result = await CheckDirectoryAsync(memory, name, password, ct);
        if (result is CallerResult.Known)
            attempts.Succeed(source, name);
        else if (result is CallerResult.CannotTell)
            attempts.TakeBack(source, name);
        return Noted(result);
    }

    /// <summary>
    /// Checks that a session begun earlier still counts: the account is active and has the same stamp.
    /// </summary>
    public ValueTask<CallerResult> CheckSessionAsync(int accountId, Guid securityStamp, CancellationToken ct) =>
        CheckAsync(
            $"s{accountId}:{securityStamp:N}",
            async stop => await accounts.ByIdsAsync([accountId], stop) is [{ Active: true } account]
                && account.SecurityStamp == securityStamp
                    ? await EntryOfAsync(account, stop)
                    : null,
            ct);

    /// <summary>Checks every entry anew. Called when accounts or keys change, and every half minute.</summary>
    /// <exception cref="DbException">The database is away; entries stay as they are.</exception>
    public async Task RefreshAsync(CancellationToken ct)
    {
        Interlocked.Increment(ref changes);
        var known = entries.ToArray();
        var keys = (await apiKeys.ByHashesAsync(
            [.. known.Select(pair => pair.Value.KeyHash).OfType<byte[]>()], ct)).ToDictionary(key => key.ApiKeyId);
        var people = (await accounts.ByIdsAsync(
            [.. known.Select(pair => pair.Value.AccountId).OfType<int>().Distinct()], ct))
            .ToDictionary(row => row.AccountId);
        var grants = await groups.GrantsAsync(
            [.. people.Keys.Concat(keys.Values.Select(key => key.Account?.AccountId).OfType<int>()).Distinct()],
            [.. keys.Keys], ct);
        foreach (var (memory, old) in known)
        {
            var now = old.KeyHash is not null
                ? keys.TryGetValue(old.Caller.ApiKeyId!.Value, out var key) ? EntryOrNull(key, grants) : null
                : people.TryGetValue(old.AccountId!.Value, out var account) && account.Active
                    && account.SecurityStamp == old.Stamp
                        ? EntryOf(account, grants) with { ExpiresAt = old.ExpiresAt } : null;
            if (now is null || now.ExpiresAt <= time.GetUtcNow())
                entries.TryRemove(memory, out _);
            else
                entries.TryUpdate(memory, now, old);
        }
    }

    /// <summary>Hands over which keys were used since the last call, and when.</summary>
    public IReadOnlyDictionary<int, DateTimeOffset> TakeKeyUses()
    {
        var taken = new Dictionary<int, DateTimeOffset>();
        foreach (var id in keyUses.Keys)
        {
            if (keyUses.TryRemove(id, out var at))
                taken[id] = at;
        }

        return taken;
    }

    async Task<CallerResult> CheckDirectoryAsync(string? memory, string name, string password, CancellationToken ct)
    {
        try
        {
            var changesBefore = Interlocked.Read(ref changes);
            var said = await directory.CheckAsync(name, password, ct);
            if (said.Account is not { } account)
                return said.IsAway ? new CallerResult.CannotTell() : new CallerResult.WrongCredentials();
            var entry = await EntryOfAsync(account, ct) with { ExpiresAt = time.GetUtcNow() + DirectoryFreshness };
            if (memory is not null && Interlocked.Read(ref changes) == changesBefore && entries.Count < EntriesMax)
                entries[memory] = entry;
            return new CallerResult.Known(entry.Caller);
        }
        catch (Exception exception) when (exception is DbException or TimeoutException)
        {
            return new CallerResult.CannotTell();
        }
    }

    async Task<Entry?> OwnKeyOrNullAsync(string name, string key, CancellationToken ct) =>
        ApiKeys.CanBe(key) && await apiKeys.ByHashesAsync([ApiKeys.Hash(key)], ct) is [{ Account: { } owner } found]
        && owner.Name.Equals(name, StringComparison.OrdinalIgnoreCase)
            ? EntryOrNull(found, await GrantsAsync(found, ct))
            : null;

    async Task<Entry> EntryOfAsync(Account account, CancellationToken ct) =>
        EntryOf(account, await groups.GrantsAsync([account.AccountId], [], ct));

    Task<FeedGrants> GrantsAsync(ApiKey key, CancellationToken ct) =>
        groups.GrantsAsync(key.Account is { } owner ? [owner.AccountId] : [], [key.ApiKeyId], ct);

    CallerResult Noted(CallerResult result)
    {
        if (result is CallerResult.Known { Caller.ApiKeyId: { } id })
            keyUses[id] = time.GetUtcNow();
        return result;
    }

    async ValueTask<CallerResult> CheckAsync(
        string? memory, Func<CancellationToken, Task<Entry?>> check, CancellationToken ct)
    {
        if (FreshOrNull(memory) is { } fresh)
            return fresh;
        if (Interlocked.Read(ref triedInVainAt) is not 0 and var failedAt
            && time.GetElapsedTime(failedAt) < PauseAfterFailure)
            return EnduringOrCannotTell(memory);

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(DatabasePatience);
        try
        {
            Entry? found;
            long changesBefore;
            var checks = 0;
            do
            {
                // What was read while a change was announced may be what was before it, and is not kept.
                changesBefore = Interlocked.Read(ref changes);
                found = await check(patience.Token);
            }
            while (found is not null && Interlocked.Read(ref changes) != changesBefore && ++checks < ChecksMax);

            Interlocked.Exchange(ref triedInVainAt, 0);
            if (found is null)
            {
                if (memory is not null)
                    entries.TryRemove(memory, out _);
                return new CallerResult.WrongCredentials();
            }

            if (memory is not null && Interlocked.Read(ref changes) == changesBefore && entries.Count < EntriesMax)
                entries[memory] = found;
            return new CallerResult.Known(found.Caller);
        }
        catch (Exception exception) when (exception is DbException or TimeoutException
            || (exception is OperationCanceledException && !ct.IsCancellationRequested))
        {
            Interlocked.Exchange(ref triedInVainAt, time.GetTimestamp());
            return EnduringOrCannotTell(memory);
        }
    }

    CallerResult.Known? FreshOrNull(string? memory) =>
        memory is not null && entries.TryGetValue(memory, out var entry) && Counts(entry, Freshness)
            ? new CallerResult.Known(entry.Caller)
            : null;

    CallerResult EnduringOrCannotTell(string? memory) =>
        memory is not null && entries.TryGetValue(memory, out var entry) && Counts(entry, Endurance)
            ? new CallerResult.Known(entry.Caller)
            : new CallerResult.CannotTell();

    bool Counts(Entry entry, TimeSpan span) =>
        time.GetElapsedTime(entry.CheckedAt) < span && (entry.ExpiresAt is null || entry.ExpiresAt > time.GetUtcNow());

    Entry EntryOf(Account account, FeedGrants grants)
    {
        var own = Caller.PermissionsOf(account.Role);
        var caller = new Caller(account.Name, own)
        {
            AccountName = account.Name,
            Rights = grants.OfAccount(account.AccountId, own),
        };
        return new(caller, null, account.AccountId, account.SecurityStamp, null, time.GetTimestamp());
    }

    Entry? EntryOrNull(ApiKey key, FeedGrants grants)
    {
        if (key.RevokedAt is not null || key.ExpiresAt <= time.GetUtcNow() || key.Account is { Active: false })
            return null;
        var permissions = key.Permissions.HasFlag(Permissions.Manage) ? Permissions.All : key.Permissions;
        var rights = key.Account is { } person
            ? grants.OfAccount(person.AccountId, Caller.PermissionsOf(person.Role), within: permissions)
            : grants.OfKey(key.ApiKeyId, permissions, key.FeedId);
        var name = key.DisplayName.Length > 0 ? $"API key \"{key.DisplayName}\"" : $"API key #{key.ApiKeyId}";
        if (key.Account is { } owner)
        {
            permissions &= Caller.PermissionsOf(owner.Role);
            name += $" of {owner.Name}"; // several people call theirs alike
        }

        var caller = new Caller(name, permissions, key.FeedId)
        {
            Rights = rights,
            ApiKeyId = key.ApiKeyId,
            AccountName = key.Account?.Name,
            Policy = key.Policy,
        };
        return new Entry(caller, key.KeyHash, null, default, key.ExpiresAt, time.GetTimestamp());
    }

    sealed record Entry(
        Caller Caller, byte[]? KeyHash, int? AccountId, Guid Stamp, DateTimeOffset? ExpiresAt, long CheckedAt);
}
