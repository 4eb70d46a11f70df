using System.Buffers.Text;
using System.Security.Cryptography;
using Deployments.Data.Accounts;
using Deployments.Web.Settings;
using Microsoft.AspNetCore.DataProtection;

namespace Deployments.Web.Accounts;

/// <summary>
/// Before the first request: a key ring, a user <c>Admin</c>, the first API key. However many nodes start.
/// </summary>
sealed class AccountsBootstrap(
    DeploymentsSettings settings, AccountStore accounts, ApiKeyStore apiKeys, AccountQueries queries,
    Passwords passwords,
    KeyRingStore keyRing, IServiceProvider services, ILogger<AccountsBootstrap> logger) : IHostedService
{
    const string AdminName = "Admin";

    public Task StartAsync(CancellationToken cancellationToken) =>
        keyRing.OnOneNodeAtATimeAsync(() => RunAsync(cancellationToken), cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    async Task RunAsync(CancellationToken ct)
    {
        // The first use of the key ring makes its first key; made by two nodes, each would know only its own for a
        // while.
        services.GetRequiredService<IDataProtectionProvider>().CreateProtector("start").Protect("");

        if ((await queries.AllAsync(ct)).Count == 0)
            await AddAdminAsync(ct);
        if (settings.Bootstrap.ApiKey is { } key)
            await AddKeyAsync(key, ct);
    }

    async Task AddAdminAsync(CancellationToken ct)
    {
        var password = settings.Bootstrap.AdminPassword ?? Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(15));
        if (!await accounts.AddFirstAsync(AdminName, passwords.Hash(password), ct))
            return;
        if (settings.Bootstrap.AdminPassword is null)
        {
            // On the console whatever the log level: it is said only now, and nobody could sign in without it.
            Console.WriteLine($"\nCreated the user {AdminName} with the password {password}\n");
        }
        else
        {
            logger.LogInformation("Created the user {Account} with the configured password", AdminName);
        }
    }

    async Task AddKeyAsync(string key, CancellationToken ct)
    {
        var first = new NewApiKey
        {
            KeyHash = ApiKeys.Hash(key),
            Type = "System",
            DisplayName = "bootstrap",
            Description = "From the setting Deployments:Bootstrap:ApiKey at the first start",
            Permissions = Permissions.All,
        };
        if (await apiKeys.AddFirstAsync(first, ct))
            logger.LogInformation("Created the first API key, as configured");
    }
}
