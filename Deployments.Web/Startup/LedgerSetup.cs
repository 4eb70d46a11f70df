using Deployments.Web.Api;
using Deployments.Web.Ledger;

namespace Deployments.Web.Startup;

/// <summary>The ledger: its anchors, its proofs, its verification.</summary>
static class LedgerSetup
{
    public static void AddLedger(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<LedgerSigner>();
        builder.Services.AddSingleton<LedgerAnchors>();
    }

    public static void MapLedger(this WebApplication app)
    {
        LedgerApi.Map(app);
        LedgerExportApi.Map(app);
    }
}
