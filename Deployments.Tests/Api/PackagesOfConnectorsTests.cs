using System.Net;
using System.Text;
using Deployments.Tests.Clients;
using Deployments.Tests.Feeds;
using Deployments.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Deployments.Tests.Api;

/// <summary>Packages of connectors, downloaded by their names: where the file is, the upstream's index tells.</summary>
public sealed class PackagesOfConnectorsTests : IAsyncLifetime
{
    readonly Dictionary<string, byte[]> files = [];
    TestApp app = null!;
    FakeUpstream upstream = null!;

    public async Task InitializeAsync()
    {
        app = await TestApp.StartAsync();
        upstream = await FakeUpstream.StartAsync(async context =>
        {
            if (files.TryGetValue(context.Request.Path.Value!, out var content))
                await context.Response.Body.WriteAsync(content);
            else
                context.Response.StatusCode = 404;
        });
    }

    public async Task DisposeAsync()
    {
        await app.DisposeAsync();
        await upstream.DisposeAsync();
    }

    [Theory]
    [InlineData("name=Acme.Tools&version=1.2&qualifier=file%3Dacme_tools-1.2-py3-none-any.whl", "wheel")]
    [InlineData("name=acme-tools&version=v1.1", "source")]
    [InlineData("name=acme-tools&version=latest-unstable", "candidate")]
    [InlineData("purl=pkg:pypi/acme-tools@1.1", "source")]
    public async Task A_wheel_is_found_on_its_projects_page(string query, string content)
    {
        files["/simple/acme-tools/"] = Given.Bytes(
            $"""
            <a href="/files/a/acme_tools-1.2-py3-none-any.whl#sha256=0">w</a>
            <a href="{upstream.Url}files/b/acme_tools-1.2.tar.gz">s</a>
            <a href="../../files/c/acme-tools-1.1.tar.gz">s</a><a href="../../files/d/acme_tools-2.0rc1.tar.gz">s</a>
            <a href="javascript:alert(1)">x</a><a href="file:///etc/passwd">acme_tools-1.1.tar.gz</a>
            """);
        files["/files/a/acme_tools-1.2-py3-none-any.whl"] = "wheel"u8.ToArray();
        files["/files/c/acme-tools-1.1.tar.gz"] = "source"u8.ToArray();
        files["/files/d/acme_tools-2.0rc1.tar.gz"] = "candidate"u8.ToArray();
        await app.CreateFeedAsync("main", "pypi", new Uri(upstream.Url, "simple"));

        var record = await RecordedAsync(query, content);

        Assert.Equal("acme-tools", record.Name);
        var (status, text) = await app.Client.AskAsync(
            "GET", "/api/packages/main/download?name=acme-tools&version=1.2");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("acme_tools-1.2.tar.gz", text, StringComparison.Ordinal);
        await NothingAsync("name=acme-tools&version=9", "name=other&version=1");
    }

    [Theory]
    [InlineData("name=acme&version=2%3A1.0-1&qualifier=arch%3Damd64%26distro%3Dstable%26component%3Dextra")]
    [InlineData("name=acme&group=extra&version=2%3A1.0-1&qualifier=arch%3Damd64%26distro%3Dstable")]
    [InlineData("purl=pkg:deb/acme@2:1.0-1%3Farch%3Damd64%26distro%3Dstable%26component%3Dextra")]
    public async Task A_Debian_package_is_found_in_the_index_of_its_distribution(string query)
    {
        var deb = PackageHeads.Deb("Package: acme\nVersion: 2:1.0-1\nArchitecture: amd64\n");
        files["/dists/stable/extra/binary-amd64/Packages.gz"] = PackageHeads.Gzip(Given.Bytes(
            """
            Package: other
            Version: 2:1.0-1
            Architecture: amd64
            Filename: pool/extra/o/other/other_1.0-1_amd64.deb

            Package: acme
            Version: 2:1.0-1
            Architecture: amd64
            Description: x
             Filename: not/this/one.deb
            Filename: ./pool/extra/a/acme/acme_1.0-1_amd64.deb

            Package: acme
            Version: 9.0
            Architecture: amd64
            Filename: ../../../etc/passwd.deb
            """));
        files["/pool/extra/a/acme/acme_1.0-1_amd64.deb"] = deb;
        await app.CreateFeedAsync("main", "debian", upstream.Url);

        var record = await RecordedAsync(query, Encoding.Latin1.GetString(deb));

        Assert.Equal(("extra", "acme", "2:1.0-1", "arch=amd64"),
            (record.GroupName, record.Name, record.Version, record.Qualifier));
        const string Place = "&qualifier=arch%3Damd64%26distro%3Dstable%26component%3Dextra";
        await NothingAsync($"name=acme&version=9.0{Place}", $"name=acme&version=1.0-1{Place}",
            "name=acme&version=2%3A1.0-1&qualifier=arch%3Damd64", $"name=..%2f..&version=1{Place}",
            "name=acme&version=1&qualifier=distro%3D..%2f..%26arch%3D..");
    }

