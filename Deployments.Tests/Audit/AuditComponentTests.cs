using Bunit;
using Deployments.Data.Audit;
using Deployments.Tests.Records;
using Deployments.Web.Pages.Audit;

namespace Deployments.Tests.Audit;

public sealed class AuditComponentTests : BunitContext
{
    const string Hostile = "\"><script>alert(1)</script><img src=x onerror=alert(2)>\u202e";

    [Fact]
    public void A_change_shows_what_differs_and_folds_what_does_not()
    {
        var changes = Render<AuditChanges>(parameters => parameters
            .Add(c => c.Before,
                """{"role": "viewer", "active": true, "note": null, "names": ["a"], "gone": "x", "blank": ""}""")
            .Add(c => c.After, """{"role": "administrator", "active": true, "names": ["a", "b"], "made": 3}"""));

        var shown = changes.FindAll(".changes")[0];
        Assert.Equal(["role", "names", "gone", "made"],
            shown.QuerySelectorAll(".name").Select(name => name.TextContent));
        Assert.Equal(["viewer", "[\"a\"]", "x"],
            shown.QuerySelectorAll("del").Select(text => text.TextContent.Trim()));
        Assert.Equal(["administrator", "[\"a\", \"b\"]", "3"],
            shown.QuerySelectorAll("ins").Select(text => text.TextContent.Trim()));
        Assert.Equal("1 unchanged", changes.Find("summary").TextContent);
    }

    [Theory]
    [InlineData(null, null, 0, 0)]
    [InlineData(null, """{"a": 1, "b": 2}""", 0, 2)]
    [InlineData("""{"a": 1}""", null, 1, 0)]
    [InlineData("{}", "{}", 0, 0)]
    [InlineData("\"a\"", "\"b\"", 1, 1)]
    public void Things_are_made_and_removed(string? before, string? after, int removed, int added)
    {
        var changes = Render<AuditChanges>(parameters => parameters
            .Add(c => c.Before, before).Add(c => c.After, after));

        Assert.Equal((removed, added), (changes.FindAll("del").Count, changes.FindAll("ins").Count));
    }

    [Fact]
    public void The_table_is_text_whatever_the_events_say()
    {
        var json = System.Text.Json.JsonSerializer.Serialize(
            new Dictionary<string, string> { [Hostile] = string.Concat(Enumerable.Repeat(Hostile, 30)) });
        var change = new AuditEvent
        {
            AuditEventId = 7,
            OccurredAt = Seed.Start,
            Actor = Hostile,
            Action = Hostile,
            SubjectKind = Hostile,
            SubjectName = Hostile,
            After = json,
        };

        var one = Render<AuditTable>(parameters => parameters.Add(t => t.Rows, [change]));
        var many = Render<AuditTable>(parameters => parameters.Add(t => t.Rows, [change, change]));
        var none = Render<AuditTable>(parameters => parameters.Add(t => t.Rows, []));

        Assert.Empty(one.FindAll("script, img"));
        Assert.DoesNotContain(one.FindAll("*"),
            element => element.HasAttribute("onerror") || element.HasAttribute("style"));
        Assert.Single(one.FindAll("details.clamp"));
        Assert.Contains("this program", one.Markup, StringComparison.Ordinal);
        Assert.Equal((2, 0), (many.FindAll("tbody tr").Count, none.FindAll("tbody tr").Count));
    }
}
