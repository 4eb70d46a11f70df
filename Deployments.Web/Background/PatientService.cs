namespace Deployments.Web.Background;

/// <summary>
/// Something that runs as long as the program and asks the database: its end does not wait for a database that does
/// not answer.
/// </summary>
/// <remarks>
/// Npgsql cancels a statement by asking the server to, on a connection of its own, and waits for that without a limit,
/// within the call that cancels. The host would wait with it for its whole shutdown timeout, for each in turn.
/// </remarks>
abstract class PatientService : BackgroundService
{
    static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(3);

    /// <inheritdoc/>
    public sealed override async Task StopAsync(CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(StopPatience);
        var end = Task.Run(EndAsync, CancellationToken.None);
        await end.WaitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Writes down what is left when the work has ended; nobody waits long for it.</summary>
    protected virtual Task WriteLastAsync() => Task.CompletedTask;

    async Task EndAsync()
    {
        await base.StopAsync(CancellationToken.None);
        await WriteLastAsync();
    }
}
