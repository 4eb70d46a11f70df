using System.Net.Http.Headers;
using Deployments.Tests.Clients;
using Deployments.Tests.Support;
using Deployments.Web.Feeds;
using Microsoft.AspNetCore.Http;

namespace Deployments.Tests.Feeds;

/// <summary>
/// What the clients of every type are to hear of a name that nobody knows. Where they ask for a list, an empty one: a
/// client with several sources takes "not found" for a broken one and gives up. Where they ask for an item, "not
/// found", so that they ask the next source; what is which, the protocol says and no symmetry (an npm packument, a Go
/// list, a page of the simple index are items). And where the index of a whole repository is asked for, what is there;
/// but an upstream that has none is no repository.
/// </summary>
public sealed class UnknownNamesTests
{
    const string Digest = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

    // type | request | alone and empty | behind a connector that has nothing | with a package of another name | in it
    const string Table = $"""
        nuget | | 200 200 200 | Packages
        nuget | $metadata | 200 200 200 | FindPackagesById
        nuget | FindPackagesById()?id='zzz' | 200 200 200 | <feed
        nuget | FindPackagesById()?id='zzz'&semVerLevel=2.0.0 | 200 200 200 | <feed
        nuget | api/v2/FindPackagesById()?id='zzz' | 200 200 200 | <feed
        nuget | FindPackagesById()/$count?id='zzz' | 200 200 200 | 0
        nuget | Search()?searchTerm='zzz'&targetFramework=''&includePrerelease=true | 200 200 200 | <feed
        nuget | Search()/$count?searchTerm='zzz' | 200 200 200 | 0
        nuget | Packages()?$filter=Id%20eq%20'zzz'%20and%20IsLatestVersion | 200 200 200 | <feed
        nuget | Packages?$filter=tolower(Id)%20eq%20'zzz' | 200 200 200 | <feed
        nuget | GetUpdates()?packageIds='zzz'&versions='1.0'&includePrerelease=false | 200 200 200 | <feed
        nuget | Packages(Id='zzz',Version='1.0') | 404 404 404 |
        nuget | package/zzz/1.0 | 404 404 404 |
        nuget | package/zzz | 404 404 404 |
        nuget | v3/index.json | 200 200 200 | PackageBaseAddress
        nuget | v3/search?q=zzz | 200 200 200 | "totalHits":0
        nuget | v3/autocomplete?q=zzz | 200 200 200 | "data":[]
        nuget | v3/autocomplete?id=zzz | 200 200 200 | "data":[]
        nuget | v3/flat/zzz/index.json | 404 404 404 |
        nuget | v3/flat/zzz/1.0.0/zzz.1.0.0.nupkg | 404 404 404 |
        nuget | v3/flat/zzz/1.0.0/zzz.nuspec | 404 404 404 |
        nuget | v3/registration/zzz/index.json | 404 404 404 |
        nuget | v3/registration/zzz/1.0.0.json | 404 404 404 |
        npm | zzz | 404 404 404 |
        npm | @zzz%2fzzz | 404 404 404 |
        npm | zzz/latest | 404 404 404 |
        npm | zzz/-/zzz-1.0.0.tgz | 404 404 404 |
        npm | -/package/zzz/dist-tags | 404 404 404 |
        npm | -/v1/search?text=zzz | 200 200 200 | "objects":[]
        npm | -/ping | 200 200 200 |
        maven | com/zzz/zzz/maven-metadata.xml | 404 404 404 |
        maven | com/zzz/zzz/maven-metadata.xml.sha1 | 404 404 404 |
        maven | com/zzz/zzz/1.0-SNAPSHOT/maven-metadata.xml | 404 404 404 |
        maven | com/zzz/zzz/1.0/zzz-1.0.pom | 404 404 404 |
        maven | com/zzz/zzz/1.0/zzz-1.0.jar | 404 404 404 |
        pypi | simple/ | 200 404 200 | <html
        pypi | simple/zzz/ | 404 404 404 |
        pypi | pypi/zzz/json | 404 404 404 |
        pypi | packages/zzz/1.0/zzz-1.0.tar.gz | 404 404 404 |
        conda | noarch/zzz-1.0-0.conda | 404 404 404 |
        conda | noarch/repodata.json.zst | 404 404 404 |
        conda | noarch/repodata.json | 200 404 200 | "packages.conda":
        conda | linux-64/current_repodata.json | 200 404 200 | "subdir":"linux-64"
        conda | zzz/repodata.json | 404 404 404 |
        rubygems | versions | 200 404 200 | ---
        rubygems | names | 200 404 200 | ---
        rubygems | specs.4.8.gz | 200 404 200 |
        rubygems | latest_specs.4.8.gz | 200 404 200 |
        rubygems | prerelease_specs.4.8.gz | 200 404 200 |
        rubygems | info/zzz | 404 404 404 |
        rubygems | quick/Marshal.4.8/zzz-1.0.gemspec.rz | 404 404 404 |
        rubygems | gems/zzz-1.0.gem | 404 404 404 |
        debian | Packages | 200 404 200 |
        debian | Packages.gz | 200 404 200 |
        debian | Release | 200 404 200 | SHA256:
        debian | dists/zzz/InRelease | 404 404 404 |
        debian | dists/zzz/Release | 404 404 404 |
        debian | dists/zzz/main/binary-amd64/Packages | 404 404 404 |
        debian | pool/main/z/zzz/zzz_1.0_all.deb | 404 404 404 |
        rpm | repodata/repomd.xml | 200 404 200 | <repomd
        rpm | repodata/primary.xml.gz | 200 404 200 |
        rpm | Packages/zzz-1.0-1.noarch.rpm | 404 404 404 |
        apk | x86_64/APKINDEX.tar.gz | 200 404 200 |
        apk | zzz/APKINDEX.tar.gz | 404 404 404 |
        apk | x86_64/zzz-1.0-r0.apk | 404 404 404 |
        helm | index.yaml | 200 404 200 | entries:
        helm | charts/zzz/1.0.0/zzz-1.0.0.tgz | 404 404 404 |
        helm | zzz-1.0.0.tgz | 404 404 404 |
        docker | zzz/manifests/latest | 404 404 404 | "MANIFEST_UNKNOWN"
        docker | zzz/manifests/{Digest} | 404 404 404 | "MANIFEST_UNKNOWN"
        docker | zzz/blobs/{Digest} | 404 404 404 | "BLOB_UNKNOWN"
        docker | zzz/tags/list | 404 404 404 | "NAME_UNKNOWN"
        docker | zzz/referrers/{Digest} | 200 404 404 |
        cran | src/contrib/PACKAGES | 200 404 200 |
        cran | src/contrib/PACKAGES.gz | 200 404 200 |
        cran | src/contrib/zzz_1.0.tar.gz | 404 404 404 |
        cran | src/contrib/PACKAGES.rds | 404 404 404 |
        pub | api/packages/zzz | 404 404 404 |
        pub | packages/zzz/versions/1.0.0.tar.gz | 404 404 404 |
        terraform | acme/zzz/aws/versions | 404 404 404 |
        terraform | acme/zzz/aws/1.0.0/download | 404 404 404 |
        cargo | config.json | 200 200 200 | "dl"
        cargo | 3/z/zzz | 404 404 404 |
        cargo | api/v1/crates?q=zzz&per_page=10 | 200 200 200 | "crates":[]
        cargo | api/v1/crates/zzz/1.0.0/download | 404 404 404 |
        composer | packages.json | 200 200 200 | "metadata-url"
        composer | p2/acme/zzz.json | 404 404 404 |
        composer | p2/acme/zzz~dev.json | 404 404 404 |
        composer | dist/acme/zzz/1.0.0/zzz.zip | 404 404 404 |
        conan | v1/ping | 200 200 200 |
        conan | v2/conans/search?q=zzz | 200 200 200 | "results":[]
        conan | v2/conans/zzz/1.0/_/_/latest | 404 404 404 |
        conan | v2/conans/zzz/1.0/_/_/revisions | 404 404 404 |
        conan | v2/conans/zzz/1.0/_/_/search | 404 404 404 |
        vsix | | 200 404 200 | <feed
        vsix | download/zzz/1.0 | 404 404 404 |
        universal | packages | 200 200 200 | [
        universal | search?term=zzz | 200 200 200 | []
        universal | versions?name=zzz | 200 200 200 | []
        universal | download/zzz/1.0.0 | 404 404 404 |
        universal | download/zzz?latest | 404 404 404 |
        universal | meta/zzz/1.0.0 | 404 404 404 |
        asset | dir | 200 404 200 | [
        asset | dir/zzz | 404 404 404 |
        asset | metadata/zzz.txt | 404 404 404 |
        asset | content/zzz.txt | 404 404 404 |
        bower | packages | 200 200 200 | []
        bower | packages/search/zzz | 200 200 200 | []
        bower | packages/zzz | 404 404 404 |
        go | example.com/zzz/@v/list | 404 404 404 |
        go | example.com/zzz/@latest | 404 404 404 |
        go | example.com/zzz/@v/v1.0.0.info | 404 404 404 |
        go | example.com/zzz/@v/v1.0.0.mod | 404 404 404 |
        go | example.com/zzz/@v/v1.0.0.zip | 404 404 404 |
        """;

