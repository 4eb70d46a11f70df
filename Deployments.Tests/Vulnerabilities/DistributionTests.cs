using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Dapper;
using Deployments.Data.Vulnerabilities;
using Deployments.Tests.Feeds;
using Deployments.Tests.Support;

namespace Deployments.Tests.Vulnerabilities;

/// <summary>Feeds that serve a distribution, and what its advisories find in them.</summary>
public sealed class DistributionTests : IAsyncLifetime
{
    TestApp app = null!;

    public async Task InitializeAsync() => app = await TestApp.StartAsync();

    public async Task DisposeAsync() => await app.DisposeAsync();

    [Theory]
    [InlineData("debian", "Debian:12", "DSA-5587-1", "curl", "7.88.1-10+deb12u4", true)]
    [InlineData("debian", "Debian:12", "DSA-5587-1", "curl", "7.88.1-10+deb12u5", null)]
    [InlineData("debian", "Debian:10", "DSA-5587-1", "curl", "7.64.0-4", null)]
    [InlineData("debian", "Ubuntu:22.04", "DSA-5587-1", "curl", "7.81.0-1ubuntu1", null)]
    [InlineData("debian", "none", "DSA-5587-1", "curl", "7.81.0-1", null)]
    [InlineData("debian", "", "DSA-5587-1", "curl", "7.81.0-1", false)]
    [InlineData("debian", "Debian:11,Debian:12", "DSA-5532-1", "openssl", "3.0.11-1~deb12u1", false)]
    [InlineData("debian", "Debian:11,Debian:12", "DSA-5587-1", "curl", "7.74.0-1", true)]
    [InlineData("debian", "Ubuntu:22.04:LTS", "UBUNTU-CVE-2016-20013", "sssd", "2.6.3-1ubuntu3.6", true)]
    [InlineData("debian", "Ubuntu:24.04:LTS", "UBUNTU-CVE-2016-20013", "zabbix", "1:6.0-1", null)]
    [InlineData("debian", "Ubuntu:14.04", "UBUNTU-CVE-2025-38094", "linux", "3.13.0-206.257", null)]
    [InlineData("debian", "Ubuntu:Pro:14.04", "UBUNTU-CVE-2025-38094", "linux", "3.13.0-206.257", true)]
    [InlineData("rpm", "Rocky Linux:8", "RLSA-2023:3220", "firefox", "102.10.0-1.el8_7", true)]
    [InlineData("rpm", "Rocky Linux:9", "RLSA-2023:3220", "firefox", "102.10.0-1.el8_7", null)]
    [InlineData("rpm", "AlmaLinux:9", "ALSA-2022:8194", "libtiff-tools", "4.2.0-3.el9", true)]
    [InlineData("rpm", "Rocky Linux:9", "ALSA-2022:8194", "libtiff-tools", "4.2.0-3.el9", null)]
    [InlineData("rpm", "Red Hat:rhel_aus:8.6", "RHSA-2024:4546", "git-lfs", "2.13.3-3.el8_6", true)]
    [InlineData("rpm", "Red Hat:rhel_aus:8.6::appstream", "RHSA-2024:4546", "git-lfs", "2.13.3-3.el8_6", true)]
    [InlineData("rpm", "Red Hat:enterprise_linux:9", "RHSA-2024:4546", "git-lfs", "2.13.3-3.el8_6", null)]
    [InlineData("apk", "Alpine:v3.16", "ALPINE-CVE-2022-37434", "zlib", "1.2.12-r1", true)]
    [InlineData("apk", "Alpine:v3.4", "ALPINE-CVE-2022-37434", "zlib", "1.2.12-r1", null)]
    [InlineData("apk", "Wolfi", "CGA-xcpc-gm23-prj9", "syncthing", "0.1.0-r0", true)]
    [InlineData("apk", "Chainguard", "CGA-224q-ccj5-2p53", "haproxy-3.0", "0.1.0-r0", null)]
    public async Task An_advisory_finds_packages_of_its_own_distribution_and_release(
        string type, string distributions, string advisory, string name, string version, bool? certain)
    {
        await CreateAsync("os", type, distributions);
        await ImportAsync(advisory);

        await DeployAsync("os", name, version);

        Assert.Equal(certain, await FoundAsync(advisory));
    }

