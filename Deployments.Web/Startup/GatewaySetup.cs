using Deployments.Data.Accounts;
using Deployments.Data.Database;
using Deployments.Data.Inbox;
using Deployments.Data.Records;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Connectors;
using Deployments.Web.Feeds;
using Deployments.Web.Gateway;
using Deployments.Web.Records;
using Deployments.Web.Settings;
using FluentValidation;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Deployments.Web.Startup;

/// <summary>Serving feeds, and writing down what is deployed from them.</summary>
static class GatewaySetup
{
    public static void AddGateway(this WebApplicationBuilder builder, DeploymentsSettings settings)
    {
        // Kestrel keeps its own limits for everything but uploads, and leaves the bytes of deployment headers alone.
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.RequestHeaderEncodingSelector = DeploymentHeaders.EncodingOf;
        });

        var services = builder.Services;
        services.AddHttpForwarder();
        services.TryAddSingleton<FeedTypeCatalog>();
        services.TryAddSingleton<DatabaseSignals>();
        services.AddSingleton<RecordIds>();
        services.AddSingleton<RecordFactory>();
        services.AddSingleton<IValidator<DeploymentFields>, DeploymentFieldsValidator>();
        services.AddSingleton(new Journal(Path.Combine(settings.DataDirectory!, "journal")));
        services.AddSingleton<InboxWriter>();
        services.AddSingleton<DeploymentCapture>();
        services.AddSingleton<UpstreamGuard>();
        services.AddSingleton<UpstreamClient>();
        services.AddSingleton<UpstreamIndexes>();
        services.AddSingleton<RepositoryFiles>();
        services.AddSingleton<SuiteFinder>();
        services.AddSingleton(provider => new DistributionGuesser(
            provider.GetRequiredService<RepositoryFiles>(), provider.GetRequiredService<DistributionGuessStore>(),
            provider.GetRequiredService<FeedTypeCatalog>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new ConnectorCheck(
            provider.GetRequiredService<UpstreamClient>(), provider.GetRequiredService<FeedTypeCatalog>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<SealedAddresses>();
        services.AddSingleton<ConnectorCache>();
        services.AddSingleton<MetadataCache>();
        services.AddSingleton<CachedDownloads>();
        services.AddSingleton<ConnectorSource>();
        services.AddSingleton<LocalDownloads>();
        services.AddSingleton<PullSessions>();
        services.AddSingleton<RegistryTokens>();
        services.AddSingleton<ClientAudits>();
        services.AddSingleton<KnownAdvisories>();
        services.AddSingleton<FeedGateway>();
        services.AddSingleton<FeedDirectory>();
        services.AddHostedService(provider => provider.GetRequiredService<FeedDirectory>());
    }

    /// <summary>
    /// Maps the feeds. The writer and the caches start now, because an earlier run may have left a journal to deliver
    /// and unfinished files to remove.
    /// </summary>
    public static async Task MapGatewayAsync(this WebApplication app)
    {
        // The first use of the key ring, which nodes that start together must not each begin.
        await app.Services.GetRequiredService<KeyRingStore>().OnOneNodeAtATimeAsync(
            () => app.Services.GetRequiredService<SealedAddresses>().LoadKeyAsync(CancellationToken.None),
            CancellationToken.None);
        app.Services.GetRequiredService<InboxWriter>();
        app.Services.GetRequiredService<ConnectorCache>();
        app.Services.GetRequiredService<MetadataCache>();
        FeedGateway.Map(app, app.Services.GetRequiredService<FeedTypeCatalog>());
    }
}
