using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Deployments.Tests.Feeds;

namespace Deployments.Tests.Clients;

/// <summary>apt-get with a root of its own; it cannot send headers.</summary>
public sealed partial class AptClientTests : IAsyncLifetime, IDisposable
{
    readonly ClientHome home = new();
    readonly byte[] deb = PackageHeads.Deb("Package: acme\nVersion: 2:1.0-1\nArchitecture: all\nDescription: x\n");

    FeedPair feeds = null!;

    public async Task InitializeAsync()
    {
        feeds = await FeedPair.StartAsync("debian", "debian", isApart: true);
        await feeds.UploadAsync("pool/main/a/acme/acme_1.0-1_all.deb", deb);
        var packages = Given.Bytes(
            $"""
            Package: acme
            Version: 2:1.0-1
            Architecture: all
            Maintainer: Ada <ada@example.com>
            Filename: pool/main/a/acme/acme_1.0-1_all.deb
            Size: {deb.Length}
            SHA256: {Convert.ToHexStringLower(SHA256.HashData(deb))}
            Description: x

            """);
        await feeds.UploadAsync("dists/stable/main/binary-all/Packages", packages);
        await feeds.UploadAsync("dists/stable/main/binary-amd64/Packages", packages);
        var sums = new[] { "all", "amd64" }.Select(arch =>
            $" {Convert.ToHexStringLower(SHA256.HashData(packages))} {packages.Length} main/binary-{arch}/Packages");
        await feeds.UploadAsync("dists/stable/Release", Given.Bytes(
            $"""
            Suite: stable
            Codename: stable
            Architectures: all amd64
            Components: main
            Date: Thu, 01 Jan 2026 00:00:00 UTC
            SHA256:
            {string.Join('\n', sums)}

            """));
        await feeds.UploadAsync("Packages", Given.Bytes(System.Text.Encoding.UTF8.GetString(packages)
            .Replace("pool/main/a/acme/", "./", StringComparison.Ordinal)));
        await feeds.UploadAsync("acme_1.0-1_all.deb", deb);
        foreach (var folder in new[] { "etc/apt", "var/lib/apt/lists/partial", "var/cache/apt/archives/partial" })
            await home.WriteAsync($"apt/{folder}/.keep", "");
        await home.WriteAsync("apt/status", "");
    }

    public Task DisposeAsync() => feeds.DisposeAsync().AsTask();

    public void Dispose() => home.Dispose();

    [ClientFact("apt-get")]
    public Task Downloads_from_a_pool() => DownloadAsync("stable main", "main");

    [ClientFact("apt-get")]
    public Task Downloads_from_a_flat_repository() => DownloadAsync("./", "");

    [ClientFact("apt-get")]
    public async Task Updates_and_downloads_what_was_fetched_before_while_the_upstream_is_away()
    {
        await home.WriteAsync("apt/etc/apt/sources.list", $"deb [trusted=yes] {feeds.Url} stable main\n");
        await AptAsync("update");
        await AptAsync("download", "acme");
        await feeds.StopStoreAsync();
        File.Delete(Assert.Single(Directory.GetFiles(home.At("work"), "*.deb")));

        await AptAsync("-o", "APT::Update::Error-Mode=any", "update"); // asks whether what it holds has changed
        foreach (var list in Directory.GetFiles(home.At("apt", "var", "lib", "apt", "lists"), "*_*"))
            File.Delete(list);
        await AptAsync("-o", "APT::Update::Error-Mode=any", "update"); // as another machine would
        await AptAsync("download", "acme");

        Assert.Equal(deb, await File.ReadAllBytesAsync(Assert.Single(Directory.GetFiles(home.At("work"), "*.deb"))));
    }

