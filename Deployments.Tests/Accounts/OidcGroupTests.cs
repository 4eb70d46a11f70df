using System.Net;
using Deployments.Tests.Groups;
using Deployments.Tests.Support;

namespace Deployments.Tests.Accounts;

/// <summary>People of a provider's groups are in ours, as the provider last said.</summary>
public sealed class OidcGroupTests(OidcFixture shared) : IClassFixture<OidcFixture>
{
    [Fact]
    public async Task Who_signs_in_is_in_the_groups_that_the_provider_says_and_no_longer_when_it_does_not()
    {
        await GroupSeed.FeedAsync(shared.App, "team");
        await GroupSeed.LimitAsync(shared.App, "team");
        var group = await GroupSeed.MakeAsync(shared.App, "team", new
        {
            providerGroups = new[] { new { provider = "corp", group = "team-a" } },
            grants = new[] { new { feed = "team", level = "view" } },
        });
        // What another provider calls so is something else.
        await GroupSeed.MakeAsync(shared.App, "club's", new
        {
            providerGroups = new[] { new { provider = "club", group = "team-b" } },
            grants = new[] { new { feed = "team", level = "view" } },
        });

        await SeesAsync(true, "readers", "team-a");
        await SeesAsync(false, "readers", "TEAM-A");
        await SeesAsync(true, "team-a", "readers");
        await SeesAsync(false, "readers", "team-b");
        await SeesAsync(true, "readers", "team-a");
        using var person = new Browser(shared.App.Url);
        (await shared.SignInAsync(person, "/sign-in/corp", new("grouped", "grouped", "readers", "team-a"))).Dispose();
        Assert.Contains("as corp says", Plain(await person.ReadAsync("/account")), StringComparison.Ordinal);

        // The claim is taken out, and the sessions that it let in see nothing any more.
        await GroupSeed.ChangeAsync(shared.App, group, new { providerGroups = Array.Empty<object>() });
        using var after = await person.GetAsync("/feeds/team");
        Assert.Equal(HttpStatusCode.NotFound, after.StatusCode);
    }

    async Task SeesAsync(bool isSeen, params string[] groups)
    {
        using var browser = new Browser(shared.App.Url);
        (await shared.SignInAsync(browser, "/sign-in/corp", new("grouped", "grouped", groups))).Dispose();
        await Patience.UntilAsync(async () =>
        {
            using var page = await browser.GetAsync("/feeds/team");
            return page.StatusCode == (isSeen ? HttpStatusCode.OK : HttpStatusCode.NotFound);
        });
    }

    static string Plain(string html) => html.Replace("<bdi>", "", StringComparison.Ordinal)
        .Replace("</bdi>", "", StringComparison.Ordinal);
}
