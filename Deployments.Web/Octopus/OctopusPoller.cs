using System.Data.Common;
using System.Text.Json;
using Deployments.Data.Database;
using Deployments.Data.Octopus;

namespace Deployments.Web.Octopus;

/// <summary>
/// Keeps up with Octopus servers: lists the tasks that ended since last time, and looks into each deployment once. One
/// node at a time does it for a connection; what it has done is noted after each step, so that another goes on there.
/// </summary>
sealed partial class OctopusPoller(
    OctopusConnectionStore connections, OctopusDeploymentStore deployments, OctopusClient client, OctopusReader reader,
    OctopusRecorder recorder, TimeProvider time, ILogger<OctopusPoller> log)
{
    const int PageSize = 100;
    const int PagesAtOnce = 20;
    const int PageOverlap = 10; // of tasks that Octopus deletes meanwhile, the others move up
    const int TasksMax = 5_000_000;
    const int TroublesInARowMax = 5;

    static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);
    static readonly TimeSpan Overlap = TimeSpan.FromMinutes(10); // clocks differ, and tasks are noted late
    static readonly TimeSpan Round = TimeSpan.FromSeconds(45);
    static readonly TimeSpan RetryMax = TimeSpan.FromHours(6);

    /// <summary>Does what is due, for every connection at the same time.</summary>
    /// <returns>How many deployments were looked into.</returns>
    /// <exception cref="DbException">The database is away; what was not done is done later.</exception>
    public async Task<int> RunOnceAsync(CancellationToken ct)
    {
        var all = await connections.AllAsync(ct);
        return (await Task.WhenAll(all.Where(octopus => !octopus.IsPaused).Select(octopus => RunAsync(octopus, ct))))
            .Sum();
    }

    /// <summary>Does what is due for one connection, for three quarters of a minute at most.</summary>
    public async Task<int> RunAsync(OctopusConnection octopus, CancellationToken ct)
    {
        await using var turn = await connections.TakeTurnOrNullAsync(octopus.ConnectionId, ct);
        if (turn is null || octopus.NotBefore > time.GetUtcNow())
            return 0;
        var done = 0;
        try
        {
            if (octopus.PolledAt is null || time.GetUtcNow() - octopus.PolledAt >= Interval)
                await ListAsync(octopus, ct);
            done = await ResolveAsync(octopus, ct);
            await connections.NoteOutcomeAsync(octopus.ConnectionId, "", time.GetUtcNow(), ct);
        }
        catch (OctopusBusyException busy)
        {
            await connections.NoteBusyAsync(octopus.ConnectionId, busy.Until, ct);
        }
        catch (OctopusException exception)
        {
            LogFailure(octopus.Name, exception.Message);
            await connections.NoteOutcomeAsync(octopus.ConnectionId, exception.Message, time.GetUtcNow(), ct);
        }

        return done;
    }

    /// <summary>The spaces that count; one without an id on servers that have none.</summary>
    public async Task<IReadOnlyList<(string Id, string Name)>> SpacesAsync(
        OctopusConnection octopus, CancellationToken ct)
    {
        if (await client.GetOrNullAsync(octopus, "/api/spaces/all", ct) is not { ValueKind: JsonValueKind.Array } all)
            return [("", "Default")];
        var spaces = all.EnumerateArray()
            .Select(space => (Id: space.Text("Id") ?? "", Name: space.Text("Name") ?? space.Text("Id") ?? ""))
            .Where(space => space.Id.Length > 0)
            .Where(space => octopus.Spaces.Length == 0
                || octopus.Spaces.Contains(space.Id, StringComparer.OrdinalIgnoreCase)
                || octopus.Spaces.Contains(space.Name, StringComparer.OrdinalIgnoreCase))
            .ToList();
        return spaces.Count > 0
            ? spaces
            : throw new OctopusException(
                "The API key sees none of the spaces that the connection names.", isAboutServer: true);
    }

    /// <summary>A page of the tasks that deployed something and have ended, in the server's order.</summary>
    public async Task<JsonElement> TasksAsync(
        OctopusConnection octopus, string spaceId, DateTimeOffset from, int skip, int take, CancellationToken ct) =>
        await client.GetOrNullAsync(
            octopus,
            $"{OctopusReader.Space(spaceId)}/tasks?name=Deploy&states=Success,Failed,Canceled,TimedOut"
            + $"&fromCompletedDate={Uri.EscapeDataString(from.UtcDateTime.ToString("O"))}&skip={skip}&take={take}", ct)
        ?? throw new OctopusException("Octopus has no list of tasks at this address.", isAboutServer: true);

    async Task ListAsync(OctopusConnection octopus, CancellationToken ct)
    {
        var known = (await deployments.SpacesAsync(octopus.ConnectionId, ct)).ToDictionary(space => space.SpaceId);
        foreach (var (id, name) in await SpacesAsync(octopus, ct))
        {
            var space = known.GetValueOrDefault(id) ?? new OctopusSpace
            {
                ConnectionId = octopus.ConnectionId,
                SpaceId = id,
                Name = name,
                CompletedUntil = octopus.FromAt + Overlap,
            };
            if (!await ListAsync(octopus, space with { Name = name }, ct))
                return; // goes on in the next round
        }

        await connections.NotePolledAsync(octopus.ConnectionId, time.GetUtcNow(), ct);
    }

    /// <summary>Lists a space from where it was left.</summary>
    /// <returns>Whether it was listed to its end.</returns>
    async Task<bool> ListAsync(OctopusConnection octopus, OctopusSpace space, CancellationToken ct)
    {
        for (var page = 0; page < PagesAtOnce; page++)
        {
            var began = space.ListingBeganAt ?? time.GetUtcNow();
            var json = await TasksAsync(
                octopus, space.SpaceId, space.CompletedUntil - Overlap, space.ListingSkip, PageSize, ct);
            var tasks = json.Items("Items").ToList();
            var found = tasks.Select(task => task.Child("Arguments")?.Text("DeploymentId")).OfType<string>()
                .Where(OctopusEvent.IsId).ToHashSet(StringComparer.Ordinal);
            var newest = tasks.Select(task => task.Time("CompletedTime")).Append(space.ListingNewest).Max();
            var total = json.Number("TotalResults");
            var read = space.ListingSkip + tasks.Count;
            if (read > TasksMax)
                throw new OctopusException($"Octopus lists more than {TasksMax:N0} tasks; begin at a later day.", true);
            var isEnd = tasks.Count == 0 || read >= total;
            // What ended while the pages were read may have been missed: the next listing begins before.
            var until = newest < began ? newest.Value : began;
            space = isEnd
                ? space with
                {
                    CompletedUntil = newest is not null && until > space.CompletedUntil ? until : space.CompletedUntil,
                    ListingBeganAt = null,
                    ListingNewest = null,
                    ListingSkip = 0,
                    ListingTotal = total,
                }
                : space with
                {
                    ListingBeganAt = began,
                    ListingNewest = newest,
                    ListingSkip = tasks.Count > PageOverlap ? read - PageOverlap : read,
                    ListingTotal = total,
                };
            await deployments.NotePageAsync(space, found, time.GetUtcNow(), ct);
            if (isEnd)
                return true;
        }

        return false;
    }

    async Task<int> ResolveAsync(OctopusConnection octopus, CancellationToken ct)
    {
        var began = time.GetTimestamp();
        var (done, troubles) = (0, 0);
        while (time.GetElapsedTime(began) < Round
            && await deployments.NextOrNullAsync(octopus.ConnectionId, time.GetUtcNow(), ct) is { } next)
        {
            try
            {
                await ResolveAsync(octopus, next, ct);
                (done, troubles) = (done + 1, 0);
            }
            // Errors of its own are the server's trouble when they come in a row; else it is this deployment's.
            catch (OctopusException exception) when (!exception.IsAboutServer
                && (exception.Status is null or < 500 || ++troubles < TroublesInARowMax))
            {
                await PostponeAsync(octopus, next, exception.Message, ct);
            }
            catch (DbException exception) when (DatabaseFaults.IsAboutTheData(exception))
            {
                await PostponeAsync(octopus, next, $"It cannot be stored: {exception.Message}", ct);
            }
        }

        return done;
    }

    async Task ResolveAsync(OctopusConnection octopus, OctopusWaiting next, CancellationToken ct)
    {
        var deployment = await reader.ReadOrNullAsync(octopus, next.SpaceId, next.DeploymentId, ct);
        var outcome = deployment is null
            ? new OctopusOutcome([], [], "Octopus does not have it any more.")
            : await recorder.InterpretAsync(octopus, next.SpaceId, deployment, ct);
        await deployments.CompleteAsync(octopus.ConnectionId, next.DeploymentId, outcome, time.GetUtcNow(), ct);
    }

    Task PostponeAsync(OctopusConnection octopus, OctopusWaiting next, string why, CancellationToken ct)
    {
        var wait = Interval * Math.Pow(2, Math.Min(next.Attempts, 12));
        return deployments.PostponeAsync(
            octopus.ConnectionId, next.DeploymentId, time.GetUtcNow() + (wait > RetryMax ? RetryMax : wait), why, ct);
    }

    [LoggerMessage(LogLevel.Warning, "The Octopus connection {Name} fails: {Reason}")]
    partial void LogFailure(string name, string reason);
}
