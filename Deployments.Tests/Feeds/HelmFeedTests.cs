using Deployments.Web.Feeds;

namespace Deployments.Tests.Feeds;

public sealed class HelmFeedTests : StaticFeedContract
{
    const string Connector = "http://up.test/charts/";

    const string Index =
        """
        # made by helm
        apiVersion: v1
        entries:
          acme:
          - apiVersion: v2
            description: |-
              name: not a name
              urls: none either
            digest: abc
            maintainers:
            - name: Ada
              url: https://ada.example/
            name: acme
            urls:
            - https://files.test/a/acme-1.0.0.tgz
            - oci://registry.test/acme
            version: 1.0.0
          - name: "my-app-2"
            version: '1.0.0-rc.1'
            urls: [my-app-2-1.0.0-rc.1.tgz]
        generated: "2026-01-01T00:00:00Z"
        """;

    protected override IFeedType Type { get; } = new HelmFeed();

    protected override string OtherVersionPath => "charts/acme/9.9.9/acme-9.9.9.tgz";

    protected override string IndexPath => "index.yaml";

    protected override bool MakesIndex => true;

    protected override IReadOnlyList<Download> Downloads =>
    [
        new("charts/acme/1.0.0/acme-1.0.0.tgz", "", "acme", "1.0.0"),
        new("charts/acme/1.0.0/archive.tar.gz", "", "acme", "1.0.0"),
        new("team/charts/acme/v1.0.0+7/x.tgz", "team", "acme", "v1.0.0+7"),
        new("my-app-2-1.0.0-rc.1.tgz", "", "my-app-2", "1.0.0-rc.1"),
        new("acme-v2.0.0.tgz", "", "acme", "v2.0.0"),
        new("team/acme-1.0.0+build.5.tgz", "", "acme", "1.0.0+build.5"),
        new("acme.tgz", "", "acme.tgz", "", "unresolved=path"),
        new("acme-latest.tgz", "", "acme-latest.tgz", "", "unresolved=path"),
        new("асme-1.0.0.tgz", "", "асme-1.0.0.tgz", "", "unresolved=path"),
    ];

