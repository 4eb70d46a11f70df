using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Dapper;
using Deployments.Data.Audit;
using Deployments.Data.Feeds;
using Deployments.Data.Inventory;
using Deployments.Tests.Api;
using Npgsql;
using static Deployments.Tests.Inventory.InventoryFixture;

namespace Deployments.Tests.Inventory;

/// <summary>Where records and inventories differ, and what becomes of it.</summary>
public sealed class DriftTests(InventoryFixture fixture) : IClassFixture<InventoryFixture>
{
    readonly string target = NewTarget();

    [Fact]
    public async Task Each_kind_is_told_and_ends_by_itself()
    {
        await fixture.RecordAsync(target, "debian", "other", "1.0-1");
        await fixture.RecordAsync(target, "debian", "gone", "1.0-1");
        await fixture.RecordAsync(NewTarget(), "debian", "stray", "1.0-1");
        await fixture.TakeAsync(target, Dpkg("other 2.0-1", "stray 1.0-1", "unheard 1"), "?at=2026-02-01");

        Assert.Equal(
            ["missing gone 1.0-1 -", "different other 1.0-1 2.0-1", "unrecorded stray - 1.0-1"], await DriftAsync());
        Assert.Equal(
            ["missing gone 1.0-1 -", "different other 1.0-1 2.0-1", "unrecorded stray - 1.0-1",
                "unrecorded unheard - 1"],
            await DriftAsync("&all=true"));
        Assert.Equal(["missing gone 1.0-1 -"], await DriftAsync("&kind=missing"));
        Assert.Equal(["unrecorded stray - 1.0-1"], await DriftAsync("&package=TRA"));
        Assert.Equal([], await DriftAsync("&package=nothing"));

        await fixture.RecordAsync(target, "debian", "stray", "1.0-1", "2026-02-01");
        await fixture.TakeAsync(target, Dpkg("other 1.0-1", "gone 1.0-1", "stray 1.0-1"), "?at=2026-02-02");
        Assert.Equal([], await DriftAsync("&days=3650"));
    }

    [Fact]
    public async Task A_pages_cursor_leads_to_the_next_and_csv_has_all()
    {
        foreach (var name in new[] { "a", "b", "c" })
            await fixture.RecordAsync(target, "debian", name, "1");
        await fixture.TakeAsync(target, Dpkg("a 2", "b 2", "c 2"));

        var first = await JsonAsync("&limit=2");
        var second = await JsonAsync($"&limit=2&cursor={Uri.EscapeDataString((string)first["next"]!)}");
        var csv = await fixture.App.Admin.GetStringAsync($"/api/drift.csv?target={target}");

        Assert.Equal((2, 1, null), (
            first["items"]!.AsArray().Count, second["items"]!.AsArray().Count, (string?)second["next"]));
        Assert.Equal(4, csv.TrimEnd().Split("\r\n").Length);
    }

    [Fact]
    public async Task A_target_is_told_only_where_it_is_in_the_group_that_is_asked_for()
    {
        using (var saved = await fixture.App.Admin.PutAsJsonAsync("/api/management/target-groups/update", new
        {
            groups = new[] { "grouped" },
            rules = new[] { new { pattern = target, group = "grouped" } },
        }))
            Assert.True(saved.IsSuccessStatusCode);
        await fixture.RecordAsync(target, "debian", "grouped", "1");
        await fixture.TakeAsync(target, Dpkg("grouped 2"));

        Assert.Equal(["different grouped 1 2"], await DriftAsync("&targetGroup=grouped"));
        Assert.Equal([], await DriftAsync("&targetGroup=-"));
    }

    [Fact]
    public async Task A_fleet_is_walked_by_pages_that_show_each_difference_once()
    {
        var targets = Enumerable.Range(0, 12).Select(_ => NewTarget()).ToArray();
        foreach (var one in targets)
        {
            await fixture.RecordAsync(one, "debian", "walked-a", "1");
            await fixture.RecordAsync(one, "debian", "walked-b", "1");
            await fixture.TakeAsync(one, Dpkg("walked-a 2", "walked-b 2"));
        }

        var found = new List<string>();
        string? next = "";
        for (var pages = 0; next is not null && pages < 10; pages++)
        {
            var page = JsonNode.Parse(await fixture.App.Admin.GetStringAsync(
                "/api/drift?package=walked&limit=5"
                + (next.Length == 0 ? "" : $"&cursor={Uri.EscapeDataString(next)}")))!;
            found.AddRange(page["items"]!.AsArray().Select(item => $"{item!["target"]} {item["name"]}"));
            next = (string?)page["next"];
        }

        Assert.Equal(
            targets.Order(StringComparer.Ordinal).SelectMany(one => new[] { $"{one} walked-a", $"{one} walked-b" }),
            found);
    }

    [Fact]
    public async Task What_is_missing_can_only_be_said_of_what_the_scope_covers()
    {
        await fixture.RecordAsync(target, "js", "portal", "1.0.0");
        await fixture.TakeAsync(target, Dpkg("base 1"), "?at=2026-02-01");
        Assert.Equal([], await DriftAsync());
        await fixture.TakeAsync(
            target, """{"dependencies":{"ms":{"version":"2.1.3"}}}""", "?at=2026-02-01&scope=/srv/app");
        Assert.Equal([], await DriftAsync());

        // What it showed once, or promises to have, it would show.
        await fixture.TakeAsync(
            target, """{"dependencies":{"ms":{"version":"2.1.4"}}}""", "?at=2026-02-02&scope=/srv/app&covers=npm");
        Assert.Equal(["missing portal 1.0.0 -"], await DriftAsync());
    }

