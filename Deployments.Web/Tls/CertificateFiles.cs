using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Deployments.Web.Embedded;
using Deployments.Web.Settings;

namespace Deployments.Web.Tls;

/// <summary>
/// The certificate of this server, from files that may be replaced at any time: whoever connects after that is shown
/// the new one, and nothing else changes. Kestrel's own way binds its address anew, which ends connections.
/// </summary>
/// <remarks>
/// The contents are compared, not the times of the files: container platforms swap a link far above them. A pair that
/// does not fit, such as between the first file and the second, leaves the certificate as it was.
/// </remarks>
sealed class CertificateFiles
{
    // So often at most are the files read, however many connect.
    static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    readonly string certificatePath;
    readonly string? keyPath;
    readonly TimeProvider time;
    readonly Lock gate = new();
    string seen;
    long seenAt;
    volatile SslStreamCertificateContext current;

    CertificateFiles(string certificatePath, string? keyPath, TimeProvider time)
    {
        (this.certificatePath, this.keyPath, this.time) = (certificatePath, keyPath, time);
        (seen, seenAt) = (Read(), time.GetTimestamp());
        current = Load(seen);
    }

    /// <summary>Hears of files that cannot be used; set when there is a log.</summary>
    public ILogger? Logger { get; set; }

    /// <summary>The files that the settings name, read and found right; null when they name none.</summary>
    /// <exception cref="CannotStartException">They are no certificate and its key.</exception>
    public static CertificateFiles? OpenOrNull(DeploymentsSettings settings, TimeProvider time)
    {
        if (settings.TlsCertificate is not { } certificate)
        {
            return settings.TlsKey is { } alone
                ? throw Refusal(nameof(settings.TlsKey), alone, $"it needs {SettingsCheck.Variable("TlsCertificate")}")
                : null;
        }

        if (settings.TlsKey is { } key && !HasPem(key))
            throw Refusal(nameof(settings.TlsKey), key, "it must be a readable file with a key in PEM");
        try
        {
            return new CertificateFiles(certificate, settings.TlsKey, time);
        }
        catch (Exception exception) when (IsAboutFiles(exception))
        {
            throw Refusal(nameof(settings.TlsCertificate), certificate,
                "it must be a readable file with a certificate in PEM, and Deployments__TlsKey, or the same file, "
                + "hold its key without a password");
        }
    }

    /// <summary>The certificate with its chain, as the files have it now.</summary>
    public SslStreamCertificateContext Current()
    {
        if (time.GetElapsedTime(Volatile.Read(ref seenAt)) >= LookInterval && gate.TryEnter())
        {
            try
            {
                Look();
            }
            finally
            {
                gate.Exit();
            }
        }

        return current;
    }

    void Look()
    {
        Volatile.Write(ref seenAt, time.GetTimestamp());
        try
        {
            var now = Read();
            if (now == seen)
                return;
            seen = now; // what is wrong is told once
            current = Load(now); // the one before may be in use yet
            Logger?.LogInformation("The certificate was replaced: {Subject}", current.TargetCertificate.Subject);
        }
        catch (Exception exception) when (IsAboutFiles(exception))
        {
            Logger?.LogWarning(
                "The certificate {Path} cannot be used, the one before is: {Reason}", certificatePath,
                exception.Message);
        }
    }

    string Read() => File.ReadAllText(certificatePath)
        + (keyPath is null ? "" : "\n" + File.ReadAllText(keyPath));

    static SslStreamCertificateContext Load(string pem)
    {
        var leaf = X509Certificate2.CreateFromPem(pem, pem);
        if (OperatingSystem.IsWindows()) // whose TLS takes no key that is in memory only
        {
            using var inMemory = leaf;
            leaf = X509CertificateLoader.LoadPkcs12(inMemory.Export(X509ContentType.Pkcs12), null);
        }

        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(pem);
        return SslStreamCertificateContext.Create(leaf, chain, offline: true);
    }

    static bool HasPem(string path)
    {
        try
        {
            return File.ReadAllText(path).Contains("PRIVATE KEY-----", StringComparison.Ordinal);
        }
        catch (Exception exception) when (IsAboutFiles(exception))
        {
            return false;
        }
    }

    static bool IsAboutFiles(Exception exception) =>
        exception is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException;

    static CannotStartException Refusal(string name, string path, string allowed) =>
        new(SettingsCheck.Sentence(name, path, allowed));
}
