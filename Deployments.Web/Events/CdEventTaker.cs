using Deployments.Data.Events;
using Deployments.Data.Feeds;
using Deployments.Data.Inbox;
using Deployments.Data.Packages;
using Deployments.Data.Records;
using Deployments.Data.Removals;
using Deployments.Web.Accounts;
using Deployments.Web.Feeds;
using Deployments.Web.Records;
using Deployments.Web.Removals;

namespace Deployments.Web.Events;

/// <summary>
/// Makes of CDEvents what they say: a service that was deployed, upgraded or rolled back is a record, one that was
/// removed a removal. Whatever is answered is durable.
/// </summary>
sealed class CdEventTaker(
    FeedQueries feeds, FeedTypeCatalog types, CdEventQueries queries, CdEventStore store, RecordIds ids,
    TimeProvider time)
{
    const int PurlLengthMax = 2000;
    const string Artifact = "subject.content.artifactId";

    /// <summary>The feeds that a caller may record in, of those that a request means.</summary>
    /// <param name="caller">Who sends the events.</param>
    /// <param name="name">The feed that the request names; empty: any.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<IReadOnlyList<Feed>> FeedsAsync(Caller caller, string name, CancellationToken ct) =>
        [.. (await feeds.AllAsync(VisibleFeeds.All, ct)).Where(feed => feed.Active && caller.CanAdd(feed.FeedId)
            && (name.Length == 0
                || feed.AlternateNames.Prepend(feed.Name).Contains(name, StringComparer.OrdinalIgnoreCase)))];

    /// <summary>Takes one event.</summary>
    /// <param name="context">The request that brought it.</param>
    /// <param name="caller">Who sent it.</param>
    /// <param name="open">What <see cref="FeedsAsync"/> gave.</param>
    /// <param name="event">The event.</param>
    public async Task<CdEventAnswer> TakeAsync(
        HttpContext context, Caller caller, IReadOnlyList<Feed> open, CdEvent @event)
    {
        if (@event.Predicate is not { } predicate)
            return CdEventAnswer.Ignored($"{@event.Type} does not say what runs where: only"
                + " dev.cdevents.service.deployed, upgraded, rolledback and removed (0.x) do.");
        if (predicate == CdPredicate.Removed && @event.ArtifactId is null)
            return await RemoveServiceAsync(context, caller, open, @event);

        PackageUrlParts purl;
        try
        {
            purl = PackageUrlParts.Parse(@event.ArtifactId is not { Length: > 0 } text
                ? throw new FormatException("is missing")
                : text.Length > PurlLengthMax
                    ? throw new FormatException($"is longer than {PurlLengthMax} characters")
                : text);
        }
        catch (FormatException exception)
        {
            return CdEventAnswer.Failed($"{Artifact}: {exception.Message}");
        }

        var candidates = open.Where(feed => types.FindOrNull(feed.FeedType)?.PackageType == purl.PackageType).ToList();
        if (candidates.Count == 0)
            return CdEventAnswer.Failed(
                $"{Artifact}: there is no feed of packages of the type {purl.Type} in which {caller.Name} may record",
                StatusCodes.Status404NotFound);
        var type = types.FindOrNull(candidates[0].FeedType)!;
        var package = purl.PackageOf(type);
        if (CoordinateLimits.ProblemOrNull(type, package) is var (which, problem))
            return CdEventAnswer.Failed($"{Artifact}: {which} {problem}");
        var feed = await FeedOrNullAsync(type, package, candidates, context.RequestAborted);
        return predicate == CdPredicate.Removed
            ? await RemoveAsync(context, caller, type, package, feed, @event)
            : await RecordAsync(context, caller, type, package, feed, candidates, @event);
    }

    async Task<Feed?> FeedOrNullAsync(
        IFeedType type, PackageCoordinates package, List<Feed> candidates, CancellationToken ct)
    {
        if (candidates is [var only])
            return only;
        var keys = type.Normalize(package);
        var known = await queries.FeedOfPackageOrNullAsync(
            new PackageKey(type.PackageType, keys.Group, keys.Name),
            [.. candidates.Select(feed => feed.FeedId)], ct);
        return candidates.Find(feed => feed.FeedId == known);
    }

    async Task<CdEventAnswer> RecordAsync(
        HttpContext context, Caller caller, IFeedType type, PackageCoordinates package, Feed? feed,
        List<Feed> candidates, CdEvent @event)
    {
        var fields = FieldsOf(@event);
        var now = time.GetUtcNow();
        var problem = ProblemOrNull(fields, now)
            ?? (package.Version.Length == 0 ? $"{Artifact}: names no version" : null)
            ?? (feed is null
                ? $"Which feed? None of {string.Join(", ", candidates.Select(one => one.Name))} knows the package yet;"
                    + " an event may name one: ?feed=NAME."
                : null);
        var entry = new InboxRow
        {
            Id = await ids.NextAsync(context.RequestAborted),
            ReceivedAt = now,
            FeedId = (feed ?? candidates[0]).FeedId,
            FeedType = (feed ?? candidates[0]).FeedType,
            GroupName = package.Group,
            Name = package.Name,
            Version = package.Version,
            Qualifier = package.Qualifier,
            Application = fields.Application ?? "",
            Description = fields.Description ?? "",
            Target = fields.Target ?? "",
            UserName = caller.AccountName ?? caller.Name,
            DeployedAt = problem is null ? fields.DeployedAt : null,
            Recorder = caller.Name,
            ClientAddress = Caller.ClientAddress(context),
            UserAgent = RecordEntry.UserAgentOf(context.Request),
            Road = RecordRoad.Cdevents,
            RawPath = context.Request.Path,
        };
        return problem is null
            ? Answer(await store.RecordAsync(
                Taken(@event, now), RecordFactory.ToRecord(type, entry), context.RequestAborted), fields)
            : Answer(await store.SetAsideAsync(
                Taken(@event, now), new InboxVerdict(entry, null, DeploymentHeaders.Write(fields), problem),
                context.RequestAborted), fields) with
            { Reason = problem };
    }

    async Task<CdEventAnswer> RemoveAsync(
        HttpContext context, Caller caller, IFeedType type, PackageCoordinates package, Feed? feed, CdEvent @event)
    {
        var fields = FieldsOf(@event);
        var now = time.GetUtcNow();
        if (ProblemOrNull(fields, now) is { } problem)
            return CdEventAnswer.Failed(problem);
        var name = RecordText.FullName(package.Group, package.Name);
        if (feed is null)
            return CdEventAnswer.Failed(
                $"{Artifact}: nothing of {name} was ever deployed through a feed in which {caller.Name} may record",
                StatusCodes.Status404NotFound);
        var removal = RemovalFactory.Make(
            fields, package, type, feed.FeedId, caller, context, RecordRoad.Cdevents, now);
        return Answer(await store.RemoveAsync(Taken(@event, now), [removal], context.RequestAborted), fields,
            $"{name} {package.Version} did not run there then".Replace("  ", " ", StringComparison.Ordinal));
    }

    // The event of a removal names the service only: what that service's own events had brought there is what goes.
    async Task<CdEventAnswer> RemoveServiceAsync(
        HttpContext context, Caller caller, IReadOnlyList<Feed> open, CdEvent @event)
    {
        var fields = FieldsOf(@event);
        var now = time.GetUtcNow();
        if (ProblemOrNull(fields, now) is { } problem)
            return CdEventAnswer.Failed(problem);
        var removals = (await queries.PackagesAsync(@event.Service, fields.Target!, context.RequestAborted))
            .Where(package => open.Any(feed => feed.FeedId == package.FeedId))
            .Select(package => new NewRemoval
            {
                FeedId = package.FeedId,
                Package = new PackageKey(package.Type, package.GroupKey, package.NameKey),
                Target = fields.Target!,
                Application = fields.Application!,
                Description = fields.Description!,
                UserName = caller.AccountName ?? caller.Name,
                RemovedAt = fields.DeployedAt,
                RecordedAt = now,
                Recorder = caller.Name,
                ClientAddress = RemovalFactory.AddressOf(context),
                Road = RecordRoad.Cdevents,
            }).ToList();
        return Answer(await store.RemoveAsync(Taken(@event, now), removals, context.RequestAborted), fields,
            $"subject.id: no event tells what the service {@event.Service.Id} had deployed to {fields.Target}");
    }

    static CdEventAnswer Answer(CdEventResult result, DeploymentFields fields, string? nothing = null)
    {
        var url = result.Outcome == CdEventOutcome.Removed
            ? RecordText.TargetLink(fields.Target ?? "")
            : $"/deployments/{result.DeploymentId}";
        return result switch
        {
            { Outcome: CdEventOutcome.Nothing } => CdEventAnswer.Failed(nothing!, StatusCodes.Status404NotFound),
            { IsDuplicate: true } => new CdEventAnswer("duplicate", null, url),
            { Outcome: CdEventOutcome.Recorded } => new CdEventAnswer("recorded", null, url),
            { Outcome: CdEventOutcome.Removed } => new CdEventAnswer("removed", null, url),
            _ => new CdEventAnswer("setAside", null, url),
        };
    }

    static NewCdEvent Taken(CdEvent @event, DateTimeOffset now) => new()
    {
        Source = @event.Source,
        Id = @event.Id,
        Type = @event.Type,
        Service = @event.Service,
        ReceivedAt = now,
    };

    static DeploymentFields FieldsOf(CdEvent @event) => new DeploymentFields
    {
        Application = @event.Source,
        Description = @event.Service.Id + @event.Predicate switch
        {
            CdPredicate.Deployed => " deployed",
            CdPredicate.Upgraded => " upgraded",
            CdPredicate.RolledBack => " rolled back",
            _ => " removed",
        },
        Target = @event.Environment,
        Date = @event.Timestamp,
    }.Trimmed();

    // By the names that the sender knows.
    static string? ProblemOrNull(DeploymentFields fields, DateTimeOffset now) =>
        fields.Date is null ? "context.timestamp: is missing"
        : DeploymentRules.FirstProblem(fields, now) is not var (field, problem) ? null
        : field switch
        {
            nameof(fields.Application) => $"context.source: {problem}",
            nameof(fields.Description) => $"subject.id: {problem}",
            nameof(fields.Target) => $"subject.content.environment.id: {problem}",
            _ => $"context.timestamp: {problem}",
        };
}
