using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Deployments.Data.Accounts;
using Deployments.Data.Audit;
using Deployments.Tests.Accounts;
using Deployments.Tests.Feeds;
using Deployments.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Deployments.Tests.Api;

/// <summary>
/// ProGet's packages API with the requests that pgutil makes. The tool itself cannot be restored from the registries
/// that a build may use, so its requests are repeated here as its source writes them.
/// </summary>
public sealed class PackagesApiTests : IAsyncLifetime
{
    TestApp app = null!;

    public async Task InitializeAsync() => app = await TestApp.StartAsync();

    public async Task DisposeAsync() => await app.DisposeAsync();

    /// <summary>Feed type, where the file is sent, the file, the download's query, its purl, its file name.</summary>
    public static TheoryData<string, string, byte[], string, string, string> Types => new()
    {
        {
            "nuget", "upload", Zip(("Acme.Tools.nuspec", Nuspec)), "name=acme.tools&version=1.2",
            "pkg:nuget/Acme.Tools@1.2.0", "acme.tools.1.2.0.nupkg"
        },
        {
            "npm", "upload", NpmTarball("@acme/tools", "1.2.0"), "name=tools&group=acme&version=1.2.0",
            "pkg:npm/%40acme/tools@1.2.0", "tools-1.2.0.tgz"
        },
        {
            "npm", "upload/whatever.tgz", NpmTarball("tools", "1.2.0-rc.1"), "name=tools&version=latest",
            "pkg:npm/tools@1.2.0-rc.1", "tools-1.2.0-rc.1.tgz"
        },
        {
            "universal", "upload/x.upack", UniversalZip("acme/web", "tools", "1.2.0"),
            "name=tools&group=acme/web&version=1.2.0", "pkg:upack/acme/web/tools@1.2.0", "tools-1.2.0.upack"
        },
        {
            "maven", "upload/com/acme/tools/1.2.0/tools-1.2.0.jar", "jar"u8.ToArray(),
            "group=com.acme&name=tools&version=1.2.0", "pkg:maven/com.acme/tools@1.2.0", "tools-1.2.0.jar"
        },
        {
            "pypi", "upload/Acme_Tools-1.2.0-py3-none-any.whl", "wheel"u8.ToArray(),
            "name=acme-tools&version=v1.2.0&qualifier=file%3DAcme_Tools-1.2.0-py3-none-any.whl",
            "pkg:pypi/acme-tools@1.2.0", "Acme_Tools-1.2.0-py3-none-any.whl"
        },
        {
            "debian", "upload?distribution=stable&component=extra",
            PackageHeads.Deb("Package: acme-tools\nVersion: 2:1.2-3\nArchitecture: amd64\n"),
            "name=acme-tools&version=2%3A1.2-3&qualifier=arch%3Damd64%26distro%3Dstable",
            "pkg:deb/acme-tools@2:1.2-3?arch=amd64", "acme-tools_1.2-3_amd64.deb"
        },
        {
            "rpm", "upload/acme.rpm", PackageHeads.Rpm("acme-tools", 2, "1.2", "3", "noarch"),
            "name=acme-tools&version=2%3A1.2-3&qualifier=arch%3Dnoarch",
            "pkg:rpm/acme-tools@1.2-3?arch=noarch&epoch=2", "acme-tools-1.2-3.noarch.rpm"
        },
        {
            "rubygems", "upload",
            PackageHeads.Tar(("metadata.gz", PackageHeads.Gzip(Encoding.UTF8.GetBytes(
                "--- !ruby/object:Gem::Specification\nname: acme-tools\n"
                + "version: !ruby/object:Gem::Version\n  version: 1.2.0\nplatform: ruby\n")))),
            "name=acme-tools&version=1.2.0&qualifier=platform%3Druby", "pkg:gem/acme-tools@1.2.0",
            "acme-tools-1.2.0.gem"
        },
        {
            "helm", "upload", PackageHeads.TarGz(("tools/Chart.yaml", "name: tools\nversion: 1.2.0\n"u8.ToArray())),
            "name=tools&version=1.2.0", "pkg:helm/tools@1.2.0", "tools-1.2.0.tgz"
        },
        {
            "cran", "upload/tools_1.2.tar.gz", "r"u8.ToArray(), "name=tools&version=1.2&qualifier=ext%3Dtar.gz",
            "pkg:cran/tools@1.2", "tools_1.2.tar.gz"
        },
        {
            "conda", "upload/noarch/tools-1.2-py_0.conda", "c"u8.ToArray(),
            "name=tools&version=1.2&qualifier=build%3Dpy_0%26subdir%3Dnoarch%26type%3Dconda",
            "pkg:conda/tools@1.2?build=py_0&subdir=noarch&type=conda", "tools-1.2-py_0.conda"
        },
        {
            "cran", "upload", PackageHeads.TarGz(("tools/DESCRIPTION", "Package: tools\nVersion: 1.2\n"u8.ToArray())),
            "name=tools&version=1.2&qualifier=ext%3Dtar.gz", "pkg:cran/tools@1.2", "tools_1.2.tar.gz"
        },
        {
            "conda", "upload", PackageHeads.Conda("tools", "1.2", "py_0", "noarch"),
            "name=tools&version=1.2&qualifier=build%3Dpy_0%26subdir%3Dnoarch%26type%3Dconda",
            "pkg:conda/tools@1.2?build=py_0&subdir=noarch&type=conda", "tools-1.2-py_0.conda"
        },
        {
            "composer", "upload/anything.zip",
            Zip(("composer.json", """{"name":"acme/tools","version":"1.2.0"}""")),
            "group=acme&name=tools&version=1.2.0", "pkg:composer/acme/tools@1.2.0", "tools.zip"
        },
        {
            "vsix", "upload", Zip(("extension.vsixmanifest",
                """<PackageManifest><Metadata><Identity Id="tools" Version="1.2"/></Metadata></PackageManifest>""")),
            "name=tools&version=1.2", "pkg:vsix/tools@1.2", "tools-1.2.vsix"
        },
        {
            "apk", "upload/x86_64/tools-1.2-r3.apk", "a"u8.ToArray(),
            "name=tools&version=1.2-r3&qualifier=arch%3Dx86_64", "pkg:apk/alpine/tools@1.2-r3?arch=x86_64",
            "tools-1.2-r3.apk"
        },
        {
            "go", "upload/example.com/!acme/tools/@v/v1.2.0.zip", "g"u8.ToArray(),
            "name=example.com/Acme/tools&version=v1.2.0", "pkg:golang/example.com/Acme/tools@v1.2.0",
            "tools@v1.2.0.zip"
        },
    };

