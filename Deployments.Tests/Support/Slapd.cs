using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Deployments.Tests.Support;

/// <summary>
/// A directory: the system's slapd on ports of its own, with TLS and nothing in clear but what StartTLS needs, with
/// people and groups in groups. It answers a bind without a password with success, as directories may.
/// </summary>
public sealed class Slapd : IAsyncDisposable
{
    public const string Base = "dc=example,dc=com";
    public const string ServiceDn = "cn=reader,dc=example,dc=com";
    public const string ServicePassword = "reader's secret";

    static readonly Lazy<Authority> Signer = new(() => new Authority());

    readonly string directory = Directory.CreateTempSubdirectory("deployments-slapd-").FullName;
    readonly StringBuilder said = new();
    Process? process;

    Slapd()
    {
    }

    /// <summary>The file with who signs the certificates of all of these.</summary>
    public static string CaFile => Signer.Value.File;

    /// <summary>Where it speaks TLS from the first byte.</summary>
    public int TlsPort { get; } = ServerProcess.FreePort();

    /// <summary>Where it expects StartTLS.</summary>
    public int PlainPort { get; } = ServerProcess.FreePort();

    /// <param name="people">Entries beside those that are always there, as LDIF.</param>
    /// <param name="certificateName">Whose certificate it shows; by itself its own.</param>
    /// <param name="isKnown">Whether who signed that is in <see cref="CaFile"/>.</param>
    public static async Task<Slapd> StartAsync(
        string people, string certificateName = "127.0.0.1", bool isKnown = true)
    {
        var slapd = new Slapd();
        try
        {
            slapd.Write(people, certificateName, isKnown);
            await slapd.RunAsync();
            return slapd;
        }
        catch
        {
            await slapd.DisposeAsync();
            throw;
        }
    }

    /// <summary>Changes entries, as their keeper.</summary>
    /// <param name="ldif">Changes as LDIF has them.</param>
    public async Task ModifyAsync(string ldif)
    {
        await StopAsync();
        var file = Path.Combine(directory, "changes.ldif");
        await File.WriteAllTextAsync(file, ldif);
        await ToEndAsync("slapmodify", ["-f", Configuration, "-l", file]);
        await RunAsync();
    }

    /// <summary>From now on nobody answers there.</summary>
    public async Task StopAsync()
    {
        if (process is null)
            return;
        if (!process.HasExited)
        {
            using var ask = Process.Start("kill", ["-TERM", $"{process.Id}"]);
            await ask.WaitForExitAsync();
            await process.WaitForExitAsync().WaitAsync(Patience.Limit);
        }

        process.Dispose();
        process = null;
    }

    /// <summary>Answers again.</summary>
    public Task StartAgainAsync() => RunAsync();

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(directory, recursive: true);
    }

    string Configuration => Path.Combine(directory, "slapd.conf");

    void Write(string people, string certificateName, bool isKnown)
    {
        Directory.CreateDirectory(Path.Combine(directory, "data"));
        if (isKnown)
        {
            Signer.Value.Sign(directory, certificateName);
        }
        else
        {
            using var other = new Authority();
            other.Sign(directory, certificateName);
        }

        File.WriteAllText(Configuration,
            $"""
            include /etc/ldap/schema/core.schema
            include /etc/ldap/schema/cosine.schema
            include /etc/ldap/schema/inetorgperson.schema
            modulepath /usr/lib/ldap
            moduleload back_mdb
            pidfile {directory}/slapd.pid
            TLSCertificateFile {directory}/tls.crt
            TLSCertificateKeyFile {directory}/tls.key
            security simple_bind=128
            allow bind_anon_dn
            database mdb
            maxsize 10485760
            suffix "{Base}"
            directory {directory}/data
            access to attrs=userPassword by anonymous auth by * none
            access to * by users read by * none

            """);
        var file = Path.Combine(directory, "people.ldif");
        File.WriteAllText(file,
            $"""
            dn: {Base}
            objectClass: dcObject
            objectClass: organization
            o: Example
            dc: example

            dn: {ServiceDn}
            objectClass: applicationProcess
            objectClass: simpleSecurityObject
            cn: reader
            userPassword: {ServicePassword}

            dn: ou=people,{Base}
            objectClass: organizationalUnit
            ou: people

            dn: ou=groups,{Base}
            objectClass: organizationalUnit
            ou: groups


            """ + people);
        ToEndAsync("slapadd", ["-f", Configuration, "-l", file]).GetAwaiter().GetResult();
    }

    async Task RunAsync()
    {
        process = Process.Start(new ProcessStartInfo(Find("slapd"),
            ["-d", "0", "-f", Configuration, "-h", $"ldaps://127.0.0.1:{TlsPort}/ ldap://127.0.0.1:{PlainPort}/"])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        process.ErrorDataReceived += (_, line) => said.AppendLine(line.Data);
        process.OutputDataReceived += (_, line) => said.AppendLine(line.Data);
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        var running = process;
        await Patience.UntilAsync(async () =>
        {
            Assert.False(running.HasExited, said.ToString());
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, TlsPort);
                return true;
            }
            catch (SocketException)
            {
                return false;
            }
        });
    }

    static async Task ToEndAsync(string program, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(Find(program), arguments)
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, errors + await output);
    }

    static string Find(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/sbin")
            .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists)
        ?? throw new InvalidOperationException($"{name} is missing: eng/install.sh test");

    /// <summary>
    /// Who signs certificates; its file stays until the end of the run, since the library reads it once.
    /// </summary>
    sealed class Authority : IDisposable
    {
        readonly string folder = Directory.CreateTempSubdirectory("deployments-ca-").FullName;
        readonly RSA key = RSA.Create(2048);
        readonly X509Certificate2 certificate;
        readonly DateTimeOffset now = TimeProvider.System.GetUtcNow();

        public Authority()
        {
            var request = new CertificateRequest("CN=Authority of the tests", key, HashAlgorithmName.SHA256,
                RSASignaturePadding.Pkcs1);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
            request.CertificateExtensions.Add(new X509KeyUsageExtension(
                X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
            certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(2));
            File = Path.Combine(folder, "ca.crt");
            System.IO.File.WriteAllText(File, certificate.ExportCertificatePem());
            AppDomain.CurrentDomain.ProcessExit += (_, _) => Dispose();
        }

        public string File { get; }

        public void Sign(string directory, string name)
        {
            using var own = RSA.Create(2048);
            var request = new CertificateRequest(
                $"CN={name}", own, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            var names = new SubjectAlternativeNameBuilder();
            if (IPAddress.TryParse(name, out var address))
                names.AddIpAddress(address);
            else
                names.AddDnsName(name);
            request.CertificateExtensions.Add(names.Build());
            using var signed = request.Create(
                certificate, now.AddDays(-1), now.AddDays(1), RandomNumberGenerator.GetBytes(16));
            System.IO.File.WriteAllText(Path.Combine(directory, "tls.crt"), signed.ExportCertificatePem());
            System.IO.File.WriteAllText(Path.Combine(directory, "tls.key"), own.ExportPkcs8PrivateKeyPem());
        }

        public void Dispose()
        {
            if (!Directory.Exists(folder))
                return;
            Directory.Delete(folder, recursive: true);
            certificate.Dispose();
            key.Dispose();
        }
    }
}
