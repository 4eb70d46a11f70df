using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Deployments.Tests.Support;
using Deployments.Web.Settings;
using Deployments.Web.Tls;

namespace Deployments.Tests.Operation;

/// <summary>A certificate that is replaced on the disk is used without a restart.</summary>
public sealed class CertificateTests : IDisposable
{
    readonly string directory = Directory.CreateTempSubdirectory("deployments-test-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task A_certificate_that_is_replaced_on_the_disk_is_shown_to_the_next_client()
    {
        Write("first.example");
        await using var database = await TestDatabase.CreateStartedAsync();
        var port = ServerProcess.FreePort();
        await using var server = await ServerProcess.StartAsync(
            "ConnectionStrings:Deployments=" + database.ConnectionString,
            $"urls={{url}};https://127.0.0.1:{port}",
            "Deployments:TlsCertificate=" + Path.Combine(directory, "tls.crt"),
            "Deployments:TlsKey=" + Path.Combine(directory, "tls.key"));
        await using var open = await ConnectAsync(port);
        Assert.Equal("CN=first.example", open.RemoteCertificate!.Subject);

        Write("second.example");

        // Nobody is refused meanwhile, or it would be told here.
        await Patience.UntilAsync(async () => await SubjectAsync(port) == "CN=second.example",
            () => "The new certificate is not used. The server said:\n" + server.Output);
        // And whoever was connected still is.
        await open.WriteAsync("GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"u8.ToArray());
        using var answer = new StreamReader(open);
        Assert.StartsWith("HTTP/1.1 200 ", await answer.ReadToEndAsync(), StringComparison.Ordinal);

        await File.WriteAllTextAsync(Path.Combine(directory, "tls.key"), "nonsense");
        await Patience.UntilAsync(async () =>
        {
            Assert.Equal("CN=second.example", await SubjectAsync(port));
            return server.Output.Contains("cannot be used, the one before is", StringComparison.Ordinal);
        });
    }

    [Fact]
    public void The_chain_behind_a_certificate_is_shown_with_it()
    {
        var now = TimeProvider.System.GetUtcNow();
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var root = Issuer("root", rootKey).CreateSelfSigned(now.AddDays(-3), now.AddDays(3));
        using var issuerKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var issuer = Issuer("issuer", issuerKey).Create(root, now.AddDays(-2), now.AddDays(2), [1])
            .CopyWithPrivateKey(issuerKey);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var leaf = new CertificateRequest("CN=leaf.example", key, HashAlgorithmName.SHA256)
            .Create(issuer, now.AddDays(-1), now.AddDays(1), [2]);
        var file = Path.Combine(directory, "all.pem");
        File.WriteAllText(file, string.Join('\n',
            leaf.ExportCertificatePem(), issuer.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem()));

        var shown = CertificateFiles.OpenOrNull(
            new DeploymentsSettings { TlsCertificate = file }, TimeProvider.System)!.Current();

        Assert.Equal("CN=leaf.example", shown.TargetCertificate.Subject);
        Assert.True(shown.TargetCertificate.HasPrivateKey);
        Assert.Equal("CN=issuer.example", Assert.Single(shown.IntermediateCertificates).Subject);
    }

    static CertificateRequest Issuer(string name, ECDsa key)
    {
        var request = new CertificateRequest($"CN={name}.example", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request;
    }

    // As certbot and Kubernetes do: beside, then renamed into place, one after the other.
    void Write(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        foreach (var (file, text) in new[]
            { ("tls.key", key.ExportPkcs8PrivateKeyPem()), ("tls.crt", certificate.ExportCertificatePem()) })
        {
            var path = Path.Combine(directory, file);
            File.WriteAllText(path + ".new", text);
            File.Move(path + ".new", path, overwrite: true);
        }
    }

    static async Task<string> SubjectAsync(int port)
    {
        await using var tls = await ConnectAsync(port);
        return tls.RemoteCertificate!.Subject;
    }

    static async Task<SslStream> ConnectAsync(int port)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync("127.0.0.1", port);
        var tls = new SslStream(
            new NetworkStream(socket, ownsSocket: true), false, (_, shown, _, _) => shown is not null);
        await tls.AuthenticateAsClientAsync("localhost");
        return tls;
    }
}
