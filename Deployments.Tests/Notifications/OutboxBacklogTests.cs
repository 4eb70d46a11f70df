using Dapper;
using Deployments.Data.Notifications;
using Deployments.Tests.Records;
using Deployments.Tests.Support;

namespace Deployments.Tests.Notifications;

/// <summary>A backlog of what is to be told costs a claim as much as a handful, whatever the statistics say.</summary>
public sealed class OutboxBacklogTests : IAsyncLifetime
{
    const string Table = "notification_outbox";
    const int Rows = 20_000;
    const int Claim = 200;

    static readonly DeliveryResult Delivered = new(true, 12, 200, "ok", null);

    TestDatabase database = null!;
    NotificationOutboxStore outbox = null!;

    public async Task InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        outbox = new NotificationOutboxStore(database.DataSource);
        var seed = new Seed(database);
        await seed.ExecuteAsync(
            """
            insert into notification_rules (name, occasion, severity_min, channel, url, secret_encrypted, recipients)
            select 'rule ' || n, 3, 0, 1, 'https://hooks.example.com/', 'x', '{}' from generate_series(1, 10) n
            """);
        await RowsRead.WithLyingStatisticsAsync(database, Table, () => seed.ExecuteAsync(
            $"""
            insert into notification_outbox (notification_rule_id, event_key, occasion, facts, state, ended_at)
            select rules.id, rules.id || ' ' || n, 3, '{"{}"}', (n % 2)::smallint,
                   case when n % 2 = 1 then timestamptz '2026-01-01' + n * interval '1 second' end
            from (select min(notification_rule_id) as id from notification_rules) rules,
                 generate_series(1, {Rows}) n
            """));
    }

    public async Task DisposeAsync() => await database.DisposeAsync();

    [Fact]
    public async Task What_is_due_is_known_by_a_row_of_each_rule() =>
        Assert.InRange(await ReadAsync(async () => Assert.Single(await outbox.DueRulesAsync(default))), 1, 20);

    [Fact]
    public async Task Claiming_settling_and_giving_back_read_what_is_claimed()
    {
        var rule = Assert.Single(await outbox.DueRulesAsync(default)).NotificationRuleId;
        IReadOnlyList<ClaimedNotification> claimed = [];
        Assert.InRange(
            await ReadAsync(async () => claimed = await outbox.ClaimAsync(rule, Claim, default)), Claim, 4 * Claim);
        Assert.Equal(Claim, claimed.Count);

        Assert.InRange(
            await ReadAsync(() => outbox.SettleAsync([.. claimed.Take(Claim / 2)], Delivered, default, default)),
            Claim / 2, 4 * Claim);
        Assert.InRange(
            await ReadAsync(() => outbox.ReleaseAsync([.. claimed.Skip(Claim / 2)], TimeSpan.FromHours(1), default)),
            Claim / 2, 4 * Claim);
        Assert.Equal(Rows / 2 - Claim, await LeftAsync("state = 0 and attempts = 0 and next_attempt_at <= now()"));
        Assert.Equal(Claim / 2, await LeftAsync("state = 0 and attempts = 0 and next_attempt_at > now()"));
        Assert.Equal(Claim / 2, await LeftAsync("state = 1 and attempts = 1"));
    }

    [Fact]
    public async Task Forgetting_reads_what_goes()
    {
        var read = await ReadAsync(async () => Assert.Equal(
            Rows / 2, await outbox.PruneAsync(Seed.Start.AddDays(10), default)));
        Assert.InRange(read, Rows / 2, 5 * Rows / 4);
    }

    Task<long> ReadAsync(Func<Task> work) => RowsRead.OfAsync(database, Table, work);

    async Task<long> LeftAsync(string which)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<long>($"select count(*) from {Table} where {which}");
    }
}
