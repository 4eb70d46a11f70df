using System.Globalization;
using System.Net;
using Deployments.Data.Audit;
using Deployments.Data.Evidence;
using Deployments.Data.Feeds;
using Deployments.Data.Ledger;
using Deployments.Data.Retention;
using Deployments.Tests.Records;
using Deployments.Tests.Support;

namespace Deployments.Tests.Ledger;

/// <summary>What is written verifies; what somebody does to the database by hand is found and named.</summary>
public sealed class LedgerTests
{
    const string Anyone = "(select min(recorder_id) from recorders)";

    [Fact]
    public async Task Everything_that_is_written_is_covered_and_verifies()
    {
        await using var data = await LedgerData.CreateAsync();

        var report = await data.VerifyAsync();

        Assert.Empty(report.Problems);
        Assert.Equal(
            [(LedgerKind.Record, 3L), (LedgerKind.Removal, 1), (LedgerKind.Assessment, 2),
                (LedgerKind.AssessmentRevocation, 1), (LedgerKind.Acceptance, 2),
                (LedgerKind.AcceptanceRevocation, 1), (LedgerKind.Change, 6), (LedgerKind.Tombstone, 0)],
            report.Checked.Select(kind => (kind.Kind, kind.Leaves)));
        Assert.All(report.Checked, kind => Assert.Equal((0L, 0L, 0L), (kind.Sealed, kind.Unsealed, kind.Deleted)));
        Assert.Equal(0, await data.AskAsync<long>("select count(*) from ledger_pending"));
        var kept = await new LedgerVerificationStore(
            data.Database.DataSource, new LedgerChainStore(data.Database.DataSource), TimeProvider.System)
            .LatestOrNullAsync(default);
        Assert.Equal(report.Root, kept!.Root);
        Assert.Equal(report.Checked, kept.Checked);
    }

    [Fact]
    public async Task Leaves_made_before_storing_are_those_that_are_read_whatever_was_said()
    {
        await using var data = await LedgerData.CreateAsync();
        string[] hostile =
        [
            "\"\\\b\f\u001f\u007f", "😀 Zürich \u202e", "e\u0301 = é", " = ", "İstanbul ẞ", "a\r\nb\t'", "\uffff\u2028",
        ];
        var minutes = 10d;
        foreach (var text in hostile)
        {
            await data.Seed.DeployAsync("A 1.0", text, minutes++, change: record => record with
            {
                Application = text,
                Description = text,
                UserName = text,
                UserAgent = text,
                RawHeaders = text,
                Recorder = text,
                Url = "https://ci.example/?" + text,
                Qualifier = "a=" + text,
                GroupName = text,
            });
        }

        // Spelt in another way than it was first; before PostgreSQL's year 0, to a tick; addresses of all sorts.
        await data.Seed.DeployAsync("a 1.0.0", "web-01", 5, change: record => record with { UserName = "JDOE" });
        var before = new DateTimeOffset(1990, 1, 1, 0, 0, 0, TimeSpan.Zero).AddTicks(1234567);
        await data.Seed.DeployAsync("A 1.0", "WEB-01", 6, change: record => record with
        {
            DeployedAt = before,
            RecordedAt = before.AddTicks(9),
            DateIsExplicit = true,
        });
        foreach (var address in new[] { "::ffff:192.0.2.1", "2001:db8::1:0:0:1", "fe80::1%3", "::" })
            await data.Seed.DeployAsync("A 1.0", "WEB-01", minutes++, change: record => record with
            {
                ClientAddress = IPAddress.Parse(address),
            });
        await data.Seed.DeployAsync("A 1.0", "WEB-01", minutes, change: record => record with
        {
            ClientAddress = null,
            UserAgent = null,
            Description = "",
        });
        await new AuditStore(data.Database.DataSource).AddAsync(
            new AuditedChange("a.b", "c", hostile[0], new { A = 1.10m, B = hostile }, null), new Actor("x", null),
            default);

        Assert.Empty((await data.VerifyAsync()).Problems);
    }