    [Fact]
    public async Task An_RPM_package_is_found_in_the_primary_index()
    {
        var rpm = PackageHeads.Rpm("acme", 2, "1.0", "3", "noarch");
        files["/repodata/repomd.xml"] = Given.Bytes(
            """
            <repomd xmlns="http://linux.example.com/repo"><revision>1</revision>
            <data type="filelists"><location href="repodata/f.xml.gz"/></data>
            <data type="primary"><checksum type="sha256">0</checksum><location href="repodata/p.xml.gz"/></data>
            </repomd>
            """);
        files["/repodata/p.xml.gz"] = PackageHeads.Gzip(Given.Bytes(
            """
            <metadata packages="3">
            <package type="rpm"><name>other</name><arch>noarch</arch><version epoch="2" ver="1.0" rel="3"/>
            <location href="o/other-1.0-3.noarch.rpm"/></package>
            <package type="rpm"><name>acme</name><arch>noarch</arch><version epoch="2" ver="1.0" rel="3"/>
            <location href="a/acme-1.0-3.noarch.rpm"/></package>
            <package type="rpm"><name>acme</name><arch>noarch</arch><version epoch="0" ver="9.0" rel="1"/>
            <location href="../../secret.rpm"/></package>
            </metadata>
            """));
        files["/a/acme-1.0-3.noarch.rpm"] = rpm;
        await app.CreateFeedAsync("main", "rpm", upstream.Url);

        var record = await RecordedAsync(
            "name=acme&version=2%3A1.0-3&qualifier=arch%3Dnoarch", Encoding.Latin1.GetString(rpm));

        Assert.Equal(("acme", "2:1.0-3", "arch=noarch"), (record.Name, record.Version, record.Qualifier));
        await NothingAsync("name=acme&version=9.0-1", "name=acme&version=1.0-3", "name=nothing&version=1-1");
    }

    [Theory]
    [InlineData("name=my-app-2&version=1.0.0-rc.1")]
    [InlineData("name=my-app-2&version=latest-unstable")]
    public async Task A_chart_is_found_in_the_index(string query)
    {
        files["/index.yaml"] = Given.Bytes(
            """
            apiVersion: v1
            entries:
              my-app-2:
              - name: my-app-2
                version: 1.0.0-rc.1
                urls:
                - releases/download/one.tgz
              other:
              - name: other
                version: 1.0.0-rc.1
                urls:
                - releases/download/two.tgz
            """);
        files["/releases/download/one.tgz"] = "chart"u8.ToArray();
        await app.CreateFeedAsync("main", "helm", upstream.Url);

        var record = await RecordedAsync(query, "chart");

        Assert.Equal(("my-app-2", "1.0.0-rc.1"), (record.Name, record.Version));
        await NothingAsync("name=my-app-2&version=1.0.0", "name=my-app&version=2-1.0.0-rc.1");
    }