    /// <summary>How a package of another name gets into a feed of the type: method, path, content.</summary>
    static readonly Dictionary<string, (string Method, string Path, byte[] Content)> Others = new()
    {
        ["nuget"] = ("PUT", "package", Given.Zip(("acme.nuspec", Given.Bytes(
            """
            <package><metadata><id>acme</id><version>1.0.0</version><authors>a</authors><description>d</description>
            </metadata></package>
            """)))),
        ["maven"] = ("PUT", "com/acme/acme/1.0/acme-1.0.jar", Given.Bytes("jar")),
        ["pypi"] = ("PUT", "acme-1.0.tar.gz", Given.Bytes("x")),
        ["conda"] = ("PUT", "noarch/acme-1.0-0.tar.bz2", Given.Bytes("x")),
        ["rubygems"] = ("PUT", "gems/acme-1.0.gem", PackageHeads.Tar(("metadata.gz", PackageHeads.Gzip(Given.Bytes(
            "--- !ruby/object:Gem::Specification\nname: acme\n"
            + "version: !ruby/object:Gem::Version\n  version: '1.0'\n"))))),
        ["debian"] = ("PUT", "pool/main/a/acme/acme_1.0_all.deb", PackageHeads.Deb(
            "Package: acme\nVersion: 1.0\nArchitecture: all\n")),
        ["rpm"] = ("PUT", "Packages/acme-1.0-1.noarch.rpm", PackageHeads.Rpm("acme", null, "1.0", "1", "noarch")),
        ["apk"] = ("PUT", "x86_64/acme-1.0-r0.apk", Given.Bytes("x")),
        ["helm"] = ("PUT", "", PackageHeads.TarGz(("acme/Chart.yaml", Given.Bytes("name: acme\nversion: 1.0.0\n")))),
        ["docker"] = ("PUT", "acme/manifests/1.0", Given.Bytes("""{"schemaVersion":2,"manifests":[]}""")),
        ["cran"] = ("PUT", "src/contrib/acme_1.0.tar.gz", PackageHeads.TarGz(
            ("acme/DESCRIPTION", Given.Bytes("Package: acme\nVersion: 1.0\n")))),
        ["pub"] = ("PUT", "packages/acme/versions/1.0.0.tar.gz", Given.Bytes("x")),
        ["terraform"] = ("PUT", "acme/vpc/aws/1.0.0/archive.zip", Given.Bytes("x")),
        ["cargo"] = ("PUT", "api/v1/crates/acme/1.0.0/download", Given.Bytes("x")),
        ["composer"] = ("PUT", "", Given.Zip(("composer.json", Given.Bytes(
            """{"name":"acme/tool","version":"1.0.0"}""")))),
        ["conan"] = ("PUT", "v2/conans/acme/1.0/_/_/revisions/1/files/conanfile.py", Given.Bytes("x")),
        ["vsix"] = ("PUT", "", Given.Zip(("extension.vsixmanifest", Given.Bytes(
            """<PackageManifest><Metadata><Identity Id="acme" Version="1.0"/></Metadata></PackageManifest>""")))),
        ["universal"] = ("PUT", "upload", UniversalPackage.Make("acme", "1.0.0")),
        ["asset"] = ("PUT", "content/acme.txt", Given.Bytes("x")),
        ["go"] = ("PUT", "example.com/acme/@v/v1.0.0.zip", Given.Bytes("x")),
        ["npm"] = ("PUT", "acme", Given.Bytes(
            """
            {"name":"acme","versions":{"1.0.0":{"name":"acme","version":"1.0.0"}},"dist-tags":{"latest":"1.0.0"},
             "_attachments":{"acme-1.0.0.tgz":{"data":"eA=="}}}
            """)),
    };

