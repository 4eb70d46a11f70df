using System.Diagnostics.Metrics;

namespace Deployments.Web.Telemetry;

/// <summary>
/// What the driver of PostgreSQL measures of its pools, under names of ours: the driver calls a pool that has no name
/// by its connection string, which is nothing to tell.
/// </summary>
sealed class PoolListener : IDisposable
{
    const string Count = "db.client.connection.count";
    const string Max = "db.client.connection.max";
    const string PoolTag = "db.client.connection.pool.name";
    const string StateTag = "db.client.connection.state";

    // One more is that of the background jobs.
    static readonly string[] Named = ["main", "exports", "standbys", "standby-exports"];
    const string Unnamed = "jobs";

    readonly MeterListener listener = new();
    readonly Lock gate = new();
    readonly Dictionary<(string Pool, string? State), long> found = [];

    public PoolListener()
    {
        listener.InstrumentPublished = (instrument, me) =>
        {
            if (instrument.Meter.Name == "Npgsql" && instrument.Name is Count or Max)
                me.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Note(instrument, value, tags));
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument, value, tags));
        listener.Start();
    }

    /// <summary>Connections by pool and state (<c>used</c>, <c>idle</c>); without a state the pool's limit.</summary>
    public IReadOnlyList<(string Pool, string? State, long Connections)> Read()
    {
        lock (gate)
        {
            found.Clear();
            listener.RecordObservableInstruments();
            return [.. found.Select(pair => (pair.Key.Pool, pair.Key.State, pair.Value))];
        }
    }

    /// <inheritdoc/>
    public void Dispose() => listener.Dispose();

    void Note(Instrument instrument, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var (pool, state) = (Unnamed, (string?)null);
        foreach (var (name, said) in tags)
        {
            if (name == PoolTag && said is string given && Named.Contains(given))
                pool = given;
            else if (name == StateTag && instrument.Name == Count)
                state = said as string == "used" ? "used" : "idle";
        }

        if (instrument.IsObservable)
            found[(pool, state)] = found.GetValueOrDefault((pool, state)) + value;
    }
}
