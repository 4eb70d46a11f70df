using System.Net;
using System.Text.RegularExpressions;
using Deployments.Tests.Support;
using Deployments.Web.Records;

namespace Deployments.Tests.Records;

/// <summary>No server looks like another: what cannot be seen is written out, on every page.</summary>
public sealed partial class ShownTests
{
    // Looks like "WEB-exe.01", and is another server.
    const string Hidden = "WEB-\u202e10.exe\u200b";

    [Theory]
    [InlineData("WEB-07", "WEB-07")]
    [InlineData("", "")]
    [InlineData(null, "")]
    [InlineData("WEB-\u202e10.exe", "WEB-⟨U+202E⟩10.exe")]
    [InlineData("\u2066a\u2069\u061c\u200e\u200f", "⟨U+2066⟩a⟨U+2069⟩⟨U+061C⟩⟨U+200E⟩⟨U+200F⟩")]
    [InlineData("WEB\u200b-\u00ad0\ufeff1\u2060", "WEB⟨U+200B⟩-⟨U+00AD⟩0⟨U+FEFF⟩1⟨U+2060⟩")]
    [InlineData("a\u200db\u200cc", "a⟨U+200D⟩b⟨U+200C⟩c")]
    [InlineData("a\u2028b\u2029c\u0085\u0007", "a⟨U+2028⟩b⟨U+2029⟩c⟨U+0085⟩⟨U+0007⟩")]
    [InlineData("\u3164\u115f\u2800", "⟨U+3164⟩⟨U+115F⟩⟨U+2800⟩")]
    [InlineData("a\ufe0fb", "a⟨U+FE0F⟩b")]
    [InlineData("a\U000e0041", "a⟨U+E0041⟩")]
    [InlineData("KÖLN-01 \t\n Ω ж ｗ ❤\ufe0f 1\ufe0f\u20e3 👩\u200d💻 می\u200cخواهم עברית",
        "KÖLN-01 \t\n Ω ж ｗ ❤\ufe0f 1\ufe0f\u20e3 👩\u200d💻 می\u200cخواهم עברית")]
    public void What_cannot_be_seen_is_written_out_and_what_scripts_need_stays(string? text, string shown) =>
        Assert.Equal(shown, Shown.Of(text));

    [Fact]
    public void Every_name_on_a_page_goes_through_it()
    {
        var sources = Directory.EnumerateFiles(Path.Combine(Repository.Root, "Deployments.Web", "Pages"), "*",
            SearchOption.AllDirectories).Where(file => file.EndsWith(".razor", StringComparison.Ordinal)
                || file.EndsWith(".cshtml", StringComparison.Ordinal));

        Offenders.AssertNone(sources.SelectMany(file => RawName().Matches(File.ReadAllText(file))
            .Select(match => $"{Path.GetFileName(file)}: {match.Value}")), "");
    }

    [Fact]
    public async Task No_page_shows_such_a_character_and_data_stays_what_it_is()
    {
        await using var app = await TestApp.StartAsync();
        var seed = await new Seed(app.Database).FeedAsync("main", "nuget");
        var id = await seed.DeployAsync("Acme\u202e.Web 1.0", Hidden, 0, change: record => record with
        {
            Application = "tool\u200b",
            UserName = "eve\u2066",
            Description = "release\u202e 7",
        });
        using var admin = await Browser.SignedInAsync(app);
        var target = Uri.EscapeDataString(Hidden);
        foreach (var address in new[]
        {
            "/", "/deployments", $"/deployments/{id}", "/targets", $"/targets/{target}", "/search?q=acme",
            $"/deployments?target={target}", "/feeds/main", "/search?q=WEB", $"/targets/{target}?at=2026-03-01",
            $"/feeds/main/packages/{Uri.EscapeDataString("Acme\u202e.Web")}",
            $"/feeds/main/packages/{Uri.EscapeDataString("Acme\u202e.Web")}/history?target={target}",
            $"/feeds/main/packages/{Uri.EscapeDataString("Acme\u202e.Web")}/usage",
            $"/feeds/main/packages/{Uri.EscapeDataString("Acme\u202e.Web")}/versions",
        })
        {
            var html = WebUtility.HtmlDecode(Values().Replace(await admin.ReadAsync(address), ""));
            Assert.Contains("⟨U+", html, StringComparison.Ordinal);
            Assert.False(Invisible().IsMatch(html), $"{address}: {Invisible().Match(html).Value}");
        }

        Assert.Contains(Hidden, await app.Admin.GetStringAsync("/api/package-deployments.csv"),
            StringComparison.Ordinal);
        Assert.Contains(Hidden, await app.Admin.GetStringAsync("/admin/export.csv"), StringComparison.Ordinal);
    }

    [GeneratedRegex("<bdi[^>]*>@(?!Shown\\.Of\\()[^<]*")]
    private static partial Regex RawName();

    // What a form sends back, a button copies and an address names is data.
    [GeneratedRegex("(value|data-[a-z-]+|href)=\"[^\"]*\"")]
    private static partial Regex Values();

    [GeneratedRegex(".{0,60}[\u202e\u200b\u2066].{0,20}")]
    private static partial Regex Invisible();
}
