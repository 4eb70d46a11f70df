using System.Text.Json.Nodes;
using Dapper;
using Deployments.Data.Audit;
using Deployments.Data.Database;
using Deployments.Data.Feeds;
using Deployments.Data.Packages;
using Deployments.Data.Vulnerabilities;
using Deployments.Tests.Records;
using Deployments.Tests.Support;
using Npgsql;

namespace Deployments.Tests.Vulnerabilities;

public sealed class AssessmentStoreTests : IAsyncLifetime
{
    static readonly Actor By = new("Admin", "127.0.0.1");
    static readonly DateTimeOffset Now = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    TestDatabase database = null!;
    AssessmentStore store = null!;
    AssessmentQueries queries = null!;
    VulnerabilityQueries vulnerabilities = null!;

    public async Task InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        store = new AssessmentStore(database.DataSource);
        queries = new AssessmentQueries(database.DataSource);
        vulnerabilities = new VulnerabilityQueries(database.DataSource, TimeProvider.System);
        var seed = await new Seed(database).FeedAsync("main", "nuget");
        await seed.DeployAsync("Acme.Json 1.0.0", "WEB-1", 1);
        await seed.DeployAsync("Acme.Json 1.0.0", "WEB-2", 2);
        await seed.DeployAsync("Acme.Xml 1.0.0", "WEB-1", 3);
        await seed.DeployAsync("Other 1.0.0", "WEB-1", 4);
        var advisory = Osv.Advisory("GHSA-1", "Acme.Json", "0", "1.5.0");
        advisory["affected"]!.AsArray().Add(Osv.Affected("Acme.Xml", "0", "1.5.0"));
        await ImportAsync(advisory);
    }

    public Task DisposeAsync() => database.DisposeAsync().AsTask();

    [Theory]
    [InlineData(null, null, "")]
    [InlineData("acme.json", null, "Acme.Xml on WEB-1")]
    [InlineData(null, "web-1", "Acme.Json on WEB-2")]
    [InlineData("acme.json", "web-1", "Acme.Json on WEB-2, Acme.Xml on WEB-1")]
    public async Task What_is_assessed_is_no_longer_open(string? package, string? target, string open)
    {
        Assert.Equal("Acme.Json on WEB-1, Acme.Json on WEB-2, Acme.Xml on WEB-1", await OpenAsync(Now));

        await AssessAsync(NewFor(package, target));

        Assert.Equal(open, await OpenAsync(Now));
    }

    [Fact]
    public async Task One_that_expires_reopens_by_itself()
    {
        await AssessAsync(NewFor(null, null) with
        {
            State = AssessmentState.Accepted,
            Justification = null,
            ExpiresAt = Now.AddDays(30),
        });

        Assert.Equal("", await OpenAsync(Now.AddDays(30).AddMilliseconds(-1)));
        Assert.Contains("WEB-2", await OpenAsync(Now.AddDays(30)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_changed_mind_is_a_new_row_and_the_older_one_never_comes_back()
    {
        await AssessAsync(NewFor(null, null) with { Reason = "First." });
        var second = await AssessAsync(NewFor(null, null) with
        {
            State = AssessmentState.Accepted,
            Justification = null,
            Reason = "Second.",
            ExpiresAt = Now.AddDays(1),
        });

        var history = await HistoryAsync();
        Assert.Equal(["Second.", "First."], history.Select(row => row.Reason));
        Assert.Equal([false, true], history.Select(row => row.IsReplaced));
        Assert.NotEqual("", await OpenAsync(Now.AddDays(1)));
        Assert.False(await store.RevokeAsync(await GroupAsync(), history[1].AssessmentId, Now, By, default));
        Assert.True(await store.RevokeAsync(await GroupAsync(), second, Now, By, default));
        Assert.NotEqual("", await OpenAsync(Now));
    }

    [Fact]
    public async Task Revoking_reopens_once_and_says_who()
    {
        var id = await AssessAsync(NewFor(null, null));
        var group = await GroupAsync();

        Assert.False(await store.RevokeAsync(group + 1, id, Now, By, default));
        Assert.True(await store.RevokeAsync(group, id, Now.AddHours(1), By, default));
        Assert.False(await store.RevokeAsync(group, id, Now.AddHours(2), By, default));

        var row = Assert.Single(await HistoryAsync());
        Assert.Equal(("Admin", Now.AddHours(1)), (row.RevokedBy, row.RevokedAt));
        Assert.Equal("", await OpenAsync(Now));
        Assert.NotEqual("", await OpenAsync(Now.AddHours(1)));
    }

    [Fact]
    public async Task It_holds_for_what_is_the_same_by_its_aliases_as_long_as_it_is_the_same()
    {
        await AssessAsync(NewFor(null, null));
        await ImportAsync(Osv.Advisory("PYSEC-1", "Other", "0", null));
        Assert.Equal("Other on WEB-1", await OpenAsync(Now));
        var aliased = Osv.Advisory("PYSEC-1", "Other", "0", null, modified: "2026-02-01T00:00:00Z");
        aliased["aliases"] = new JsonArray("GHSA-1");

        await ImportAsync(aliased);
        Assert.Equal("", await OpenAsync(Now));

        await ImportAsync(Osv.Advisory("PYSEC-1", "Other", "0", null, modified: "2026-02-02T00:00:00Z"));
        Assert.Equal("Other on WEB-1", await OpenAsync(Now));
    }

    [Fact]
    public async Task What_is_not_there_cannot_be_assessed()
    {
        var good = NewFor(null, null) with { GroupId = await GroupAsync() };

        foreach (var (bad, outcome) in new[]
        {
            (good with { AdvisoryId = "GHSA-none" }, AssessmentOutcome.UnknownAdvisory),
            (good with { GroupId = good.GroupId + 1 }, AssessmentOutcome.UnknownAdvisory),
            (good with { Package = new PackageKey("nuget", "", "other") }, AssessmentOutcome.UnknownPackage),
            (good with { Package = new PackageKey("npm", "", "acme.json") }, AssessmentOutcome.UnknownPackage),
            (good with { Target = "WEB-9" }, AssessmentOutcome.UnknownTarget),
        })
            Assert.Equal((outcome, 0), await store.AssessAsync(bad, Now, By, default));

        Assert.Empty(await HistoryAsync());
        Assert.Empty(await AuditAsync());
    }

    [Fact]
    public async Task The_table_refuses_what_makes_no_sense()
    {
        var good = NewFor(null, null) with { GroupId = await GroupAsync() };

        foreach (var bad in new[]
        {
            good with { State = AssessmentState.Accepted, Justification = null },
            good with { State = AssessmentState.FixedByOtherMeans },
            good with { Justification = "because" },
            good with { Reason = "" },
            good with { Reason = new string('x', 2001) },
            good with { ExpiresAt = Now },
            good with { State = 0 },
        })
        {
            var refusal = await Assert.ThrowsAsync<PostgresException>(() => store.AssessAsync(bad, Now, By, default));
            Assert.Equal(PostgresErrorCodes.CheckViolation, refusal.SqlState);
        }

        Assert.Empty(await AuditAsync());
    }

    [Fact]
    public async Task The_audit_log_says_what_was_decided_and_taken_back()
    {
        var id = await AssessAsync(NewFor("acme.json", "web-1"));
        await store.RevokeAsync(await GroupAsync(), id, Now, By, default);

        var events = await AuditAsync();
        Assert.Equal(["assessment.create", "assessment.revoke"], events.Select(change => change.Action));
        Assert.All(events, change => Assert.Equal(("GHSA-1", "Admin"), (change.SubjectName, change.Actor)));
        Assert.Contains("\"target\": \"WEB-1\"", events[0].After, StringComparison.Ordinal);
        Assert.Contains("\"package\": \"Acme.Json\"", events[0].After, StringComparison.Ordinal);
        Assert.Contains("\"state\": \"NotAffected\"", events[0].After, StringComparison.Ordinal);
        Assert.Contains("Never called.", events[1].Before, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_rows_of_an_advisory_find_the_one_that_names_most()
    {
        await AssessAsync(NewFor("acme.json", "web-1") with { Reason = "both" });
        await AssessAsync(NewFor(null, "web-1") with { Reason = "target" });
        await AssessAsync(NewFor("acme.json", null) with { Reason = "package" });
        var rows = await vulnerabilities.TargetsNowAsync(await GroupAsync(), 10, null, VisibleFeeds.All, default);
        var inForce = await queries.InForceAsync(await GroupAsync(), Now, VisibleFeeds.All, default);

        var reasons = rows.ToDictionary(
            row => $"{row.Name} {row.Target}", row => inForce.OfOrNull(row)?.Reason);

        Assert.Equal("both", reasons["Acme.Json WEB-1"]);
        Assert.Equal("package", reasons["Acme.Json WEB-2"]);
        Assert.Equal("target", reasons["Acme.Xml WEB-1"]);
    }

    [Fact]
    public async Task A_condition_on_the_vulnerability_reaches_the_index()
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync("set enable_seqscan = off");
        var plan = string.Join('\n', await connection.QueryAsync<string>(
            "explain select from assessments_in_force(now()) s where s.group_id = 1"));

        Assert.Contains("advisories_by_group", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("Function Scan", plan, StringComparison.Ordinal);
    }

    static NewAssessment NewFor(string? package, string? target) => new()
    {
        GroupId = 0,
        AdvisoryId = "GHSA-1",
        Package = package is null ? null : new PackageKey("nuget", "", package),
        Target = target,
        State = AssessmentState.NotAffected,
        Justification = "vulnerable_code_not_in_execute_path",
        Reason = "Never called.",
    };

    async Task<int> AssessAsync(NewAssessment assessment)
    {
        var (outcome, id) = await store.AssessAsync(
            assessment with { GroupId = await GroupAsync() }, Now, By, default);
        Assert.Equal(AssessmentOutcome.Assessed, outcome);
        return id;
    }

    Task<int> ImportAsync(JsonNode advisory) =>
        new AdvisoryStore(database.DataSource).ImportAsync([Osv.Read(advisory)], default);

    async Task<int> GroupAsync() =>
        (await vulnerabilities.FindOrNullAsync("GHSA-1", VisibleFeeds.All, default))!.GroupId;

    async Task<IReadOnlyList<Assessment>> HistoryAsync() =>
        await queries.OfGroupAsync(await GroupAsync(), 100, VisibleFeeds.All, default);

    async Task<IReadOnlyList<AuditEvent>> AuditAsync()
    {
        var exports = new ExportDatabase(database.DataSource);
        var events = new List<AuditEvent>();
        await foreach (var change in AuditQueries.StreamAsync(exports, new AuditFilter(null, null), default))
            events.Add(change);
        return events;
    }

    // As the documentation of AssessmentQueries says it is asked.
    async Task<string> OpenAsync(DateTimeOffset at)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        return string.Join(", ", await connection.QueryAsync<string>(
            """
            select distinct k.name || ' on ' || t.name
            from findings f
            join advisories o on o.advisory_id = f.advisory_id
            join installations i on i.version_id = f.version_id
            join packages k on k.package_id = i.package_id
            join targets t on t.target_id = i.target_id
            where f.closed_at is null
              and not exists (
                select from assessments_in_force(@at) s
                where s.group_id = o.group_id and (s.package_id is null or s.package_id = i.package_id)
                  and (s.target_id is null or s.target_id = i.target_id))
            order by 1
            """, new { at = at.UtcDateTime }));
    }
}
