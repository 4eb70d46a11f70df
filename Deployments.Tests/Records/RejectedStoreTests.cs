using Dapper;
using Deployments.Data.Audit;
using Deployments.Data.Feeds;
using Deployments.Data.Records;
using Deployments.Tests.Support;
using Deployments.Web.Feeds;
using Deployments.Web.Records;
using Microsoft.Extensions.Logging.Abstractions;

namespace Deployments.Tests.Records;

public sealed class RejectedStoreTests : IAsyncLifetime
{
    static readonly Actor By = new("Admin", "127.0.0.1");

    TestDatabase database = null!;
    Seed seed = null!;
    RejectedSeed rejected = null!;
    RejectedStore store = null!;
    RejectedQueries queries = null!;
    RejectedMender mender = null!;

    public async Task InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        seed = await new Seed(database).FeedAsync("main", "nuget");
        rejected = new RejectedSeed(database);
        store = new RejectedStore(database.DataSource, TimeProvider.System);
        queries = new RejectedQueries(database.DataSource);
        mender = new RejectedMender(new FeedTypeCatalog(), new DeploymentFieldsValidator(TimeProvider.System), store,
            NullLogger<RejectedMender>.Instance);
    }

    public Task DisposeAsync() => database.DisposeAsync().AsTask();

    [Fact]
    public async Task A_replayed_record_is_the_one_it_would_have_been()
    {
        await rejected.AddAsync(5001);

        var report = await mender.ReplayAsync([5001], Onto("WEB-07"), By, default);

        Assert.Equal([new RecordResult(5001, 5001)], report.Recorded);
        var record = Assert.Single(await Recorded.AllAsync(database));
        Assert.Equal((5001L, "Acme.Web", "1.2.0", "WEB-07"), (record.Id, record.Name, record.Version, record.Target));
        Assert.Equal(("BuildMaster", "Release 7", "Müller"), (record.Application, record.Description, record.UserName));
        Assert.Equal((short)RecordRoad.Header, record.Road);
        Assert.Equal(("API key \"ci\"", RejectedSeed.Headers), (record.Recorder, record.RawHeaders));
        Assert.Equal(Seed.Start.AddDays(-1), record.DeployedAt);
        var row = (await new RecordQueries(database.DataSource).FindOrNullAsync(5001, VisibleFeeds.All, default))!;
        Assert.Equal(("192.0.2.7", "NuGet/6.12", Seed.Start), (row.ClientAddress, row.UserAgent, row.RecordedAt));

        var resolved = (await queries.FindOrNullAsync(5001, default))!;
        Assert.Equal(("replayed", "Admin", false), (resolved.Resolution, resolved.ResolvedBy, resolved.IsOpen));
        var state = await new RecordQueries(database.DataSource).StateOfAsync(5001, VisibleFeeds.All, default);
        Assert.Equal(RecordStatus.Recorded, state.Status);
        var change = Assert.Single(await AuditAsync());
        Assert.Equal(("rejectedRecord.replay", "5001", "Admin"), (change.Action, change.SubjectName, change.Actor));
        Assert.Contains("is missing", change.Before, StringComparison.Ordinal);
        Assert.Contains("\"target\": \"WEB-07\"", change.After, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_date_header_it_was_deployed_when_the_request_came()
    {
        await rejected.AddAsync(5001, "X-ProGet-Deployment-Application: a\n");
        await mender.ReplayAsync([5001], Onto("WEB-07"), By, default);

        var record = Assert.Single(await Recorded.AllAsync(database));
        Assert.Equal((Seed.Start, "API key \"ci\""), (record.DeployedAt, record.UserName));
    }

    [Fact]
    public async Task Headers_that_say_just_what_the_record_says_are_not_kept_twice()
    {
        const string headers = "X-ProGet-Deployment-Application: a\nX-ProGet-Deployment-Description: \n"
            + "X-ProGet-Deployment-Target: t\n";
        await rejected.AddAsync(5001, headers, "Anonymous may download from main but not record deployments");

        await mender.ReplayAsync([5001], row => RejectedMender.FieldsOf(row), By, default);

        Assert.Null(Assert.Single(await Recorded.AllAsync(database)).RawHeaders);
    }

    [Fact]
    public async Task Two_administrators_at_once_record_once()
    {
        var ids = new List<long>();
        for (var i = 0; i < 20; i++)
            ids.Add(await rejected.AddAsync(5000 + i, "X-ProGet-Deployment-Application: a\n", minutes: i));

        var reports = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => Task.Run(() => i < 2
            ? mender.ReplayAsync(i == 0 ? ids : [.. ids.AsEnumerable().Reverse()], Onto($"WEB-0{i}"), By, default)
            : mender.ReplayAsync([ids[3 * i]], Onto("WEB-09"), By, default))));
        var dismissed = await store.DismissAsync(ids, "late", By, default);

        Assert.Equal(0, dismissed);
        Assert.Equal(20, reports.Sum(report => report.Recorded.Count));
        Assert.Equal(ids, (await Recorded.AllAsync(database)).Select(record => record.Id));
        Assert.Equal(20, (await AuditAsync()).Count);
        Assert.Equal(0, await queries.CountOpenAsync(100, default));
    }

    [Fact]
    public async Task What_was_recorded_meanwhile_is_not_recorded_again()
    {
        await rejected.AddAsync(5001);
        await rejected.AddAsync(5002);

        var report = await mender.ReplayAsync([5001, 5002], Onto("WEB-07"), By, default);

        Assert.Equal([new RecordResult(5001, 5001), new RecordResult(5002, 5001)], report.Recorded);
        Assert.Single(await Recorded.AllAsync(database));
        var state = await new RecordQueries(database.DataSource).StateOfAsync(5002, VisibleFeeds.All, default);
        Assert.Equal((RecordStatus.Duplicate, 5001), (state.Status, state.DeploymentId));
        Assert.Equal("replayed", (await queries.FindOrNullAsync(5002, default))!.Resolution);
    }

    [Fact]
    public async Task What_is_still_wrong_stays_open_and_does_not_hold_up_the_others()
    {
        await rejected.AddAsync(5001, "X-ProGet-Deployment-Application: a\nX-ProGet-Deployment-Url: ftp://x\n");
        await rejected.AddAsync(5002, "X-ProGet-Deployment-Application: a\n");

        var report = await mender.ReplayAsync([5001, 5002, 5003], Onto("WEB-07"), By, default);

        Assert.Equal([5002L], report.Recorded.Select(result => result.Id));
        Assert.Equal(KeyValuePair.Create(5001L, "Url must be an absolute http or https URL"),
            Assert.Single(report.Problems));
        Assert.True((await queries.FindOrNullAsync(5001, default))!.IsOpen);
        Assert.Single(await AuditAsync());
    }

    [Fact]
    public async Task One_that_the_database_refuses_does_not_hold_up_the_others()
    {
        await rejected.AddAsync(5001, "X-ProGet-Deployment-Application: a\n", name: "Refused");
        await rejected.AddAsync(5002, "X-ProGet-Deployment-Application: a\n");
        await seed.ExecuteAsync("alter table packages add check (name <> 'Refused')");

        var report = await mender.ReplayAsync([5001, 5002], Onto("WEB-07"), By, default);

        Assert.Equal([5002L], report.Recorded.Select(result => result.Id));
        Assert.StartsWith("The database refuses it", report.Problems[5001], StringComparison.Ordinal);
        Assert.Equal(1, await queries.CountOpenAsync(100, default));
    }

    [Fact]
    public async Task A_feed_type_that_is_not_known_is_a_problem_not_a_failure()
    {
        await rejected.AddAsync(5001);
        await seed.ExecuteAsync("update feeds set feed_type = 'cobol'");

        var report = await mender.ReplayAsync([5001], Onto("WEB-07"), By, default);

        Assert.Contains("cobol", report.Problems[5001], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_happens_when_the_audit_log_cannot_be_written()
    {
        await rejected.AddAsync(5001);
        await seed.ExecuteAsync("alter table audit_events add check (action not like 'rejected%')");

        var report = await mender.ReplayAsync([5001], Onto("WEB-07"), By, default);

        Assert.Empty(report.Recorded);
        Assert.Empty(await Recorded.AllAsync(database));
        Assert.True((await queries.FindOrNullAsync(5001, default))!.IsOpen);
    }

    [Fact]
    public async Task Dismissed_records_keep_the_reason_and_are_not_replayed()
    {
        await rejected.AddAsync(5001);

        Assert.Equal(1, await store.DismissAsync([5001, 99], "a test", By, default));
        Assert.Equal(0, await store.DismissAsync([5001], "again", By, default));
        var report = await mender.ReplayAsync([5001], Onto("WEB-07"), By, default);

        Assert.Empty(report.Recorded);
        Assert.Empty(await Recorded.AllAsync(database));
        var row = (await queries.FindOrNullAsync(5001, default))!;
        Assert.Equal(("dismissed", "a test", "Admin"), (row.Resolution, row.DismissalReason, row.ResolvedBy));
        Assert.Equal("rejectedRecord.dismiss", Assert.Single(await AuditAsync()).Action);
    }

    [Fact]
    public async Task Pages_follow_each_other_both_ways_through_ties()
    {
        for (var i = 0; i < 11; i++)
            await rejected.AddAsync(5000 + i, minutes: i / 4);
        var expected = Enumerable.Range(5000, 11).Reverse().Select(id => (long)id);
        var filter = new RejectedFilter();

        var first = await queries.PageAsync(filter, 4, default);
        var second = await queries.PageAsync(filter with { Cursor = first.Older }, 4, default);
        var third = await queries.PageAsync(filter with { Cursor = second.Older }, 4, default);
        var secondAgain = await queries.PageAsync(filter with { Cursor = third.Newer }, 4, default);
        var firstAgain = await queries.PageAsync(filter with { Cursor = secondAgain.Newer }, 4, default);

        Assert.Equal(expected, first.Items.Concat(second.Items).Concat(third.Items).Select(row => row.Id));
        Assert.Null(first.Newer);
        Assert.Null(third.Older);
        Assert.Equal(second.Items, secondAgain.Items);
        Assert.Equal(first.Items, firstAgain.Items);
        Assert.Null(firstAgain.Newer);
        Assert.NotNull(firstAgain.Older);
    }

    public static TheoryData<string, RejectedFilter> Filters => new()
    {
        { "5001 5002 5003", new RejectedFilter() },
        { "5002", new RejectedFilter { Package = "TOOLS" } },
        { "5003", new RejectedFilter { Reason = "100%" } },
        { "5003", new RejectedFilter { From = Seed.Start.AddMinutes(2) } },
        { "5001", new RejectedFilter { To = Seed.Start.AddMinutes(1) } },
        { "5001 5002 5003", new RejectedFilter { Feed = "MAIN" } },
        { "", new RejectedFilter { Feed = "other" } },
        { "", new RejectedFilter { Package = "a_me" } },
        { "5004", new RejectedFilter { Resolved = true } },
    };

    [Theory]
    [MemberData(nameof(Filters))]
    public async Task Each_condition_leaves_what_it_names(string ids, RejectedFilter filter)
    {
        await rejected.AddAsync(5001);
        await rejected.AddAsync(5002, name: "Tools", minutes: 1);
        await rejected.AddAsync(5003, reason: "is 100% wrong", minutes: 2);
        await rejected.AddAsync(5004);
        await store.DismissAsync([5004], "x", By, default);

        var page = await queries.PageAsync(filter, 50, default);

        Assert.Equal(ids, string.Join(' ', page.Items.Select(row => row.Id).Order()));
    }

    [Fact]
    public void Corrections_replace_what_they_name_and_nothing_else()
    {
        var fields = RejectedMender.FieldsOf(
            new RejectedRow { Name = "A", Version = "1", RawHeaders = RejectedSeed.Headers });

        Assert.Equal(("BuildMaster", "Müller", null), (fields.Application, fields.UserName, fields.Target));
        Assert.Equal(fields with { Target = "t" }, new MendCorrections { Target = "t" }.Over(fields));
        Assert.Equal(fields with { Date = null }, new MendCorrections { WithoutDate = true }.Over(fields));
    }

    [Fact]
    public void A_header_that_says_two_things_says_nothing_and_a_foreign_line_is_passed_over()
    {
        var fields = RejectedMender.FieldsOf(new RejectedRow
        {
            RawHeaders = "x-proget-deployment-target: A\nX-ProGet-Deployment-Target: B\n"
                + "X-ProGet-Deployment-Url: http://x:1/\n"
                + "X-ProGet-Deployment-Application: a\nX-ProGet-Deployment-Application: a\nCookie: b\n\n:\n",
        });

        Assert.Equal((null, "a", "http://x:1/"), (fields.Target, fields.Application, fields.Url));
    }

    static Func<RejectedRow, MendFields> Onto(string target) =>
        row => new MendCorrections { Target = target }.Over(RejectedMender.FieldsOf(row));

    async Task<IReadOnlyList<AuditEvent>> AuditAsync() =>
        await new AuditQueries(database.DataSource).PageAsync(new AuditFilter(null, null), null, 100, default);
}
