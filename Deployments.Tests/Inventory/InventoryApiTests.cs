using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Dapper;
using Npgsql;
using static Deployments.Tests.Inventory.InventoryFixture;

namespace Deployments.Tests.Inventory;

/// <summary>What becomes of inventories that tools send.</summary>
public sealed class InventoryApiTests(InventoryFixture fixture) : IClassFixture<InventoryFixture>
{
    readonly string target = NewTarget();

    [Fact]
    public async Task An_inventory_is_compared_with_what_was_recorded()
    {
        // Goal: one package of each kind; what no record knows is kept and not counted.
        await fixture.RecordAsync(target, "debian", "same", "1.0-1");
        await fixture.RecordAsync(target, "debian", "other", "1.0-1");
        await fixture.RecordAsync(target, "debian", "gone", "1.0-1");
        await fixture.RecordAsync(NewTarget(), "debian", "elsewhere", "1.0-1");

        var answer = await fixture.TakeAsync(target, Dpkg("same 1.0-1", "other 2.0-1", "elsewhere 1.0-1", "base 1"));

        Assert.Equal(("dpkg", "dpkg", false),
            ((string?)answer["format"], (string?)answer["scope"], (bool)answer["duplicate"]!));
        Assert.Equal((4, 3, 1, 1, 1, 1, 0), Counts(answer));
        Assert.Empty(answer["errors"]!.AsArray());
        Assert.Equal(["base 1", "elsewhere 1.0-1", "other 2.0-1", "same 1.0-1"], await fixture.SeenAsync(target));
        Assert.Equal(["elsewhere 1.0-1", "other 2.0-1", "same 1.0-1"], await fixture.SeenAsync(target, ""));
    }

    [Fact]
    public async Task An_unchanged_inventory_writes_one_row_and_a_repeated_one_none()
    {
        var body = Dpkg("one 1", "two 1");
        await fixture.TakeAsync(target, body, "?at=2026-02-01");
        var before = await CountAsync();

        var unchanged = await fixture.TakeAsync(target, body, "?at=2026-02-02");
        var repeated = await fixture.TakeAsync(target, body, "?at=2026-02-02");

        Assert.Equal((false, true), ((bool)unchanged["duplicate"]!, (bool)repeated["duplicate"]!));
        Assert.Equal(2, (int)repeated["read"]!);
        Assert.Equal((before.Observations, before.Uploads + 1), await CountAsync());
        var seen = JsonNode.Parse(await fixture.App.Admin.GetStringAsync($"/api/inventory/{target}?all=true"))!;
        Assert.All(seen["packages"]!.AsArray(), package => Assert.Equal(
            ("2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z"),
            ((string?)package!["firstSeenAt"], (string?)package["lastSeenAt"])));
    }

    [Fact]
    public async Task What_was_seen_is_known_for_any_time()
    {
        await fixture.TakeAsync(target, Dpkg("one 1", "two 1"), "?at=2026-02-01");
        await fixture.TakeAsync(target, Dpkg("one 2", "two 1"), "?at=2026-03-01");
        await fixture.TakeAsync(target, Dpkg("two 1"), "?at=2026-04-01");

        Assert.Equal([], await fixture.SeenAsync(target, "?all=true&at=2026-01-30"));
        Assert.Equal(["one 1", "two 1"], await fixture.SeenAsync(target, "?all=true&at=2026-02-15"));
        Assert.Equal(["one 2", "two 1"], await fixture.SeenAsync(target, "?all=true&at=2026-03-15"));
        Assert.Equal(["two 1"], await fixture.SeenAsync(target));
    }

    [Fact]
    public async Task A_bad_line_stops_no_other_and_while_there_is_one_nothing_is_gone()
    {
        await fixture.TakeAsync(target, Dpkg("one 1", "two 1"), "?at=2026-02-01");

        var answer = await fixture.TakeAsync(
            target, Dpkg("one 1") + "ii \tcut\t1." + "\n" + Dpkg("three 1"), "?at=2026-02-02");

        Assert.Equal((2, 1), ((int)answer["read"]!, (int)answer["failed"]!));
        Assert.Equal("""{"line":2,"reason":"has not seven fields between tabs"}""",
            answer["errors"]![0]!.ToJsonString());
        Assert.Equal(["one 1", "three 1", "two 1"], await fixture.SeenAsync(target));
    }

    [Fact]
    public async Task A_scope_says_nothing_of_another()
    {
        await fixture.TakeAsync(target, Dpkg("one 1"));
        await fixture.TakeAsync(target, """[{"name":"Requests","version":"2.0"}]""", "?scope=/usr/bin/python3");
        await fixture.TakeAsync(target, "[]", "?scope=/opt/python&format=pip");

        Assert.Equal(["one 1", "Requests 2.0"], await fixture.SeenAsync(target));
    }

