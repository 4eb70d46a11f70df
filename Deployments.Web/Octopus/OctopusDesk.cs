using System.Diagnostics;
using Deployments.Data.Audit;
using Deployments.Data.Octopus;

namespace Deployments.Web.Octopus;

/// <summary>What administrators do with connections to Octopus servers, on the pages and through the API.</summary>
public sealed class OctopusDesk
{
    const int DryRunDeployments = 10;
    const int ReplayBatch = 500;

    static readonly TimeSpan DryRunPatience = TimeSpan.FromSeconds(40);

    readonly OctopusConnectionStore connections;
    readonly OctopusMappingStore mappings;
    readonly OctopusClient client;
    readonly OctopusPoller poller;
    readonly OctopusReader reader;
    readonly OctopusRecorder recorder;
    readonly OctopusSecrets secrets;
    readonly TimeProvider time;

    // Pages are public and may know this class; its parts are not, and they may not know them.
    internal OctopusDesk(
        OctopusConnectionStore connections, OctopusMappingStore mappings, OctopusClient client, OctopusPoller poller,
        OctopusReader reader, OctopusRecorder recorder, OctopusSecrets secrets, TimeProvider time) =>
        (this.connections, this.mappings, this.client, this.poller, this.reader, this.recorder, this.secrets,
            this.time) = (connections, mappings, client, poller, reader, recorder, secrets, time);

    /// <summary>The header in which a subscription of Octopus sends its secret.</summary>
    public const string SecretHeader = "X-Octopus-Secret";

    /// <summary>Makes a connection.</summary>
    /// <param name="input">What is said of it; valid.</param>
    /// <param name="ownHost">Host and port under which the administrator reached this server.</param>
    /// <param name="by">Who does it.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>False when another has the name.</returns>
    public Task<bool> AddAsync(OctopusInput input, string ownHost, Actor by, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(input);
        return connections.AddAsync(
            new OctopusFields
            {
                Name = input.Name,
                Url = input.Url.TrimEnd('/'),
                ApiKeyEncrypted = secrets.ProtectKey(input.ApiKey),
                SecretEncrypted = secrets.ProtectSecret(OctopusSecrets.NewSecret()),
                OwnHost = ownHost,
                Spaces = [.. input.Spaces],
                Environments = [.. input.Environments],
                FromAt = input.From ?? time.GetUtcNow(),
            }, by, ct);
    }

    /// <summary>
    /// Asks the server step by step for what recording needs, and tells what its last deployments would become.
    /// Nothing is recorded.
    /// </summary>
    public async Task<OctopusCheck> CheckAsync(OctopusConnection octopus, CancellationToken ct)
    {
        var steps = new List<OctopusCheckStep>();
        var lines = new List<OctopusDryRun>();
        var began = Stopwatch.GetTimestamp();
        try
        {
            var spaces = await poller.SpacesAsync(octopus, ct);
            steps.Add(new(true, $"It lets us in and shows {string.Join(", ", spaces.Select(space => space.Name))}."));
            foreach (var (id, name) in spaces)
            {
                var tasks = await poller.TasksAsync(octopus, id, octopus.FromAt, 0, DryRunDeployments, ct);
                steps.Add(new(true, $"In {name} it shows {tasks.Number("TotalResults"):N0} deployments since "
                    + $"{octopus.FromAt.UtcDateTime:yyyy-MM-dd}."));
                foreach (var task in tasks.Items("Items"))
                {
                    if (lines.Count >= DryRunDeployments || Stopwatch.GetElapsedTime(began) > DryRunPatience)
                        break;
                    if (task.Child("Arguments")?.Text("DeploymentId") is { } deploymentId)
                        lines.Add(await TryAsync(octopus, id, deploymentId, ct));
                }
            }
        }
        catch (OctopusException exception)
        {
            steps.Add(new(false, exception.Message));
        }
        catch (OctopusBusyException busy)
        {
            steps.Add(new(false, $"It is asked too often just now; it wants us back at {busy.Until:HH:mm:ss} UTC."));
        }

        return new OctopusCheck(steps, lines);
    }

