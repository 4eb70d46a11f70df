using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Deployments.Tests.Support;

namespace Deployments.Tests.Vulnerabilities;

public sealed class VulnerabilitiesInBrowserTests
{
    const string Markdown =
        """
        ## Impact

        * one
        * two

        | a | b |
        | - | - |
        | 1 | 2 |

        ```
        var x = 1;
        ```

        > [a](https://example.com)
        """;

    static readonly string[] Paths =
    [
        "/", "/deployments", "/vulnerabilities", "/vulnerabilities?severity=high", "/vulnerabilities/CVE-2024-21907",
        "/targets/WEB-07", "/feeds/libs/packages/Acme.Json", "/feeds/libs/packages/Acme.Json/history",
        "/feeds/libs/packages/Acme.Json/versions", "/feeds/libs/packages/Acme.Json/vulnerabilities",
    ];

    [Fact]
    public async Task The_pages_are_accessible_in_light_and_dark_and_fit_a_phone()
    {
        await using var app = await TestApp.StartAsync();
        await app.CreateFeedAsync("libs", "nuget");
        foreach (var (version, target, date) in new[]
        {
            ("12.0.3", "WEB-07", "2026-02-01"), ("12.0.1", "DB-01", "2026-02-03"),
            ("12.0.3", "WEB-01", "2026-02-01"), ("13.0.3", "WEB-01", "2026-03-05"),
        })
        {
            using var answer = await app.Admin.PostAsJsonAsync("/api/package-deployment/", new
            {
                FeedName = "libs",
                PackageName = "Acme.Json",
                Version = version,
                Application = "deploy.sh",
                Description = "Release",
                Target = target,
                Date = date,
            });
            answer.EnsureSuccessStatusCode();
        }

        var advisory = Osv.Advisory("GHSA-5crp-9r3c-p9vr", "Acme.Json", "0", "13.0.1");
        advisory["summary"] = "Improper handling of exceptional conditions in Acme.Json";
        advisory["aliases"] = new JsonArray("CVE-2024-21907");
        advisory["details"] = new string('x', 2_000)
            + "\n\n" + Markdown;
        advisory["references"] = new JsonArray(
            new JsonObject { ["url"] = "https://example.com/" + new string('a', 300) });
        using var body = new ByteArrayContent(Encoding.UTF8.GetBytes(advisory.ToJsonString()));
        using var imported = await app.Admin.PostAsync("/api/vulnerabilities/import", body);
        imported.EnsureSuccessStatusCode();
        await using var browser = await Chromium.StartAsync();

        var page = await browser.OpenAsync(app.Url);
        foreach (var path in Paths)
        {
            await Chromium.OpenAgainAsync(page, new Uri(app.Url, path));
            await Accessibility.CheckAsync(page, path);
        }

        Assert.Empty(browser.Errors);
    }
}