    [Theory]
    [MemberData(nameof(Types))]
    public async Task A_package_of_any_type_goes_in_is_listed_comes_out_tagged_and_is_deleted(
        string type, string upload, byte[] content, string query, string purl, string fileName)
    {
        await app.CreateFeedAsync("main", type);

        Assert.Equal(HttpStatusCode.OK, await SendAsync("PUT", $"/api/packages/MAIN/{upload}", content));
        Assert.Equal(HttpStatusCode.Conflict, await SendAsync("POST", $"/api/packages/main/{upload}", content));

        var listed = Assert.Single((await app.Client.JsonAsync("GET", "/api/packages/main/latest")).AsArray())!;
        Assert.Equal(purl, (string?)listed["purl"]);
        Assert.Equal(content.Length, (int)listed["size"]!);
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content)),
            (string?)listed["sha256"]);
        Assert.Equal("API key \"bootstrap\"", (string?)listed["publishedBy"], ignoreCase: true);
        var version = Assert.Single((await app.Client.JsonAsync(
            "GET", $"/api/packages/main/versions?{query}")).AsArray())!;
        Assert.Equal(listed.ToJsonString(), version.ToJsonString());

        foreach (var (asked, target) in new[] { (query, "WEB-01"), ($"purl={Uri.EscapeDataString(purl)}", "WEB-02") })
        {
            using var answer = await DownloadAsync("main", asked, target);
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
            Assert.Equal(content, await answer.Content.ReadAsByteArrayAsync());
            Assert.Equal(content.Length, answer.Content.Headers.ContentLength);
            Assert.Equal(fileName, answer.Content.Headers.ContentDisposition!.FileNameStar);
            Assert.Equal("recorded", answer.Headers.GetValues("X-Deployment-Status").Single());
        }

        await Recorded.DrainedAsync(app.Database);
        var records = await Recorded.AllAsync(app.Database);
        Assert.Equal(["WEB-01", "WEB-02"], records.Select(record => record.Target));
        Assert.All(records, record => Assert.Equal(((string?)listed["name"], (string?)listed["version"]),
            (record.Name, record.Version)));

        var delete = $"/api/packages/main/delete?purl={Uri.EscapeDataString(purl)}";
        Assert.Equal(HttpStatusCode.Forbidden, (await app.Client.AskAsync("POST", delete)).Status);
        Assert.Equal(HttpStatusCode.OK, (await app.Admin.AskAsync("POST", delete)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await app.Admin.AskAsync("DELETE", delete)).Status);
        Assert.Empty((await app.Client.JsonAsync("GET", $"/api/packages/main/versions?{query}")).AsArray());
        Assert.Equal(HttpStatusCode.OK, await SendAsync("PUT", $"/api/packages/main/{upload}", content));
    }

    [Fact]
    public async Task A_feed_says_what_it_is()
    {
        await app.CreateFeedAsync("debs", "debian");

        var feed = await app.Client.JsonAsync("GET", "/api/packages/Debs");

        Assert.Equal(("debs", "debian", "deb"),
            ((string?)feed["name"], (string?)feed["feedType"], (string?)feed["packageType"]));
        Assert.True((int)feed["id"]! > 0);
    }

    [Fact]
    public async Task The_newest_version_is_the_one_that_is_asked_for()
    {
        await app.CreateFeedAsync("main", "npm");
        foreach (var version in new[] { "1.9.0", "1.10.0", "2.0.0-rc.1" })
            await SendAsync("PUT", "/api/packages/main/upload", NpmTarball("tools", version));
        await SendAsync("PUT", "/api/packages/main/upload", NpmTarball("other", "0.1.0-a"));

        Assert.Equal(["other 0.1.0-a", "tools 2.0.0-rc.1"], await ListAsync("latest"));
        Assert.Equal(["tools 1.10.0"], await ListAsync("latest?stableOnly=true"));
        Assert.Equal(["tools 1.10.0"], await ListAsync("latest?name=tools&stableOnly=true"));
        Assert.Equal(["tools 2.0.0-rc.1", "tools 1.10.0", "tools 1.9.0"], await ListAsync("versions?name=tools"));
        Assert.Equal(["tools 1.9.0"], await ListAsync("versions?name=tools&version=1.9.0"));
        Assert.Empty(await ListAsync("versions?name=nothing"));
        Assert.Empty(await ListAsync("latest?group=%40acme"));
        foreach (var (word, file) in new[]
        {
            ("latest", "tools-1.10.0.tgz"), ("LATEST-STABLE", "tools-1.10.0.tgz"),
            ("latest-unstable", "tools-2.0.0-rc.1.tgz"),
        })
        {
            using var answer = await DownloadAsync("main", $"name=tools&version={word}", "t");
            Assert.Equal(file, answer.Content.Headers.ContentDisposition!.FileNameStar);
        }

        Assert.Equal(HttpStatusCode.NotFound,
            (await app.Client.AskAsync("GET", "/api/packages/main/download?name=other&version=latest-stable")).Status);
    }

    [Fact]
    public async Task Files_of_a_version_are_told_apart_by_their_qualifier()
    {
        await app.CreateFeedAsync("gems", "pypi");
        foreach (var platform in new[] { "linux_x86_64", "win_amd64" })
            await SendAsync("PUT", $"/api/packages/gems/upload/tools-1.0-py3-none-{platform}.whl", "x"u8.ToArray());

        var (status, text) = await app.Client.AskAsync("GET", "/api/packages/gems/download?name=tools&version=1.0");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.StartsWith("qualifier: ", text, StringComparison.Ordinal);
        Assert.Contains("win_amd64", text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest,
            (await app.Admin.AskAsync("POST", "/api/packages/gems/delete?name=tools&version=1.0")).Status);

        const string One = "name=tools&version=1.0&qualifier=file%3Dtools-1.0-py3-none-win_amd64.whl";
        using (var answer = await DownloadAsync("gems", One, "t"))
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(HttpStatusCode.OK,
            (await app.Admin.AskAsync("POST", $"/api/packages/gems/delete?{One}")).Status);
        Assert.Single(await ListAsync("versions?name=tools", "gems"));
    }

    [Fact]
    public async Task A_maven_version_goes_with_all_its_files()
    {
        await app.CreateFeedAsync("main", "maven");
        foreach (var file in new[] { "tools-1.0.jar", "tools-1.0.pom", "tools-1.0-dist.tar.gz" })
            await SendAsync("PUT", $"/api/packages/main/upload/com/acme/tools/1.0/{file}", "x"u8.ToArray());

        Assert.Equal(2, (await ListAsync("versions?group=com.acme&name=tools")).Count);
        using (var dist = await DownloadAsync("main",
            "purl=" + Uri.EscapeDataString("pkg:maven/com.acme/tools@1.0?classifier=dist&type=tar.gz"), "t"))
            Assert.Equal("tools-1.0-dist.tar.gz", dist.Content.Headers.ContentDisposition!.FileNameStar);
        using (var jar = await DownloadAsync("main", "group=com.acme&name=tools&version=1.0", "t"))
            Assert.Equal("tools-1.0.jar", jar.Content.Headers.ContentDisposition!.FileNameStar);

        Assert.Equal(HttpStatusCode.OK, (await app.Admin.AskAsync(
            "DELETE", "/api/packages/main/delete?group=com.acme&name=tools&version=1.0")).Status);
        Assert.Equal(HttpStatusCode.NotFound,
            (await app.Client.AskAsync("GET", "/maven2/main/com/acme/tools/1.0/tools-1.0.pom")).Status);
    }

    [Fact]
    public async Task What_a_connector_has_is_downloaded_recorded_and_then_listed()
    {
        await using var upstream = await FakeUpstream.StartAsync(context =>
            context.Request.Path.Value == "/tools/-/tools-1.0.0.tgz"
                ? context.Response.WriteAsync("from afar")
                : Task.FromResult(context.Response.StatusCode = 404));
        await app.CreateFeedAsync("main", "npm", upstream.Url);
        Assert.Empty(await ListAsync("latest"));

        using (var answer = await DownloadAsync("main", "name=tools&version=1.0.0", "WEB-01"))
        {
            Assert.Equal("from afar", await answer.Content.ReadAsStringAsync());
            Assert.Equal("tools-1.0.0.tgz", answer.Content.Headers.ContentDisposition!.FileNameStar);
            Assert.Equal("recorded", answer.Headers.GetValues("X-Deployment-Status").Single());
        }

        using (var missing = await DownloadAsync("main", "name=tools&version=3.0.0", "WEB-01"))
        {
            Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
            Assert.Null(missing.Content.Headers.ContentDisposition);
            Assert.False(missing.Headers.Contains("X-Deployment-Status"));
        }

        await Recorded.DrainedAsync(app.Database);
        Assert.Equal(["tools 1.0.0"], await ListAsync("latest"));
        Assert.Equal(["tools 1.0.0"], await ListAsync("versions?name=tools&version=1.0.0"));
        Assert.Empty(await ListAsync("versions?name=other"));
        Assert.Equal(HttpStatusCode.NotFound,
            (await app.Admin.AskAsync("POST", "/api/packages/main/delete?name=tools&version=1.0.0")).Status);
        Assert.DoesNotContain(upstream.Requests, request =>
            request.Headers.Keys.Any(name => name.StartsWith("X-ProGet", StringComparison.OrdinalIgnoreCase)));

        // A name that is here hides the upstream's: nobody there can publish a newer version of it.
        await SendAsync("PUT", "/api/packages/main/upload", NpmTarball("tools", "0.5.0"));
        Assert.Equal(["tools 0.5.0"], await ListAsync("versions?name=tools"));
        Assert.Equal(HttpStatusCode.NotFound,
            (await app.Client.AskAsync("GET", "/api/packages/main/download?name=tools&version=1.0.0")).Status);
    }

    [Fact]
    public async Task A_version_is_refused_deprecated_and_taken_off_the_list()
    {
        await app.CreateFeedAsync("main", "npm");
        foreach (var version in new[] { "1.0.0", "1.1.0" })
            await SendAsync("PUT", "/api/packages/main/upload", NpmTarball("tools", version));
        const string Status = "/api/packages/main/status?name=tools&version=1.1.0";

        Assert.Equal(HttpStatusCode.OK, (await app.Admin.AskAsync("POST", Status,
            new { allow = false, deprecated = true, deprecationReason = "<b>broken</b>" })).Status);
        foreach (var url in new[] { "/npm/main/tools/-/tools-1.1.0.tgz", "/api/packages/main/download?name=tools"
            + "&version=1.1.0" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            request.Headers.Add("X-ProGet-Deployment-Application", "a");
            request.Headers.Add("X-ProGet-Deployment-Description", "d");
            request.Headers.Add("X-ProGet-Deployment-Target", "t");
            using var answer = await app.Client.SendAsync(request);
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
            Assert.Equal("tools 1.1.0 may not be downloaded from main.", await answer.Content.ReadAsStringAsync());
            Assert.False(answer.Headers.Contains("X-Deployment-Status"));
            Assert.Null(answer.Content.Headers.ContentDisposition);
        }

        Assert.Equal(HttpStatusCode.OK, (await app.Client.AskAsync("GET", "/npm/main/tools/-/tools-1.0.0.tgz")).Status);
        var listed = (await app.Client.JsonAsync("GET", "/api/packages/main/versions?name=tools&version=1.1.0"))[0]!;
        Assert.Equal((true, false, true, "<b>broken</b>"), ((bool)listed["listed"]!, (bool)listed["allowDownload"]!,
            (bool)listed["deprecated"]!, (string?)listed["deprecationReason"]));

        Assert.Equal(HttpStatusCode.OK,
            (await app.Admin.AskAsync("PUT", Status, new { listed = false, allow = true })).Status);
        Assert.Equal(["tools 1.0.0"], await ListAsync("latest"));
        Assert.Equal(2, (await ListAsync("versions")).Count);
        Assert.Equal(HttpStatusCode.OK, (await app.Client.AskAsync("GET", "/npm/main/tools/-/tools-1.1.0.tgz")).Status);

        var audited = (await app.Service<AuditQueries>().PageAsync(new AuditFilter(null, null), null, 100, default))
            .Where(entry => entry.Action == "package.status").ToList();
        Assert.Equal(2, audited.Count);
        Assert.All(audited, entry => Assert.Equal("main: pkg:npm/tools@1.1.0", entry.SubjectName));
    }

    [Fact]
    public async Task A_connectors_version_is_refused_before_it_was_ever_here()
    {
        await using var upstream = await FakeUpstream.StartAsync(context => context.Response.WriteAsync("package"));
        await app.CreateFeedAsync("main", "nuget", upstream.Url);
        const string Query = "purl=pkg:nuget/Evil.Tools@6.6.6";

        Assert.Equal(HttpStatusCode.OK,
            (await app.Admin.AskAsync("POST", $"/api/packages/main/status?{Query}", new { allow = false })).Status);

        foreach (var url in new[] { $"/api/packages/main/download?{Query}", "/nuget/main/package/evil.tools/6.6.6.0" })
            Assert.Equal(HttpStatusCode.Forbidden, (await app.Client.AskAsync("GET", url)).Status);
        Assert.Equal(HttpStatusCode.OK,
            (await app.Client.AskAsync("GET", "/nuget/main/package/evil.tools/6.6.5")).Status);
        Assert.DoesNotContain(upstream.Requests, request =>
            request.Target.Contains("6.6.6", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("name=app&version=9.0.0", "{}", 404)]
    [InlineData("name=app&version=latest", "{}", 400)]
    [InlineData("name=app&version=1.0.0", """{"allow":"no"}""", 400)]
    [InlineData("name=app&version=1.0.0", """{"deprecationReason":"a\u0000b"}""", 400)]
    [InlineData("name=app&version=1.0.0", "[]", 400)]
    [InlineData("name=app", "{}", 400)]
    public async Task A_status_that_cannot_be_is_refused(string query, string body, int status)
    {
        await UniversalPackage.InNewFeedAsync(app.Admin, "main");
        using var content = new StringContent(body);

        using var answer = await app.Admin.PostAsync($"/api/packages/main/status?{query}", content);

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal("text/plain", answer.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task An_incomplete_tag_is_rejected_and_the_package_comes_all_the_same()
    {
        await UniversalPackage.InNewFeedAsync(app.Admin, "main");
        using var request = new HttpRequestMessage(HttpMethod.Get,
            "/api/packages/main/download?name=app&version=1.0.0");
        request.Headers.Add("X-ProGet-Deployment-Target", "WEB-01");

        using var answer = await app.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.StartsWith("rejected; ", answer.Headers.GetValues("X-Deployment-Status").Single(),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("download", 400, "name: is required.")]
    [InlineData("download?name=app", 400, "version: is required.")]
    [InlineData("download?name=app&version=2.0.0", 404, "app 2.0.0 is not in main.")]
    [InlineData("download?name=app&name=b&version=1.0.0", 400, "name: is given 2 times.")]
    [InlineData("download?name=a%00b&version=1.0.0", 400, "name: is too long or has control characters.")]
    [InlineData("download?name=..%2f..%2fetc%2fpasswd&version=1.0.0", 404, "")]
    [InlineData("download?purl=acme", 400, "purl: must begin with pkg:.")]
    [InlineData("download?purl=pkg:npm/app@1.0.0", 400, "purl: must be that of a package of this feed")]
    [InlineData("download?purl=pkg:upack/a%25zz@1.0.0", 400, "purl: is not encoded as a package URL is.")]
    [InlineData("download?purl=pkg:upack/app@1.0.0&name=app", 400, "purl: is given beside a name.")]
    [InlineData("latest?stableOnly=perhaps", 400, "stableOnly: must be true or false.")]
    [InlineData("versions?name=app&version=latest&group=%01", 400, "group: ")]
    public async Task What_cannot_be_understood_is_refused_in_a_sentence(string path, int status, string text)
    {
        await UniversalPackage.InNewFeedAsync(app.Admin, "main");

        var answer = await app.Client.AskAsync("GET", $"/api/packages/main/{path}");

        Assert.Equal((status, true), ((int)answer.Status, answer.Body.StartsWith(text, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("npm", "upload", "no tarball")]
    [InlineData("nuget", "upload", "no zip")]
    [InlineData("universal", "upload", "no zip")]
    [InlineData("debian", "upload/tools_1_all.deb", "no archive")]
    [InlineData("rpm", "upload/tools.rpm", "no header")]
    [InlineData("rubygems", "upload/tools-1.gem", "no tar")]
    [InlineData("helm", "upload", "no chart")]
    [InlineData("cran", "upload", "no tar")]
    [InlineData("conda", "upload", "PK and no zip")]
    [InlineData("conda", "upload/tools-1.0-0.tar.bz2", "BZh and no archive")]
    [InlineData("composer", "upload", "no zip")]
    [InlineData("vsix", "upload/tools.vsix", "no zip")]
    [InlineData("pypi", "upload", "no name")]
    [InlineData("pypi", "upload/tools.whl", "no version")]
    [InlineData("maven", "upload/tools-1.0.jar", "no group")]
    [InlineData("maven", "upload/com/acme/../../../x/1/x-1.jar", "traversal")]
    [InlineData("maven", "upload/com%2f..%2fx/acme/1/acme-1.jar", "traversal")]
    [InlineData("conda", "upload/tools-1.2-py_0.conda", "no subdir")]
    [InlineData("cargo", "upload/tools-1.2.0.crate", "no description")]
    [InlineData("asset", "upload", "no name")]
    public async Task An_upload_that_is_no_package_is_refused(string type, string path, string content)
    {
        await app.CreateFeedAsync("main", type);

        var status = await SendAsync("PUT", $"/api/packages/main/{path}", Encoding.ASCII.GetBytes(content));

        // What leaves the feed's addresses never gets as far as the API.
        Assert.Contains(status, new[] { HttpStatusCode.BadRequest, HttpStatusCode.NotFound });
        Assert.Empty(await ListAsync("latest"));
    }

    [Fact]
    public async Task Each_request_needs_its_permission_on_the_feed_and_is_refused_with_403()
    {
        await UniversalPackage.InNewFeedAsync(app.Admin, "main");
        await UniversalPackage.InNewFeedAsync(app.Admin, "other");
        await app.Admin.JsonAsync("POST", "/api/management/feeds/update/main", new { anonymousAccess = false });
        await CallerResolverTests.AddKeyAsync(app, "viewer-key", Permissions.View);
        await CallerResolverTests.AddKeyAsync(app, "adder-key", Permissions.View | Permissions.Add);
        await CallerResolverTests.AddKeyAsync(app, "other-key", Permissions.All, feed: "other");
        (string Method, string Path, string[] May)[] requests =
        [
            ("GET", "", ["viewer-key", "adder-key"]),
            ("GET", "/latest", ["viewer-key", "adder-key"]),
            ("GET", "/versions?name=app", ["viewer-key", "adder-key"]),
            ("GET", "/download?name=app&version=1.0.0", ["viewer-key", "adder-key"]),
            ("PUT", "/upload", ["adder-key"]),
            ("POST", "/upload/x.upack", ["adder-key"]),
            ("POST", "/delete?name=app&version=1.0.0", []),
            ("DELETE", "/delete?name=app&version=1.0.0", []),
            ("POST", "/status?name=app&version=1.0.0", []),
        ];
        foreach (var (method, path, may) in requests)
        {
            foreach (var key in new[] { null, "wrong-key", "viewer-key", "adder-key", "other-key" })
            {
                var (status, _) = await app.Client.AskAsync(method, "/api/packages/main" + path, null,
                    key is null ? [] : [("X-ApiKey", key)]);
                Assert.Equal(may.Contains(key), status != HttpStatusCode.Forbidden);
                Assert.NotEqual(HttpStatusCode.Unauthorized, status);
            }
        }

        // Who may not use every feed is not told which there are.
        Assert.Equal(HttpStatusCode.Forbidden, (await app.Client.AskAsync("GET", "/api/packages/nothing")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await app.Admin.AskAsync("GET", "/api/packages/nothing")).Status);
    }

    async Task<HttpStatusCode> SendAsync(string method, string url, byte[] content)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), url);
        request.Content = new ByteArrayContent(content);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        using var answer = await app.Admin.SendAsync(request);
        return answer.StatusCode;
    }

    async Task<HttpResponseMessage> DownloadAsync(string feed, string query, string target)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/packages/{feed}/download?{query}");
        request.Headers.Add("X-ProGet-Deployment-Application", "pgutil");
        request.Headers.Add("X-ProGet-Deployment-Description", "Release 1");
        request.Headers.Add("X-ProGet-Deployment-Target", target);
        return await app.Client.SendAsync(request);
    }

    async Task<IReadOnlyList<string>> ListAsync(string path, string feed = "main") =>
        [.. (await app.Client.JsonAsync("GET", $"/api/packages/{feed}/{path}")).AsArray()
            .Select(item => $"{item!["name"]} {item["version"]}")];

    const string Nuspec = """
        <package><metadata><id>Acme.Tools</id><version>1.2.0</version><authors>a</authors>
        <description>d</description></metadata></package>
        """;

    static byte[] NpmTarball(string name, string version) => PackageHeads.TarGz(
        ("package/index.js", new byte[2_000]),
        ("package/package.json", Encoding.UTF8.GetBytes(
            new JsonObject { ["name"] = name, ["version"] = version }.ToJsonString())));

    static byte[] UniversalZip(string group, string name, string version) => Zip(("upack.json",
        new JsonObject { ["group"] = group, ["name"] = name, ["version"] = version }.ToJsonString()));

    static byte[] Zip(params (string Name, string Content)[] files)
    {
        using var file = new MemoryStream();
        using (var zip = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in files)
            {
                using var entry = zip.CreateEntry(name).Open();
                entry.Write(Encoding.UTF8.GetBytes(content));
            }
        }

        return file.ToArray();
    }
}
