using Deployments.Web.Feeds;

namespace Deployments.Web.Demo;

/// <summary>
/// What the invented servers send of themselves: mostly what was deployed, and here and there something else. Pure.
/// </summary>
/// <param name="types">The feed types.</param>
/// <param name="plan">The deployments, oldest first.</param>
/// <param name="now">The end of the history.</param>
sealed class DemoInventories(FeedTypeCatalog types, IReadOnlyList<DemoDeployment> plan, DateTimeOffset now)
{
    /// <summary>The part of a server that they are of.</summary>
    public const string Scope = "packages";

    static readonly TimeSpan Before = TimeSpan.FromDays(40);

    /// <summary>The inventories of each server, older ones first.</summary>
    public IEnumerable<DemoInventory> All()
    {
        var servers = DemoFleet.Servers.Where(server => server.Environment is "production" or "staging")
            .Select(server => server.Name).ToList();
        foreach (var (i, server) in servers.Index())
        {
            yield return new DemoInventory(server, now - Before, [.. Running(server, now - Before).Values]);
            // One server in nine has stopped to send any.
            if (i % 9 != 8)
                yield return new DemoInventory(server, now.AddMinutes(-23 - i), Changed(i, server));
        }
    }

    List<DemoPackage> Changed(int i, string server)
    {
        var running = Running(server, now.AddHours(-1));
        var packages = running.Values.ToList();
        // Somebody went back by hand.
        if (i % 4 == 1 && plan.LastOrDefault(one => one.Target == server && running.TryGetValue(KeyOf(one), out var has)
            && has.Package.Version != one.Package.Version) is { } old)
        {
            packages.Remove(running[KeyOf(old)]);
            packages.Add(new DemoPackage(types[old.FeedType], old.Package));
        }

        // Something was taken away.
        if (i % 5 == 2 && packages.Count > 3)
            packages.RemoveAt(i % 3);
        // Something came from elsewhere.
        if (i % 3 == 0 && plan.LastOrDefault(one => !running.ContainsKey(KeyOf(one))) is { } stray)
            packages.Add(new DemoPackage(types[stray.FeedType], stray.Package));
        return packages;
    }

    Dictionary<string, DemoPackage> Running(string server, DateTimeOffset at)
    {
        var running = new Dictionary<string, DemoPackage>(StringComparer.Ordinal);
        foreach (var deployment in plan.Where(one => one.Target == server && one.At <= at))
            running[KeyOf(deployment)] = new DemoPackage(types[deployment.FeedType], deployment.Package);
        return running;
    }

    static string KeyOf(DemoDeployment one) => $"{one.FeedType} {one.Package.Group}/{one.Package.Name}";
}

/// <summary>What a server sent.</summary>
/// <param name="Target">The server.</param>
/// <param name="At">When it looked.</param>
/// <param name="Packages">What was there.</param>
sealed record DemoInventory(string Target, DateTimeOffset At, IReadOnlyList<DemoPackage> Packages);

/// <summary>A package on a server.</summary>
/// <param name="Type">Its type.</param>
/// <param name="Package">Its name and version.</param>
sealed record DemoPackage(IFeedType Type, PackageCoordinates Package);
