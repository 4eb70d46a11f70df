using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Deployments.Data.Ledger;
using Deployments.Data.Retention;
using Deployments.Tests.Clients;
using Deployments.Tests.Records;
using Deployments.Tests.Support;

namespace Deployments.Tests.Ledger;

/// <summary>Proofs through the API and in exports, checked without the program.</summary>
public sealed class ProofTests : IAsyncLifetime
{
    TestApp app = null!;
    LedgerData data = null!;

    public async Task InitializeAsync()
    {
        app = await TestApp.StartAsync();
        await app.StopJobsAsync();
        data = new LedgerData(app.Database);
        await data.FillAsync();
        await data.SealAsync();
    }

    public Task DisposeAsync() => app.DisposeAsync().AsTask();

    [Fact]
    public async Task A_row_is_proved_by_what_the_API_says_alone()
    {
        foreach (var (kind, id, field, text) in new[]
        {
            ("record", 2, "target", "WEB-01"), ("removal", 1, "target", "WEB-02"), ("assessment", 1, "reason", "stays"),
            ("assessmentRevocation", 2, "revokedBy", "Admin"), ("acceptance", 1, "reason", "it is so"),
            ("acceptanceRevocation", 2, "revokedBy", "Admin"), ("change", 3, "actor", "Deployments"),
        })
        {
            var proof = await GetAsync($"/api/ledger/inclusion?kind={kind}&id={id}");
            if (kind != "change")
                Assert.Equal(text, (string?)proof["leaf"]![field]);
            var leafHash = Convert.FromHexString((string)proof["leafHash"]!);
            Assert.Equal(leafHash, Hash(proof["leaf"]!));
            var leaves = long.Parse((string)proof["entry"]!["leaves"]!, CultureInfo.InvariantCulture);
            var root = MerkleTree.RootOrNull(
                leafHash, (int)proof["leafIndex"]!, leaves, Path(proof["leafPath"]!));
            Assert.Equal((string?)proof["entry"]!["root"], Convert.ToHexStringLower(root!));
            var top = MerkleTree.RootOrNull(
                Hash(proof["entry"]!), (long)proof["entryIndex"]!, (long)proof["size"]!, Path(proof["entryPath"]!));
            Assert.Equal((string?)proof["root"], Convert.ToHexStringLower(top!));
            Assert.Equal((string?)(await GetAsync("/api/ledger/head"))["root"], (string?)proof["root"]);
        }
    }

    [Fact]
    public async Task The_ledger_is_proved_to_have_only_grown()
    {
        var before = await data.AnchorAsync();
        await data.Seed.DeployAsync("A 1.2", "WEB-01", 9);
        var after = await data.AnchorAsync();

        var proof = await GetAsync($"/api/ledger/consistency?first={before.Size}");

        Assert.Equal(Convert.ToHexStringLower(before.Root), (string?)proof["firstRoot"]);
        Assert.Equal(after.Size, (long)proof["second"]!);
        Assert.True(MerkleTree.IsConsistent(
            before.Size, before.Root, after.Size, Convert.FromHexString((string)proof["secondRoot"]!),
            Path(proof["proof"]!)));
        Assert.Equal(Convert.ToHexStringLower(after.Root), (string?)proof["secondRoot"]);
    }

    [Theory]
    [InlineData("inclusion", HttpStatusCode.BadRequest)]
    [InlineData("inclusion?kind=nothing&id=1", HttpStatusCode.BadRequest)]
    [InlineData("inclusion?kind=1&id=1", HttpStatusCode.BadRequest)]
    [InlineData("inclusion?kind=record", HttpStatusCode.BadRequest)]
    [InlineData("inclusion?kind=record&id=-1", HttpStatusCode.BadRequest)]
    [InlineData("inclusion?kind=record&id=99999999999999999999", HttpStatusCode.BadRequest)]
    [InlineData("inclusion?kind=record&id=77", HttpStatusCode.NotFound)]
    [InlineData("inclusion?kind=tombstone&id=1", HttpStatusCode.NotFound)]
    [InlineData("consistency", HttpStatusCode.BadRequest)]
    [InlineData("consistency?first=0", HttpStatusCode.BadRequest)]
    [InlineData("consistency?first=1&second=x", HttpStatusCode.BadRequest)]
    [InlineData("consistency?first=2&second=1", HttpStatusCode.BadRequest)]
    [InlineData("consistency?first=1&second=1000", HttpStatusCode.BadRequest)]
    public async Task What_cannot_be_proved_is_refused(string query, HttpStatusCode status)
    {
        using var answer = await app.Admin.GetAsync("/api/ledger/" + query);
        Assert.Equal(status, answer.StatusCode);
    }

