using Bunit;
using Deployments.Data.Packages;
using Deployments.Web.Pages.Shared;
using Deployments.Web.Records;

namespace Deployments.Tests.Packages;

public sealed class ComponentTests
{
    const string Hostile = "\u202E</td><script>alert(1)</script>'\"&";

    static readonly DateTimeOffset Morning = new(2026, 1, 31, 8, 15, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("moment", "31 Jan 2026, 08:15")]
    [InlineData("date", "31 Jan 2026")]
    [InlineData("time", "08:15")]
    [InlineData("day", "Saturday 31 January 2026")]
    public void A_time_says_its_utc_value_and_its_form(string form, string text)
    {
        using var context = new BunitContext();
        var shown = context.Render<UtcTime>(set => set
            .Add(time => time.Value, Morning.ToOffset(TimeSpan.FromHours(5))).Add(time => time.Form, form));

        shown.MarkupMatches(
            "<time datetime=\"2026-01-31T08:15:00Z\" title=\"2026-01-31 08:15:00 UTC\" "
            + $"data-show=\"{form}\">{text}</time>");
    }

    [Fact]
    public void A_pager_without_pages_is_not_there()
    {
        using var context = new BunitContext();
        var shown = context.Render<Pager>(set =>
            set.Add(pager => pager.NewerUrl, null).Add(pager => pager.OlderUrl, null));

        Assert.Empty(shown.Markup.Trim());
    }

    [Fact]
    public void A_pager_on_the_first_page_links_only_to_older_ones()
    {
        using var context = new BunitContext();
        var shown = context.Render<Pager>(set =>
            set.Add(pager => pager.NewerUrl, null).Add(pager => pager.OlderUrl, "/a?b=1&c=2"));

        var link = Assert.Single(shown.FindAll("a[href]"));
        Assert.Equal("/a?b=1&c=2", link.GetAttribute("href"));
        Assert.Equal("next", link.GetAttribute("rel"));
        Assert.Equal("true", shown.Find("a:not([href])").GetAttribute("aria-disabled"));
    }

    [Fact]
    public void An_empty_state_says_what_is_missing_and_how_to_add_it()
    {
        using var context = new BunitContext();
        var shown = context.Render<EmptyState>(set => set
            .Add(empty => empty.Title, "Nothing here").Add(empty => empty.Text,
                Hostile).AddChildContent("<p>run this</p>"));

        Assert.Equal("Nothing here", shown.Find("h2").TextContent);
        Assert.Equal("run this", shown.Find(".how p").TextContent);
        Assert.Empty(shown.FindAll("script"));
    }

    [Fact]
    public void A_history_without_records_has_only_its_head()
    {
        using var context = new BunitContext();
        var shown = Show(context);

        Assert.Single(shown.FindAll("tr"));
    }

    [Fact]
    public void A_history_is_grouped_by_day()
    {
        using var context = new BunitContext();
        var shown = Show(context, Row(3, Morning.AddHours(1)), Row(2, Morning), Row(1, Morning.AddDays(-1)));

        Assert.Equal(
            ["Saturday 31 January 2026", "Friday 30 January 2026"],
            shown.FindAll("tr.day").Select(day => day.TextContent.Trim()));
        Assert.Equal(3, shown.FindAll("tr[data-at]").Count);
    }

    [Theory]
    [InlineData(null, null, "first")]
    [InlineData(1, new byte[] { 1 }, "upgrade")]
    [InlineData(3, new byte[] { 3 }, "rollback")]
    [InlineData(2, new byte[] { 2 }, "redeploy")]
    [InlineData(9, new byte[] { 2 }, "redeploy")]
    [InlineData(9, null, "redeploy")]
    public void A_row_is_marked_with_what_changed(int? previous, byte[]? key, string mark)
    {
        using var context = new BunitContext();
        var shown = Show(context, Row(1, Morning) with
        {
            PreviousVersionId = previous,
            PreviousVersion = previous is null ? null : "1.9",
            PreviousSortKey = key,
        });

        Assert.Contains(mark, shown.Find(".mark").ClassList);
        Assert.NotNull(shown.Find(".mark svg"));
    }

    [Theory]
    [InlineData("https://ci.example.com/1?a=b&c", true)]
    [InlineData("http://ci.example.com/", true)]
    [InlineData("javascript:alert(1)", false)]
    [InlineData("data:text/html,x", false)]
    [InlineData("//elsewhere.example.com", false)]
    [InlineData("build 7", false)]
    public void Only_a_web_address_becomes_a_link(string url, bool isLink)
    {
        using var context = new BunitContext();
        var links = Show(context, Row(1, Morning) with { Url = url }).FindAll("a[rel]");

        Assert.Equal(isLink ? 1 : 0, links.Count);
        Assert.All(links, link => Assert.Equal("noopener noreferrer nofollow", link.GetAttribute("rel")));
    }

    [Fact]
    public void Hostile_text_stays_text_and_is_isolated()
    {
        using var context = new BunitContext();
        var shown = Show(context, Row(1, Morning) with
        {
            Target = Hostile,
            UserName = Hostile,
            Application = Hostile,
            Description = Hostile,
            Version = Hostile,
            Feed = Hostile,
        });

        Assert.Empty(shown.FindAll("script"));
        Assert.True(shown.FindAll("bdi").Count(element => element.TextContent == Shown.Of(Hostile)) >= 6);
        Assert.Equal("/targets/" + Uri.EscapeDataString(Hostile), shown.Find("td.target a").GetAttribute("href"));
    }

    [Fact]
    public void A_long_description_is_cut_and_can_be_opened()
    {
        using var context = new BunitContext();
        var text = new string('x', 2000);
        var shown = Show(context, Row(1, Morning) with { Description = text });

        Assert.Equal(text, shown.Find("details.clamp bdi").TextContent);
    }

    [Fact]
    public void Who_claims_to_be_someone_else_is_told_apart()
    {
        using var context = new BunitContext();
        var shown = Show(
            context, Row(2, Morning) with { UserName = "jdoe", Recorder = "octopus-eu" },
                Row(1, Morning) with { Recorder = "JDOE" });

        var claim = Assert.Single(shown.FindAll("td.by .sub"));
        Assert.Equal("claimed via octopus-eu", claim.TextContent);
    }

    [Fact]
    public void Where_a_record_came_from_is_shown_only_when_asked_for()
    {
        using var context = new BunitContext();
        var row = Row(1, Morning) with { ClientAddress = "192.0.2.7", UserAgent = "curl/8.5", RawHeaders = "X-A: b" };

        Assert.DoesNotContain("192.0.2.7", Show(context, row).Markup, StringComparison.Ordinal);
        var all = context.Render<HistoryTable>(set =>
            set.Add(table => table.Rows, [row]).Add(table => table.Origins, true));
        Assert.Contains("192.0.2.7", all.Markup, StringComparison.Ordinal);
        Assert.Contains("X-A: b", all.Markup, StringComparison.Ordinal);
    }

    static IRenderedComponent<HistoryTable> Show(BunitContext context, params HistoryRow[] rows) =>
        context.Render<HistoryTable>(set => set.Add(table => table.Rows, rows));

    static HistoryRow Row(long id, DateTimeOffset at) => new()
    {
        Id = id,
        DeployedAt = at,
        RecordedAt = at,
        PackageType = "nuget",
        PackageName = "Accounts.Web",
        VersionId = 2,
        Version = "2.0",
        SortKey = [2],
        Target = "WEB-01",
        Application = "BuildMaster",
        UserName = "jdoe",
        Recorder = "jdoe",
        Description = "Release",
        Feed = "approved",
    };
}
