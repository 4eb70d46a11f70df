using Deployments.Web.Vulnerabilities;

namespace Deployments.Tests.Vulnerabilities;

public sealed class AdvisoryMarkdownTests
{
    [Theory]
    [InlineData("Some **details** and `code`.", "<p>Some <strong>details</strong> and <code>code</code>.</p>")]
    [InlineData("# Impact", "<h3>Impact</h3>")]
    [InlineData("###### Deep", "<h3>Deep</h3>")]
    [InlineData("### a\n## b\n##### c", "<h3>a</h3>\n<h4>b</h4>\n<h5>c</h5>")]
    [InlineData("[more](https://example.com/a?b=1&c=2)",
        """<p><a href="https://example.com/a?b=1&amp;c=2" rel="noopener noreferrer nofollow">more</a></p>""")]
    [InlineData("https://example.com/x",
        """<p><a href="https://example.com/x" rel="noopener noreferrer nofollow">https://example.com/x</a></p>""")]
    public void Markdown_is_shown_as_such(string text, string html) =>
        Assert.Equal(html, AdvisoryMarkdown.RenderOrNull(text)!.Trim());

    [Theory]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("text <img src=x onerror=alert(1)> text")]
    [InlineData("[a](javascript:alert(1))")]
    [InlineData("[a](  JaVaScRiPt:alert(1) )")]
    [InlineData("[a](data:text/html;base64,PHNjcmlwdD4=)")]
    [InlineData("[a](//example.com/x)")]
    [InlineData("[a](/admin/users?handler=Delete)")]
    [InlineData("<javascript:alert(1)>")]
    [InlineData("<a@example.com>")]
    [InlineData("![a](https://example.com/x.png \"onload=alert(1)\")")]
    [InlineData("[![a](https://example.com/x.png)](javascript:alert(1))")]
    [InlineData("[a][r]\n\n[r]: javascript:alert(1)")]
    [InlineData("<iframe src=\"https://example.com\"></iframe>\n\n<style>*{}</style>")]
    [InlineData("`</code><script>alert(1)</script>`")]
    [InlineData("```\"><script>\nx\n```")]
    public void Nothing_runs_is_fetched_or_leads_astray(string text)
    {
        var html = AdvisoryMarkdown.RenderOrNull(text)!;
        foreach (var forbidden in new[] { "<script", "<img", "<iframe", "<style", "href=\"javascript", "href=\"/",
            "href=\"data", "href=\"mailto", "href=\"JaVa", "src=" })
        {
            Assert.DoesNotContain(forbidden, html.Replace("src=x onerror", "", StringComparison.Ordinal)
                .Replace("&lt;iframe src=", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public void An_image_becomes_a_link_and_one_in_a_link_its_text()
    {
        Assert.Contains("<a href=\"https://example.com/x.png\"", AdvisoryMarkdown.RenderOrNull(
            "![](https://example.com/x.png)"), StringComparison.Ordinal);
        Assert.Equal(
            """<p><a href="https://example.com/" rel="noopener noreferrer nofollow">build</a></p>""",
            AdvisoryMarkdown.RenderOrNull("[![build](https://example.com/x.png)](https://example.com/)")!.Trim());
    }

    [Fact]
    public void A_text_of_any_size_and_depth_does_no_harm()
    {
        Assert.InRange(AdvisoryMarkdown.RenderOrNull(new string('a', 10_000_000))!.Length, 50_000, 60_000);
        Assert.Null(AdvisoryMarkdown.RenderOrNull(string.Concat(Enumerable.Repeat("> ", 20_000)) + "x"));
        foreach (var piece in new[] { "[", "![", "*a_ ", "`", "- ", "| a ", "<a ", "[a](", "&lt;" })
        {
            var html = AdvisoryMarkdown.RenderOrNull(string.Concat(Enumerable.Repeat(piece, 50_000)));
            Assert.DoesNotContain("<script", html ?? "", StringComparison.Ordinal);
        }
    }
}
