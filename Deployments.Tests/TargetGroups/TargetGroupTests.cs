using System.Net;
using Dapper;
using Deployments.Data.Audit;
using Deployments.Data.Calendar;
using Deployments.Data.Feeds;
using Deployments.Data.Packages;
using Deployments.Data.Records;
using Deployments.Data.TargetGroups;
using Deployments.Data.Targets;
using Deployments.Tests.Api;
using Deployments.Tests.Records;
using Deployments.Tests.Support;
using Deployments.Web.TargetGroups;

namespace Deployments.Tests.TargetGroups;

public sealed class TargetGroupTests : IAsyncLifetime
{
    static readonly TargetGroupDefinition TestAndRest = new(
        ["test", "production"], [new("WEB-tst-?", "test"), new("web_*", "test"), new("WEB-*", "production")]);

    TestDatabase database = null!;
    Seed seed = null!;
    TargetGroupStore store = null!;
    TargetGroupQueries queries = null!;

    public async Task InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        seed = await new Seed(database).FeedAsync("main", "nuget");
        store = new TargetGroupStore(database.DataSource);
        queries = new TargetGroupQueries(database.DataSource);
    }

    public Task DisposeAsync() => database.DisposeAsync().AsTask();

    [Fact]
    public async Task The_first_rule_that_matches_a_name_counts_for_old_targets_and_new_ones()
    {
        foreach (var target in (string[])["web-TST-1", "WEB-TST-22", "web_1", "DB-1"])
            await seed.DeployAsync("A 1.0", target, 0);

        await ReplaceAsync(TestAndRest);
        foreach (var target in (string[])["WEB-TST-2", "WEB-1", "DB-2"])
            await seed.DeployAsync("A 1.0", target, 1);

        Assert.Equal(
            [
                ("DB-1", null), ("DB-2", null), ("WEB-1", "production"), ("web-TST-1", "test"), ("WEB-TST-2", "test"),
                ("WEB-TST-22", "production"), ("web_1", "test"),
            ],
            await GroupsAsync());
        Assert.Equal([("test", 3), ("production", 2)],
            (await queries.AllAsync(VisibleFeeds.All, default)).Select(row => (row.Name, (int)row.Targets)));
    }

    [Fact]
    public async Task A_group_of_the_same_name_stays_the_same_and_one_that_is_left_out_lets_its_targets_go()
    {
        await seed.DeployAsync("A 1.0", "WEB-1", 0);
        await ReplaceAsync(TestAndRest);
        var before = (await queries.AllAsync(VisibleFeeds.All, default)).Single(row => row.Name == "production");

        await ReplaceAsync(new(["PRODUCTION"], []));

        var after = Assert.Single(await queries.AllAsync(VisibleFeeds.All, default));
        Assert.Equal(("PRODUCTION", before.TargetGroupId, 0L), (after.Name, after.TargetGroupId, after.Targets));
        Assert.Equal([("WEB-1", null)], await GroupsAsync());
    }

    [Fact]
    public async Task Whoever_looked_at_an_older_definition_changes_nothing()
    {
        var looked = await queries.DefinitionAsync(default);
        await ReplaceAsync(TestAndRest);

        Assert.False(await store.ReplaceAsync(
            TargetGroupDefinition.Empty, looked.Revision, Actor.Program, default));
        Assert.Equal(TestAndRest.Revision, (await queries.DefinitionAsync(default)).Revision);
        Assert.True(await store.ReplaceAsync(
            TargetGroupDefinition.Empty, TestAndRest.Revision, Actor.Program, default));
    }

    [Fact]
    public async Task A_preview_counts_what_each_rule_takes_and_changes_nothing()
    {
        foreach (var n in Enumerable.Range(1, 7))
            await seed.DeployAsync("A 1.0", $"WEB-TST-{n}", 0);
        await seed.DeployAsync("A 1.0", "DB-1", 0);

        var preview = await queries.PreviewAsync(TestAndRest, default);

        Assert.Equal([7, 0, 0], preview.Rules.Select(taken => taken.Count));
        Assert.Equal(["WEB-TST-1", "WEB-TST-2", "WEB-TST-3", "WEB-TST-4", "WEB-TST-5"], preview.Rules[0].Samples);
        Assert.Equal(["DB-1"], preview.Rest.Samples);
        Assert.Empty(await queries.AllAsync(VisibleFeeds.All, default));
    }

    [Fact]
    public async Task A_target_that_is_added_while_rules_change_is_in_its_group_afterwards()
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        await using var adding = await connection.BeginTransactionAsync();
        await connection.ExecuteAsync("insert into targets (name_key, name) values ('web-9', 'WEB-9')",
            transaction: adding);
        var changing = ReplaceAsync(TestAndRest);
        await Patience.UntilAsync(
            async () => await connection.ExecuteScalarAsync<bool>(
                "select exists (select from pg_locks where locktype = 'advisory' and not granted)"),
            () => "Nobody waits.");
        await adding.CommitAsync();
        await changing;

        Assert.Equal([("WEB-9", "production")], await GroupsAsync());
    }

    [Theory]
    [InlineData("test", "WEB-TST-1")]
    [InlineData("PRODUCTION", "WEB-1")]
    [InlineData("-", "DB-1")]
    [InlineData("nothing", "")]
    public async Task Lists_are_filtered_by_group(string group, string expected)
    {
        await ReplaceAsync(TestAndRest);
        foreach (var target in (string[])["WEB-TST-1", "WEB-1", "DB-1"])
            await seed.DeployAsync("A 1.0", target, 0);
        var targets = expected.Length == 0 ? [] : expected.Split(' ');
        var history = new HistoryFilter { Package = new PackageKey("nuget", "", "a"), TargetGroup = group };

        Assert.Equal(targets, (await new RecordQueries(database.DataSource).PageAsync(
            new RecordFilter { TargetGroup = group }, VisibleFeeds.All, default)).Items.Select(row => row.Target));
        Assert.Equal(targets, (await new RecordQueries(database.DataSource).PageAsync(
            new RecordFilter { TargetGroup = group, Name = "a" }, VisibleFeeds.All, default))
            .Items.Select(row => row.Target));
        Assert.Equal(targets, (await new HistoryQueries(database.DataSource).PageAsync(
            history, null, 10, VisibleFeeds.All, default)).Rows.Select(row => row.Target));
        Assert.Equal(targets, (await new TargetQueries(database.DataSource).PageAsync(
            new TargetFilter(null, group), TargetOrder.Name, null, 10, VisibleFeeds.All, default))
            .Items.Select(row => row.Name));
        Assert.Equal(targets, (await new TargetQueries(database.DataSource).PageAsync(
            new TargetFilter(null, group), TargetOrder.Last, null, 10, VisibleFeeds.All, default))
            .Items.Select(row => row.Name));
    }

    [Fact]
    public async Task Nobody_loses_change_windows_with_the_name_of_a_group()
    {
        await using var app = await TestApp.StartAsync();
        await app.Service<TargetGroupStore>().ReplaceAsync(TestAndRest, null, Actor.Program, default);
        await app.Service<ChangeWindowStore>().ReplaceAsync(
            [new("test", 31, 420, 1080, null, null)], null, Actor.Program, default);
        const string Problem = "Change windows would go with test: change or remove them first, or keep the name.";
        using var admin = await Browser.SignedInAsync(app);

        Assert.Equal((HttpStatusCode.Conflict, Problem), await app.Admin.AskAsync(
            "POST", "/api/management/target-groups/update",
            new { groups = new[] { "production" }, rules = Array.Empty<string>() }));

        using (var refused = await admin.PostAsync(
            "/admin/target-groups", "/admin/target-groups", ("Groups", "tests\nproduction"), ("Rules", "")))
        {
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
            Assert.Contains(Problem, await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        Assert.Single(await app.Service<ChangeWindowStore>().AllAsync(default));
        using var kept = await admin.PostAsync(
            "/admin/target-groups", "/admin/target-groups", ("Groups", "TEST"), ("Rules", ""));
        Assert.Equal(HttpStatusCode.Found, kept.StatusCode);
    }

    [Fact]
    public async Task Records_of_a_group_are_paged_in_order_whether_it_is_small_or_large()
    {
        await ReplaceAsync(TestAndRest);
        foreach (var n in Enumerable.Range(1, 60))
            await seed.DeployAsync("A 1.0", n % 3 == 0 ? $"WEB-TST-{n % 9}" : $"WEB-{n}", n);
        await seed.DeployAsync("A 1.0", "DB-1", 99);
        var records = new RecordQueries(database.DataSource);

        foreach (var (group, count) in new[] { ("test", 20), ("production", 40) })
        {
            var first = await records.PageAsync(
                new RecordFilter { TargetGroup = group, Limit = 15 }, VisibleFeeds.All, default);
            var all = await records.PageAsync(
                new RecordFilter { TargetGroup = group, Limit = 100 }, VisibleFeeds.All, default);
            var second = await records.PageAsync(
                new RecordFilter { TargetGroup = group, Limit = 100, Cursor = first.Older }, VisibleFeeds.All, default);
            Assert.Equal(count, all.Items.Count);
            Assert.Equal(all.Items.Select(row => row.Id), first.Items.Concat(second.Items).Select(row => row.Id));
            Assert.Equal(all.Items.OrderByDescending(row => row.DeployedAt).Select(row => row.Id),
                all.Items.Select(row => row.Id));
        }
    }

    [Fact]
    public void Names_propose_groups_and_patterns()
    {
        var proposed = TargetGroupProposals.Of(
        [
            "WEB-TST-01", "WEB-TST-02", "api-tst-01.example", "prod-db-1", "prod-db-2", "X-PROD", "web2dev1", "latest",
            "reproduction", "DB-01", "",
        ]);

        Assert.Equal(["development", "test", "production"], proposed.Groups);
        Assert.Equal(
            ["*dev* = development", "*-tst-* = test", "prod-* = production", "*-prod = production"],
            TargetGroupText.WriteRules(proposed).Split('\n'));
    }

    [Theory]
    [InlineData("a\nA", "", "same name")]
    [InlineData("-", "", "No group can be called -")]
    [InlineData("a=b", "", "equals sign")]
    [InlineData("a", "x", "names no group")]
    [InlineData("a", "= a", "1 to 200 characters")]
    [InlineData("a", "x = b", "names no group")]
    public void What_is_unfit_is_said(string groups, string rules, string problem)
    {
        var result = new TargetGroupValidator().Validate(TargetGroupText.Read(groups, rules));

        Assert.Contains(result.Errors, error => error.ErrorMessage.Contains(problem, StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_written_is_read_again()
    {
        var read = TargetGroupText.Read(" test \r\n\r\nproduction", "a=b = test\r\n\n*=production");

        Assert.Equal(["test", "production"], read.Groups);
        Assert.Equal([new("a=b", "test"), new TargetGroupRule("*", "production")], read.Rules);
        Assert.Equal(read.Revision,
            TargetGroupText.Read(TargetGroupText.WriteGroups(read), TargetGroupText.WriteRules(read)).Revision);
        Assert.True(new TargetGroupValidator().Validate(read).IsValid);
    }

    async Task ReplaceAsync(TargetGroupDefinition definition) =>
        Assert.True(await store.ReplaceAsync(definition, null, Actor.Program, default));

    async Task<IEnumerable<(string, string?)>> GroupsAsync()
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        return [.. await connection.QueryAsync<(string, string?)>(
            """
            select t.name, g.name from targets t left join target_groups g using (target_group_id) order by t.name_key
            """)];
    }
}
