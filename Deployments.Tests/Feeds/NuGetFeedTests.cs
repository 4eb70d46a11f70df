using System.Text;
using System.Text.Json;
using Deployments.Web.Feeds;

namespace Deployments.Tests.Feeds;

public sealed class NuGetFeedTests : FeedTypeContract, IDisposable
{
    readonly TemporaryTree place = new();

    protected override IFeedType Type { get; } = new NuGetFeed();

    protected override IReadOnlyList<Download> Downloads =>
    [
        new("v3/flat/newtonsoft.json/13.0.3/newtonsoft.json.13.0.3.nupkg", "", "newtonsoft.json", "13.0.3"),
        new("v3/flat/a.b.1.2/3.0.0-beta.1/a.b.1.2.3.0.0-beta.1.nupkg", "", "a.b.1.2", "3.0.0-beta.1"),
        new("package/Owin/1.0", "", "Owin", "1.0"),
        new("package/Foo", "", "Foo", ""),
        new("package/Foo/", "", "Foo", ""),
        new("api/v2/package/Newtonsoft.Json/13.0.3", "", "Newtonsoft.Json", "13.0.3"),
        new("package/Foo/1.2.3%2Bbuild", "", "Foo", "1.2.3+build"),
    ];

    protected override IReadOnlyList<string> NotDownloads =>
    [
        "", "v3/index.json", "v3/flat/newtonsoft.json/index.json",
        "v3/flat/newtonsoft.json/13.0.3/newtonsoft.json.nuspec",
        "v3/flat/newtonsoft.json/13.0.3/newtonsoft.json.13.0.4.nupkg", "v3/flat/foo/1.0.0/foo.1.0.0.snupkg",
        "v3/flat/foo/1.0.0/readme", "v3/registration/foo/index.json", "v3/registration/foo/1.0.0.json",
        "v3/search?q=foo",
        "v3/autocomplete?q=foo", "FindPackagesById()?id='Foo'", "Packages(Id='Foo',Version='1.0')", "Search()",
        "$metadata",
        "package", "package/Foo/not%20a%20version", "package/Foo/1.0.0/extra", "package/..%2f..",
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Equal =>
    [
        (new("", "Newtonsoft.Json", "13.0.3"), new("", "newtonsoft.json", "13.0.3")),
        (new("", "Owin", "1.0"), new("", "Owin", "1.0.0")),
        (new("", "Owin", "1"), new("", "Owin", "1.0.0.0")),
        (new("", "A", "1.02.3"), new("", "A", "1.2.3")),
        (new("", "A", "1.2.3+a"), new("", "A", "1.2.3+b")),
        (new("", "A", "1.2.3-RC.1"), new("", "A", "1.2.3-rc.1")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Different =>
    [
        (new("", "A", "1.0.0.1"), new("", "A", "1.0.0")),
        (new("", "A", "1.0.0-a"), new("", "A", "1.0.0")),
        (new("", "A.B", "1.0.0"), new("", "A-B", "1.0.0")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, string)> Purls =>
    [
        (new("", "EnterpriseLibrary.Common", "6.0.1304"), "pkg:nuget/EnterpriseLibrary.Common@6.0.1304"),
        (new("", "Owin", "1.0"), "pkg:nuget/Owin@1.0.0"),
        (new("", "A", "not+a:version"), "pkg:nuget/A@not%2Ba:version"),
        (new("", "A", ""), "pkg:nuget/A"),
    ];

    public void Dispose() => place.Dispose();

    [Fact]
    public async Task A_pushed_package_is_served_byte_for_byte_under_every_address()
    {
        var package = Package("Acme.Tools", "1.2");
        Assert.Equal(201, await PushAsync(package));

        foreach (var path in new[]
                 {
                     "v3/flat/acme.tools/1.2.0/acme.tools.1.2.0.nupkg", "package/Acme.Tools/1.2", "package/acme.tools",
                     "api/v2/package/ACME.TOOLS/1.2.0.0", "package/Acme.Tools/1.2.0+meta",
                 })
        {
            var file = Assert.IsType<LocalAnswer.File>(await AskAsync(path));
            Assert.Equal(package, await File.ReadAllBytesAsync(file.Path));
            Assert.Equal(new PackageCoordinates("", "Acme.Tools", "1.2"), file.Package);
        }

        Assert.Equal(["1.2.0"], Texts(await JsonAsync("v3/flat/acme.tools/index.json"), "versions"));
        var nuspec = Assert.IsType<LocalAnswer.Document>(await AskAsync("v3/flat/acme.tools/1.2.0/acme.tools.nuspec"));
        Assert.Contains("<id>Acme.Tools</id>", Encoding.UTF8.GetString(nuspec.Content), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_form_as_the_command_line_clients_send_it_is_a_push()
    {
        var package = Package("Acme.Form", "2.0.0");
        var form = Encoding.UTF8.GetBytes(
            "--b42\r\nContent-Type: application/octet-stream\r\n"
            + "Content-Disposition: form-data; name=package; filename=package.nupkg\r\n\r\n");
        byte[] body = [.. form, .. package, .. "\r\n--b42--\r\n"u8];
        Assert.Equal(201, await PushAsync(body, "api/v2/package/", "multipart/form-data; boundary=\"b42\""));

        var file = Assert.IsType<LocalAnswer.File>(await AskAsync("package/Acme.Form/2.0.0"));
        Assert.Equal(package, await File.ReadAllBytesAsync(file.Path));
        Assert.Equal(400, await PushAsync(body[..^20], "api/v2/package/", "multipart/form-data; boundary=b42"));
        Assert.Equal(400, await PushAsync(package, "api/v2/package/", "multipart/form-data; boundary=b42"));
        Assert.Equal(400, await PushAsync(package, "api/v2/package/", "multipart/form-data"));
    }

    [Fact]
    public async Task Of_two_pushes_of_a_version_one_wins()
    {
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(n =>
            Task.Run(() => PushAsync(Package("Acme.Race", "1.0.0", $"<summary>{n}</summary>")))));
        Assert.Equal([201, .. Enumerable.Repeat(409, 7)], outcomes.Order());
        Assert.Equal(409, await PushAsync(Package("acme.race", "1.0+other"), ""));
    }

    [Fact]
    public async Task What_is_no_package_is_refused_with_a_reason()
    {
        foreach (var (body, reason) in new[]
                 {
                     (Given.Bytes("nothing"), "not a zip file"),
                     (Array.Empty<byte>(), "not a zip file"),
                     (Given.Zip(("readme.txt", [])), "exactly one .nuspec"),
                     (Given.Zip(("a.nuspec", []), ("b.nuspec", [])), "exactly one .nuspec"),
                     (Given.Zip(("a.nuspec", Given.Bytes("<package/>"))), "no metadata"),
                     (Given.Zip(("a.nuspec", Given.Bytes("<!DOCTYPE a [<!ENTITY b 'c'>]><package>&b;</package>"))),
                         "DTD"),
                     (Given.Zip(("a.nuspec", new byte[2 << 20])), "larger than 1 MB"),
                     (Package("../../evil", "1.0.0"), "not a package id"),
                     (Package("раскаge", "1.0.0"), "not a package id"),
                     (Package("A", "one"), "not a NuGet version"),
                     (Package("A", "1.0.0", "<packageTypes><packageType name='SymbolsPackage'/></packageTypes>"),
                         "symbol"),
                     (Package("A", "1.0.0-" + new string('x', 240)), "too long"),
                 })
        {
            var status = Assert.IsType<LocalAnswer.Status>(await AskAsync("api/v2/package", "PUT", body));
            Assert.Equal(400, status.Code);
            Assert.Contains(reason, status.Message, StringComparison.Ordinal);
        }

        Assert.Empty(place.Tree.Directories());
    }

    [Fact]
    public async Task A_deleted_version_is_gone_and_another_stays()
    {
        await PushAsync(Package("Acme.Gone", "1.0.0"));
        await PushAsync(Package("Acme.Gone", "2.0.0"));
        Assert.Equal(204, await StatusAsync("api/v2/package/Acme.Gone/1.0", "DELETE"));
        Assert.Equal(404, await StatusAsync("api/v2/package/Acme.Gone/1.0", "DELETE"));
        Assert.Equal(404, await StatusAsync("package/Acme.Gone/1.0.0"));
        Assert.Equal(204, await StatusAsync("Acme.Gone/2.0.0", "DELETE"));
        Assert.Null(await AskAsync("package/Acme.Gone/1.0.0"));
        Assert.Equal(201, await PushAsync(Package("Acme.Gone", "1.0.0")));
    }

    [Fact]
    public async Task A_name_that_is_ours_is_never_asked_of_a_connector()
    {
        await PushAsync(Package("Acme.Secret", "1.0.0"));
        Assert.Equal(404, await StatusAsync("package/Acme.Secret/9.9.9"));
        Assert.Equal(404, await StatusAsync("v3/flat/acme.secret/9.9.9/acme.secret.9.9.9.nupkg"));
        Assert.Equal(404, await StatusAsync("v3/flat/acme.secret/9.9.9/acme.secret.nuspec"));
        Assert.Equal(404, await StatusAsync("v3/registration/acme.secret/9.9.9.json"));
        Assert.Null(await AskAsync("v3/flat/other/index.json"));
        Assert.Null(await AskAsync("v3/registration/other/index.json"));
    }

    [Fact]
    public async Task Without_a_version_the_newest_stable_is_served()
    {
        await PushAsync(Package("Acme.New", "1.10.0"));
        await PushAsync(Package("Acme.New", "1.9.0"));
        await PushAsync(Package("Acme.New", "2.0.0-beta"));
        var file = Assert.IsType<LocalAnswer.File>(await AskAsync("package/Acme.New"));
        Assert.Equal("1.10.0", file.Package!.Version);

        var download = Given.Request("package/Foo");
        Assert.Equal("v3/flat/foo/index.json", Type.VersionListRequest(download)!.RawPath);
        var list = Given.Bytes("""{"versions":["1.0.0","1.2.0","1.10.0","2.0.0-rc"]}""");
        Assert.Equal("package/Foo/1.10.0", Type.WithNewestVersion(download, list)!.RawPath);
        var atom = Given.Bytes(
            "<feed xmlns='http://www.w3.org/2005/Atom'><entry><v:Version xmlns:v='x'>3.0</v:Version></entry></feed>");
        Assert.Equal("package/Foo/3.0.0", Type.WithNewestVersion(download, atom)!.RawPath);
        Assert.Null(Type.WithNewestVersion(download, Given.Bytes("""{"versions":[]}""")));
        Assert.Null(Type.WithNewestVersion(download, Given.Bytes("oops")));
    }

    [Fact]
    public async Task The_service_index_names_this_feed_only()
    {
        var index = await JsonAsync("v3/index.json");
        var resources = index.GetProperty("resources").EnumerateArray()
            .ToDictionary(item => item.GetProperty("@type").GetString()!, item => item.GetProperty("@id").GetString()!);
        Assert.Equal("http://feeds.test:8624/x/main/v3/flat/", resources["PackageBaseAddress/3.0.0"]);
        Assert.Equal("http://feeds.test:8624/x/main/api/v2/package", resources["PackagePublish/2.0.0"]);
        Assert.All(
            ["RegistrationsBaseUrl", "RegistrationsBaseUrl/3.6.0", "SearchQueryService", "SearchAutocompleteService"],
            type => Assert.StartsWith(Given.FeedUrl.AbsoluteUri, resources[type], StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_registration_tells_versions_dependencies_and_where_the_files_are()
    {
        await PushAsync(Package("Acme.Reg", "1.0.0", "<dependencies><group targetFramework='net10.0'>"
            + "<dependency id='Dapper' version='2.0'/></group></dependencies><tags>a b</tags>"));
        await PushAsync(Package("Acme.Reg", "1.1.0"));
        var page = (await JsonAsync("v3/registration/acme.reg/index.json")).GetProperty("items")[0];
        Assert.Equal(("1.0.0", "1.1.0"), (page.GetProperty("lower").GetString(),
            page.GetProperty("upper").GetString()));
        var entry = page.GetProperty("items")[0].GetProperty("catalogEntry");
        Assert.Equal("Acme.Reg", entry.GetProperty("id").GetString());
        var dependency = entry.GetProperty("dependencyGroups")[0].GetProperty("dependencies")[0];
        Assert.Equal("[2.0.0, )", dependency.GetProperty("range").GetString());

        foreach (var item in new[] { page, page.GetProperty("items")[1] })
        {
            var path = item.GetProperty("@id").GetString()![Given.FeedUrl.AbsoluteUri.Length..];
            Assert.IsType<LocalAnswer.Document>(await AskAsync(path));
        }

        var content = entry.GetProperty("packageContent").GetString()![Given.FeedUrl.AbsoluteUri.Length..];
        Assert.IsType<LocalAnswer.File>(await AskAsync(content));
    }

    [Fact]
    public async Task Search_finds_by_words_and_leaves_the_rest_to_connectors()
    {
        await PushAsync(Package("Acme.Alpha", "1.0.0", "<tags>logging fast</tags>"));
        await PushAsync(Package("Acme.Beta", "1.0.0-rc.1"));
        Assert.Equal(["Acme.Alpha"], Ids(await JsonAsync("v3/search?q=LOGGING+fast")));
        Assert.Equal(["Acme.Alpha"], Ids(await JsonAsync("v3/search?q=acme&prerelease=true")));
        Assert.Equal(["Acme.Alpha", "Acme.Beta"], Ids(await JsonAsync("v3/search?prerelease=true&semVerLevel=2.0.0")));
        Assert.Equal(["Acme.Beta"], Ids(await JsonAsync("v3/search?prerelease=true&semVerLevel=2.0.0&skip=1&take=1")));
        Assert.Null(await AskAsync("v3/search?q=nothing"));
        Assert.IsType<LocalAnswer.Document>(Type.EmptyAnswer(Given.Request("v3/search?q=nothing")));
        Assert.Equal(["Acme.Alpha"], Texts(await JsonAsync("v3/autocomplete?q=alp"), "data"));
        Assert.Equal(["1.0.0"], Texts(await JsonAsync("v3/autocomplete?id=acme.alpha"), "data"));
    }

    [Fact]
    public async Task A_package_dropped_into_the_folder_is_served()
    {
        var folder = Directory.CreateDirectory(Path.Combine(place.Root, "acme.drop", "1.0.0"));
        await File.WriteAllBytesAsync(Path.Combine(folder.FullName, "acme.drop.1.0.0.nupkg"), Package("Acme.Drop",
            "1.0"));
        var file = Assert.IsType<LocalAnswer.File>(await AskAsync("package/acme.drop"));
        Assert.Equal(new PackageCoordinates("", "Acme.Drop", "1.0"), file.Package);
    }

    [Fact]
    public void Requests_are_mapped_to_the_upstreams_resources()
    {
        var connector = new Uri("https://up.test/v3/index.json");
        Assert.True(Type.HasUpstreamIndex(connector));
        Assert.Equal("https://flat.test/c/foo/1.0.0/foo.1.0.0.nupkg", V3("package/Foo/1.0"));
        Assert.Equal("https://flat.test/c/foo/1.0.0/foo.1.0.0.nupkg", V3("v3/flat/Foo/1.0/Foo.1.0.nupkg"));
        Assert.Equal("https://flat.test/c/foo/index.json", V3("v3/flat/Foo/index.json"));
        Assert.Equal("https://up.test/reg-semver2/foo/page/1.0.0/2.0.0.json",
            V3("v3/registration/foo/page/1.0.0/2.0.0.json"));
        Assert.Equal("https://search.test/query?q=a%20b&take=5", V3("v3/search?q=a+b&take=5&key=SECRET"));
        Assert.Null(V3("FindPackagesById()?id='Foo'"));
        Assert.Null(Type.UpstreamUrl(Given.Request("package/Foo/1.0", "DELETE"), connector, UpstreamIndex));

        var v2 = new Uri("https://up.test/api/v2/");
        Assert.False(Type.HasUpstreamIndex(v2));
        Assert.Equal("https://up.test/api/v2/package/Foo/1.0", V2("api/v2/package/Foo/1.0"));
        Assert.Equal("https://up.test/api/v2/package/foo/1.0.0", V2("v3/flat/foo/1.0.0/foo.1.0.0.nupkg"));
        Assert.Equal("https://up.test/api/v2/Search()?searchTerm='x'", V2("Search()?searchTerm='x'"));
        Assert.Equal("https://up.test/api/v2/FindPackagesById()?id='foo'&semVerLevel=2.0.0",
            V2("v3/flat/foo/index.json"));
        Assert.Null(V2("v3/search?q=x"));

        string? V3(string path) => Type.UpstreamUrl(Given.Request(path), connector, UpstreamIndex)?.AbsoluteUri;
        string? V2(string path) => Type.UpstreamUrl(Given.Request(path), v2, null)?.AbsoluteUri;
    }

    [Fact]
    public void Registrations_lead_through_the_feed()
    {
        var document = """
            {"@id":"https://up.test/reg/foo/index.json","items":[
            {"@id":"https://up.test/reg/foo/page/1.0.0/2.0.0.json","items":[
            {"@id":"https://up.test/reg-semver2/foo/1.0.0.json","registration":"https://up.test/reg/foo/index.json",
             "packageContent":"https://flat.test/c/foo/1.0.0/foo.1.0.0.nupkg",
             "catalogEntry":{"@id":"https://up.test/catalog/1","id":"Foo","version":"1.0",
              "iconUrl":"https://flat.test/c/foo/1.0.0/icon"}},
            {"packageContent":"https://files.test/foo.1.1.0.nupkg","catalogEntry":{"id":"Foo","version":"1.1.0"}}]}]}
            """;
        var rewritten = JsonDocument.Parse(Rewrite("v3/registration/foo/index.json", document)).RootElement;
        Assert.Equal("http://feeds.test:8624/x/main/v3/registration/foo/index.json",
            rewritten.GetProperty("@id").GetString());
        var items = rewritten.GetProperty("items")[0].GetProperty("items");
        Assert.Equal("http://feeds.test:8624/x/main/v3/registration/foo/1.0.0.json",
            items[0].GetProperty("@id").GetString());
        Assert.Equal(
            "http://feeds.test:8624/x/main/v3/flat/foo/1.0.0/foo.1.0.0.nupkg",
            items[0].GetProperty("packageContent").GetString());
        Assert.Equal(
            "http://feeds.test:8624/x/main/v3/flat/foo/1.0.0/icon",
            items[0].GetProperty("catalogEntry").GetProperty("iconUrl").GetString());
        var elsewhere = items[1].GetProperty("packageContent").GetString()!;
        Assert.Equal("http://feeds.test:8624/x/main/~sealed/v3/flat/foo/1.1.0/foo.1.1.0.nupkg", elsewhere);
        Assert.Throws<FormatException>(() => Rewrite("v3/registration/foo/index.json", "<html>"));
    }

    [Fact]
    public void Atom_feeds_lead_through_the_feed()
    {
        var document = """
            <feed xml:base="https://up.test/api/v2/" xmlns="http://www.w3.org/2005/Atom"
              xmlns:d="http://schemas.microsoft.com/ado/2007/08/dataservices"><entry>
            <id>https://up.test/api/v2/Packages(Id='Foo',Version='1.0')</id><title>Foo</title>
            <content src="https://up.test/api/v2/package/Foo/1.0"/><d:Version>1.0</d:Version></entry>
            <entry><title>Bar</title>
            <content src="https://cdn.test/bar.nupkg"/><d:Version>2.0</d:Version></entry></feed>
            """;
        var text = Encoding.UTF8.GetString(Rewrite("Search()", document, "https://up.test/api/v2"));
        Assert.DoesNotContain("up.test", text, StringComparison.Ordinal);
        Assert.Contains("src=\"http://feeds.test:8624/x/main/package/Foo/1.0\"", text, StringComparison.Ordinal);
        Assert.Contains("src=\"http://feeds.test:8624/x/main/~sealed/package/Bar/2.0\"", text,
            StringComparison.Ordinal);

        var versions = Encoding.UTF8.GetString(Rewrite("v3/flat/foo/index.json", document, "https://up.test/api/v2"));
        Assert.Equal("""{"versions":["1.0.0","2.0.0"]}""", versions);
    }

    static readonly JsonElement UpstreamIndex = JsonDocument.Parse("""
        {"version":"3.0.0","resources":[
        {"@id":"https://flat.test/c","@type":"PackageBaseAddress/3.0.0"},
        {"@id":"https://up.test/reg/","@type":"RegistrationsBaseUrl"},
        {"@id":"https://up.test/reg-semver2/","@type":"RegistrationsBaseUrl/3.6.0"},
        {"@id":"https://search.test/query","@type":"SearchQueryService"}]}
        """).RootElement;

    byte[] Rewrite(string path, string document, string connector = "https://up.test/v3/index.json") => Type.Rewrite(
        Given.Bytes(document),
        new RewriteContext(Given.Request(path), new Uri(connector), _ => "sealed") { Index = UpstreamIndex });

    static byte[] Package(string id, string version, string metadata = "") => Given.Zip(
        ($"{id.Replace("/", "", StringComparison.Ordinal)}.nuspec", Given.Bytes(
            "<package xmlns='http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd'><metadata>"
            + $"<id>{id}</id><version>{version}</version><description>d</description>{metadata}</metadata></package>")),
        ("lib/net10.0/x.dll", Given.Bytes("MZ")));

    ValueTask<LocalAnswer?> AskAsync(string path, string method = "GET", byte[]? body = null, string? type = null) =>
        Type.AnswerAsync(Given.Request(path, method, body, type), place.Tree, CancellationToken.None);

    async Task<int> StatusAsync(string path, string method = "GET") =>
        Assert.IsType<LocalAnswer.Status>(await AskAsync(path, method)).Code;

    async Task<int> PushAsync(byte[] body, string path = "api/v2/package", string? type = null) =>
        Assert.IsType<LocalAnswer.Status>(await AskAsync(path, "PUT", body, type)).Code;

    async Task<JsonElement> JsonAsync(string path) =>
        JsonDocument.Parse(Assert.IsType<LocalAnswer.Document>(await AskAsync(path)).Content).RootElement;

    static IEnumerable<string?> Texts(JsonElement json, string name) =>
        json.GetProperty(name).EnumerateArray().Select(item => item.GetString());

    static IEnumerable<string?> Ids(JsonElement json) =>
        json.GetProperty("data").EnumerateArray().Select(item => item.GetProperty("id").GetString());
}
