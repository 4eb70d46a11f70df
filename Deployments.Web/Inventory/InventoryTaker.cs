using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Deployments.Data.Accounts;
using Deployments.Data.Feeds;
using Deployments.Data.Inventory;
using Deployments.Web.Accounts;
using Deployments.Web.Feeds;
using Deployments.Web.Records;
using Deployments.Web.Removals;

namespace Deployments.Web.Inventory;

/// <summary>
/// Takes inventories: recognises what one is, reads it package by package and hands them to the store. What was read
/// before and is the same is only confirmed.
/// </summary>
sealed class InventoryTaker(
    InventoryFormats formats, FeedTypeCatalog types, FeedQueries feeds, InventoryStore store, DriftQueries drift,
    CallerFeeds callerFeeds, TimeProvider time)
{
    /// <summary>Most entries of one inventory.</summary>
    public const int EntriesMax = 2_000_000;

    // Raise it when the same document comes to other packages than before: then it is read once more.
    const int Reading = 1;

    const int HeadBytes = 64 << 10;
    const int ErrorsListedMax = 100; // all are counted

    /// <summary>Takes one.</summary>
    /// <param name="context">The request that brought it.</param>
    /// <param name="caller">Who did.</param>
    /// <param name="request">What was said of it; checked.</param>
    /// <param name="file">The document, from its beginning.</param>
    /// <param name="contentHash">Its SHA-256.</param>
    /// <exception cref="FormatException">It is no inventory; the message says why.</exception>
    public async Task<InventoryAnswer> TakeAsync(
        HttpContext context, Caller caller, InventoryRequest request, Stream file, byte[] contentHash)
    {
        var ct = context.RequestAborted;
        var (input, format) = await RecogniseAsync(file, request.Format, ct);
        var covers = request.Covers ?? format.Covers;
        var inventory = new NewInventory
        {
            Target = request.Target,
            Scope = request.Scope ?? format.Name,
            Covers = covers,
            Format = format.Name,
            At = request.At ?? Microseconds(time.GetUtcNow()),
            ReceivedAt = time.GetUtcNow(),
            Recorder = caller.Name,
            ClientAddress = RemovalFactory.AddressOf(context),
            ContentHash = SHA256.HashData(
                [.. contentHash, .. Encoding.UTF8.GetBytes($"{Reading} {format.Name} {string.Join(' ', covers)}")]),
            Bytes = file.Length,
        };
        if (await store.KnownOrNullAsync(inventory, ct) is { } known)
        {
            inventory = inventory with { Packages = known.Packages, Ignored = known.Ignored };
            if (await store.ConfirmOrNullAsync(inventory, ct) is { } confirmed)
                return await AnswerAsync(caller, inventory, confirmed, [], ct);
        }

        await using var intake = await store.BeginAsync(ct);
        (inventory, var errors) = await ReadAsync(inventory, format, input, intake, ct);
        if (inventory.Packages == 0 && errors is [var first, ..])
            throw new FormatException(
                $"Nothing in it could be read as {format.Name}: line {first.Line} {first.Reason}.");
        return await AnswerAsync(caller, inventory, await intake.TakeAsync(inventory, ct), errors, ct);
    }

    async Task<(NewInventory Read, List<InventoryError> Errors)> ReadAsync(
        NewInventory inventory, IInventoryFormat format, Stream input, InventoryIntake intake, CancellationToken ct)
    {
        var names = new InventoryNames(types, (await feeds.AllAsync(VisibleFeeds.All, ct))
            .Where(feed => feed.FeedType == "docker").SelectMany(feed => feed.AlternateNames.Prepend(feed.Name))
            .ToHashSet(StringComparer.OrdinalIgnoreCase));
        var (packages, ignored, failed, line) = (0, 0, 0, 0L);
        var errors = new List<InventoryError>();
        try
        {
            await foreach (var entry in format.ReadAsync(input, names, ct))
            {
                line = entry.Line;
                if (packages + ignored + failed >= EntriesMax)
                    throw new FormatException($"It has more than {EntriesMax} entries.");
                if (entry.Problem is null && entry.Package is null)
                    ignored++;
                else if ((entry.Problem ?? ProblemOrNull(inventory.Target, entry)) is { } problem)
                    Fail(entry.Line, problem);
                else
                {
                    packages++;
                    await intake.AddAsync(
                        Seen(entry.Place is null ? null : $"{inventory.Target}/{entry.Place}", entry.Type!,
                            entry.Package!), ct);
                }
            }
        }
        catch (JsonException exception)
        {
            Fail(line + 1, $"the JSON ends here or is damaged; the rest was not read. {exception.Message}");
        }

        return (inventory with { Packages = packages, Ignored = ignored, Errors = failed }, errors);

        void Fail(long at, string problem)
        {
            failed++;
            if (errors.Count < ErrorsListedMax)
                errors.Add(new InventoryError(at, problem));
        }
    }

    async Task<InventoryAnswer> AnswerAsync(
        Caller caller, NewInventory inventory, InventoryResult result, IReadOnlyList<InventoryError> errors,
        CancellationToken ct)
    {
        var theirs = await callerFeeds.OfAsync(caller, Permissions.Add, ct);
        return new(inventory, result, await drift.OfScopeAsync(result.ScopeId, theirs, ct), errors);
    }

    async Task<(Stream Input, IInventoryFormat Format)> RecogniseAsync(
        Stream file, IInventoryFormat? format, CancellationToken ct)
    {
        var head = new byte[HeadBytes];
        var length = await file.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, ct);
        file.Position = 0;
        // What Windows PowerShell writes into a file.
        var isUtf16 = head is [0xFF, 0xFE, ..];
        var text = (isUtf16 ? Encoding.Unicode : Encoding.UTF8).GetString(head, 0, length);
        if (string.IsNullOrWhiteSpace(text.TrimStart('\ufeff')))
            throw new FormatException("The inventory is empty: nothing is taken for gone because of that.");
        return (
            isUtf16 ? Encoding.CreateTranscodingStream(file, Encoding.Unicode, Encoding.UTF8) : file,
            format ?? formats.RecognisedOrNull(text) ?? throw new FormatException(
                $"What this is was not recognised; format= names one of {formats.Names}."));
    }

    static string? ProblemOrNull(string target, InventoryEntry entry) =>
        CoordinateLimits.ProblemOrNull(entry.Type!, entry.Package!) is var (which, problem)
            ? $"{which}: {problem}"
            : entry.Place is not null && DeploymentRules.NameProblem($"{target}/{entry.Place}") is { } place
                ? $"Target: {place}"
                : null;

    /// <summary>A package, identified as its ecosystem does.</summary>
    /// <param name="target">Where it is; null: on the inventory's own target.</param>
    /// <param name="type">Its type.</param>
    /// <param name="package">Its name and version.</param>
    public static SeenPackage Seen(string? target, IFeedType type, PackageCoordinates package)
    {
        var keys = type.Normalize(package);
        return new SeenPackage
        {
            Target = target,
            PackageType = type.PackageType,
            GroupName = package.Group,
            Name = package.Name,
            Version = package.Version,
            Qualifier = package.Qualifier,
            GroupKey = keys.Group,
            NameKey = keys.Name,
            VersionKey = keys.Version,
            VersionSortKey = type.VersionOrder.SortKey(package.Version),
        };
    }

    // What PostgreSQL keeps of a time.
    static DateTimeOffset Microseconds(DateTimeOffset at) => at.AddTicks(-(at.Ticks % TimeSpan.TicksPerMicrosecond));
}

/// <summary>What is said of an inventory beside it.</summary>
/// <param name="Target">The target it is of.</param>
/// <param name="Scope">The part of it; null: what the format says.</param>
/// <param name="At">When the machine looked; null: now.</param>
/// <param name="Format">Its format; null: what it looks like.</param>
/// <param name="Covers">Package URL types it has all of; null: what the format says.</param>
sealed record InventoryRequest(
    string Target, string? Scope, DateTimeOffset? At, IInventoryFormat? Format, IReadOnlyList<string>? Covers);

/// <summary>An entry that could not be read.</summary>
/// <param name="Line">Its line, or its place in the list.</param>
/// <param name="Reason">What is wrong, without its subject.</param>
sealed record InventoryError(long Line, string Reason);

/// <summary>What became of an inventory.</summary>
/// <param name="Inventory">What was read.</param>
/// <param name="Result">Whether it was taken.</param>
/// <param name="Counts">What it came to.</param>
/// <param name="Errors">The first of what could not be read.</param>
sealed record InventoryAnswer(
    NewInventory Inventory, InventoryResult Result, InventoryCounts Counts, IReadOnlyList<InventoryError> Errors);
