using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using Deployments.Data.Evidence;
using Deployments.Tests.Support;

namespace Deployments.Tests.Ledger;

/// <summary>The ledger of the whole program: two nodes, the switch, the page.</summary>
public sealed class LedgerProgramTests
{
    const string Page = "/admin/ledger";

    [Fact]
    public async Task What_two_nodes_record_at_once_by_every_road_is_covered()
    {
        await using var database = await TestDatabase.CreateStartedAsync();
        await using var one = await TestApp.StartAsync(database);
        await using var other = await TestApp.StartAsync(
            database, "Deployments:PackagesDirectory=" + Path.Combine(one.DataDirectory, "packages"));
        var path = await UniversalPackage.InNewFeedAsync(one.Admin, "main");
        await using (var onOne = new TaggedLoad(one.Admin, path, parallel: 4))
        await using (var onOther = new TaggedLoad(other.Admin, path, parallel: 4))
        {
            await Task.WhenAll(Enumerable.Range(0, 8).Select(i => PostAsync(i % 2 == 0 ? one : other, i)));
            await onOne.MoreAsync("recorded", 100);
            await onOther.MoreAsync("recorded", 100);
            // One chains while the other writes.
            await Task.WhenAll(
                one.Service<LedgerChainStore>().ChainAsync(default),
                other.Service<LedgerChainStore>().ChainAsync(default),
                PostAsync(one, 9), PostAsync(other, 10));
        }

        await Recorded.DrainedAsync(database);
        await using var data = new LedgerData(database);
        await Patience.UntilAsync(async () => (await data.SealAsync()) == 0
            && (await one.Service<LedgerQueries>().CoverageAsync(default)).All(kind => kind.SealedAt is not null));

        var report = await data.VerifyAsync();

        Assert.Empty(report.Problems);
        Assert.Equal(await data.AskAsync<long>("select count(*) from deployments"),
            report.Checked[0].Leaves + report.Checked[0].Waiting);
        Assert.InRange(report.Checked[0].Leaves, 210, long.MaxValue);
    }

    [Fact]
    public async Task The_switch_says_what_was_checked_and_ends_with_1_when_something_is_wrong()
    {
        await using var data = await LedgerData.CreateAsync();
        var database = "--ConnectionStrings:Deployments=" + data.Database.ConnectionString;

        var (exitCode, output, errors) = await ServerProcess.RunToEndAsync(null, "--verify-ledger", database);
        Assert.Equal("", errors);
        Assert.Equal(0, exitCode);
        Assert.Contains("Deployment records: 3.", output, StringComparison.Ordinal);
        Assert.Contains("Everything in the ledger is as it was written.", output, StringComparison.Ordinal);

        await data.TamperAsync("update deployments set target_id = 2 where id = 1");
        (exitCode, output, _) = await ServerProcess.RunToEndAsync(null, "--verify-ledger", database);
        Assert.Equal(1, exitCode);
        Assert.Contains("The ledger does not verify: 1 problem.", output, StringComparison.Ordinal);
        Assert.Contains("Deployment record 1 was changed (entry 1).", output, StringComparison.Ordinal);

        (exitCode, _, errors) = await ServerProcess.RunToEndAsync(
            null, "--verify-ledger", "--ConnectionStrings:Deployments=Host=/nowhere");
        Assert.Equal(1, exitCode);
        Assert.StartsWith("The ledger cannot be verified: ", errors, StringComparison.Ordinal);
        (exitCode, _, errors) = await ServerProcess.RunToEndAsync(null, "--verify-ledger");
        Assert.Equal(1, exitCode);
        Assert.StartsWith("There is no database in ", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_has_it_verified_and_shows_what_was_found()
    {
        await using var app = await TestApp.StartAsync();
        using var admin = await Browser.SignedInAsync(app);
        Assert.Contains("Not verified yet", await admin.ReadAsync(Page), StringComparison.Ordinal);

        using var asked = await admin.PostAsync(Page, Page + "?handler=Verify");
        Assert.Equal(HttpStatusCode.Redirect, asked.StatusCode);
        await Patience.UntilAsync(async () => (await admin.ReadAsync(Page))
            .Contains("Everything in the ledger is as it was written.", StringComparison.Ordinal));

        await using var data = new LedgerData(app.Database);
        await data.TamperAsync("update audit_events set actor = '<b>' where audit_event_id = 1");
        Assert.Equal(1, (await data.VerifyAsync()).ProblemCount);
        var page = await admin.ReadAsync(Page);
        Assert.Contains("The ledger does not verify: 1 problem.", page, StringComparison.Ordinal);
        Assert.Contains("Administrative change 1 was changed", page, StringComparison.Ordinal);
        Assert.Contains("does not verify", await admin.ReadAsync("/admin/users"), StringComparison.Ordinal);
        await data.TamperAsync("delete from ledger_entries where number = 1");
        Assert.Contains("entries are missing", await admin.ReadAsync(Page), StringComparison.Ordinal);
        using var head = await app.Admin.GetAsync("/api/ledger/head");
        Assert.Equal(HttpStatusCode.Conflict, head.StatusCode);

        using var stranger = await app.Client.GetAsync(Page);
        Assert.Equal(HttpStatusCode.Redirect, stranger.StatusCode);
    }

    static async Task PostAsync(TestApp app, int number)
    {
        using var answer = await app.Admin.PostAsJsonAsync("/api/package-deployment", new
        {
            FeedName = "main",
            PackageName = "app",
            Version = "1.0.0",
            Application = "deploy.sh",
            Description = "",
            Target = string.Create(CultureInfo.InvariantCulture, $"API-{number}"),
        });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }
}
