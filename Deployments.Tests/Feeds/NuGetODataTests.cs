using System.Text;
using System.Xml.Linq;
using Deployments.Web.Feeds;

namespace Deployments.Tests.Feeds;

/// <summary>
/// What version 2 clients ask a feed of its own packages; the requests are those that Chocolatey, PowerShellGet and
/// nuget.exe 2.8 make, replayed.
/// </summary>
public sealed class NuGetODataTests : IDisposable
{
    static readonly XNamespace Atom = "http://www.w3.org/2005/Atom";
    static readonly XNamespace Data = "http://schemas.microsoft.com/ado/2007/08/dataservices";

    readonly TemporaryTree place = new();
    readonly NuGetFeed feed = new();

    public void Dispose() => place.Dispose();

    [Theory]
    [InlineData("FindPackagesById()?id='ACME.Tool'", "1.0.0 1.2.0 2.0.0-beta")]
    [InlineData("FindPackagesById()?id='acme.tool'&$skip=1&$top=1", "1.2.0")]
    [InlineData("FindPackagesById()?id='acme.tool'&$orderby=Version desc", "2.0.0-beta 1.2.0 1.0.0")]
    [InlineData("api/v2/FindPackagesById()?id='acme.tool'&semVerLevel=2.0.0", "1.0.0 1.2.0 2.0.0-beta")]
    [InlineData("Packages()?$filter=(tolower(Id) eq 'acme.tool') and IsLatestVersion", "1.2.0")]
    [InlineData("Packages()?$filter=Id eq 'acme.tool' and IsAbsoluteLatestVersion", "2.0.0-beta")]
    [InlineData("Packages()?$filter=((((Id ne null) and (tolower(Id) eq 'acme.tool')) and Version eq '1.0'))", "1.0.0")]
    [InlineData("Search()?$filter=IsLatestVersion&searchTerm='tool'&targetFramework=''&includePrerelease=false",
        "1.2.0")]
    public async Task Queries_find_the_feeds_own_packages(string query, string versions)
    {
        await PushAsync("2.0.0-beta", "1.0", "1.2.0");
        var found = await XmlAsync(query);
        Assert.Equal(versions.Split(' '), found.Elements(Atom + "entry").Select(entry =>
            entry.Descendants(Data + "NormalizedVersion").Single().Value));
    }

    [Theory]
    [InlineData("FindPackagesById()?id='unknown'")]
    [InlineData("api/v2/FindPackagesById()?id='unknown'&semVerLevel=2.0.0")]
    [InlineData("Packages()?$filter=Id eq 'unknown'")]
    [InlineData("Search()?searchTerm='unknown'")]
    public void A_query_that_finds_nothing_anywhere_is_an_empty_feed(string query)
    {
        var split = query.Split('?');
        var request = FeedRequest.TryRead("GET", split[0], "?" + split[1])!;

        var nothing = Assert.IsType<LocalAnswer.Document>(feed.EmptyAnswer(request));

        Assert.Empty(XElement.Parse(Encoding.UTF8.GetString(nothing.Content)).Elements(Atom + "entry"));
        Assert.Null(feed.EmptyAnswer(FeedRequest.TryRead("GET", "Packages(Id='unknown',Version='1.0')")!));
    }

    [Fact]
    public async Task An_entry_says_where_the_file_is_and_what_it_needs()
    {
        await PushAsync("1.2.0");
        var entry = await XmlAsync("Packages(Id='acme.tool',Version='1.2.0.0')");
        Assert.Equal(
            $"{Given.FeedUrl}package/Acme.Tool/1.2.0", entry.Element(Atom + "content")!.Attribute("src")!.Value);
        Assert.Equal("part:[1.0,2.0):", entry.Descendants(Data + "Dependencies").Single().Value);
        Assert.Equal("SHA512", entry.Descendants(Data + "PackageHashAlgorithm").Single().Value);
        Assert.Equal("true", entry.Descendants(Data + "IsLatestVersion").Single().Value);
        var missing = await AskAsync("Packages(Id='Acme.Tool',Version='9.0')");
        Assert.Equal(404, Assert.IsType<LocalAnswer.Status>(missing).Code);
        Assert.Contains("FindPackagesById", (await XmlAsync("$metadata")).ToString(), StringComparison.Ordinal);
        var count = Assert.IsType<LocalAnswer.Document>(await AskAsync("Packages()/$count"));
        Assert.Equal("1", Encoding.ASCII.GetString(count.Content));
    }

    [Theory]
    [InlineData("FindPackagesById()?id='other'")]
    [InlineData("FindPackagesById()?id='..'")]
    [InlineData("FindPackagesById()?id=''''")]
    [InlineData("FindPackagesById()?id='acme.tool")]
    [InlineData("FindPackagesById()")]
    [InlineData("Packages(Id='../x',Version='1.0')")]
    [InlineData("Packages(Id='Acme.Tool',Version='x')")]
    [InlineData("Packages()?$filter=Id eq 'асme.tool'")]
    [InlineData("Search()?searchTerm='nothing'")]
    [InlineData("Search()?searchTerm=%00")]
    [InlineData("Anything()")]
    public async Task What_is_not_here_is_left_to_the_connectors(string query)
    {
        await PushAsync("1.2.0");
        Assert.Null(await AskAsync(query));
    }

    [Fact]
    public async Task Many_versions_come_in_pages()
    {
        await PushAsync([.. Enumerable.Range(1, 103).Select(number => $"1.{number}.0")]);
        var first = await XmlAsync("FindPackagesById()?id='acme.tool'");
        Assert.Equal(100, first.Elements(Atom + "entry").Count());
        var next = first.Elements(Atom + "link").Single().Attribute("href")!.Value;
        var second = await XmlAsync(next[Given.FeedUrl.AbsoluteUri.Length..]);
        Assert.Equal(3, second.Elements(Atom + "entry").Count());
        Assert.Empty(second.Elements(Atom + "link"));
    }

    async Task PushAsync(params string[] versions)
    {
        foreach (var version in versions)
        {
            var package = Given.Zip(("Acme.Tool.nuspec", Given.Bytes(
                $"""
                <package><metadata><id>Acme.Tool</id><version>{version}</version><authors>Ada</authors>
                  <description>A &lt;tool&gt;</description>
                  <dependencies><dependency id="part" version="[1.0,2.0)"/></dependencies></metadata></package>
                """)));
            var answer = await feed.AnswerAsync(
                Given.Request("package", "PUT", package), place.Tree, CancellationToken.None);
            Assert.Equal(201, Assert.IsType<LocalAnswer.Status>(answer).Code);
        }
    }

    async Task<XElement> XmlAsync(string query) => XElement.Parse(Encoding.UTF8.GetString(
        Assert.IsType<LocalAnswer.Document>(await AskAsync(query)).Content));

    ValueTask<LocalAnswer?> AskAsync(string query) =>
        feed.AnswerAsync(Given.Request(query), place.Tree, CancellationToken.None);
}
