using Deployments.Data.Feeds;
using Deployments.Data.Inventory;
using Deployments.Data.Records;
using Deployments.Data.Vulnerabilities;

namespace Deployments.Web.Pages;

/// <summary>
/// The figures of the dashboard, kept for a while: a month of a busy server is counted once for all who see the same,
/// and never twice at the same time. Nobody waits for a count while there is one that is not too old: the page says of
/// when its figures are.
/// </summary>
public sealed class DashboardCache(
    DashboardQueries queries, VulnerabilityQueries vulnerabilities, DriftQueries drift, TimeProvider time)
    : IDisposable
{
    /// <summary>How many days the figures are of.</summary>
    public const int Days = 30;

    /// <summary>How old figures may be before they are counted again.</summary>
    public static readonly TimeSpan AgeMax = TimeSpan.FromSeconds(30);

    /// <summary>How old figures may be that are shown while they are counted again.</summary>
    public static readonly TimeSpan StaleMax = TimeSpan.FromMinutes(5);

    const int Busiest = 8;

    readonly Lock changing = new();
    readonly SemaphoreSlim gate = new(1, 1);
    readonly CancellationTokenSource stopping = new();
    readonly Dictionary<string, CountedFigures> kept = [];
    readonly Dictionary<string, Task<CountedFigures>> counts = [];

    /// <summary>The figures of what the reader sees, and when they were counted.</summary>
    public async Task<CountedFigures> GetAsync(VisibleFeeds visible, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(visible);
        Task<CountedFigures>? count;
        lock (changing)
        {
            var now = time.GetUtcNow();
            foreach (var (key, figures) in kept)
            {
                if (now - figures.At > StaleMax || now < figures.At)
                    kept.Remove(key);
            }

            var old = kept.GetValueOrDefault(visible.Key);
            if (old is not null && now - old.At <= AgeMax)
                return old;
            if (!counts.TryGetValue(visible.Key, out count))
                counts[visible.Key] = count = Task.Run(() => CountAsync(visible), CancellationToken.None);
            if (old is not null)
                return old;
        }

        return await count.WaitAsync(ct);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        stopping.Cancel();
        stopping.Dispose();
        gate.Dispose();
    }

    async Task<CountedFigures> CountAsync(VisibleFeeds visible)
    {
        var ct = stopping.Token;
        try
        {
            await gate.WaitAsync(ct);
            try
            {
                var now = time.GetUtcNow();
                var figures = await queries.FiguresAsync(
                    DateOnly.FromDateTime(now.UtcDateTime), Days, Busiest, visible, ct);
                var counted = new CountedFigures(
                    figures, await vulnerabilities.RunningAsync(visible, ct),
                    await vulnerabilities.TargetsSeenOnlyAsync(visible, ct),
                    await drift.CountsAsync(null, visible, ct), now);
                lock (changing)
                    kept[visible.Key] = counted;
                return counted;
            }
            finally
            {
                gate.Release();
            }
        }
        finally
        {
            lock (changing)
                counts.Remove(visible.Key);
        }
    }
}

/// <summary>Figures as they were at a time.</summary>
/// <param name="Figures">The figures.</param>
/// <param name="Running">What of it runs with known vulnerabilities: all together, then by severity.</param>
/// <param name="SeenOnly">On how many targets a vulnerable version was seen that nobody recorded.</param>
/// <param name="Drift">How many differences are open, of each kind that there is.</param>
/// <param name="At">When they were counted.</param>
public sealed record CountedFigures(
    DashboardFigures Figures, IReadOnlyList<RunningVulnerabilities> Running, long SeenOnly,
    IReadOnlyDictionary<DriftKind, long> Drift, DateTimeOffset At);
