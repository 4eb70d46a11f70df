using Microsoft.Extensions.Logging;
using Npgsql;

namespace Deployments.Data.Database;

/// <summary>Hears what other nodes (and triggers) tell through PostgreSQL's NOTIFY.</summary>
/// <param name="database">The database.</param>
/// <param name="logger">For connections lost.</param>
public sealed class DatabaseSignals(NpgsqlDataSource database, ILogger<DatabaseSignals> logger)
{
    static readonly TimeSpan ReconnectPause = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Calls <paramref name="onSignal"/> whenever the channel is notified, after every (re)connection, since a signal
    /// may have been missed meanwhile, and at the latest each <paramref name="interval"/>; also while there is no
    /// connection. Calls do not overlap; signals that arrive during one make one more.
    /// </summary>
    /// <param name="channel">A channel name from this program's own code.</param>
    /// <param name="interval">The longest time without a call.</param>
    /// <param name="onSignal">Handles its own errors.</param>
    /// <param name="ct">Ends the listening; the task then completes.</param>
    public async Task ListenAsync(
        string channel, TimeSpan interval, Func<CancellationToken, Task> onSignal, CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            try
            {
                await using var connection = await database.OpenConnectionAsync(ct);
                await using (var listen = new NpgsqlCommand($"listen {channel}", connection))
                    await listen.ExecuteNonQueryAsync(ct);
                while (true)
                {
                    await onSignal(ct);
                    await connection.WaitAsync(interval, ct);
                }
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
                when (exception is NpgsqlException or TimeoutException or InvalidOperationException)
            {
                logger.LogWarning("Not listening to {Channel} for the moment: {Reason}", channel, exception.Message);
                await Task.Delay(ReconnectPause, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
