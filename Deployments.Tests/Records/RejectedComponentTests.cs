using Bunit;
using Deployments.Data.Records;
using Deployments.Tests.Support;
using Deployments.Web.Pages.Records;
using Deployments.Web.Pages.Shared;
using Deployments.Web.Records;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Deployments.Tests.Records;

public sealed class RejectedComponentTests : BunitContext
{
    const string Hostile = "\"><script>alert(1)</script><img src=x onerror=alert(2)>\u202e";

    static readonly RejectedRow HostileRow = new()
    {
        Id = 7,
        ReceivedAt = Seed.Start,
        Feed = Hostile,
        FeedType = Hostile,
        Group = Hostile,
        Name = Hostile,
        Version = Hostile,
        Qualifier = Hostile,
        Recorder = Hostile,
        ClientAddress = Hostile,
        UserAgent = Hostile,
        RawPath = Hostile,
        RawHeaders = Hostile,
        Reason = string.Concat(Enumerable.Repeat(Hostile, 30)),
        Road = RecordRoad.Header,
    };

    static readonly RejectedRow ResolvedRow = HostileRow with
    {
        ResolvedAt = Seed.Start,
        ResolvedBy = Hostile,
        Resolution = "dismissed",
        DismissalReason = Hostile,
    };

    [Fact]
    public void Open_ones_can_be_chosen_and_are_text_whatever_they_say()
    {
        var none = Table([], selectable: true);
        var one = Table([HostileRow], selectable: true);
        var many = Table([HostileRow, HostileRow with { Id = 8 }], selectable: true);

        AssertHarmless(one);
        Assert.Empty(none.FindAll("tbody tr"));
        Assert.Equal(["7", "8"], many.FindAll("input[name=ids]").Select(box => box.GetAttribute("value")));
        Assert.Single(one.FindAll("details.clamp"));
        Assert.All(one.FindAll("input"), box => Assert.False(string.IsNullOrEmpty(box.GetAttribute("aria-label"))));
    }

    [Fact]
    public void Resolved_ones_say_who_and_why_and_cannot_be_chosen()
    {
        var table = Table([ResolvedRow], selectable: false);

        AssertHarmless(table);
        Assert.Empty(table.FindAll("input"));
        Assert.Equal("dismissed", table.Find(".badge").TextContent);
    }

    [Fact]
    public void The_facts_are_text_whatever_they_say()
    {
        var open = Render<RejectedFacts>(parameters => parameters.Add(f => f.Row, HostileRow));
        var resolved = Render<RejectedFacts>(parameters => parameters.Add(f => f.Row, ResolvedRow));
        var bare = Render<RejectedFacts>(parameters => parameters.Add(f => f.Row, new RejectedRow()));

        AssertHarmless(open);
        AssertHarmless(resolved);
        Assert.Equal(Shown.Of(Hostile), open.Find("pre code").TextContent);
        Assert.Contains("Dismissed because", resolved.Markup, StringComparison.Ordinal);
        Assert.Contains("None were kept", bare.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void Chips_name_each_filter_and_remove_it()
    {
        var given = new Dictionary<string, string?> { ["feed"] = Hostile, ["reason"] = "a", ["other"] = "5" };
        var query = new FilterQuery(
            new QueryCollection(QueryHelpers.ParseQuery(QueryHelpers.AddQueryString("", given))),
            [("reason", "Reason"), ("feed", "Feed")]);
        var chips = Render<QueryChips>(parameters => parameters
            .Add(c => c.Query, query).Add(c => c.Path, "/admin/rejected"));

        AssertHarmless(chips);
        Assert.Equal(["Reason", "Feed"], chips.FindAll(".chip > span:first-child").Select(label => label.TextContent));
        Assert.Equal("/admin/rejected?reason=a", chips.FindAll(".chip")[1].GetAttribute("href"));
    }

    IRenderedComponent<RejectedTable> Table(IReadOnlyList<RejectedRow> rows, bool selectable) =>
        Render<RejectedTable>(parameters => parameters.Add(t => t.Rows, rows).Add(t => t.Selectable, selectable));

    static void AssertHarmless<T>(IRenderedComponent<T> component) where T : Microsoft.AspNetCore.Components.IComponent
    {
        Assert.Empty(component.FindAll("script, img"));
        Assert.DoesNotContain(component.FindAll("*"),
            element => element.HasAttribute("onerror") || element.HasAttribute("style"));
    }
}
