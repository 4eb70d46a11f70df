using System.Net;
using Deployments.Tests.Feeds;
using Deployments.Tests.Support;

namespace Deployments.Tests.Clients;

/// <summary>Maven, which can send headers of its own with every request: it says itself what it deploys.</summary>
public sealed class MavenClientTests : IAsyncLifetime, IDisposable
{
    const string Tiny = "org/acme/tiny/1.0/tiny-1.0.jar";

    readonly ClientHome home = new();
    TestApp app = null!;

    public async Task InitializeAsync()
    {
        app = await TestApp.StartAsync();
        await app.CreateFeedAsync("main", "maven");
        await UploadAsync("org/acme/tiny/1.0/tiny-1.0.pom", Given.Bytes(
            """
            <project><modelVersion>4.0.0</modelVersion>
              <groupId>org.acme</groupId><artifactId>tiny</artifactId><version>1.0</version>
              <dependencies><dependency>
                <groupId>org.acme</groupId><artifactId>part</artifactId><version>[2.0,3.0)</version>
              </dependency></dependencies>
            </project>
            """));
        await UploadAsync("org/acme/part/2.1/part-2.1.pom", Given.Bytes(
            """
            <project><modelVersion>4.0.0</modelVersion>
              <groupId>org.acme</groupId><artifactId>part</artifactId><version>2.1</version>
            </project>
            """));
        var jar = Given.Zip(("META-INF/MANIFEST.MF", Given.Bytes("Manifest-Version: 1.0\n")));
        await UploadAsync(Tiny, jar);
        await UploadAsync("org/acme/part/2.1/part-2.1.jar", jar);
        await UploadAsync("org/codehaus/plexus/plexus-utils/1.1/plexus-utils-1.1.jar", jar); // Maven adds it by itself
    }

    public Task DisposeAsync() => app.DisposeAsync().AsTask();

    public void Dispose() => home.Dispose();

    [ClientFact("mvn")]
    public async Task Records_each_jar_once_and_nothing_for_poms_metadata_and_checksums()
    {
        await ResolveAsync();

        await Recorded.DrainedAsync(app.Database);
        var records = await Recorded.AllAsync(app.Database);
        Assert.Equal(
            ["org.acme:part:2.1", "org.acme:tiny:1.0", "org.codehaus.plexus:plexus-utils:1.1"],
            records.Select(row => $"{row.GroupName}:{row.Name}:{row.Version}").Order(StringComparer.Ordinal));
        Assert.All(records, row => Assert.Equal(
            ("Maven", "Nightly build", "build-01", "https://ci.example/7", "ada"),
            (row.Application, row.Description, row.Target, row.Url, row.UserName)));
        Assert.Empty(await Recorded.RejectedAsync(app.Database));
        Assert.Equal(
            await app.Client.GetByteArrayAsync("/maven2/main/" + Tiny),
            await File.ReadAllBytesAsync(home.At(["repository", .. Tiny.Split('/')])));
    }

    [ClientFact("mvn")]
    public async Task Records_nothing_for_what_it_holds_already()
    {
        await ResolveAsync();
        await Recorded.DrainedAsync(app.Database);
        var records = (await Recorded.AllAsync(app.Database)).Count;

        await ResolveAsync();

        await Recorded.DrainedAsync(app.Database);
        Assert.Equal(records, (await Recorded.AllAsync(app.Database)).Count);
    }

    async Task UploadAsync(string path, byte[] content)
    {
        using var body = new ByteArrayContent(content);
        using var answer = await app.Admin.PutAsync("/maven2/main/" + path, body);
        Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.Created, $"{path}: {answer.StatusCode}");
    }

    /// <summary>A build extension is the one thing that Maven fetches without the help of any plugin.</summary>
    async Task ResolveAsync()
    {
        await home.WriteAsync("project/pom.xml", """
            <project><modelVersion>4.0.0</modelVersion>
              <groupId>org.acme</groupId><artifactId>project</artifactId><version>1</version><packaging>pom</packaging>
              <build><extensions><extension>
                <groupId>org.acme</groupId><artifactId>tiny</artifactId><version>1.0</version>
              </extension></extensions></build>
            </project>
            """);
        await home.WriteAsync("settings.xml", $"""
            <settings>
              <mirrors><mirror><id>feed</id><mirrorOf>*</mirrorOf><url>{app.Url}maven2/main/</url></mirror></mirrors>
              <servers><server><id>feed</id><configuration><httpHeaders>
                {Header("Application", "Maven")}{Header("Description", "Nightly build")}{Header("Target", "build-01")}
                {Header("Url", "https://ci.example/7")}{Header("UserName", "ada")}
              </httpHeaders></configuration></server></servers>
            </settings>
            """);
        await home.SucceedAsync("project", "mvn", "--batch-mode", "--settings", home.At("settings.xml"),
            "-Dmaven.repo.local=" + home.At("repository"), "-Duser.home=" + home.At("home"), "validate");
    }

    static string Header(string name, string value) =>
        $"<property><name>X-ProGet-Deployment-{name}</name><value>{value}</value></property>";
}
