using Deployments.Data.Inbox;
using Deployments.Data.Octopus;
using Deployments.Data.Records;
using Deployments.Web.Feeds;
using Deployments.Web.Records;

namespace Deployments.Web.Octopus;

/// <summary>Makes records of what a deployment did, and sets aside what cannot be recorded, with the reason.</summary>
sealed class OctopusRecorder(
    OctopusFeeds feeds, OctopusMappingStore mappings, FeedTypeCatalog types, RecordIds ids, TimeProvider time)
{
    /// <summary>What becomes of a deployment.</summary>
    public async Task<OctopusOutcome> InterpretAsync(
        OctopusConnection octopus, string spaceId, OctopusDeployment deployment, CancellationToken ct)
    {
        if (octopus.Environments.Length > 0 && !octopus.Environments.Any(name =>
            string.Equals(name, deployment.Environment, StringComparison.OrdinalIgnoreCase)
            || string.Equals(name, deployment.EnvironmentId, StringComparison.OrdinalIgnoreCase)))
            return new OctopusOutcome([], [], $"The environment {deployment.Environment} does not count.");
        if (deployment.Installs.Count == 0)
            return new OctopusOutcome([], [], "It put no package anywhere.");

        var records = new List<NewRecord>();
        var setAside = new List<OctopusSetAside>();
        foreach (var install in deployment.Installs)
        {
            var said = Said(octopus, deployment, install);
            var (made, reason) = await TryRecordAsync(octopus, spaceId, said, install.IsResolvable, ct);
            if (made is not null)
                records.AddRange(made);
            else
                setAside.Add(said with { Reason = reason });
        }

        return new OctopusOutcome(records, setAside);
    }

    /// <summary>The records of what was set aside, by what administrators have said since; null: still none.</summary>
    public async Task<IReadOnlyList<NewRecord>?> ReplayOrNullAsync(
        OctopusConnection octopus, OctopusSetAside said, CancellationToken ct)
    {
        var chosen = (await mappings.FeedsAsync(octopus.ConnectionId, ct)).FirstOrDefault(
            feed => feed.OctopusFeedId == said.OctopusFeedId && feed is { IsChosen: true, OurType: not null });
        var isVariable = said.Package.Contains("#{", StringComparison.Ordinal) || said.Package.Length == 0;
        return await PackageOrNullAsync(octopus, said, ct) is { } named
                ? (await MakeAsync(octopus, said, named.FeedId, named.OurType, named.Package, ct)).Records
            : chosen is not null && !isVariable
                ? (await MakeAsync(octopus, said, chosen.FeedId!.Value, chosen.OurType!, said.Package, ct)).Records
            : null;
    }

    async Task<(IReadOnlyList<NewRecord>? Records, string Reason)> TryRecordAsync(
        OctopusConnection octopus, string spaceId, OctopusSetAside said, bool isResolvable, CancellationToken ct)
    {
        if (said.Version.Length == 0)
            return (null, "Octopus names no version.");
        if (await PackageOrNullAsync(octopus, said, ct) is { } named)
            return await MakeAsync(octopus, said, named.FeedId, named.OurType, named.Package, ct);
        if (!isResolvable)
            return (null, "Octopus takes feed or package from a variable; say which package the step deploys.");
        return await feeds.FindOrNullAsync(octopus, spaceId, said.OctopusFeedId, ct) is { } feed
            ? await MakeAsync(octopus, said, feed.FeedId!.Value, feed.OurType!, said.Package, ct)
            : (null, $"Octopus has no feed {said.OctopusFeedId} any more; say which of our feeds it was.");
    }

    async Task<OctopusPackage?> PackageOrNullAsync(
        OctopusConnection octopus, OctopusSetAside said, CancellationToken ct) =>
        (await mappings.PackagesAsync(octopus.ConnectionId, ct)).FirstOrDefault(package =>
            package.ProjectId == said.ProjectId && package.Action == said.Action
            && package.Reference == said.Reference);

    async Task<(IReadOnlyList<NewRecord>? Records, string Reason)> MakeAsync(
        OctopusConnection octopus, OctopusSetAside said, int feedId, string feedType, string name, CancellationToken ct)
    {
        if (types.FindOrNull(feedType) is not { } type)
            return (null, $"This version of the program has no feed type '{feedType}'.");
        var package = type.FromNames("", name, said.Version);
        if (CoordinateLimits.ProblemOrNull(type, package) is var (which, problem))
            return (null, $"{which} {problem}.");
        var records = new List<NewRecord>();
        foreach (var target in said.Targets)
        {
            var fields = new DeploymentFields
            {
                Application = said.Application,
                Description = said.Description,
                Target = target,
                Url = said.Url,
                UserName = said.UserName,
                Date = TimeText.Write(said.DeployedAt),
            };
            if (DeploymentRules.FirstProblem(fields, time.GetUtcNow()) is var (field, fault))
                return (null, $"{field} {fault}.");
            records.Add(RecordFactory.ToRecord(type, new InboxEntry
            {
                Id = await ids.NextAsync(ct),
                ReceivedAt = said.ReceivedAt,
                FeedId = feedId,
                GroupName = package.Group,
                Name = package.Name,
                Version = package.Version,
                Qualifier = package.Qualifier,
                Application = said.Application,
                Description = said.Description,
                Target = target,
                Url = said.Url,
                UserName = said.UserName,
                DeployedAt = said.DeployedAt,
                Recorder = $"Octopus connection “{octopus.Name}”",
                Road = RecordRoad.Octopus,
                RawPath = "",
            }));
        }

        return (records, "");
    }

    OctopusSetAside Said(OctopusConnection octopus, OctopusDeployment deployment, OctopusInstall install) => new()
    {
        ConnectionId = octopus.ConnectionId,
        DeploymentId = deployment.DeploymentId,
        ProjectId = deployment.ProjectId,
        Action = install.Action,
        Reference = install.Reference,
        OctopusFeedId = install.FeedId,
        Package = install.Package,
        Version = install.Version,
        Targets = [.. install.Targets],
        Application = deployment.Application,
        Description = deployment.Description,
        Url = deployment.Url,
        UserName = deployment.UserName,
        DeployedAt = deployment.CompletedAt,
        ReceivedAt = time.GetUtcNow(),
    };
}
