using Deployments.Data.Figures;

namespace Deployments.Web.Jobs;

/// <summary>Works out when versions came to groups of targets, for the figures.</summary>
/// <param name="arrivals">Does the work.</param>
public sealed class CountArrivalsJob(ArrivalStore arrivals) : IBackgroundJob
{
    /// <summary>Its name in the timetable.</summary>
    public const string Name = "count-arrivals";

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <inheritdoc/>
    public async Task<JobResult> RunAsync(CancellationToken ct) => new(await arrivals.CountAsync(Patience, ct));
}
