using System.Collections.Concurrent;
using System.Text.Json;
using Deployments.Data.Octopus;

namespace Deployments.Web.Octopus;

/// <summary>
/// Finds out what a deployment did: the deployment, its task's activity log, its release and the packages of its
/// process. Names and releases that many deployments share are kept for ten minutes.
/// </summary>
sealed class OctopusReader(OctopusClient client, TimeProvider time)
{
    const int KeptMax = 20_000;
    const int MachinesAtOnce = 50;

    static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    readonly ConcurrentDictionary<(int ConnectionId, string Path), (DateTimeOffset Until, JsonElement? Json)> kept = [];

    /// <summary>What a deployment did.</summary>
    /// <param name="octopus">The server.</param>
    /// <param name="spaceId">The deployment's space; empty: the server's default one.</param>
    /// <param name="deploymentId">The deployment.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>Null when Octopus does not have it any more.</returns>
    /// <exception cref="OctopusException">It cannot be read, or has not ended yet.</exception>
    /// <exception cref="OctopusBusyException">Octopus wants to be left alone for a while.</exception>
    public async Task<OctopusDeployment?> ReadOrNullAsync(
        OctopusConnection octopus, string spaceId, string deploymentId, CancellationToken ct)
    {
        var space = Space(spaceId);
        var path = $"deployments/{Escape(deploymentId)}";
        if (await client.GetOrNullAsync(octopus, $"{space}/{path}", ct) is not { } deployment)
            return null;
        var taskId = deployment.Text("TaskId") ?? throw new OctopusException("The deployment names no task.");
        var details = await DetailsOrNullAsync(octopus, taskId, ct);
        var task = details?.Child("Task") is { } inside && inside.Time("CompletedTime") is not null
            ? inside
            : await client.GetOrNullAsync(octopus, $"/api/tasks/{Escape(taskId)}", ct)
                ?? throw new OctopusException($"Octopus has no task {taskId} any more.");
        if (task.Time("CompletedTime") is not { } completedAt)
            throw new OctopusException("The deployment has not ended yet.");

        var releaseId = deployment.Text("ReleaseId") ?? throw new OctopusException("The deployment names no release.");
        var release = await KeptAsync(octopus, $"{space}/releases/{Escape(releaseId)}", ct)
            ?? throw new OctopusException($"Octopus has no release {releaseId} any more.");
        var environmentId = deployment.Text("EnvironmentId") ?? "";
        var environment = await NameAsync(octopus, space, "environments", environmentId, ct);
        var tenant = deployment.Text("TenantId") is { } tenantId
            ? await NameAsync(octopus, space, "tenants", tenantId, ct)
            : null;
        var projectId = deployment.Text("ProjectId") ?? "";
        var targets = await TargetsAsync(octopus, space, deployment, ct);
        var steps = new OctopusSteps(
            details, targets, task.Text("State") == "Success",
            tenant is null ? environment : $"{environment} / {tenant}");
        return new OctopusDeployment
        {
            DeploymentId = deploymentId,
            ProjectId = projectId,
            Application = await NameAsync(octopus, space, "projects", projectId, ct),
            Environment = environment,
            EnvironmentId = environmentId,
            Description = $"Release {release.Text("Version")} to {environment}"
                + (tenant is null ? "" : $" for {tenant}"),
            Url = $"{octopus.Url}/app#/{(spaceId.Length > 0 ? Escape(spaceId) + "/" : "")}{path}",
            UserName = deployment.Text("DeployedBy") ?? "Octopus Deploy",
            CompletedAt = completedAt,
            Installs = Installs(release, await TemplateAsync(octopus, space, deployment, releaseId, ct), steps),
        };
    }

    /// <summary>A feed as Octopus describes it; null when it has none of that id.</summary>
    public Task<JsonElement?> FeedOrNullAsync(
        OctopusConnection octopus, string spaceId, string feedId, CancellationToken ct) =>
        KeptAsync(octopus, $"{Space(spaceId)}/feeds/{Escape(feedId)}", ct);

    /// <summary>The beginning of addresses in a space; of the server's default one when it is empty.</summary>
    public static string Space(string spaceId) => spaceId.Length == 0 ? "/api" : $"/api/{Escape(spaceId)}";

    static string Escape(string text) => Uri.EscapeDataString(text);

    // The log's lines are of no use here, only its tree.
    async Task<JsonElement?> DetailsOrNullAsync(OctopusConnection octopus, string taskId, CancellationToken ct)
    {
        try
        {
            return await client.GetOrNullAsync(
                octopus, $"/api/tasks/{Escape(taskId)}/details?verbose=false&tail=1", ct);
        }
        catch (OctopusException exception) when (exception.Status == StatusCodes.Status403Forbidden)
        {
            return null; // the key may not read logs: what is left is the list of machines
        }
    }