    [Fact]
    public async Task A_change_of_the_distribution_matches_existing_records_anew()
    {
        await CreateAsync("os", "debian", "Debian:12");
        await ImportAsync("DSA-5587-1");
        await DeployAsync("os", "curl", "7.88.1-10");
        Assert.True(await FoundAsync("DSA-5587-1"));

        await SetAsync("os", "Ubuntu:22.04");
        Assert.Null(await FoundAsync("DSA-5587-1"));
        Assert.Equal("The advisory is not about the distribution that the package is of.",
            await ScalarAsync("select closed_reason from findings"));

        await SetAsync("os", "");
        Assert.False(await FoundAsync("DSA-5587-1"));
        await SetAsync("os", "Debian:12");
        Assert.True(await FoundAsync("DSA-5587-1"));
        Assert.Equal(0, await app.Service<DistributionStore>().MatchAsync(default));
    }

    [Fact]
    public async Task A_version_that_came_through_feeds_of_two_distributions_is_unknown_where_only_one_is_affected()
    {
        await CreateAsync("bookworm", "debian", "Debian:12");
        await CreateAsync("jammy", "debian", "Ubuntu:22.04");
        await ImportAsync("DSA-5587-1");
        await DeployAsync("bookworm", "curl", "7.88.1-10");
        Assert.True(await FoundAsync("DSA-5587-1"));

        await DeployAsync("jammy", "curl", "7.88.1-10");

        Assert.False(await FoundAsync("DSA-5587-1"));
    }

    [Theory]
    [InlineData("debian", "Debian:12", "DSA-5532-1", "pool/main/o/openssl/libssl3_3.0.11-1~deb12u1_amd64.deb", true)]
    [InlineData("rpm", "Rocky Linux:8", "RLSA-2023:3220", "Packages/firefox-libs-102.10.0-1.el8_7.x86_64.rpm", true)]
    [InlineData("apk", "Alpine:v3.16", "ALPINE-CVE-2022-37434", "x86_64/libz-1.2.12-r1.apk", true)]
    public async Task A_package_is_found_by_the_source_that_it_was_built_from(
        string type, string distribution, string advisory, string path, bool certain)
    {
        await CreateAsync("os", type, distribution);
        using (var upload = new ByteArrayContent(type switch
        {
            "debian" => PackageHeads.Deb("Package: libssl3\nVersion: 3.0.11-1~deb12u1+b1\nArchitecture: amd64\n"
                + "Source: openssl (3.0.11-1~deb12u1)\n"),
            "rpm" => PackageHeads.Rpm("firefox-libs", null, "102.10.0", "1.el8_7", "x86_64",
                sourceRpm: "firefox-102.10.0-1.el8_7.src.rpm"),
            _ => PackageHeads.TarGz((".PKGINFO", Encoding.UTF8.GetBytes(
                "pkgname = libz\npkgver = 1.2.12-r1\narch = x86_64\norigin = zlib\n"))),
        }))
        {
            using var stored = await app.Admin.PutAsync($"/{type}/os/{path}", upload);
            Assert.Equal(HttpStatusCode.Created, stored.StatusCode);
        }

        using var request = new HttpRequestMessage(HttpMethod.Get, $"/{type}/os/{path}");
        request.Headers.Add("X-ProGet-Deployment-Application", "apt");
        request.Headers.Add("X-ProGet-Deployment-Description", "install");
        request.Headers.Add("X-ProGet-Deployment-Target", "WEB-1");
        using var download = await app.Client.SendAsync(request);
        Assert.Equal("recorded", download.Headers.GetValues("X-Deployment-Status").Single());
        await Patience.UntilAsync(async () => (long)(await ScalarAsync("select count(*) from deployments"))! == 1);
        await ImportAsync(advisory);

        Assert.Equal(certain, await FoundAsync(advisory));
    }

