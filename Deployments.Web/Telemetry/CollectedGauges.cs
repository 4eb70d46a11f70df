using Deployments.Web.Background;

namespace Deployments.Web.Telemetry;

/// <summary>Where a collector is sent to rather than coming to ask: looks as often as something is sent.</summary>
/// <param name="gauges">What looks.</param>
/// <param name="time">The clock.</param>
/// <param name="pause">The time between two looks.</param>
sealed class CollectedGauges(Gauges gauges, TimeProvider time, TimeSpan pause) : PatientService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(pause, time);
        do
        {
            await gauges.LookAsync(stoppingToken);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }
}