    protected override IReadOnlyList<string> NotDownloads =>
    [
        "", "index.yaml", "team/index.yaml", "acme-1.0.0.tgz.prov", "charts/acme/1.0.0/acme-1.0.0.tgz.prov",
        "acme-1.0.0",
        "charts", "charts/acme/1.0.0", "charts/acme/latest/x.zip", "acme-1.0.0.TGZ", "a%2facme-1.0.0.tgz",
        "%2e%2e%2facme-1.0.0.tgz", "a%5cacme-1.0.0.tgz", "charts/acme/1.0.0/index.yaml",
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Equal =>
    [
        (new("", "acme", "1.0.0"), new("", "acme", "1.0.0", "x=1")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, PackageCoordinates)> Different =>
    [
        (new("", "acme", "v1.0.0"), new("", "acme", "1.0.0")),
        (new("team", "acme", "1.0.0"), new("", "acme", "1.0.0")),
        (new("", "Acme", "1.0.0"), new("", "acme", "1.0.0")),
    ];

    protected override IReadOnlyList<(PackageCoordinates, string)> Purls =>
    [
        (new("team", "acme", "1.0.0+7"), "pkg:helm/team/acme@1.0.0%2B7"),
    ];

    [Fact]
    public void Addresses_of_an_index_are_led_through_the_feed_and_the_rest_stays()
    {
        var lines = Index.Split('\n');
        var rewritten = Uri.UnescapeDataString(Rewritten("index.yaml", Index, Connector)).Split('\n');
        Assert.Equal(lines.Length, rewritten.Length);
        var changed = lines.Zip(rewritten).Where(pair => pair.First != pair.Second).Select(pair => pair.Second.Trim());
        Assert.Equal(
            [
                $"- \"{Given.FeedUrl}~SEALED(https://files.test/a/acme-1.0.0.tgz)/charts/acme/1.0.0/acme-1.0.0.tgz\"",
                $"- \"oci://registry.test/acme\"",
                $"urls: [\"{Given.FeedUrl}~SEALED({Connector}my-app-2-1.0.0-rc.1.tgz)/charts/my-app-2/1.0.0-rc.1/"
                + "my-app-2-1.0.0-rc.1.tgz\"]",
            ], changed);
    }

    [Fact]
    public void An_index_in_JSON_is_led_too()
    {
        var rewritten = Rewritten("index.yaml",
            """{"entries":{"acme":[{"name":"acme","version":"1.0.0","urls":["https://files.test/x.tgz"]}]}}""",
                Connector);
        Assert.Contains("/charts/acme/1.0.0/x.tgz\"", rewritten, StringComparison.Ordinal);
        Assert.DoesNotContain("\"https://files.test", rewritten, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<html>")]
    [InlineData("")]
    [InlineData("{\"entries\":")]
    public void What_is_no_index_is_refused(string document) =>
        Assert.Throws<FormatException>(() => Rewritten("index.yaml", document, Connector));

    [Fact]
    public async Task A_chart_sent_to_the_feed_is_filed_and_listed()
    {
        var chart = Chart("name: acme\nversion: 1.0.0\ndescription: |\n  two\n  lines\nurls:\n- http://evil.test/\n");
        Assert.Equal(201, await StatusAsync("", "PUT", chart));
        Assert.Equal(201, await StatusAsync("any.tgz", "POST", Chart("version: \"v2.0.0\" # new\nname: 'acme'\n")));
        Assert.Equal(409, await StatusAsync("", "PUT", chart));

        var index = await ContentAsync("index.yaml");
        Assert.Contains("  - name: acme\n    version: 1.0.0\n    description: |\n      two\n      lines\n", index,
            StringComparison.Ordinal);
        Assert.Contains("    - \"charts/acme/v2.0.0/acme-v2.0.0.tgz\"\n", index, StringComparison.Ordinal);
        Assert.DoesNotContain("evil", index, StringComparison.Ordinal);
        Assert.Contains(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(chart)), index,
            StringComparison.Ordinal);
    }

    /// <summary>As the plugin cm-push sends it: a form, and JSON back.</summary>
    [Fact]
    public async Task A_chart_is_pushed_with_its_signature_as_to_ChartMuseum()
    {
        var chart = Chart("name: acme\nversion: 1.0.0\n");
        Assert.Equal((201, """{"saved":true}"""), await PushAsync(("chart", chart), ("prov", Given.Bytes("signed"))));
        Assert.Equal(409, (await PushAsync(("chart", chart))).Code);
        Assert.Contains("\"error\":\"This is no chart", (await PushAsync(("chart", Given.Bytes("x")))).Text,
            StringComparison.Ordinal);
        Assert.Equal(400, (await PushAsync(("prov", Given.Bytes("x")))).Code);
        var broken = await Type.AnswerAsync(Given.Request("api/charts", "POST", Given.Bytes("--b\r\nx"),
            "multipart/form-data; boundary=b"), Place.Tree, default);
        Assert.Equal(400, Assert.IsType<LocalAnswer.Document>(broken).Code);
        var alone = await Type.AnswerAsync(Given.Request(
            "api/charts", "POST", Chart("name: acme\nversion: 2.0.0\n")), Place.Tree, default);
        Assert.Equal(201, Assert.IsType<LocalAnswer.Document>(alone).Code);

        Assert.Equal("signed", await ContentAsync("charts/acme/1.0.0/acme-1.0.0.tgz.prov"));
        var index = await ContentAsync("index.yaml");
        Assert.Contains("charts/acme/1.0.0/acme-1.0.0.tgz", index, StringComparison.Ordinal);
        Assert.Contains("charts/acme/2.0.0/acme-2.0.0.tgz", index, StringComparison.Ordinal);
    }

    async Task<(int Code, string Text)> PushAsync(params (string Field, byte[] Content)[] files)
    {
        using var form = new MultipartFormDataContent();
        foreach (var (field, content) in files)
            form.Add(new ByteArrayContent(content), field, "../any.tgz");
        var answer = Assert.IsType<LocalAnswer.Document>(await Type.AnswerAsync(
            Given.Request("api/charts", "POST", await form.ReadAsByteArrayAsync(),
                form.Headers.ContentType!.ToString()), Place.Tree, default));
        return (answer.Code, System.Text.Encoding.UTF8.GetString(answer.Content));
    }

    [Theory]
    [InlineData("name: ../evil\nversion: 1.0.0\n")]
    [InlineData("name: acme\nversion: latest\n")]
    [InlineData("")]
    public async Task What_is_no_chart_is_refused(string chart) =>
        Assert.Equal(400, await StatusAsync("", "PUT", Chart(chart)));

    [Fact]
    public async Task The_chart_itself_tells_where_its_name_ends() => Assert.Equal(
        new PackageCoordinates("", "acme-1.0.0", "2.0.0"),
        await StoredPackageAsync("x/acme-1.0.0-2.0.0.tgz", Chart("name: acme-1.0.0\nversion: 2.0.0\n")));

    [Fact]
    public void A_signature_lies_beside_its_chart() => Assert.Equal(
        "https://files.test/acme-1.0.0.tgz.prov",
        Type.LedUrl(
            Given.Request("charts/acme/1.0.0/acme-1.0.0.tgz.prov"), new Uri("https://files.test/acme-1.0.0.tgz"))
            .AbsoluteUri);

    static byte[] Chart(string yaml) => PackageHeads.TarGz(("acme/Chart.yaml", Given.Bytes(yaml)));
}