    [Theory]
    [InlineData("debian", "Debian", "Debian:12")]
    [InlineData("debian", "Debian:bookworm", "Debian:12")]
    [InlineData("debian", "Rocky Linux:9", "Debian:12")]
    [InlineData("rpm", "Amazon Linux:2023", "AlmaLinux:9")]
    [InlineData("apk", "Wolfi:1", "Alpine:v3.19")]
    [InlineData("debian", "none,Debian:12", "none alone")]
    [InlineData("nuget", "Debian:12", "not of NuGet")]
    public async Task A_name_that_no_advisory_has_is_refused(string type, string distributions, string said)
    {
        using var answer = await app.Admin.PostAsJsonAsync("/api/management/feeds/create", new
        {
            name = "os",
            feedType = type,
            distributions = distributions.Split(','),
        });

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(said, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_administrator_says_it_on_the_page_and_it_is_shown_and_audited()
    {
        await CreateAsync("os", "debian", "");
        await app.CreateFeedAsync("libs", "nuget");
        using var browser = await Browser.SignedInAsync(app);
        Assert.Contains("not known which distribution", await browser.ReadAsync("/feeds/os"), StringComparison.Ordinal);
        Assert.DoesNotContain("istribution", await browser.ReadAsync("/admin/feeds/libs"), StringComparison.Ordinal);

        using var saved = await browser.PostAsync("/admin/feeds/os", "/admin/feeds/os",
            ("NewName", "os"), ("Active", "true"), ("AnonymousAccess", "true"), ("DeploymentRecordsEnabled", "true"),
            ("Distributions", "ubuntu:22.04, debian:12"));

        Assert.Contains("Ubuntu:22.04:LTS, Debian:12", await browser.ReadAsync("/feeds/os"), StringComparison.Ordinal);
        var feed = await app.Admin.GetFromJsonAsync<JsonNode>("/api/management/feeds/get/os");
        Assert.Equal("""["Ubuntu:22.04:LTS","Debian:12"]""", feed!["distributions"]!.ToJsonString());
        Assert.Contains("Ubuntu:22.04:LTS", await browser.ReadAsync("/admin/audit"), StringComparison.Ordinal);
    }

    async Task CreateAsync(string feed, string type, string distributions)
    {
        await app.CreateFeedAsync(feed, type);
        await SetAsync(feed, distributions);
    }

    async Task SetAsync(string feed, string distributions)
    {
        using var answer = await app.Admin.PostAsJsonAsync($"/api/management/feeds/update/{feed}", new
        {
            distributions = distributions.Split(',', StringSplitOptions.RemoveEmptyEntries),
        });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        await app.Service<DistributionStore>().MatchAsync(default);
    }

    async Task DeployAsync(string feed, string name, string version)
    {
        using var answer = await app.Admin.PostAsJsonAsync("/api/package-deployment/", new
        {
            FeedName = feed,
            PackageName = name,
            Version = version,
            Application = "ansible",
            Description = "",
            Target = $"{feed}-1",
        });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    async Task ImportAsync(string id)
    {
        using var body = new ByteArrayContent(Encoding.UTF8.GetBytes(Osv.Raw[id].ToJsonString()));
        using var answer = await app.Admin.PostAsync("/api/vulnerabilities/import", body);
        Assert.Equal(1, (int)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["imported"]!);
    }

    // Null: it found nothing, or no longer.
    async Task<bool?> FoundAsync(string id) => (bool?)await ScalarAsync(
        $"""
        select f.is_certain from findings f join advisories a using (advisory_id)
        where a.osv_id = '{id}' and f.closed_at is null
        """);

    async Task<object?> ScalarAsync(string sql)
    {
        await using var connection = await app.Database.DataSource.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync(sql);
    }
}