    /// <summary>Has the server tell us of deployments at once, by a subscription for each space.</summary>
    /// <param name="octopus">The server.</param>
    /// <param name="address">Where this server takes its events.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>Why it did not work, for people; null when it did.</returns>
    public async Task<string?> SubscribeAsync(OctopusConnection octopus, string address, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(octopus);
        if (secrets.SecretOrNull(octopus.SecretEncrypted) is not { } secret)
            return "The stored secret cannot be read any more; make the connection again.";
        try
        {
            foreach (var (id, _) in await poller.SpacesAsync(octopus, ct))
            {
                var path = $"{OctopusReader.Space(id)}/subscriptions";
                var made = await client.PostAsync(octopus, path, Subscription(id, address, secret), ct);
                if (made is null)
                    return "Octopus knows no subscriptions; they need version 3.5 or later.";
            }

            return null;
        }
        catch (OctopusException exception)
        {
            return exception.Message;
        }
        catch (OctopusBusyException)
        {
            return "Octopus is asked too often just now. Try again in a minute.";
        }
    }

    /// <summary>What a subscription must send, for those who make it by hand; null when it is lost.</summary>
    public string? SecretOrNull(OctopusConnection octopus)
    {
        ArgumentNullException.ThrowIfNull(octopus);
        return secrets.SecretOrNull(octopus.SecretEncrypted);
    }

    /// <summary>Records what was set aside and can be recorded now.</summary>
    /// <returns>How many packages were recorded.</returns>
    public async Task<int> ReplayAsync(OctopusConnection octopus, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(octopus);
        var (total, after) = (0, 0L);
        while (await mappings.SetAsideAsync(octopus.ConnectionId, after, ReplayBatch, ct) is { Count: > 0 } batch)
        {
            total += await mappings.ReplayAsync(
                [.. batch.Select(one => one.SetAsideId)],
                one => recorder.ReplayOrNullAsync(octopus, one, ct), ct);
            after = batch[^1].SetAsideId;
        }

        return total;
    }

    async Task<OctopusDryRun> TryAsync(
        OctopusConnection octopus, string spaceId, string deploymentId, CancellationToken ct)
    {
        try
        {
            return await reader.ReadOrNullAsync(octopus, spaceId, deploymentId, ct) is { } deployment
                ? new OctopusDryRun(deploymentId, deployment, null)
                : new OctopusDryRun(deploymentId, null, "Octopus does not have it any more.");
        }
        catch (OctopusException exception) when (!exception.IsAboutServer)
        {
            return new OctopusDryRun(deploymentId, null, exception.Message);
        }
    }

    // Shape: octopus.com/docs, REST API, subscriptions.
    static object Subscription(string spaceId, string address, string secret) => new
    {
        Name = "Deployments",
        SpaceId = spaceId,
        IsDisabled = false,
        EventNotificationSubscription = new
        {
            WebhookURI = address,
            WebhookTimeout = "00:00:30",
            WebhookHeaderKey = SecretHeader,
            WebhookHeaderValue = new
            {
                IsSensitive = true,
                SensitiveValue = new { HasValue = true, NewValue = secret },
            },
            Filter = new
            {
                EventCategories = new[] { "DeploymentSucceeded", "DeploymentFailed" },
                DocumentTypes = new[] { "Deployments" },
            },
        },
    };
}

/// <summary>What came of asking a server.</summary>
/// <param name="Steps">What was asked and how that went, in order.</param>
/// <param name="Deployments">Its last deployments and what they would become.</param>
public sealed record OctopusCheck(IReadOnlyList<OctopusCheckStep> Steps, IReadOnlyList<OctopusDryRun> Deployments);

/// <summary>One thing that was asked.</summary>
/// <param name="IsOk">Whether it works.</param>
/// <param name="Text">How it went, for people.</param>
public sealed record OctopusCheckStep(bool IsOk, string Text);

/// <summary>What a deployment would become.</summary>
/// <param name="DeploymentId">Such as <c>Deployments-11</c>.</param>
/// <param name="Deployment">What Octopus says of it; null when it cannot be read.</param>
/// <param name="Problem">Why it cannot; null when it can.</param>
public sealed record OctopusDryRun(string DeploymentId, OctopusDeployment? Deployment, string? Problem);
