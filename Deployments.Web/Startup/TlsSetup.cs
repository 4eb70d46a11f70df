using Deployments.Web.Embedded;
using Deployments.Web.Settings;
using Deployments.Web.Tls;

namespace Deployments.Web.Startup;

/// <summary>TLS by this program itself, with a certificate that may be replaced while it runs.</summary>
static class TlsSetup
{
    /// <summary>Uses the certificate that the settings name for every <c>https</c> address.</summary>
    /// <exception cref="CannotStartException">The files are no certificate and its key.</exception>
    public static void AddTls(this WebApplicationBuilder builder, DeploymentsSettings settings)
    {
        if (CertificateFiles.OpenOrNull(settings, TimeProvider.System) is not { } files)
            return;
        builder.Services.AddSingleton(files);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureHttpsDefaults(https =>
        {
            files.Logger = kestrel.ApplicationServices.GetRequiredService<ILogger<CertificateFiles>>();
            // Kestrel asks for one or the other; what it asks then has the chain as well.
            https.ServerCertificateSelector = (_, _) => files.Current().TargetCertificate;
            https.OnAuthenticate = (_, tls) =>
            {
                tls.ServerCertificateSelectionCallback = null;
                tls.ServerCertificateContext = files.Current();
            };
        }));
    }
}