    [Theory]
    [InlineData("update deployments set target_id = 2 where id = 1", "Deployment record 1 was changed (entry 1).")]
    [InlineData("update deployments set deployed_at = deployed_at - interval '1 s' where id = 2",
        "Deployment record 2 was changed (entry 1).")]
    [InlineData("update deployments set raw_headers = null where id = 2", "Deployment record 2 was changed")]
    [InlineData("update deployments set client_address = null where id = 3", "Deployment record 3 was changed")]
    [InlineData("update package_versions set version = '9.9' where version = '1.1'", "Deployment record 2 was changed")]
    [InlineData("update targets set name = 'WEB-09' where name = 'WEB-02'", "Deployment record 3 was changed")]
    [InlineData("delete from users", "Deployment record 1 was changed")]
    [InlineData("delete from deployments where id = 2", "Deployment record 2 is missing")]
    [InlineData("insert into deployments (id, deployed_at, recorded_at, package_id, version_id, target_id, "
        + "application_id, user_id, recorder_id, description_id, feed_id, road) select 77, deployed_at, recorded_at, "
        + "package_id, version_id, target_id, application_id, user_id, recorder_id, description_id, feed_id, road "
        + "from deployments where id = 1", "Deployment record 77 is not in the ledger: it was inserted")]
    [InlineData("update removals set removed_at = removed_at - interval '1 s'", "Removal 1 was changed")]
    [InlineData("delete from removals", "Removal 1 is missing")]
    [InlineData("insert into removals (removed_at, recorded_at, package_id, target_id, application_id, user_id, "
        + "recorder_id, description_id, feed_id, road) select now(), now(), package_id, target_id, application_id, "
        + "user_id, recorder_id, description_id, feed_id, road from removals", "Removal 2 is not in the ledger")]
    [InlineData("update assessments set reason = 'another' where assessment_id = 1", "Assessment 1 was changed")]
    [InlineData("update assessments set expires_at = '2099-01-01' where assessment_id = 1", "Assessment 1 was changed")]
    [InlineData("update assessments set revoked_at = null, revoked_by = null where assessment_id = 2",
        "Revocation of assessment 2 is missing")]
    [InlineData("update assessments set revoked_at = now(), revoked_by = 'x' where assessment_id = 1",
        "Revocation of assessment 1 is not in the ledger")]
    [InlineData("update assessments set revoked_by = 'x' where assessment_id = 2",
        "Revocation of assessment 2 was changed")]
    [InlineData("delete from assessments where assessment_id = 1", "Assessment 1 is missing")]
    [InlineData("update advisories set osv_id = 'GHSA-2'", "Assessment 1 was changed")]
    [InlineData("insert into drift_acceptances (target_id, package_id, kind, reason, accepted_by, accepted_at) "
        + "values (1, 1, 2, 'x', 'x', now())", "Acceptance of a difference 3 is not in the ledger")]
    [InlineData("update drift_acceptances set accepted_by = 'x' where drift_acceptance_id = 1",
        "Acceptance of a difference 1 was changed")]
    [InlineData("delete from drift_acceptances where drift_acceptance_id = 2",
        "Acceptance of a difference 2 is missing")]
    [InlineData("update drift_acceptances set revoked_at = now() where drift_acceptance_id = 2",
        "Revocation of the acceptance of a difference 2 was changed")]
    [InlineData("update audit_events set actor = 'x' where audit_event_id = 2", "Administrative change 2 was changed")]
    [InlineData("update audit_events set after = '{}' where audit_event_id = 1", "Administrative change 1 was changed")]
    [InlineData("delete from audit_events where audit_event_id = 3", "Administrative change 3 is missing")]
    [InlineData("insert into audit_events (actor, action, subject_kind, subject_name) values ('x', 'a.b', 'c', 'd')",
        "Administrative change 7 is not in the ledger")]
    public async Task A_row_that_is_changed_deleted_or_inserted_by_SQL_is_named(string sql, string problem)
    {
        await using var data = await LedgerData.CreateAsync();

        await data.TamperAsync(sql);

        var report = await data.VerifyAsync();
        Assert.Contains(report.Problems, told => told.StartsWith(problem, StringComparison.Ordinal));
        Assert.Equal(report.Problems.Count, report.ProblemCount);
        Assert.Equal(0, await data.AskAsync<long>("select count(*) from ledger_pending"));
    }

