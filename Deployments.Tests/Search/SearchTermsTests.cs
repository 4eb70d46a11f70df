using Deployments.Data.Search;
using Deployments.Web.Pages.Search;

namespace Deployments.Tests.Search;

public sealed class SearchTermsTests
{
    [Theory]
    [InlineData("billing", "billing", null)]
    [InlineData("  billing\t ui ", "billing ui", null)]
    [InlineData("1.4.2", "1.4.2", "1.4.2")]
    [InlineData("v1.4", "v1.4", "v1.4")]
    [InlineData("billing 1.4", "billing", "1.4")]
    [InlineData("@acme/web@2.0.1", "@acme/web", "2.0.1")]
    [InlineData("@acme", "@acme", null)]
    [InlineData("WEB-07", "WEB-07", null)]
    [InlineData("a\0b", "a b", null)]
    [InlineData("", "", null)]
    [InlineData(null, "", null)]
    public void Tells_names_from_versions(string? typed, string name, string? version)
    {
        var terms = SearchTerms.Read(typed);

        Assert.Equal((name, version), (terms.Name, terms.Version));
    }

    [Fact]
    public void Reads_a_package_URL()
    {
        var terms = SearchTerms.Read("pkg:npm/%40acme/web@2.0.1?x=y#z");

        Assert.Equal("npm", terms.Purl!.Value.Type);
        Assert.Equal(("@acme", "web", "2.0.1"),
            (terms.Purl.Value.Package.Group, terms.Purl.Value.Package.Name, terms.Purl.Value.Package.Version));
        Assert.Null(SearchTerms.Read("pkg:npm").Purl);
    }

    [Fact]
    public void Cuts_what_is_too_long_between_characters()
    {
        Assert.Equal(200, SearchTerms.Read(new string('x', 2000)).Text.Length);
        Assert.Equal(199, SearchTerms.Read(new string('x', 199) + "😀😀").Text.Length);
    }

    [Theory]
    [InlineData("100%", @"100\%%", @"%100\%%")]
    [InlineData("a_b", @"a\_b%", @"%a\_b%")]
    [InlineData(@"a\b", @"a\\b%", @"%a\\b%")]
    [InlineData("Big Bill", "big bill%", "%big%bill%")]
    [InlineData("ab", "ab%", null)]
    [InlineData("a b", "a b%", null)]
    public void Patterns_take_wildcards_literally(string text, string prefix, string? part)
    {
        var pattern = SearchPattern.Of(text);

        Assert.Equal((prefix, part), (pattern.Prefix, pattern.Part));
    }
}