    [ClientFact("apt-get")]
    public async Task Downloads_what_was_uploaded_to_a_distribution_by_indexes_made_here()
    {
        await feeds.App.CreateFeedAsync("made", "debian");
        var url = $"{feeds.App.Url}debian/made/";
        foreach (var suite in new[] { "bookworm", "trixie" }) // the same file for both
        {
            using var body = new ByteArrayContent(deb);
            using var answer = await feeds.App.Admin.PutAsync(new Uri($"{url}upload/{suite}/main"), body);
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        }

        foreach (var line in new[] { "bookworm main", "trixie main", "./" })
        {
            await home.WriteAsync("apt/etc/apt/sources.list", $"deb [trusted=yes] {url} {line}\n");
            await AptAsync("-o", "APT::Update::Error-Mode=any", "update");
            await AptAsync("download", "acme");
            var file = Assert.Single(Directory.GetFiles(home.At("work"), "*.deb"));
            Assert.Equal(deb, await File.ReadAllBytesAsync(file));
            File.Delete(file);
        }
    }

    [ClientFact("apt-get", "dpkg-deb")]
    public async Task Downloads_what_dpkg_deb_has_packed_with_zstd_and_its_epoch_is_known()
    {
        await home.WriteAsync("tree/DEBIAN/control", "Package: acme\nVersion: 3:1.0-1ubuntu1\nArchitecture: all\n"
            + "Source: acme-src (3:1.0-1)\nMaintainer: Ada <ada@example.com>\nDescription: x\n");
        await home.SucceedAsync("work", "dpkg-deb", "--root-owner-group", "-Zzstd", "--uniform-compression", "--build",
            home.At("tree"), home.At("packed.deb"));
        await feeds.App.CreateFeedAsync("made", "debian");
        var url = $"{feeds.App.Url}debian/made/";
        using var body = new ByteArrayContent(await File.ReadAllBytesAsync(home.At("packed.deb")));
        using var answer = await feeds.App.Admin.PutAsync(new Uri($"{url}upload/jammy/main"), body);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());

        await home.WriteAsync("apt/etc/apt/sources.list", $"deb [trusted=yes] {url} jammy main\n");
        await AptAsync("-o", "APT::Update::Error-Mode=any", "update");
        await AptAsync("download", "acme");
        Assert.Single(Directory.GetFiles(home.At("work"), "acme_3%3a1.0-1ubuntu1_all.deb"));
        await feeds.GetTaggedAsync(url + "pool/main/a/acme/acme_1.0-1ubuntu1_all.deb");

        Assert.Equal("main/acme@3:1.0-1ubuntu1?arch=all", Assert.Single(await feeds.RecordsAsync()));
    }

    async Task DownloadAsync(string suite, string component)
    {
        await home.WriteAsync("apt/etc/apt/sources.list", $"deb [trusted=yes] {feeds.Url} {suite}\n");
        await AptAsync("update");
        var uris = await AptAsync("download", "--print-uris", "acme");
        await AptAsync("download", "acme");

        Assert.Equal(deb, await File.ReadAllBytesAsync(Assert.Single(Directory.GetFiles(home.At("work"), "*.deb"))));
        Assert.Empty(await feeds.RecordsAsync());
        Assert.Equal(deb, await feeds.GetTaggedAsync(Address().Match(uris).Groups[1].Value));
        Assert.Equal($"{component}/acme@2:1.0-1?arch=all", Assert.Single(await feeds.RecordsAsync()));
    }

    Task<string> AptAsync(params string[] arguments) => home.SucceedAsync("work", "apt-get",
    [
        "-o", "Dir=" + home.At("apt"), "-o", "Dir::State::status=" + home.At("apt", "status"),
        "-o", "APT::Sandbox::User=", "-o", "APT::Architecture=amd64", "-o", "APT::Architectures=amd64",
        "-o", "Acquire::Languages=none", "-o", "Acquire::http::Proxy=DIRECT", "-o", "Acquire::Check-Date=false",
        "-o", "Dir::Etc::Parts=none", "-o", "Acquire::Retries=0", .. arguments,
    ]);

    [GeneratedRegex("'(http[^']+)'")]
    private static partial Regex Address();
}