    [Fact]
    public async Task A_list_is_empty_an_item_is_not_found_and_a_missing_upstream_is_no_repository()
    {
        await using var upstream = await FakeUpstream.StartAsync(KnowsNothingAsync);
        await using var app = await TestApp.StartAsync();
        var roots = new FeedTypeCatalog().All.ToDictionary(type => type.Key, type => type.Root);
        Assert.Equal(roots.Keys.Order(), Rows().Select(row => row.Type).Distinct().Order()); // every type
        var deviations = new List<string>();

        foreach (var type in roots.Keys)
        {
            var address = new Uri(upstream.Url, type == "nuget" ? "nuget/v3/index.json" : type);
            await app.CreateFeedAsync($"{type}-alone", type);
            await app.CreateFeedAsync($"{type}-behind", type, type == "bower" ? null : address);
            await app.CreateFeedAsync($"{type}-both", type, type == "bower" ? null : address);
            if (Others.TryGetValue(type, out var other))
                await UploadAsync(app, $"/{roots[type]}/{type}-both/{other.Path}", other.Method, other.Content);
        }

        foreach (var row in Rows())
        {
            foreach (var (feed, expected) in new[] { "alone", "behind", "both" }.Zip(row.Codes))
            {
                var path = $"/{roots[row.Type]}/{row.Type}-{feed}/{row.Path}";
                using var answer = await app.Admin.AskAsync(path);
                var text = await answer.Content.ReadAsStringAsync();
                if ((int)answer.StatusCode != expected)
                    deviations.Add($"{path}: {(int)answer.StatusCode} and not {expected}: {text}");
                else if ((expected == 200 || row.Codes.Distinct().Count() == 1)
                    && !text.Contains(row.Holds, StringComparison.Ordinal))
                    deviations.Add($"{path}: without {row.Holds}: {text}");
            }
        }

        Offenders.AssertNone(deviations);
    }

