using Deployments.Data.Accounts;
using Deployments.Data.Database;
using Deployments.Web.Accounts;
using Deployments.Web.Embedded;
using Deployments.Web.Ldap;
using Deployments.Web.Settings;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Deployments.Web.Startup;

static class AccountsSetup
{
    /// <summary>Adds accounts, keys, sessions and what guards pages and endpoints.</summary>
    public static void AddAccounts(this WebApplicationBuilder builder, DeploymentsSettings settings)
    {
        var services = builder.Services;
        services.TryAddSingleton<DatabaseSignals>();
        services.AddSingleton<Passwords>();
        services.AddSingleton<AttemptLimiter>();
        services.AddSingleton<KnownDevices>();
        services.AddSingleton<Credentials>();
        services.AddSingleton<CallerResolver>();
        services.AddSingleton<CallerFeeds>();
        services.AddSingleton<IHttpContextFactory, KeyInAddress>();
        services.AddSingleton<ConnectorSecrets>();

        // Before everything that uses the key ring at its start.
        services.AddHostedService<AccountsBootstrap>();
        services.AddHostedService<CredentialsRefresh>();
        services.AddSingleton<KeyUseWriter>();
        services.AddHostedService(provider => provider.GetRequiredService<KeyUseWriter>());

        services.AddDataProtection().SetApplicationName("Deployments");
        services.AddOptions<KeyManagementOptions>().Configure<KeyRingStore, KeyFile>(
            (options, store, file) => options.XmlRepository = new DatabaseKeyRing(store, file));

        var schemes = services.AddAuthentication(Sessions.Scheme).AddCookie(Sessions.Scheme, Sessions.Configure);
        foreach (var (name, provider) in settings.Oidc)
            schemes.AddOpenIdConnect(OidcProviders.SchemeOf(name), options =>
                OidcHandling.Configure(options, name, provider));
        services.Replace(ServiceDescriptor.Singleton<IAuthenticationSchemeProvider, QuietSchemes>());
        services.AddSingleton<OidcProviders>();
        services.AddSingleton<IdentitySignIn>();
        services.AddSingleton(provider =>
            new LdapDirectory(settings.Ldap, provider.GetRequiredService<ILogger<LdapDirectory>>()));
        services.AddSingleton<DirectorySignIn>();
        if (settings.Ldap.Servers is not null)
            LdapLibrary.Prepare(settings.Ldap.CaFile, LdapDirectory.ServerPatience);
        services.AddSingleton<SignInTickets>();
        services.AddHttpContextAccessor();
        services.AddSingleton<IAuthorizationHandler, PageAccess.Handler>();
        services.AddAuthorization(PageAccess.AddPolicies);
        // After AddRazorPages, wherever that stands: it begins with an empty set of conventions.
        services.PostConfigure<RazorPagesOptions>(options => PageAccess.AddConventions(options.Conventions));
        services.AddAntiforgery(options =>
        {
            options.Cookie.Name = "Deployments.Antiforgery";
            options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            options.SuppressXFrameOptionsHeader = true; // SecurityHeaders says it, and more strictly
        });
    }

    /// <summary>Encrypts the key ring where it is in clear, before anything uses it.</summary>
    /// <exception cref="CannotStartException">It was encrypted with another key file.</exception>
    public static Task ProtectKeyRingAsync(this WebApplication app)
    {
        var store = app.Services.GetRequiredService<KeyRingStore>();
        return store.OnOneNodeAtATimeAsync(
            () =>
            {
                app.Services.GetRequiredService<KeyFile>().Protect(store, app.Logger);
                return Task.CompletedTask;
            }, CancellationToken.None);
    }

    /// <summary>Guards what is mapped: pages by their policies, other endpoints by <c>RequirePermission</c>.</summary>
    public static void UseAccounts(this WebApplication app)
    {
        app.UseAuthentication();
        app.UseAuthorization();
        app.Use(ApiAccess.CheckAsync);
    }
}
