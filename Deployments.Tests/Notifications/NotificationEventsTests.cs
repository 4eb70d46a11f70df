using System.Text.Json;
using Dapper;
using Deployments.Data.Audit;
using Deployments.Data.Findings;
using Deployments.Data.Notifications;
using Deployments.Data.Vulnerabilities;
using Deployments.Tests.Records;
using Deployments.Tests.Support;
using Deployments.Tests.Vulnerabilities;

namespace Deployments.Tests.Notifications;

/// <summary>What is noted when records and advisories come in, and what is not.</summary>
public sealed class NotificationEventsTests : IAsyncLifetime
{
    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    TestDatabase database = null!;
    Seed seed = null!;

    public async Task InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        seed = await new Seed(database).FeedAsync("main", "nuget");
        await seed.FeedAsync("other", "nuget");
    }

    public async Task DisposeAsync() => await database.DisposeAsync();

    [Fact]
    public async Task Without_a_rule_nothing_is_noted()
    {
        await ImportAsync(Osv.Advisory("GHSA-1", "Acme.Json", "0", "1.5.0"));
        await seed.DeployAsync("Acme.Json 1.0.0", "WEB-1", 0);

        Assert.Empty(await NotedAsync());
    }

    [Fact]
    public async Task An_advisory_is_told_once_for_each_target_that_runs_what_it_touches()
    {
        await RuleAsync(NotificationOccasion.VulnerabilityFound);
        await seed.DeployAsync("Acme.Json 1.0.0", "WEB-1", 0);
        await seed.DeployAsync("Acme.Json 1.0.0", "WEB-2", 1);
        await seed.DeployAsync("Acme.Json 1.0.0", "WEB-3", 2);
        await seed.DeployAsync("Acme.Json 1.5.0", "WEB-3", 3);

        await ImportAsync(Osv.Advisory("GHSA-1", "Acme.Json", "0", "1.5.0"));
        await ImportAsync(Osv.Advisory("GHSA-1", "Acme.Json", "0", "1.5.0", modified: "2026-02-01T00:00:00Z"));

        var noted = await NotedAsync();
        Assert.Equal(["WEB-1", "WEB-2"], noted.Select(facts => facts.Target).Order());
        Assert.All(noted, facts => Assert.Equal(
            ("Acme.Json", "1.0.0", "main", "jdoe", "GHSA-1", 3, 7.5, "1.5.0", true),
            (facts.Name, facts.Version, facts.Feed, facts.User, facts.Advisory!.Id, facts.Advisory.Severity,
                facts.Advisory.Score, facts.Advisory.Fixed, facts.Advisory.IsCertain)));
        Assert.Equal(Seed.Start, noted.Single(facts => facts.Target == "WEB-1").DeployedAt);
    }

    [Fact]
    public async Task Another_name_of_the_same_vulnerability_is_not_told_again()
    {
        await RuleAsync(NotificationOccasion.VulnerabilityFound);
        await seed.DeployAsync("Acme.Json 1.0.0", "WEB-1", 0);
        var first = Osv.Advisory("GHSA-1", "Acme.Json", "0", "1.5.0");
        first["aliases"] = new System.Text.Json.Nodes.JsonArray("CVE-2026-1");
        var second = Osv.Advisory("PYSEC-1", "Acme.Json", "0", null);
        second["aliases"] = new System.Text.Json.Nodes.JsonArray("CVE-2026-1");

        await ImportAsync(first);
        await ImportAsync(second);
        Assert.Single(await NotedAsync());

        await seed.ExecuteAsync("truncate notification_outbox cascade");
        await seed.DeployAsync("Acme.Json 1.0.1", "WEB-9", 1);
        await ImportAsync(
            Osv.Advisory("GHSA-2", "Acme.Json", "0", null), Osv.Advisory("GHSA-3", "Acme.Json", "0", null));
        Assert.Equal(4, (await NotedAsync()).Count);
    }

    [Fact]
    public async Task An_advisory_that_comes_back_after_its_withdrawal_is_told_anew()
    {
        await RuleAsync(NotificationOccasion.VulnerabilityFound);
        await seed.DeployAsync("Acme.Json 1.0.0", "WEB-1", 0);
        await ImportAsync(Osv.Advisory("GHSA-1", "Acme.Json", "0", "1.5.0"));
        var withdrawn = Osv.Advisory("GHSA-1", "Acme.Json", "0", "1.5.0", modified: "2026-02-01T00:00:00Z");
        withdrawn["withdrawn"] = "2026-02-01T00:00:00Z";
        await ImportAsync(withdrawn);
        Assert.Single(await NotedAsync());

        await ImportAsync(Osv.Advisory("GHSA-1", "Acme.Json", "0", "1.5.0", modified: "2026-03-01T00:00:00Z"));

        Assert.Equal(2, (await NotedAsync()).Count);
    }

    [Fact]
    public async Task Deploying_a_vulnerable_version_is_told_when_a_target_begins_to_run_it()
    {
        await RuleAsync(NotificationOccasion.VulnerabilityDeployed);
        await ImportAsync(Osv.Advisory("GHSA-1", "Acme.Json", "0", "1.5.0"));

        await seed.DeployAsync("Acme.Json 1.0.0", "WEB-1", 0);
        await seed.DeployAsync("Acme.Json 1.0.0", "WEB-1", 10); // again: nothing new
        Assert.Single(await NotedAsync());
        await seed.DeployAsync("Acme.Json 1.1.0", "WEB-1", 20); // another version, as bad
        Assert.Equal(2, (await NotedAsync()).Count);
        await seed.DeployAsync("Acme.Json 1.5.0", "WEB-1", 30);
        await seed.DeployAsync("Acme.Json 1.0.0", "WEB-1", 25); // heard of late: it does not run
        Assert.Equal(2, (await NotedAsync()).Count);
        await seed.DeployAsync("Acme.Json 1.0.0", "WEB-1", 40); // a rollback
        var noted = await NotedAsync();
        Assert.Equal(["1.0.0", "1.1.0", "1.0.0"], noted.Select(facts => facts.Version));
        Assert.All(noted, facts => Assert.Equal("GHSA-1", facts.Advisory!.Id));
    }

    [Fact]
    public async Task What_was_removed_is_not_told_of_and_is_when_it_comes_back()
    {
        await RuleAsync(NotificationOccasion.VulnerabilityFound);
        await RuleAsync(NotificationOccasion.VulnerabilityDeployed, rule => rule with { Name = "deployed" });
        await seed.DeployAsync("Acme.Json 1.0.0", "WEB-1", 0);
        await seed.RemoveAsync("Acme.Json", "WEB-1", 10);

        await ImportAsync(Osv.Advisory("GHSA-1", "Acme.Json", "0", "1.5.0"));
        await seed.DeployAsync("Acme.Json 1.0.0", "WEB-1", 5); // heard of late: it does not run
        Assert.Empty(await NotedAsync());

        await seed.DeployAsync("Acme.Json 1.0.0", "WEB-1", 20);
        Assert.Equal("WEB-1", Assert.Single(await NotedAsync()).Target);
    }

    [Fact]
    public async Task Every_deployment_is_told_once_also_a_repeated_one()
    {
        await RuleAsync(NotificationOccasion.Deployment);

        await seed.DeployAsync("Acme.Json 1.0.0", "WEB-1", 0, change: r => r with { DateIsExplicit = true });
        await seed.DeployAsync("Acme.Json 1.0.0", "WEB-1", 0, change: r => r with { DateIsExplicit = true });
        await seed.DeployAsync("Acme.Json 1.0.0", "WEB-1", 1, change: r => r with { Url = "https://ci.example/7" });

        var noted = await NotedAsync();
        Assert.Equal([null, "https://ci.example/7"], noted.Select(facts => facts.Url));
        Assert.All(noted, facts => Assert.Null(facts.Advisory));
    }

    [Theory]
    [InlineData("acme.*", "web-?", 1)]
    [InlineData("Acme.Json", null, 1)]
    [InlineData("Acme?Json", "WEB-1", 1)]
    [InlineData("Acme", null, 0)]
    [InlineData("*_*", null, 0)]
    [InlineData("%", null, 0)]
    [InlineData(@"*\*", null, 0)]
    [InlineData(null, "WEB-??", 0)]
    public async Task Patterns_decide(string? packages, string? targets, int count)
    {
        await RuleAsync(NotificationOccasion.Deployment, fields => fields with
        {
            PackagePattern = packages,
            TargetPattern = targets,
        });

        await seed.DeployAsync("Acme.Json 1.0.0", "WEB-1", 0);

        Assert.Equal(count, (await NotedAsync()).Count);
    }

    [Fact]
    public async Task Feed_severity_and_switch_decide()
    {
        var main = await database.DataSource.OpenConnectionAsync();
        await using (main)
        {
            var other = await main.ExecuteScalarAsync<int>("select feed_id from feeds where name = 'other'");
            await RuleAsync(NotificationOccasion.VulnerabilityDeployed, f => f with { Name = "1", FeedId = other });
        }

        await RuleAsync(NotificationOccasion.VulnerabilityDeployed,
            f => f with { Name = "2", SeverityMin = SeverityLevel.Critical });
        await RuleAsync(NotificationOccasion.VulnerabilityDeployed, f => f with { Name = "3", Active = false });
        await RuleAsync(NotificationOccasion.VulnerabilityDeployed,
            f => f with { Name = "4", SeverityMin = SeverityLevel.High });
        await ImportAsync(Osv.Advisory("GHSA-1", "Acme.Json", "0", "1.5.0"));

        await seed.DeployAsync("Acme.Json 1.0.0", "WEB-1", 0);
        Assert.Single(await NotedAsync());

        await seed.DeployAsync("Acme.Json 1.0.0", "WEB-2", 0, "other");
        Assert.Equal(3, (await NotedAsync()).Count);
    }

    [Fact]
    public async Task What_is_assessed_is_not_told()
    {
        await RuleAsync(NotificationOccasion.VulnerabilityDeployed);
        await ImportAsync(Osv.Advisory("GHSA-1", "Acme.Json", "0", "1.5.0"));
        await seed.DeployAsync("Acme.Json 1.5.0", "WEB-1", 0);
        await seed.ExecuteAsync(
            """
            insert into assessments (advisory_id, target_id, state, reason, assessed_by, assessed_at)
            select advisory_id, target_id, 3, 'behind a proxy', 'Admin', now() from advisories, targets
            """);

        await seed.DeployAsync("Acme.Json 1.0.0", "WEB-1", 10);
        await seed.DeployAsync("Acme.Json 1.0.0", "WEB-2", 10);

        Assert.Equal(["WEB-2"], (await NotedAsync()).Select(facts => facts.Target));
    }

    [Fact]
    public async Task An_import_misses_nothing_that_is_being_recorded()
    {
        await RuleAsync(NotificationOccasion.VulnerabilityFound);
        await seed.DeployAsync("Acme.Json 1.5.0", "WEB-1", 0);
        await seed.DeployAsync("Acme.Json 1.0.0", "WEB-2", 0);
        await seed.ExecuteAsync("delete from notification_outbox");
        await using var connection = await database.DataSource.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await connection.ExecuteAsync("select from installations for update");

        var record = seed.DeployAsync("Acme.Json 1.0.0", "WEB-1", 1);
        await WaitForLocksAsync(1);
        var import = ImportAsync(Osv.Advisory("GHSA-1", "Acme.Json", "0", "1.5.0"));
        await WaitForLocksAsync(2);
        await transaction.RollbackAsync();
        await Task.WhenAll(record, import);

        Assert.Equal(["WEB-1", "WEB-2"], (await NotedAsync()).Select(facts => facts.Target).Order());
    }

    [Fact]
    public async Task An_assessment_that_runs_out_is_told_once_to_those_who_want_to_hear_of_advisories()
    {
        await seed.DeployAsync("Acme.Json 1.0.0", "WEB-1", 0);
        await seed.DeployAsync("Acme.Json 1.0.0", "WEB-2", 0);
        await seed.DeployAsync("Acme.Json 1.0.0", "WEB-3", 0);
        await ImportAsync(Osv.Advisory("GHSA-1", "Acme.Json", "0", "1.5.0"));
        await RuleAsync(NotificationOccasion.VulnerabilityFound);
        await RuleAsync(NotificationOccasion.Deployment, rule => rule with { Name = "other" });
        await AcceptAsync("WEB-1", "web 1"); // runs out
        await AcceptAsync("WEB-2", "web 2"); // runs out, and another one has taken its place
        await AcceptAsync("WEB-3", "web 3"); // is revoked before it runs out
        var store = new AssessmentStore(database.DataSource);
        Assert.Equal(0, await store.NoteExpiredAsync(default));
        await seed.ExecuteAsync(
            """
            update assessments set assessed_at = now() - interval '2 days', expires_at = now() - interval '1 day';
            update assessments set revoked_at = now() - interval '1 day', revoked_by = 'ada' where reason = 'web 3'
            """);
        await AcceptAsync("WEB-2", "web 2 again");

        Assert.Equal(3, await store.NoteExpiredAsync(default));
        Assert.Equal(0, await store.NoteExpiredAsync(default));

        var facts = Assert.Single(await NotedAsync());
        Assert.Equal(("WEB-1", "GHSA-1", "web 1", (int)AssessmentState.Accepted), (
            facts.Target, facts.Advisory!.Id, facts.Assessment!.Reason, facts.Assessment.State));
    }

    async Task AcceptAsync(string target, string reason)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        var group = await connection.ExecuteScalarAsync<int>("select group_id from advisories where osv_id = 'GHSA-1'");
        var (outcome, _) = await new AssessmentStore(database.DataSource).AssessAsync(
            new NewAssessment
            {
                GroupId = group,
                AdvisoryId = "GHSA-1",
                Target = target,
                State = AssessmentState.Accepted,
                Reason = reason,
                ExpiresAt = TimeProvider.System.GetUtcNow().AddDays(1),
            }, TimeProvider.System.GetUtcNow(), Actor.Program, default);
        Assert.Equal(AssessmentOutcome.Assessed, outcome);
    }

    Task<(NotificationOutcome, int)> RuleAsync(
        NotificationOccasion occasion, Func<NotificationFields, NotificationFields>? change = null)
    {
        var fields = new NotificationFields
        {
            Name = "Rule",
            Occasion = occasion,
            Channel = NotificationChannel.Mail,
            Recipients = ["ops@example.com"],
        };
        return new NotificationRuleStore(database.DataSource).AddAsync(
            change is null ? fields : change(fields), null, Actor.Program, default);
    }

    async Task ImportAsync(params System.Text.Json.Nodes.JsonObject[] advisories) =>
        await new AdvisoryStore(database.DataSource).ImportAsync([.. advisories.Select(Osv.Read)], default);

    async Task<IReadOnlyList<NotificationFacts>> NotedAsync()
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        var facts = await connection.QueryAsync<string>(
            "select facts::text from notification_outbox order by notification_id");
        return [.. facts.Select(text => JsonSerializer.Deserialize<NotificationFacts>(text, Json)!)];
    }

    async Task WaitForLocksAsync(int waiting)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        while (await connection.ExecuteScalarAsync<int>(
            """
            select count(*) from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock'
            """) < waiting)
            await Task.Yield();
    }
}
