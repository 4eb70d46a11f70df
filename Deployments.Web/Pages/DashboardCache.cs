using Deployments.Data.Feeds;
using Deployments.Data.Inventory;
using Deployments.Data.Records;
using Deployments.Data.Vulnerabilities;

namespace Deployments.Web.Pages;

/// <summary>
/// The figures of the dashboard, kept for a while: a month of a busy server is counted once for all who see the same,
/// and never twice at the same time.
/// </summary>
public sealed class DashboardCache(
    DashboardQueries queries, VulnerabilityQueries vulnerabilities, DriftQueries drift, TimeProvider time)
    : IDisposable
{
    /// <summary>How many days the figures are of.</summary>
    public const int Days = 30;

    /// <summary>How old figures may be.</summary>
    public static readonly TimeSpan AgeMax = TimeSpan.FromSeconds(30);

    const int Busiest = 8;

    readonly SemaphoreSlim gate = new(1, 1);
    readonly Dictionary<string, CountedFigures> kept = [];

    /// <summary>The figures of what the reader sees, and when they were counted.</summary>
    public async Task<CountedFigures> GetAsync(VisibleFeeds visible, CancellationToken ct)
    {
        await gate.WaitAsync(ct);
        try
        {
            var now = time.GetUtcNow();
            foreach (var (key, old) in kept)
            {
                if (now - old.At > AgeMax || now < old.At)
                    kept.Remove(key);
            }

            if (!kept.TryGetValue(visible.Key, out var counted))
            {
                var figures = await queries.FiguresAsync(
                    DateOnly.FromDateTime(now.UtcDateTime), Days, Busiest, visible, ct);
                counted = new CountedFigures(
                    figures, await vulnerabilities.RunningAsync(visible, ct),
                    await vulnerabilities.TargetsSeenOnlyAsync(visible, ct),
                    await drift.CountsAsync(null, visible, ct), now);
                kept.Add(visible.Key, counted);
            }

            return counted;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => gate.Dispose();
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