    [Theory]
    [InlineData("delete from ledger_entries where number = 2", "Entry 2 of the ledger is missing.")]
    [InlineData("delete from ledger_entries where number between 2 and 4", "Entries 2 to 4 of the ledger are missing.")]
    [InlineData("update ledger_entries set root = sha256('x') where number = 3",
        "Entry 3 of the ledger was changed, or the one before it: its hash does not follow.")]
    [InlineData("update ledger_entries set chained_at = now() - interval '1 day' where number = 1",
        "Entry 1 of the ledger was changed")]
    [InlineData("update ledger_entries set hash = sha256('x') where number = 1", "Entry 1 of the ledger was changed")]
    [InlineData("update ledger_entries set ids = '\\x0101', leaves = 2 where number = 1",
        "Entry 1 of the ledger was changed")]
    [InlineData("update ledger_entries set kind = 99 where number = 1", "Entry 1 of the ledger was changed")]
    [InlineData("update ledger_entries set marks = sha256('x') where number = 1",
        "Entry 1 of the ledger was changed: which rows it covers cannot be read.")]
    [InlineData("update ledger_entries set ids = '\\xffffffffffffffffffff7f' where number = 1",
        "Entry 1 of the ledger was changed: which rows it covers cannot be read.")]
    public async Task An_entry_that_is_changed_or_deleted_is_named(string sql, string problem)
    {
        await using var data = await LedgerData.CreateAsync();

        await data.TamperAsync(sql);

        Assert.Contains(
            (await data.VerifyAsync()).Problems, told => told.StartsWith(problem, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_row_whose_mark_fits_by_chance_is_found_by_the_root()
    {
        await using var data = await LedgerData.CreateAsync();
        await data.TamperAsync("update deployments set target_id = 2 where id = 1");
        // As if four bytes of its hash were the same: they are written into the entry.
        var report = await data.VerifyAsync();
        Assert.Contains("Deployment record 1 was changed (entry 1).", report.Problems);
        await using var connection = await data.Database.DataSource.OpenConnectionAsync();
        await using var snapshot = await connection.BeginTransactionAsync();
        var hash = (await LedgerSources.OfOrNull(LedgerKind.Record)!
            .HashesAsync(connection, snapshot, [1], default)).Hashes;
        await snapshot.RollbackAsync();
        await data.TamperAsync(string.Create(CultureInfo.InvariantCulture,
            $"""
            update ledger_entries
            set marks = overlay(marks placing '\x{Convert.ToHexStringLower(hash[..4])}' from 1) where number = 1
            """));

        Assert.Equal(
            ["One of the 3 rows of entry 1 (deployment record 1 to 3) was changed, or the entry was: its root does "
                + "not fit."],
            (await data.VerifyAsync()).Problems);
    }

    [Fact]
    public async Task A_tail_that_is_cut_off_and_a_ledger_that_is_rewritten_are_found_by_anchors_alone()
    {
        await using var data = await LedgerData.CreateAsync();
        var early = await data.AnchorAsync();
        await data.Seed.DeployAsync("A 1.2", "WEB-01", 9);
        var late = await data.AnchorAsync();
        Assert.Empty((await data.VerifyAsync(late, early)).Problems);

        // The record and its entry, as if they had never been.
        await data.TamperAsync(
            $"delete from deployments where id = 4; delete from ledger_entries where number = {late.Size}");

        Assert.Empty((await data.VerifyAsync(early)).Problems);
        Assert.Equal(
            [$"The ledger ends with entry {early.Size}, but had {late.Size} entries on 2026-01-31 08:15:00 UTC "
                + "according to a file: entries were cut off its end."],
            (await data.VerifyAsync(early, late)).Problems);

        // Somebody who knows how sees to it that another one is in its place.
        await data.Seed.DeployAsync("A 1.3", "WEB-01", 9);
        Assert.Equal(
            [$"The first {late.Size} entries are not what they were on 2026-01-31 08:15:00 UTC according to a file: "
                + "the ledger was rewritten."],
            (await data.VerifyAsync(early, late)).Problems);
    }

    [Fact]
    public async Task Leaves_that_wait_are_verified_too()
    {
        await using var data = await LedgerData.CreateAsync();
        // Nobody else chains, and verifying would.
        await using var connection = await data.Database.DataSource.OpenConnectionAsync();
        await data.Seed.DeployAsync("A 1.2", "WEB-01", 9);
        await data.Seed.DeployAsync("A 1.3", "WEB-01", 9);
        await data.TamperAsync(
            "update deployments set target_id = 2 where id = 4; delete from deployments where id = 5");
        await using var snapshot = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead);

        var report = await new LedgerVerifier(connection, snapshot, [], []).RunAsync(default);

        Assert.Equal(
            ["Deployment record 4 was changed.", "Deployment record 5 is missing: it was deleted past the program."],
            report.Problems);
        Assert.Equal(2, report.Checked[0].Waiting);
    }

    [Fact]
    public async Task What_a_rule_deletes_leaves_tombstones_which_verify_and_cannot_be_made_up()
    {
        await using var data = await LedgerData.CreateAsync();
        var rules = new RetentionStore(data.Database.DataSource);
        var (_, rule) = await rules.AddAsync(new RetentionFields(1, null, null), LedgerData.Somebody, default);
        await rules.SwitchAsync(rule, 1, true, LedgerData.Somebody, default);

        var run = await new RetentionRunStore(data.Database.DataSource).ApplyAsync(Seed.Start.AddYears(1), default);

        Assert.Equal(1, run!.Records); // the others are the newest of theirs
        var report = await data.VerifyAsync();
        Assert.Empty(report.Problems);
        Assert.Equal((3L, 1L), (report.Checked[0].Leaves, report.Checked[0].Deleted));
        Assert.Equal(1, report.Checked[^1].Leaves);
        Assert.StartsWith("Retention rule #1 ",
            await data.AskAsync<string>("select reason from ledger_tombstone_batches"), StringComparison.Ordinal);

        await data.TamperAsync("update ledger_tombstone_batches set removed_by = 'x'");
        Assert.StartsWith("Tombstone of deployment record 1 was changed",
            Assert.Single((await data.VerifyAsync()).Problems), StringComparison.Ordinal);
        await data.TamperAsync(
            """
            update ledger_tombstone_batches set removed_by = 'Deployments';
            update ledger_tombstones set hash = sha256('x')
            """);
        Assert.Equal(2, (await data.VerifyAsync()).ProblemCount); // the record's entry, and the tombstone's own
        await data.TamperAsync("delete from ledger_tombstones");
        Assert.Equal(2, (await data.VerifyAsync()).ProblemCount);
        // A record that somebody deletes is not excused by a tombstone of his own making.
        await data.TamperAsync(
            """
            insert into ledger_tombstones select 1, 2, 1, sha256('x');
            delete from deployments where id = 2
            """);
        var problems = (await data.VerifyAsync()).Problems;
        Assert.Contains(
            "The tombstone of deployment record 2 is not of the row that was written (entry 1).", problems);
        Assert.Contains(
            "Tombstone of deployment record 2 is not in the ledger: it was inserted past the program.", problems);
    }

    [Fact]
    public async Task A_feed_may_be_renamed_and_deleted_and_a_decision_may_run_out()
    {
        await using var data = await LedgerData.CreateAsync();
        var feeds = new FeedStore(data.Database.DataSource);
        await feeds.ChangeAsync("main", feed => feed with { Name = "other" }, LedgerData.Somebody, default);
        await feeds.DeleteAsync("other", LedgerData.Somebody, default);
        await data.Seed.ExecuteAsync("update assessments set expiry_noted_at = now()");

        Assert.Empty((await data.VerifyAsync()).Problems);
    }

    [Fact]
    public async Task A_record_that_is_said_twice_has_one_leaf_and_a_batch_that_fails_has_none()
    {
        await using var data = await LedgerData.CreateAsync();
        var again = await data.Seed.DeployAsync("A 1.1", "WEB-01", 1, change: record => record with
        {
            Url = "https://ci.example/1",
            RawHeaders = "X: y",
            DateIsExplicit = true,
        });
        Assert.Equal(2, again);
        await Assert.ThrowsAsync<Npgsql.PostgresException>(() => data.Seed.DeployAsync(
            "A 1.1", "WEB-01", 1, change: record => record with { RawHeaders = "\0" }));

        var report = await data.VerifyAsync();

        Assert.Empty(report.Problems);
        Assert.Equal(3, report.Checked[0].Leaves);
    }
}
