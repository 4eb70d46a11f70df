using System.Text;
using Deployments.Web.Records;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Deployments.Tests.Records;

public sealed class DeploymentHeadersTests
{
    [Theory]
    [InlineData("plain text", "plain text")]
    [InlineData("M%C3%BCller", "Müller")]
    [InlineData("100%25 sure", "100%25 sure")] // encodes nothing beyond ASCII
    [InlineData("50% M%C3%BCller", "50% M%C3%BCller")] // not valid as a whole
    [InlineData("%C3%28", "%C3%28")] // not UTF-8
    [InlineData("%", "%")]
    [InlineData("%E2%82%AC%20100", "€ 100")]
    public void Percent_encoding_counts_when_the_whole_value_is_valid_and_beyond_ASCII(string sent, string read)
    {
        var (fields, problem, _) = DeploymentHeaders.Read(Headers(("Description", sent)));

        Assert.Null(problem);
        Assert.Equal(read, fields.Description);
    }

    [Fact]
    public void Bytes_are_read_as_UTF8()
    {
        var (fields, problem, raw) = DeploymentHeaders.Read(Headers(("Target", OnTheWire("Zürich-01 ✓"))));

        Assert.Null(problem);
        Assert.Equal("Zürich-01 ✓", fields.Target);
        Assert.Equal("X-ProGet-Deployment-Target: Zürich-01 ✓\n", raw);
    }

    [Fact]
    public void Bytes_that_are_not_UTF8_are_Latin_1_as_Windows_PowerShell_sends_them()
    {
        var (fields, problem, raw) = DeploymentHeaders.Read(Headers(("Target", "K\xd6LN-01")));

        Assert.Null(problem);
        Assert.Equal("KÖLN-01", fields.Target);
        Assert.Equal("X-ProGet-Deployment-Target: KÖLN-01\n", raw);
    }

    [Fact]
    public void A_header_given_twice_is_a_problem()
    {
        var headers = new HeaderDictionary { ["x-proget-deployment-target"] = new StringValues(["a", "b"]) };

        var (_, problem, raw) = DeploymentHeaders.Read(headers);

        Assert.Equal("X-ProGet-Deployment-Target is given 2 times", problem);
        Assert.Equal("X-ProGet-Deployment-Target: a\nX-ProGet-Deployment-Target: b\n", raw);
    }

    [Fact]
    public void Blanks_do_not_count_and_empty_optional_headers_are_absent()
    {
        var (fields, _, _) = DeploymentHeaders.Read(Headers(("Application", " BuildMaster "), ("Description", ""),
            ("Url", ""),
            ("UserName", " "), ("Date", "")));

        Assert.Equal("BuildMaster", fields.Application);
        Assert.Equal("", fields.Description);
        Assert.Null(fields.Url);
        Assert.Null(fields.UserName);
        Assert.Null(fields.Date);
        Assert.Null(fields.Target);
    }

    static HeaderDictionary Headers(params (string Name, string Value)[] headers) =>
        new(headers.ToDictionary(h => DeploymentHeaders.Prefix + h.Name, h => new StringValues(h.Value),
            StringComparer.OrdinalIgnoreCase));

    // Kestrel hands these headers over as Latin-1.
    static string OnTheWire(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));
}