    [Theory]
    [InlineData("/api/ledger/head", HttpStatusCode.Forbidden)]
    [InlineData("/api/ledger/inclusion?kind=record&id=1", HttpStatusCode.Forbidden)]
    [InlineData("/api/ledger/consistency?first=1", HttpStatusCode.Forbidden)]
    [InlineData("/admin/export.jsonl", HttpStatusCode.Forbidden)]
    [InlineData("/admin/verify-export.py", HttpStatusCode.Forbidden)]
    public async Task Strangers_learn_nothing(string address, HttpStatusCode status)
    {
        using var answer = await app.Client.GetAsync(address);
        Assert.Equal(status, answer.StatusCode);
    }

    [Fact]
    public async Task A_row_that_was_changed_is_not_proved()
    {
        await data.TamperAsync("update deployments set target_id = 2 where id = 1");
        using var answer = await app.Admin.GetAsync("/api/ledger/inclusion?kind=record&id=2");
        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        Assert.Equal("The rows of entry 1 of the ledger are not what was written: verify the ledger.",
            await answer.Content.ReadAsStringAsync());
    }

    [ClientFact("python3")]
    public async Task An_export_is_checked_by_its_script_and_fails_when_anything_in_it_is_altered()
    {
        for (var i = 0; i < 5; i++)
            await data.Seed.DeployAsync("A 1.1", "WEB-\"\u2028é😀\u007f", 10 + i, change: record => record with
            {
                Description = "\u0001\\\"/<>",
            });
        await data.ChainAsync();
        await DeleteOneByRuleAsync();
        var file = await app.Admin.GetStringAsync("/admin/export.jsonl");
        var part = await app.Admin.GetStringAsync(
            "/admin/export.jsonl?from=2026-01-31T08:16:00Z&to=2026-01-31T08:27:00Z");
        using var home = new ClientHome();
        await home.WriteAsync("x/verify.py", await app.Admin.GetStringAsync("/admin/verify-export.py"));

        Assert.StartsWith("3 records are in the ledger of ", await RunAsync(0, file), StringComparison.Ordinal);
        Assert.StartsWith("2 records are in the ledger of ", await RunAsync(0, part), StringComparison.Ordinal);
        var lines = file.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        foreach (var altered in new[]
        {
            file.Replace("\"WEB-01\"", "\"WEB-09\"", StringComparison.Ordinal), // a field
            file.Replace("\"root\":\"", "\"root\":\"0", StringComparison.Ordinal)[..^1],
            string.Join('\n', lines.Where((_, i) => i != 2)), // a record
            string.Join('\n', lines[..^1]), // the end
            string.Join('\n', lines[..2]),
            string.Join('\n', [.. lines, lines[^1]]),
            string.Join('\n', [lines[0], .. lines[1..^1].Reverse(), lines[^1]]),
            file.Replace("\"number\":\"1\"", "\"number\":\"2\"", StringComparison.Ordinal),
            "", "{}", "[]", "\0",
        })
        {
            Assert.NotEqual(file, altered);
            Assert.Contains("The file does not verify", await RunAsync(1, altered), StringComparison.Ordinal);
        }

        async Task<string> RunAsync(int exitCode, string content)
        {
            await home.WriteAsync("x/file.jsonl", content);
            var run = await home.RunAsync("x", "python3", "verify.py", "file.jsonl");
            Assert.True(exitCode == run.ExitCode, run.Everything);
            return run.Output + run.Errors;
        }
    }

    // Of records 1 to 8 only the newest of each package and target stay.
    async Task DeleteOneByRuleAsync()
    {
        var rules = new RetentionStore(app.Database.DataSource);
        var (_, rule) = await rules.AddAsync(new RetentionFields(1, null, null), LedgerData.Somebody, default);
        await rules.SwitchAsync(rule, 1, true, LedgerData.Somebody, default);
        Assert.Equal(5, (await new RetentionRunStore(app.Database.DataSource).ApplyAsync(
            Seed.Start.AddYears(1), default))!.Records);
        Assert.Equal(5, (await data.VerifyAsync()).Checked[0].Deleted);
    }

    async Task<JsonNode> GetAsync(string address) => JsonNode.Parse(await app.Admin.GetStringAsync(address))!;

    // As anybody makes it from the fields.
    static byte[] Hash(JsonNode leaf)
    {
        var text = new LeafText().Begin((string)leaf["@kind"]!);
        foreach (var (name, value) in leaf.AsObject().Where(field => field.Key != "@kind")
            .OrderBy(field => field.Key, StringComparer.Ordinal))
            text.Add(name, (string)value!);
        return text.End().Hash();
    }

    static byte[][] Path(JsonNode path) => [.. path.AsArray().Select(hash => Convert.FromHexString((string)hash!))];
}