    [Fact]
    public async Task An_older_inventory_is_refused()
    {
        await fixture.TakeAsync(target, Dpkg("one 1"), "?at=2026-02-02");

        var (status, body) = await fixture.SendAsync(
            target, Encoding.UTF8.GetBytes(Dpkg("one 2")), "?at=2026-02-01");

        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Contains("2026-02-02T00:00:00Z", body, StringComparison.Ordinal);
        Assert.Equal(["one 1"], await fixture.SeenAsync(target));
    }

    [Theory]
    [InlineData("", "", 400, "The inventory is empty")]
    [InlineData("  \r\n\t", "", 400, "The inventory is empty")]
    [InlineData("what is this?", "", 400, "was not recognised")]
    [InlineData("[]", "", 400, "was not recognised")]
    [InlineData("not dpkg", "?format=dpkg", 400, "line 1 has not seven fields")]
    [InlineData("{\"bomFormat\":\"CycloneDX\"", "", 400, "line 1 the JSON ends here")]
    [InlineData("x", "?format=nothing", 400, "format: is not one of apk, choco,")]
    [InlineData("x", "?at=soon", 400, "at: is not an ISO 8601 date")]
    [InlineData("x", "?at=2999-01-01", 400, "at: is more than 5 minutes in the future")]
    [InlineData("x", "?covers=a%20b", 400, "covers: is not a list")]
    public async Task What_cannot_be_taken_is_named(string body, string query, int status, string problem)
    {
        var answer = await fixture.SendAsync(target, Encoding.UTF8.GetBytes(body), query);

        Assert.Equal(status, (int)answer.Status);
        Assert.Contains(problem, answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_packed_body_is_unpacked_and_a_bomb_is_not()
    {
        Assert.Equal(HttpStatusCode.OK, (await fixture.SendAsync(target, Pack(Dpkg("one 1")))).Status);
        Assert.Equal(["one 1"], await fixture.SeenAsync(target));

        var cut = Pack(Dpkg([.. Enumerable.Range(0, 1000).Select(i => $"p{i} {i}")]))[..^200];
        Assert.Equal(HttpStatusCode.BadRequest, (await fixture.SendAsync(target, cut)).Status);

        var bomb = await fixture.SendAsync(target, Pack(new string('\n', 257 << 20)));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, bomb.Status);
        Assert.Contains("unpacks to more than 256 MB", bomb.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_who_may_record_everywhere_sends_one()
    {
        using var anonymous = await fixture.App.Client.PostAsync(
            $"/api/inventory/{target}", new StringContent(Dpkg("one 1")));

        Assert.Equal(HttpStatusCode.Forbidden, anonymous.StatusCode);
    }

    [Fact]
    public async Task A_package_deployed_after_the_machine_looked_is_no_drift()
    {
        await fixture.TakeAsync(target, Dpkg("app 1"), "?at=2026-02-01");
        await fixture.RecordAsync(target, "debian", "app", "2", "2026-02-02");

        var answer = await fixture.TakeAsync(target, Dpkg("app 1"), "?at=2026-02-01");
        Assert.Equal(0, (int)answer["different"]!);

        answer = await fixture.TakeAsync(target, Dpkg("app 1"), "?at=2026-02-03");
        Assert.Equal(1, (int)answer["different"]!);
        answer = await fixture.TakeAsync(target, Dpkg("app 2"), "?at=2026-02-04");
        Assert.Equal((0, 1), ((int)answer["different"]!, (int)answer["matched"]!));
    }

    static (int, int, int, int, int, int, int) Counts(JsonNode answer) => (
        (int)answer["read"]!, (int)answer["known"]!, (int)answer["matched"]!, (int)answer["different"]!,
        (int)answer["unrecorded"]!, (int)answer["missing"]!, (int)answer["ignored"]!);

    static byte[] Pack(string text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            gzip.Write(Encoding.UTF8.GetBytes(text));
        return packed.ToArray();
    }

    async Task<(long Observations, long Uploads)> CountAsync()
    {
        await using var connection = new NpgsqlConnection(fixture.App.Database.ConnectionString);
        return await connection.QuerySingleAsync<(long, long)>(
            """
            select (select count(*) from observations o join targets t using (target_id) where t.name = @target),
                   (select count(*) from inventory_uploads u join inventory_scopes s using (scope_id)
                    join targets t on t.target_id = s.target_id where t.name = @target)
            """, new { target });
    }
}
