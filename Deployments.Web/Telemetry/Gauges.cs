using System.Diagnostics.Metrics;
using Deployments.Data.Inbox;
using Deployments.Data.Telemetry;
using Deployments.Web.Gateway;

namespace Deployments.Web.Telemetry;

/// <summary>
/// How things stand on this node at the moment that somebody looks: the inbox, the journal, the cache, the pools of
/// connections. What only the database knows is asked by <see cref="LookAsync"/> before.
/// </summary>
sealed class Gauges : IDisposable
{
    const string Pool = "deployments.pool.name";
    const string State = "deployments.pool.state";
    static readonly TimeSpan DatabasePatience = TimeSpan.FromSeconds(2);

    // A meter is known by its name and version too: this one lives as long as the program that it tells of.
    readonly Meter meter;
    readonly PoolListener pools = new();
    readonly InboxStore inbox;
    readonly TimeProvider time;
    Look? last;

    public Gauges(InboxStore inbox, Journal journal, ConnectorCache cache, TimeProvider time)
    {
        (this.inbox, this.time) = (inbox, time);
        meter = new Meter(Measures.MeterName, version: null, tags: null, scope: this);
        Observe("deployments.database.reachable", "1", "Whether the database answered the last look: 1 or 0.",
            () => last is { } look ? [new(look.IsReachable ? 1 : 0)] : []);
        Observe("deployments.inbox.entries", "{entry}", "Tagged downloads that wait to become records.",
            () => last is { IsReachable: true } look ? [new(look.Entries)] : []);
        Observe("deployments.inbox.age", "s", "How long the oldest of them has waited; 0 when none waits.",
            () => last is { IsReachable: true } look ? [new(look.AgeSeconds)] : []);
        Observe("deployments.journal.size", "By", "What waits on this node's disk for the database to return.",
            () => [new(journal.WaitingBytes)]);
        Observe("deployments.journal.refused.size", "By", "What the database refused and a person should look at.",
            () => [new(journal.RefusedBytes)]);
        Observe("deployments.cache.size", "By", "Package files that are kept from connectors on this node.",
            () => [new(cache.Bytes)]);
        Observe("deployments.cache.limit", "By", "How much of them may be kept; 0: nothing.",
            () => [new(cache.BytesMax)]);
        Observe("deployments.database.connections", "{connection}", "Connections to the database, by pool and state.",
            () => pools.Read().Where(one => one.State is not null).Select(one => new Measurement<long>(
                one.Connections, new(Pool, one.Pool), new(State, one.State))));
        Observe("deployments.database.connections.limit", "{connection}", "How many connections a pool may have.",
            () => pools.Read().Where(one => one.State is null).Select(one => new Measurement<long>(
                one.Connections, new KeyValuePair<string, object?>(Pool, one.Pool))));
    }

    /// <summary>Asks the database, not for long, what the next observation is to tell.</summary>
    public async Task LookAsync(CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(DatabasePatience);
        try
        {
            var entries = await inbox.CountAsync(patience.Token);
            var age = entries == 0 ? null : time.GetUtcNow() - await inbox.OldestAtAsync(patience.Token);
            last = new Look(true, entries, Math.Max(0, (long)(age?.TotalSeconds ?? 0)));
        }
        catch (Exception) when (!ct.IsCancellationRequested) // whatever it is: this must not end what is watched
        {
            last = new Look(false, 0, 0);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        meter.Dispose();
        pools.Dispose();
    }

    void Observe(string name, string unit, string meaning, Func<IEnumerable<Measurement<long>>> read) =>
        meter.CreateObservableGauge(name, read, unit, meaning);

    sealed record Look(bool IsReachable, long Entries, long AgeSeconds);
}
