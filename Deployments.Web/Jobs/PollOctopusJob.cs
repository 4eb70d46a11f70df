using Deployments.Web.Octopus;

namespace Deployments.Web.Jobs;

/// <summary>Records what Octopus servers have deployed.</summary>
sealed class PollOctopusJob(OctopusPoller poller) : IBackgroundJob
{
    /// <summary>Its name in the timetable.</summary>
    public const string Name = "poll-octopus";

    /// <inheritdoc/>
    public async Task<JobResult> RunAsync(CancellationToken ct) => new(await poller.RunOnceAsync(ct));
}