    static IEnumerable<(string Type, string Path, int[] Codes, string Holds)> Rows() =>
        from line in Table.Split('\n')
        let cells = line.Split('|').Select(cell => cell.Trim()).ToArray()
        select (cells[0], cells[1], cells[2].Split(' ').Select(int.Parse).ToArray(), cells[3]);

    static async Task UploadAsync(TestApp app, string path, string method, byte[] content)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Content = new ByteArrayContent(content);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        using var answer = await app.Admin.SendAsync(request);
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {await answer.Content.ReadAsStringAsync()}");
    }

    // An upstream whose service documents are there, and nothing else.
    static Task KnowsNothingAsync(HttpContext context)
    {
        var root = $"{context.Request.Scheme}://{context.Request.Host}";
        var known = context.Request.Path.Value switch
        {
            "/nuget/v3/index.json" => $$"""
                {"version":"3.0.0","resources":[{"@id":"{{root}}/flat/","@type":"PackageBaseAddress/3.0.0"},
                {"@id":"{{root}}/reg/","@type":"RegistrationsBaseUrl/3.6.0"},
                {"@id":"{{root}}/search","@type":"SearchQueryService/3.5.0"},
                {"@id":"{{root}}/auto","@type":"SearchAutocompleteService/3.5.0"}]}
                """,
            "/cargo/config.json" => $$"""{"dl":"{{root}}/crates","api":"{{root}}/cargo"}""",
            "/composer/packages.json" => """{"packages":[],"metadata-url":"/p2/%package%.json"}""",
            _ => null,
        };
        context.Response.StatusCode = known is null ? 404 : 200;
        return context.Response.WriteAsync(known ?? "nothing");
    }
}
