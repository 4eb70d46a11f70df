using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Deployments.Data.Evidence;
using Deployments.Tests.Records;
using Deployments.Tests.Support;
using Deployments.Web.Jobs;
using Deployments.Web.Ledger;

namespace Deployments.Tests.Ledger;

/// <summary>Heads of the ledger in a file and sent away, signed, and compared with it later.</summary>
public sealed class AnchorTests : IAsyncLifetime
{
    readonly string directory = Directory.CreateTempSubdirectory("deployments-test-").FullName;
    readonly ConcurrentQueue<string> received = new();
    int answer = 200;
    FakeUpstream receiver = null!;
    TestApp app = null!;
    Seed seed = null!;

    string AnchorPath => Path.Combine(directory, "anchors.jsonl");

    public async Task InitializeAsync()
    {
        receiver = await FakeUpstream.StartAsync(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            received.Enqueue(await reader.ReadToEndAsync());
            context.Response.StatusCode = answer;
        });
        app = await TestApp.StartAsync(
            null, "Deployments:LedgerAnchorFile=" + AnchorPath,
            $"Deployments:LedgerAnchorWebhook={receiver.Url}hook?a=b");
        await app.StopJobsAsync();
        seed = await new Seed(app.Database).FeedAsync("main", "nuget");
        await app.Service<LedgerSealStore>().SealAsync(1000, TimeProvider.System.GetUtcNow(), default);
    }

    public async Task DisposeAsync()
    {
        await app.DisposeAsync();
        await receiver.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task A_head_is_noted_in_the_file_and_sent_and_again_only_when_it_has_grown()
    {
        await seed.DeployAsync("A 1.0", "WEB-01", 0);
        Assert.NotEqual(0, (await NoteAsync()).Items);
        Assert.Equal(0, (await NoteAsync()).Items);
        await seed.DeployAsync("A 1.1", "WEB-01", 1);
        await NoteAsync();

        var lines = File.ReadAllLines(AnchorPath);
        Assert.Equal(2, lines.Length);
        Assert.Equal(lines, received);
        Assert.Equal("/hook?a=b", receiver.Requests[0].Target);
        Assert.Equal("ledger.anchored", receiver.Requests[0].Headers["X-Deployments-Event"]);
        var head = await app.Service<LedgerQueries>().HeadAsync(default);
        var line = JsonNode.Parse(lines[1])!;
        Assert.Equal(head.Size, (long)line["size"]!);
        Assert.Equal(Convert.ToHexStringLower(head.Root), (string?)line["root"]);
        var key = await app.Service<LedgerSigner>().VerifierKeyAsync(default);
        var (size, root) = SignedNote.HeadOrNull((string)line["note"]!, key)!.Value;
        Assert.Equal((head.Size, Convert.ToHexStringLower(head.Root)), (size, Convert.ToHexStringLower(root)));
        var noted = await app.Service<LedgerAnchorStore>().NewestAsync(10, default);
        Assert.Equal(["file", "webhook"], noted[0].Places);
        var report = await VerifyAsync();
        Assert.Empty(report.Problems);
        Assert.Equal(2, report.Anchors);
    }

    [Fact]
    public async Task A_place_that_does_not_take_it_is_told_and_gets_it_the_next_time()
    {
        await seed.DeployAsync("A 1.0", "WEB-01", 0);
        answer = 500;

        var failure = await Assert.ThrowsAsync<InvalidOperationException>(NoteAsync);

        Assert.Equal("The ledger is not anchored. The receiver answered 500.", failure.Message);
        Assert.Single(File.ReadAllLines(AnchorPath));
        answer = 200;
        Assert.NotEqual(0, (await NoteAsync()).Items);
        Assert.Equal(0, (await NoteAsync()).Items);
        Assert.Equal(2, received.Count);
    }

    [Fact]
    public async Task Who_rewrites_the_whole_database_is_found_by_the_file()
    {
        await seed.DeployAsync("A 1.0", "WEB-01", 0);
        await NoteAsync();
        await using var data = new LedgerData(app.Database);
        await data.TamperAsync(
            """
            delete from ledger_anchors;
            update deployments set client_address = null;
            truncate ledger_pending, ledger_entries, ledger_nodes;
            update ledger_sealing set last_id = -9223372036854775808
            """);
        await data.SealAsync(); // as if it had always been so
        Assert.Empty((await data.VerifyAsync()).Problems);

        var failure = await Assert.ThrowsAsync<InvalidDataException>(
            () => app.Service<VerifyLedgerJob>().RunAsync(default));

        Assert.Contains($"according to line 1 of {AnchorPath}", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_was_changed_or_cannot_be_read_is_told()
    {
        await seed.DeployAsync("A 1.0", "WEB-01", 0);
        await NoteAsync();
        await File.AppendAllTextAsync(AnchorPath, "{\"size\":1,\"root\":\"xyz\"}\n[]\n\n");
        var problems = (await VerifyAsync()).Problems;
        Assert.Equal(
            new[] { 2, 3, 4 }.Select(line =>
                $"Line {line} of {AnchorPath} is no anchor: the file was changed or damaged."), problems);

        File.Delete(AnchorPath);
        Assert.Equal(0, (await VerifyAsync()).Anchors);
    }

    [Fact]
    public void Notes_are_those_that_other_tools_know()
    {
        var head = new LedgerHead(7, Convert.FromHexString(new string('a', 64)), null);
        var key = Convert.FromHexString("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"); // RFC 8032
        var note = SignedNote.Sign("example.com/ledger", key, head);
        var verifierKey = SignedNote.VerifierKey("example.com/ledger", key);

        Assert.StartsWith(
            "example.com/ledger\n7\nqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo=\n\n\u2014 example.com/ledger ", note,
            StringComparison.Ordinal);
        // The public key of RFC 8032, section 7.1, test 1.
        Assert.Equal("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            Convert.ToHexStringLower(Convert.FromBase64String(verifierKey.Split('+', 3)[2]).AsSpan(1)));
        Assert.Equal(7, SignedNote.HeadOrNull(note, verifierKey)!.Value.Size);
        Assert.Null(SignedNote.HeadOrNull(note.Replace("\n7\n", "\n8\n", StringComparison.Ordinal), verifierKey));
        Assert.Null(SignedNote.HeadOrNull(note, SignedNote.VerifierKey("example.com/ledger", new byte[32])));
        Assert.Null(SignedNote.HeadOrNull(note, SignedNote.VerifierKey("example.com/other", key)));
        foreach (var broken in new[] { "", "\n\n", "a\n1\n\n\u2014 a x", note[..^10] })
            Assert.Null(SignedNote.HeadOrNull(broken, verifierKey));
    }

    Task<JobResult> NoteAsync() => app.Service<AnchorLedgerJob>().RunAsync(default);

    async Task<LedgerReport> VerifyAsync() => await app.Service<LedgerVerificationStore>().VerifyAsync(
        await app.Service<LedgerAnchors>().ReadAsync(default), default);
}