    [Theory]
    [InlineData("conda", "name=numpy&version=1.26.4&qualifier=build%3Dpy311_0%26subdir%3Dlinux-64%26type%3Dconda",
        "/linux-64/numpy-1.26.4-py311_0.conda", "1.26.4", "build=py311_0&subdir=linux-64&type=conda")]
    [InlineData("apk", "name=py3-yaml&version=6.0-r2&qualifier=arch%3Dx86_64", "/x86_64/py3-yaml-6.0-r2.apk",
        "6.0-r2", "arch=x86_64")]
    [InlineData("pub", "name=acme&version=1.0.0", "/api/archives/acme-1.0.0.tar.gz", "1.0.0", "")]
    public async Task A_package_whose_names_tell_all_is_downloaded(
        string type, string query, string path, string version, string qualifier)
    {
        files["/api/packages/acme"] = Given.Bytes(
            """{"versions":[{"version":"1.0.0","archive_url":"/api/archives/acme-1.0.0.tar.gz"}]}""");
        files[path] = "package"u8.ToArray();
        await app.CreateFeedAsync("main", type, upstream.Url);

        var record = await RecordedAsync(query, "package");

        Assert.Equal((version, qualifier), (record.Version, record.Qualifier));
        await NothingAsync("name=acme&version=9.0.0", "name=..%2f..&version=1.0.0",
            "name=acme&version=1.0-r0&qualifier=arch%3D..%26subdir%3D..%26type%3Dconda%26build%3D0");
    }

    [Theory]
    [InlineData("rpm", "/repodata/repomd.xml", "no xml")]
    [InlineData("rpm", "/repodata/repomd.xml", "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>")]
    [InlineData("debian", "/Packages", "\u00fd7zXZ\0packed in another way")]
    [InlineData("debian", "/Packages", "\u001f\u008bno gzip")]
    [InlineData("helm", "/index.yaml", "{\"entries\":")]
    public async Task An_index_that_cannot_be_read_is_the_upstreams_fault(string type, string path, string content)
    {
        files[path] = Encoding.Latin1.GetBytes(content);
        await app.CreateFeedAsync("main", type, upstream.Url);

        var answer = await app.Client.AskAsync("GET", "/api/packages/main/download?name=acme&version=1.0-1");

        Assert.Equal(HttpStatusCode.BadGateway, answer.Status);
        Assert.StartsWith("main's index cannot be read: ", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_upstream_that_is_away_is_said_to_be()
    {
        await app.CreateFeedAsync("main", "helm", new Uri("http://127.0.0.1:9/"));

        Assert.Equal(HttpStatusCode.BadGateway,
            (await app.Client.AskAsync("GET", "/api/packages/main/download?name=acme&version=1.0.0")).Status);
    }

    async Task<Recorded.Row> RecordedAsync(string query, string content)
    {
        using (var answer = await app.Client.AskAsync($"/api/packages/main/download?{query}",
            ("X-ProGet-Deployment-Application", "a"), ("X-ProGet-Deployment-Description", "d"),
            ("X-ProGet-Deployment-Target", "t")))
        {
            var body = await answer.Content.ReadAsByteArrayAsync();
            Assert.Equal(content, Encoding.Latin1.GetString(body));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.NotEmpty(answer.Content.Headers.ContentDisposition!.FileNameStar!);
            Assert.Equal("recorded", answer.Headers.GetValues("X-Deployment-Status").Single());
        }

        await Recorded.DrainedAsync(app.Database);
        return Assert.Single(await Recorded.AllAsync(app.Database));
    }

    async Task NothingAsync(params string[] queries)
    {
        foreach (var query in queries)
        {
            using var answer = await app.Client.AskAsync($"/api/packages/main/download?{query}",
                ("X-ProGet-Deployment-Application", "a"), ("X-ProGet-Deployment-Description", "d"),
                ("X-ProGet-Deployment-Target", "t"));
            Assert.True(answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.BadRequest,
                $"{query}: {answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
            Assert.False(answer.Headers.Contains("X-Deployment-Status"));
        }

        Assert.DoesNotContain(upstream.Requests, request => request.Target.Contains("..", StringComparison.Ordinal)
            || request.Target.Contains("passwd", StringComparison.Ordinal));
    }
}
