namespace Deployments.Tests.Pages;

/// <summary>Every page that is looked at with a real browser, on the data of <see cref="BelievableHistory"/>.</summary>
static class AllPages
{
    /// <summary>
    /// Addresses with the status they answer with, and whether an administrator looks. Add a page here and it is
    /// checked in light and dark, wide and narrow.
    /// </summary>
    public static readonly (string Address, int Status, bool AsAdmin)[] List =
    [
        ("/", 200, false),
        ("/", 200, true),
        ("/feeds", 200, false),
        ("/feeds/approved-nuget", 200, false),
        ("/feeds/approved-nuget?search=nothing", 200, false),
        ("/feeds/approved-nuget/packages/Accounts.Web", 200, false),
        ("/feeds/approved-nuget/packages/Accounts.Web/history", 200, true),
        ("/feeds/approved-nuget/packages/Accounts.Web/history?target=WEB-02&user=jdoe", 200, false),
        ("/feeds/approved-nuget/packages/Accounts.Web/versions", 200, false),
        ("/feeds/approved-nuget/packages/Accounts.Web/usage", 200, false),
        ("/feeds/approved-nuget/packages/Never.Deployed/history", 200, false),
        ("/feeds/npm/packages/portal/history?group=%40acme", 200, false),
        ("/feeds/apps/packages/%3Ci%3Ex%3C%2Fi%3E%E2%80%AEgnp.exe/history", 200, false),
        ("/targets", 200, false),
        ("/targets?sort=packages&text=web", 200, false),
        ("/targets?text=nothing", 200, false),
        ("/targets/WEB-01", 200, false),
        ("/targets/WEB-01?compare=WEB-02", 200, false),
        ("/targets/WEB-01?compareAt=2020-01-01&show=all", 200, false),
        ("/targets/WEB-01?at=soon", 400, false),
        ("/targets/" + Uri.EscapeDataString(BelievableHistory.HostileTarget), 200, false),
        ("/deployments", 200, true),
        ("/deployments?application=Jenkins&text=release", 200, false),
        ("/deployments?target=nowhere", 200, false),
        ("/deployments?from=yesterday", 400, false),
        ("/deployments/1000", 200, false),
        ("/deployments/HOSTILE", 200, true),
        ("/deployments/new", 200, true),
        ("/targets/DB-01", 200, true),
        ("/deployments/RUNNING/remove", 200, true),
        ("/connect", 200, false),
        ("/drift", 200, false),
        ("/drift", 200, true),
        ("/drift?kind=missing&target=nowhere", 200, false),
        ("/drift/OBSERVED/record", 200, true),
        ("/drift/accept?target=WEB-01&type=nuget&name=Accounts.Web", 200, true),
        ("/admin/rejected", 200, true),
        ("/admin/feeds/apt", 200, true),
        ("/feeds/apt", 200, true),
        ("/admin/octopus", 200, true),
        ("/admin/octopus/prod", 200, true),
        ("/admin/notifications", 200, true),
        ("/admin/notifications/1", 200, true),
        ("/admin/notifications/mail-server", 200, true),
        ("/admin/notifications/2?state=Failed", 200, true),
        ("/no-such-page", 404, false),
    ];
}
