using Bunit;
using Deployments.Data.Search;
using Deployments.Web.Pages.Search;

namespace Deployments.Tests.Search;

public sealed class SearchResultsTests : BunitContext
{
    const string Hostile = "\"><script>alert(1)</script>\u202e";

    [Fact]
    public void Nothing_is_no_section()
    {
        var results = Render<SearchResults>(parameters => parameters
            .Add(r => r.Query, "x").Add(r => r.Found, new SearchFindings()));

        Assert.Empty(results.FindAll("section"));
    }

    [Fact]
    public void A_package_without_a_feed_leads_to_its_records()
    {
        var results = Render<SearchResults>(parameters => parameters.Add(r => r.Query, "x").Add(r => r.Found,
            new SearchFindings
            {
                Packages = new([new PackageHit { Type = "npm", GroupName = "@a", Name = "b", TargetsNow = 1 }], false),
            }));

        Assert.Equal("/deployments?type=npm&name=b&group=@a", results.Find(".hits a").GetAttribute("href"));
        Assert.Contains("on 1 target", results.Find(".hits").TextContent, StringComparison.Ordinal);
        Assert.Empty(results.FindAll(".card-head a"));
    }

    [Fact]
    public void Names_are_text_whatever_they_say()
    {
        var package = new PackageHit
        {
            Type = "nuget",
            GroupName = Hostile,
            Name = Hostile,
            Feed = Hostile,
            Version = Hostile,
        };
        var results = Render<SearchResults>(parameters => parameters.Add(r => r.Query, Hostile).Add(r => r.Found,
            new SearchFindings
            {
                DeploymentId = 7,
                Packages = new([package], true),
                Versions = new([package], true),
                Targets = new([new TargetHit { Name = Hostile, Packages = 2 }], true),
                Applications = new([Hostile], true),
                Users = new([Hostile], true),
            }));

        Assert.Equal(6, results.FindAll("section").Count);
        Assert.Equal(5, results.FindAll(".card-head a").Count);
        Assert.Empty(results.FindAll("script"));
        Assert.All(results.FindAll("a"), a => Assert.StartsWith("/", a.GetAttribute("href"), StringComparison.Ordinal));
    }
}
