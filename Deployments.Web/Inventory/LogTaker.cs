using Deployments.Data.Feeds;
using Deployments.Data.Inventory;
using Deployments.Data.Records;
using Deployments.Data.Removals;
using Deployments.Web.Accounts;
using Deployments.Web.Feeds;
using Deployments.Web.Records;
using Deployments.Web.Removals;

namespace Deployments.Web.Inventory;

/// <summary>
/// Makes records and removals of what package managers logged. Nothing is told twice: neither the same log, nor one
/// that overlaps it, nor what another road told of the same minutes (db/decisions/0020).
/// </summary>
sealed class LogTaker(
    FeedQueries feeds, FeedTypeCatalog types, LogQueries queries, RecordStore records, RemovalStore removals,
    RecordIds ids, TimeProvider time)
{
    const int BatchSize = 1000;

    /// <summary>Takes one.</summary>
    /// <param name="context">The request that brought it.</param>
    /// <param name="caller">Who did.</param>
    /// <param name="request">What was said of it; checked.</param>
    /// <param name="file">The log, from its beginning.</param>
    /// <exception cref="FormatException">
    /// It is no such log, or there is no feed for its packages; the message says why.
    /// </exception>
    public async Task<LogAnswer> TakeAsync(HttpContext context, Caller caller, LogRequest request, Stream file)
    {
        var ct = context.RequestAborted;
        var open = (await feeds.AllAsync(VisibleFeeds.All, ct)).Where(feed => feed.Active
            && caller.CanAdd(feed.FeedId)
            && types.FindOrNull(feed.FeedType)?.PackageType == request.Format.PackageType).ToList();
        if (open.Count == 0)
            throw new FormatException($"There is no feed of {request.Format.PackageType} packages, and a record"
                + " belongs to a package of a feed.");
        var work = new Work(context, caller, request, types[open[0].FeedType], open, Unknown(request, open));
        var batch = new List<LogEntry>(BatchSize);
        var named = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        await foreach (var entry in request.Format.ReadAsync(file, new LogClock(request.Zone), ct))
        {
            if (entry.IsUnfinished)
                work.Answer.Unfinished++;
            else if ((entry.Problem ?? ProblemOrNull(work, entry)) is { } problem)
                work.Answer.Fail(entry.Line, problem);
            else
            {
                // What is known of a package depends on what was done with it before.
                if (batch.Count == BatchSize || !named.Add(entry.Package))
                {
                    await FlushAsync(work, batch, ct);
                    named = [entry.Package];
                }

                batch.Add(entry);
            }
        }

        await FlushAsync(work, batch, ct);
        return work.Answer is { Read: 0, Unfinished: 0, Errors: [var first, ..] }
            ? throw new FormatException(
                $"Nothing in it could be read as {request.Format.Name}: line {first.Line} {first.Reason}.")
            : work.Answer;
    }

    // Where packages go that no feed knows; null: nowhere.
    static Feed? Unknown(LogRequest request, List<Feed> open) =>
        !request.IsAll ? null
        : request.Feed is null ? open is [var only] ? only : throw new FormatException(
            $"feed: name the one for packages that none knows: {string.Join(", ", open.Select(feed => feed.Name))}.")
        : open.Find(feed => feed.AlternateNames.Prepend(feed.Name)
            .Contains(request.Feed, StringComparer.OrdinalIgnoreCase))
        ?? throw new FormatException($"feed: is not a feed of {request.Format.PackageType} packages.");

    async Task FlushAsync(Work work, List<LogEntry> batch, CancellationToken ct)
    {
        var known = await queries.KnownAsync(
            work.Request.Target, work.Request.Format.PackageType, [.. batch.Select(entry => Step(work, entry))],
            [.. work.Feeds.Select(feed => feed.FeedId)], ct);
        var made = new List<NewRecord>();
        var gone = new List<NewRemoval>();
        foreach (var (entry, step) in batch.Zip(known))
        {
            work.Answer.Read++;
            work.Answer.Count(entry.Transaction);
            if (step.IsTold)
                work.Answer.Repeated++;
            else if (entry is { IsAutomatic: true, IsRemoval: false } && !work.Request.IsAutomatic && !step.IsHere)
                work.Answer.Automatic++;
            else if (entry.IsRemoval ? step.FeedId is null : step.FeedId is null && work.Unknown is null)
                work.Answer.Unknown++;
            else if (entry.IsRemoval)
                gone.Add(Removal(work, entry, step.FeedId!.Value));
            else
                made.Add(Record(work, entry, step.FeedId ?? work.Unknown!.FeedId, await ids.NextAsync(ct)));
        }

        batch.Clear();
        foreach (var result in await records.RecordAsync(made, ct))
        {
            if (result.IsDuplicate)
                work.Answer.Repeated++;
            else
                work.Answer.Recorded++;
        }

        foreach (var removal in gone)
        {
            var outcome = (await removals.RemoveAsync(removal, ct)).Outcome;
            work.Answer.Removed += outcome == RemovalOutcome.Removed ? 1 : 0;
            work.Answer.Repeated += outcome == RemovalOutcome.Duplicate ? 1 : 0;
            work.Answer.Unknown += outcome == RemovalOutcome.NeverThere ? 1 : 0;
        }
    }

    string? ProblemOrNull(Work work, LogEntry entry) =>
        entry.Package.Length == 0 ? "names no package"
        : entry.Version.Length == 0 ? $"names no version of {entry.Package}"
        : CoordinateLimits.ProblemOrNull(work.Type, Package(work, entry)) is var (which, problem)
            ? $"{which}: {problem}"
        : DeploymentRules.FirstProblem(Fields(work, entry), time.GetUtcNow()) is var (field, fault)
            ? $"{field}: {fault}"
        : null;

    static PackageCoordinates Package(Work work, LogEntry entry) =>
        work.Type.FromNames("", entry.Package, entry.Version) with
        {
            Qualifier = PackageCoordinates.QualifierOf(("arch", entry.Architecture)),
        };

    static LogStep Step(Work work, LogEntry entry)
    {
        var package = Package(work, entry);
        var keys = work.Type.Normalize(package);
        return new LogStep(keys.Name, keys.Version, package.Qualifier, entry.Transaction.BeganAt, entry.Transaction.At,
            entry.IsRemoval);
    }

    static DeploymentFields Fields(Work work, LogEntry entry) => new()
    {
        Application = work.Request.Format.Application,
        Description = entry.Transaction.Command,
        Target = work.Request.Target,
        UserName = entry.Transaction.User,
        Date = TimeText.Write(entry.Transaction.At),
    };

    NewRecord Record(Work work, LogEntry entry, int feedId, long id) => RecordFactory.ToRecord(
        work.Type,
        RecordEntry.Of(
            Fields(work, entry), Package(work, entry), feedId, work.Caller, work.Context, RecordRoad.Log, id,
            time.GetUtcNow()));

    NewRemoval Removal(Work work, LogEntry entry, int feedId) => RemovalFactory.Make(
        Fields(work, entry), Package(work, entry) with { Version = "" }, work.Type, feedId, work.Caller, work.Context,
        RecordRoad.Log, time.GetUtcNow());

    sealed record Work(
        HttpContext Context, Caller Caller, LogRequest Request, IFeedType Type, IReadOnlyList<Feed> Feeds,
        Feed? Unknown)
    {
        public LogAnswer Answer { get; } = new();
    }
}

/// <summary>What is said of a log beside it.</summary>
/// <param name="Target">The target it is of.</param>
/// <param name="Format">Its format.</param>
/// <param name="Zone">The time zone of its times.</param>
/// <param name="IsAll">Whether packages count that no feed knows.</param>
/// <param name="IsAutomatic">Whether packages count that others needed.</param>
/// <param name="Feed">The feed for packages that none knows; null: the only one.</param>
sealed record LogRequest(
    string Target, ILogFormat Format, TimeZoneInfo Zone, bool IsAll, bool IsAutomatic, string? Feed);
