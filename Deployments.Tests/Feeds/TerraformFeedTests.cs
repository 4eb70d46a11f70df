using System.Text;
using Deployments.Web.Feeds;

namespace Deployments.Tests.Feeds;

/// <summary>The client needs https and is not packaged for Debian: its requests are replayed.</summary>
public sealed class TerraformFeedTests : FeedTypeContract, IDisposable
{
    readonly TemporaryTree place = new();

    protected override IFeedType Type { get; } = new TerraformFeed();

    protected override IReadOnlyList<Download> Downloads =>
    [
        new("acme/vpc/aws/1.2.0/download", "acme", "vpc.aws", "1.2.0"),
        new("Acme/my-vpc/azurerm/1.0.0-rc.1/download", "Acme", "my-vpc.azurerm", "1.0.0-rc.1"),
    ];

    protected override IReadOnlyList<string> NotDownloads =>
    [
        "", "acme/vpc/aws/versions", "acme/vpc/aws/1.2.0", "acme/vpc/aws/download", "acme/vpc/aws/latest/download",
        "acme/vpc/aws/1.2.0/archive.zip", "acme%2fvpc/aws/1.2.0/download/x", "acme/%2e%2e%2fvpc/aws/1.2.0/download",
        "acme/vpc/aws/v1.2.0/download", "аcme/vpc/aws/1.2.0/download", "acme/vpc./aws/1.2.0/download",
        "acme/vpc/aws/1.2.0/Download", "acme/vpc%5cx/aws/1.2.0/download",
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Equal =>
    [
        (new("Acme", "VPC.aws", "1.0.0+x"), new("acme", "vpc.aws", "1.0.0")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Different =>
    [
        (new("acme", "vpc.aws", "1.0.0"), new("acme", "vpc.azurerm", "1.0.0")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, string)> Purls =>
    [
        (new("acme", "vpc.aws", "1.0.0"), "pkg:terraform/acme/vpc.aws@1.0.0"),
    ];

    public void Dispose() => place.Dispose();

    [Fact]
    public async Task A_module_is_listed_pointed_at_and_served()
    {
        Assert.Equal(201, await StatusAsync("acme/vpc/aws/1.0.0/archive.zip", "PUT"));
        Assert.Equal(201, await StatusAsync("acme/vpc/aws/1.1.0/archive.tar.gz", "PUT"));
        Assert.Equal(409, await StatusAsync("acme/vpc/aws/1.0.0/archive.zip", "PUT"));

        var versions = Assert.IsType<LocalAnswer.Document>(await AskAsync("acme/vpc/aws/versions"));
        Assert.Equal(
            """{"modules":[{"versions":[{"version":"1.0.0"},{"version":"1.1.0"}]}]}""",
            Encoding.UTF8.GetString(versions.Content));
        var pointer = Assert.IsType<LocalAnswer.Status>(await AskAsync("acme/vpc/aws/1.1.0/download"));
        Assert.Equal(204, pointer.Code);
        Assert.Equal(
            ("X-Terraform-Get", $"{Given.FeedUrl}acme/vpc/aws/1.1.0/archive.tar.gz"), Assert.Single(pointer.Headers));
        Assert.IsType<LocalAnswer.File>(await AskAsync("acme/vpc/aws/1.1.0/archive.tar.gz"));
        Assert.Equal(404, await StatusAsync("acme/vpc/aws/2.0.0/download"));
        Assert.Null(await AskAsync("acme/other/aws/versions"));
    }

    [Theory]
    [InlineData("acme/vpc/aws/latest/archive.zip")]
    [InlineData("acme/vpc/aws/1.0.0/module.rar")]
    [InlineData("acme/vpc/aws/archive.zip")]
    public async Task Any_other_upload_is_refused(string path) => Assert.Equal(400, await StatusAsync(path, "PUT"));

    [Theory]
    [InlineData("https://files.test/m.zip", "~SEALED(https://files.test/m.zip)/acme/vpc/aws/1.0.0/archive.zip")]
    [InlineData("https://files.test/m//sub/folder?archive=tar.gz",
        "~SEALED(https://files.test/m?archive=tar.gz)/acme/vpc/aws/1.0.0/archive.tar.gz//sub/folder")]
    [InlineData("./m.tar.gz",
        "~SEALED(https://up.test/v1/modules/acme/vpc/aws/1.0.0/m.tar.gz)/acme/vpc/aws/1.0.0/archive.tar.gz")]
    [InlineData("git::https://git.test/x?ref=v1", null)]
    [InlineData("file:///etc/passwd", null)]
    public void The_upstreams_pointer_is_led_through_the_feed(string pointer, string? led)
    {
        var context = new RewriteContext(
            Given.Request("acme/vpc/aws/1.0.0/download"), new Uri("https://up.test/v1/modules/"), url =>
                $"SEALED({url})");
        var rewritten = Type.RewriteHeader("X-Terraform-Get", pointer, context);
        Assert.Equal(led is null ? null : Given.FeedUrl + led, rewritten is null ? null
            : Uri.UnescapeDataString(rewritten));
    }

    ValueTask<LocalAnswer?> AskAsync(string path, string method = "GET") =>
        Type.AnswerAsync(Given.Request(path, method, Given.Bytes(path)), place.Tree, CancellationToken.None);

    async Task<int> StatusAsync(string path, string method = "GET") =>
        Assert.IsType<LocalAnswer.Status>(await AskAsync(path, method)).Code;
}