    async Task<JsonElement> TemplateAsync(
        OctopusConnection octopus, string space, JsonElement deployment, string releaseId, CancellationToken ct)
    {
        var process = deployment.Text("DeploymentProcessId")
            ?? throw new OctopusException("The deployment names no deployment process.");
        return await KeptAsync(
            octopus, $"{space}/deploymentprocesses/{Escape(process)}/template?releaseId={Escape(releaseId)}", ct)
            ?? throw new OctopusException($"Octopus has no deployment process {process} any more.");
    }

    async Task<OctopusTargets> TargetsAsync(
        OctopusConnection octopus, string space, JsonElement deployment, CancellationToken ct)
    {
        var ids = deployment.Texts("DeployedToMachineIds").Distinct(StringComparer.Ordinal).ToList();
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var chunk in ids.Chunk(MachinesAtOnce))
        {
            var list = string.Join(',', chunk.Select(Escape));
            var found = await KeptAsync(octopus, $"{space}/machines?ids={list}&take={MachinesAtOnce}", ct);
            foreach (var machine in found?.Items("Items") ?? [])
            {
                if (machine.Text("Id") is { } id && machine.Text("Name") is { } name)
                    names[id] = name.Trim();
            }
        }

        return new OctopusTargets(ids, names);
    }

    static List<OctopusInstall> Installs(JsonElement release, JsonElement template, OctopusSteps steps)
    {
        var selected = new Dictionary<(string, string), string>();
        foreach (var package in release.Items("SelectedPackages"))
        {
            if ((package.Text("ActionName") ?? package.Text("StepName")) is { } step
                && package.Text("Version") is { } version)
                selected[(step, package.Text("PackageReferenceName") ?? "")] = version;
        }

        var installs = new List<OctopusInstall>();
        foreach (var package in template.Items("Packages"))
        {
            var step = package.Text("StepName") ?? package.Text("ActionName") ?? "";
            var action = package.Text("ActionName") ?? step;
            if (steps.TargetsOrNull(step, action) is not { Count: > 0 } targets)
                continue;
            var reference = package.Text("PackageReferenceName") ?? "";
            var version = selected.GetValueOrDefault((action, reference))
                ?? selected.GetValueOrDefault((step, reference)) ?? package.Text("FixedVersion") ?? "";
            var feedId = package.Text("FeedId") ?? "";
            var name = package.Text("PackageId") ?? "";
            var isResolvable = !(package.TryGetProperty("IsResolvable", out var said)
                    && said.ValueKind == JsonValueKind.False)
                && feedId.Length > 0 && name.Length > 0
                && !feedId.Contains("#{", StringComparison.Ordinal) && !name.Contains("#{", StringComparison.Ordinal);
            installs.Add(new OctopusInstall(action, reference, feedId, name, version, isResolvable, targets));
        }

        return installs;
    }

    async Task<string> NameAsync(
        OctopusConnection octopus, string space, string kind, string id, CancellationToken ct) =>
        id.Length == 0 ? ""
        : await KeptAsync(octopus, $"{space}/{kind}/{Escape(id)}", ct) is { } found && found.Text("Name") is { } name
            ? name.Trim()
            : id; // deleted since

    async Task<JsonElement?> KeptAsync(OctopusConnection octopus, string path, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        if (kept.TryGetValue((octopus.ConnectionId, path), out var known) && now < known.Until)
            return known.Json;
        var json = await client.GetOrNullAsync(octopus, path, ct);
        if (kept.Count >= KeptMax)
            kept.Clear();
        kept[(octopus.ConnectionId, path)] = (now + Lifetime, json);
        return json;
    }
}

/// <summary>The machines that a deployment went to.</summary>
/// <param name="Ids">Their ids.</param>
/// <param name="Names">By id, the names of those that Octopus still has.</param>
sealed record OctopusTargets(IReadOnlyList<string> Ids, IReadOnlyDictionary<string, string> Names);

/// <summary>Where the steps of a deployment put their packages.</summary>
/// <param name="Details">The task with its activity log; null when that cannot be read.</param>
/// <param name="Machines">The machines of the deployment.</param>
/// <param name="IsSuccess">Whether the task succeeded.</param>
/// <param name="Elsewhere">The target of a step that needs no machine.</param>
sealed record OctopusSteps(JsonElement? Details, OctopusTargets Machines, bool IsSuccess, string Elsewhere)
{
    readonly HashSet<string> names = new(Machines.Names.Values, StringComparer.Ordinal);

    /// <summary>Where an action put its packages; null when nowhere.</summary>
    public IReadOnlyList<string>? TargetsOrNull(string step, string action)
    {
        if (Details is not { } details || !details.Items("ActivityLogs").Any())
        {
            // Without the log, only a task that succeeded tells where it was.
            return !IsSuccess ? null
                : Machines.Ids.Count == 0 ? [Elsewhere]
                : [.. Machines.Ids.Select(id => Machines.Names.GetValueOrDefault(id, id))];
        }

        var found = OctopusActivity.MachinesOrNull(
            details, step, action, names, isOneNameless: Machines.Names.Count < Machines.Ids.Count);
        return found is { Count: 0 } ? [Elsewhere] : found;
    }
}
