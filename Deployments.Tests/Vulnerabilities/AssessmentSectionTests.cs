using Bunit;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Pages.Vulnerabilities;
using Deployments.Web.Vulnerabilities;

namespace Deployments.Tests.Vulnerabilities;

public sealed class AssessmentSectionTests : BunitContext
{
    const string Hostile = "<script>alert(1)</script>\u202e\"'";

    static readonly DateTimeOffset Now = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Without_any_it_says_what_one_is_and_who_makes_it()
    {
        var visitor = Section(false);
        var administrator = Section(true);

        Assert.Contains("Not assessed yet.", visitor.Markup, StringComparison.Ordinal);
        Assert.Contains("Administrators assess.", visitor.Markup, StringComparison.Ordinal);
        Assert.Empty(visitor.FindAll("form, a, input"));
        Assert.DoesNotContain("Administrators", administrator.Markup, StringComparison.Ordinal);
        Assert.Single(administrator.FindAll("form"));
        Assert.False(administrator.Find("details").HasAttribute("open"));
    }

    [Fact]
    public void One_is_shown_by_shape_and_text_and_exported()
    {
        var section = Section(false, Row());

        Assert.Single(section.FindAll("tbody tr"));
        Assert.Single(section.FindAll(".assessed svg"));
        Assert.Contains("Accepted", section.Markup, StringComparison.Ordinal);
        Assert.Contains("until 30 Jun 2026", section.Markup, StringComparison.Ordinal);
        Assert.Contains("Acme.Json on WEB-1", section.Markup, StringComparison.Ordinal);
        Assert.Equal(
            ["/api/vulnerabilities/GHSA-1/vex.openvex.json", "/api/vulnerabilities/GHSA-1/vex.cdx.json"],
            section.FindAll("a").Select(link => link.GetAttribute("href")));
        Assert.Empty(section.FindAll("button, input"));
    }

    [Fact]
    public void Of_many_only_those_that_count_can_be_revoked()
    {
        var section = Section(
            true,
            Row() with { AssessmentId = 4 },
            Row() with { AssessmentId = 3, IsReplaced = true },
            Row() with { AssessmentId = 2, ExpiresAt = Now },
            Row() with { AssessmentId = 1, RevokedAt = Now, RevokedBy = "jdoe" });

        Assert.Equal(4, section.FindAll("tbody tr").Count);
        Assert.Equal("4", Assert.Single(section.FindAll("button[name=assessment]")).GetAttribute("value"));
        Assert.Equal(
            ["token", "token"], section.FindAll("input[type=hidden]").Select(one => one.GetAttribute("value")));
        Assert.Contains("replaced by a newer one", section.Markup, StringComparison.Ordinal);
        Assert.Contains("it is over", section.Markup, StringComparison.Ordinal);
        Assert.Contains("revoked by", section.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void What_no_longer_counts_is_not_exported() =>
        Assert.Empty(Section(false, Row() with { IsReplaced = true }).FindAll("a"));

    [Fact]
    public void Hostile_text_is_encoded_and_long_text_is_clamped()
    {
        var section = Section(
            true,
            Row() with
            {
                Name = Hostile,
                Target = Hostile,
                Reason = Hostile + new string('x', 2000),
                AssessedBy = Hostile,
                Justification = Hostile,
            });

        Assert.Empty(section.FindAll("script"));
        Assert.Single(section.FindAll("details.clamp"));
    }

    [Fact]
    public void What_was_refused_is_open_typed_back_and_told_beside_its_field()
    {
        var package = new AssessedPackage("nuget", "", "Acme/Json & Co");
        var section = Render<AssessmentSection>(set => set
            .Add(one => one.Id, "GHSA-1")
            .Add(one => one.Rows, [])
            .Add(one => one.Now, Now)
            .Add(one => one.MayAssess, true)
            .Add(one => one.Token, "token")
            .Add(one => one.Packages, [package])
            .Add(one => one.Targets, ["WEB-1", Hostile])
            .Add(one => one.Fields, new AssessmentFields
            {
                State = "accepted",
                Reason = Hostile,
                Target = Hostile,
                Type = "nuget",
                Name = "Acme/Json & Co",
            })
            .Add(one => one.Problems, new Dictionary<string, string> { ["ExpiresAt"] = "is missing" }));

        Assert.True(section.Find("details").HasAttribute("open"));
        Assert.Equal("is missing", section.Find("#assess-expires-problem").TextContent);
        Assert.Equal(Hostile, section.Find("textarea").TextContent);
        Assert.Equal(Hostile, section.Find("#assess-target").GetAttribute("value"));
        Assert.True(section.Find("option[value=accepted]").HasAttribute("selected"));
        var chosen = section.Find("#assess-package option[selected]").GetAttribute("value");
        var fields = new AssessmentForm { Package = chosen }.ToFields();
        Assert.Equal(
            ("nuget", "Acme/Json & Co"),
            (fields.Type, fields.Name));
    }

    [Theory]
    [InlineData("nuget")]
    [InlineData("a/b/c/d")]
    public void A_package_that_is_none_of_the_list_has_no_type(string package) =>
        Assert.Null(new AssessmentForm { Package = package }.ToFields().Type);

    IRenderedComponent<AssessmentSection> Section(bool mayAssess, params Assessment[] rows) =>
        Render<AssessmentSection>(set => set
            .Add(one => one.Id, "GHSA-1")
            .Add(one => one.Rows, rows)
            .Add(one => one.Now, Now)
            .Add(one => one.MayAssess, mayAssess)
            .Add(one => one.Token, mayAssess ? "token" : null));

    static Assessment Row() => new()
    {
        AssessmentId = 1,
        AdvisoryId = "GHSA-1",
        Type = "nuget",
        Group = "",
        Name = "Acme.Json",
        Target = "WEB-1",
        State = AssessmentState.Accepted,
        Reason = "Release in June.",
        AssessedBy = "Admin",
        AssessedAt = Now.AddDays(-1),
        ExpiresAt = new DateTimeOffset(2026, 7, 1, 0, 0, 0, TimeSpan.Zero),
    };
}