    [Fact]
    public async Task What_nobody_confirmed_for_long_is_unconfirmed()
    {
        await fixture.RecordAsync(target, "debian", "app", "1");
        await fixture.TakeAsync(target, Dpkg("app 1"), "?at=2026-02-01");

        Assert.Equal(["unconfirmed app 1 -"], await DriftAsync());
        Assert.Equal([], await DriftAsync("&days=3650"));
        await fixture.TakeAsync(target, Dpkg("app 1"));
        Assert.Equal([], await DriftAsync());
    }

    [Fact]
    public async Task What_was_removed_and_is_still_seen_is_unrecorded()
    {
        await fixture.RecordAsync(target, "debian", "app", "1");
        await fixture.App.Admin.JsonAsync("POST", "/api/package-deployments/removals", new
        {
            FeedName = "debian",
            PackageName = "app",
            Target = target,
            Application = "test",
            Description = "",
            Date = "2026-02-01",
        });
        await fixture.TakeAsync(target, Dpkg("app 1"), "?at=2026-01-15");
        Assert.Equal([], await DriftAsync());

        await fixture.TakeAsync(target, Dpkg("app 1"), "?at=2026-02-15");
        Assert.Equal(["unrecorded app - 1"], await DriftAsync());
    }

    [Fact]
    public async Task An_image_is_the_same_by_its_tag_or_its_digest()
    {
        await fixture.RecordAsync($"{target}/shop/web", "images", "shop/web", "sha256:aa11");
        await fixture.RecordAsync($"{target}/shop/db", "images", "shop/db", "1.0");
        await fixture.TakeAsync(target,
            """
            {"apiVersion":"v1","items":[
              {"metadata":{"name":"web-1","namespace":"shop","ownerReferences":[{"kind":"DaemonSet","name":"web"}]},
               "status":{"containerStatuses":[{"image":"r.example/images/shop/web:1.4","imageID":"sha256:aa11"}]}},
              {"metadata":{"name":"db-1","namespace":"shop","ownerReferences":[{"kind":"StatefulSet","name":"db"}]},
               "status":{"containerStatuses":[{"image":"r.example/images/shop/db:1.1","imageID":"sha256:bb22"}]}}]}
            """);

        Assert.Equal(["different shop/db 1.0 1.1"], await DriftAsync("", $"{target}/shop/db"));
        Assert.Equal([], await DriftAsync("", $"{target}/shop/web"));
    }

    [Fact]
    public async Task What_is_right_so_is_silent_until_it_changes_ends_or_is_taken_back()
    {
        // Goal: an acceptance holds for two versions only. Method: accept, and change either side.
        await fixture.RecordAsync(target, "debian", "app", "1");
        await fixture.TakeAsync(target, Dpkg("app 2"), "?at=2026-02-01");
        await AcceptAsync(null);
        Assert.Equal([], await DriftAsync());
        Assert.Equal(["different app 1 2"], await DriftAsync("&accepted=true"));

        await fixture.TakeAsync(target, Dpkg("app 3"), "?at=2026-02-02");
        Assert.Equal(["different app 1 3"], await DriftAsync());
        await AcceptAsync(new DateTimeOffset(2026, 2, 3, 0, 0, 0, TimeSpan.Zero));
        Assert.Equal(["different app 1 3"], await DriftAsync());

        await AcceptAsync(null);
        Assert.Equal([], await DriftAsync());
        var row = await RowAsync();
        await fixture.App.Service<DriftStore>().RevokeAsync(
            row, fixture.App.Service<TimeProvider>().GetUtcNow(), new Actor("jdoe", null), default);
        Assert.Equal(["different app 1 3"], await DriftAsync());
        Assert.Equal(["drift.accept", "drift.accept", "drift.accept", "drift.revoke"], await ActionsAsync());
    }

    async Task AcceptAsync(DateTimeOffset? until) => await fixture.App.Service<DriftStore>().AcceptAsync(
        await RowAsync(), "A trial", until, until?.AddDays(-1) ?? fixture.App.Service<TimeProvider>().GetUtcNow(),
        new Actor("jdoe", null), default);

    async Task<DriftRow> RowAsync() => (await fixture.App.Service<DriftQueries>().FindOrNullAsync(
        target, ("deb", "", "app"), VisibleFeeds.All, default))!;

    async Task<IReadOnlyList<string>> ActionsAsync()
    {
        await using var connection = new NpgsqlConnection(fixture.App.Database.ConnectionString);
        return [.. await connection.QueryAsync<string>(
            "select action from audit_events where subject_name = @target order by audit_event_id", new { target })];
    }

    async Task<JsonNode> JsonAsync(string query) => JsonNode.Parse(
        await fixture.App.Admin.GetStringAsync($"/api/drift?target={target}{query}"))!;

    async Task<IReadOnlyList<string>> DriftAsync(string query = "", string? of = null) =>
    [
        .. JsonNode.Parse(await fixture.App.Admin.GetStringAsync(
                $"/api/drift?target={Uri.EscapeDataString(of ?? target)}{query}"))!["items"]!.AsArray()
            .OrderBy(item => (string?)item!["name"], StringComparer.Ordinal)
            .Select(item => $"{item!["kind"]} {item["name"]} {item["recorded"] ?? "-"} {item["seen"] ?? "-"}"),
    ];
}
