using System.Data.Common;
using Deployments.Data.Accounts;
using Deployments.Data.Database;
using Deployments.Web.Background;

namespace Deployments.Web.Accounts;

/// <summary>Checks remembered credentials anew when accounts or keys change on any node.</summary>
sealed class CredentialsRefresh(
    Credentials credentials, DatabaseSignals notifications, ILogger<CredentialsRefresh> logger)
    : PatientService
{
    // A little before an entry would have to be checked by the request that needs it.
    static readonly TimeSpan Interval = Credentials.Freshness * 0.8;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        notifications.ListenAsync("accounts_changed", Interval, RefreshAsync, stoppingToken);

    async Task RefreshAsync(CancellationToken ct)
    {
        try
        {
            await credentials.RefreshAsync(ct);
        }
        catch (Exception exception) when (exception is DbException or TimeoutException)
        {
            logger.LogWarning("Credentials cannot be checked anew: {Reason}", exception.Message);
        }
    }
}

/// <summary>Writes down when keys were last used: once a minute for all of them, no request waits for it.</summary>
sealed class KeyUseWriter(Credentials credentials, ApiKeyStore apiKeys, TimeProvider time, ILogger<KeyUseWriter> logger)
    : PatientService
{
    static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    /// <summary>Writes what has gathered.</summary>
    public async Task WriteAsync(CancellationToken ct)
    {
        var uses = credentials.TakeKeyUses();
        if (uses.Count == 0)
            return;
        try
        {
            await apiKeys.NoteUsesAsync(uses, ct);
        }
        catch (Exception exception) when (exception is DbException or TimeoutException)
        {
            logger.LogWarning("The last use of {Count} API keys is not noted: {Reason}", uses.Count, exception.Message);
        }
    }

    protected override Task WriteLastAsync() => WriteAsync(CancellationToken.None);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await WriteAsync(stoppingToken);
        }
        catch (OperationCanceledException)
        {
            // The program stops.
        }
    }
}
