using Bunit;
using Deployments.Tests.Support;
using Deployments.Web.Api;
using Deployments.Web.Pages.ApiDocs;

namespace Deployments.Tests.ApiDocs;

public sealed class ApiOperationTests : BunitContext
{
    const string Server = "https://deployments.example.com";

    readonly IReadOnlyList<ApiOperation> operations = ApiOperation.Read(OpenApi.Document);

    [Fact]
    public void Examples_are_command_lines()
    {
        Assert.Equal(
            """
            curl --fail-with-body \
              --header "X-ApiKey: $API_KEY" \
              'https://deployments.example.com/api/targets/WEB-08?at=2026-01-31'
            """, Curl("getTarget"), ignoreLineEndingDifferences: true);
        Assert.StartsWith("curl --fail-with-body -X POST", Curl("recordDeployment"), StringComparison.Ordinal);
        Assert.DoesNotContain("X-ApiKey", Curl("getHealth"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_card_shows_parameters_body_and_answers()
    {
        var card = Render<ApiOperationCard>(parameters => parameters.Add(c => c.Server, Server)
            .Add(c => c.Operation, operations.Single(o => o.Id == "recordDeployment")));

        Assert.Equal("/api/package-deployment", card.Find("summary .mono").TextContent);
        Assert.Contains("Target (required)", card.Find("table").TextContent, StringComparison.Ordinal);
        Assert.Equal(
            ["200", "400", "403", "404", "413", "415", "500", "503"], card.FindAll("dt").Select(dt => dt.TextContent));
    }

    [Fact]
    public void Everything_is_text_whatever_it_says()
    {
        const string hostile = "\"><script>alert(1)</script>";
        var operation = operations[0] with
        {
            Summary = hostile,
            Description = hostile,
            Path = hostile,
            BodyExample = "it's " + hostile,
            Parameters = [new ApiField(hostile, hostile, hostile, true, "query", hostile)],
        };
        var card = Render<ApiOperationCard>(parameters => parameters.Add(c => c.Server, Server)
            .Add(c => c.Operation, operation));

        Assert.Empty(card.FindAll("script"));
        Assert.Contains(@"--data 'it'\''s ", operation.Curl(Server), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_shows_every_operation()
    {
        await using var app = await TestApp.StartAsync();
        using var visitor = new Browser(app.Url);
        var page = await visitor.ReadAsync("/api-docs");

        Assert.All(operations, operation =>
            Assert.Contains($"id=\"{operation.Id}\"", page, StringComparison.Ordinal));
        Assert.Contains($"'{app.Url}api/package-deployment'", page, StringComparison.Ordinal);
    }

    string Curl(string id) => operations.Single(operation => operation.Id == id).Curl(Server);
}
