using System.Security.Cryptography;
using System.Text;
using Deployments.Data.Accounts;
using Deployments.Data.Audit;
using Deployments.Data.Calendar;
using Deployments.Data.Demo;
using Deployments.Data.Feeds;
using Deployments.Data.Inbox;
using Deployments.Data.Inventory;
using Deployments.Data.Records;
using Deployments.Data.TargetGroups;
using Deployments.Web.Feeds;
using Deployments.Web.Inventory;
using Deployments.Web.Records;
using Deployments.Web.Vulnerabilities;
using FluentValidation;

namespace Deployments.Web.Demo;

/// <summary>
/// Loads the history of an invented company into an empty server, through the doors that everything else takes.
/// </summary>
sealed class DemoLoader(
    FeedTypeCatalog types, FeedQueries feeds, FeedStore feedStore, RecordQueries queries, RecordStore store,
    RecordIds ids, InboxWriter inbox, InventoryStore inventories, AdvisoryImport advisories,
    IValidator<DeploymentFields> validator,
    TargetGroupStore groups, ChangeWindowStore windows, DemoStore progress, KeyRingStore turn, TimeProvider time,
    ILogger<DemoLoader> logger)
{
    /// <summary>How many deployments it loads.</summary>
    public const int Records = 50_000;

    const int BatchRecords = 2500; // some 20 lines of progress

    static readonly Actor By = new("demo", null);

    /// <summary>
    /// Loads the history, unless the server has a feed or a record already: what people rely on is not mixed with what
    /// is invented, and a second start adds nothing. A load that was interrupted goes on.
    /// </summary>
    /// <param name="records">How many deployments; one that goes on has as many as it was begun with.</param>
    /// <param name="ct">Cancels; then the history is loaded in part, until the next start.</param>
    public Task LoadOnceAsync(int records, CancellationToken ct) =>
        turn.OnOneNodeAtATimeAsync(() => LoadAsync(records, ct), ct);

    async Task LoadAsync(int records, CancellationToken ct)
    {
        if (await BeginOrNullAsync(records, ct) is not { } load)
        {
            logger.LogInformation("The server has feeds or records already: the demo adds nothing to them");
            return;
        }

        logger.LogInformation(
            "Loading {Count} invented deployments into {Feeds} feeds", load.Records, types.All.Count);
        var now = load.EndsAt;
        await AddFeedsAsync(ct);
        await groups.ReplaceAsync(DemoFleet.Groups, null, By, ct);
        await windows.ReplaceAsync(DemoFleet.Windows(now), null, By, ct);
        var feedIds = (await feeds.AllAsync(VisibleFeeds.All, ct))
            .Where(feed => feed.Name == FeedName(types[feed.FeedType]))
            .ToDictionary(feed => feed.FeedType, feed => feed.FeedId);
        var plan = new DemoPlan(types.All, now, load.Records).Deployments();
        for (var done = load.Done; done < plan.Count;)
        {
            var batch = new List<NewRecord>(BatchRecords);
            foreach (var deployment in plan.Skip(done).Take(BatchRecords))
                batch.Add(RecordFactory.ToRecord(types[deployment.FeedType], await EntryAsync(deployment)));
            await store.RecordAsync(batch, ct);
            done += batch.Count;
            await progress.NoteAsync(done, ct);
            logger.LogInformation("{Done} of {Count} deployments are loaded", done, plan.Count);
        }

        using var lines = new MemoryStream(
            Encoding.UTF8.GetBytes(string.Join('\n', DemoAdvisories.Of(types, plan, now))));
        await advisories.RunAsync(lines, ct);
        await ObserveAsync(new DemoInventories(types, plan, now), ct);
        await RejectAsync(plan, now, feedIds, ct); // the only step that would do something twice: last, and short
        await progress.EndAsync(time.GetUtcNow(), ct);
        logger.LogInformation("The demo is loaded");

        async Task<InboxEntry> EntryAsync(DemoDeployment deployment) =>
            ToEntry(deployment, await ids.NextAsync(ct), feedIds[deployment.FeedType]);
    }

    // Null: there is nothing to do.
    async Task<DemoProgress?> BeginOrNullAsync(int records, CancellationToken ct)
    {
        if (await progress.FindOrNullAsync(ct) is { } begun)
            return begun.EndedAt is null ? begun : null;
        return (await feeds.AllAsync(VisibleFeeds.All, ct)).Count > 0
            || (await queries.PageAsync(new RecordFilter { Limit = 1 }, VisibleFeeds.All, ct)).Items.Count > 0
            ? null
            : await progress.BeginAsync(time.GetUtcNow(), records, ct);
    }

    async Task AddFeedsAsync(CancellationToken ct)
    {
        var names = (await feeds.AllAsync(VisibleFeeds.All, ct)).Select(feed => feed.Name).ToHashSet();
        foreach (var type in types.All.Where(type => !names.Contains(FeedName(type))))
        {
            var fields = new FeedFields
            {
                Name = FeedName(type),
                FeedType = type.Key,
                Description = $"{type.DisplayName}: what Meridian builds and has approved (invented data)",
            };
            await feedStore.AddAsync(fields, By, ct);
        }
    }

    async Task ObserveAsync(DemoInventories all, CancellationToken ct)
    {
        foreach (var one in all.All())
        {
            await using var intake = await inventories.BeginAsync(ct);
            foreach (var (type, package) in one.Packages)
                await intake.AddAsync(InventoryTaker.Seen(null, type, package), ct);
            await intake.TakeAsync(new NewInventory
            {
                Target = one.Target,
                Scope = DemoInventories.Scope,
                Covers = [],
                Format = "cyclonedx",
                At = one.At,
                ReceivedAt = one.At,
                Recorder = "API key \"inventories\"",
                ContentHash = SHA256.HashData(Encoding.UTF8.GetBytes(string.Join(
                    '\n', one.Packages.Select(package => package.Type.Purl(package.Package))))),
                Bytes = one.Packages.Count * 200L,
                Packages = one.Packages.Count,
            }, ct);
        }
    }

    async Task RejectAsync(
        IReadOnlyList<DemoDeployment> plan, DateTimeOffset now, Dictionary<string, int> feedIds, CancellationToken ct)
    {
        var rejections = DemoRejections.Of(plan, now);
        foreach (var (deployment, headers) in rejections)
        {
            var (fields, problem, raw) = DeploymentHeaders.Read(headers);
            if (problem is null && validator.Validate(fields) is { Errors: [var first, ..] })
                problem = $"{DeploymentHeaders.Prefix}{first.PropertyName} {first.ErrorMessage}";
            var entry = ToEntry(deployment, await ids.NextAsync(ct), feedIds[deployment.FeedType]);
            await inbox.AddAsync(entry with
            {
                Application = "",
                Description = "",
                Target = "",
                Url = null,
                UserName = "",
                Road = RecordRoad.Header,
                RawHeaders = raw,
                Reason = problem,
            });
        }

        // The job that empties the inbox makes rejected records of them.
        logger.LogInformation("{Count} invented records wait to be mended", rejections.Count);
    }

    InboxEntry ToEntry(DemoDeployment deployment, long id, int feedId)
    {
        var type = types[deployment.FeedType];
        var isManual = deployment.Road == RecordRoad.Manual;
        return new InboxEntry
        {
            Id = id,
            ReceivedAt = deployment.At,
            DeployedAt = deployment.At, // given, so that what is loaded again is known again
            FeedId = feedId,
            GroupName = deployment.Package.Group,
            Name = deployment.Package.Name,
            Version = deployment.Package.Version,
            Qualifier = deployment.Package.Qualifier,
            Application = deployment.Tool.Application,
            Description = deployment.Description,
            Target = deployment.Target,
            Url = deployment.Url,
            UserName = deployment.User,
            Recorder = isManual ? deployment.User : deployment.Tool.Recorder,
            ClientAddress = $"192.0.2.{1 + deployment.Target.Sum(letter => letter) % 250}",
            UserAgent = isManual ? "Mozilla/5.0" : deployment.Tool.UserAgent,
            Road = deployment.Road,
            RawPath = $"/{type.Root}/{FeedName(type)}/",
        };
    }

    static string FeedName(IFeedType type) => $"approved-{type.Key}";
}
