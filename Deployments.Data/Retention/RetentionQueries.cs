using Dapper;
using Deployments.Data.Database;
using Npgsql;

namespace Deployments.Data.Retention;

/// <summary>Reads retention rules, and what they would remove.</summary>
/// <param name="database">The database.</param>
public sealed class RetentionQueries(NpgsqlDataSource database)
{
    // Counting reads every record that is old enough: some seconds for ten million.
    const int PreviewSeconds = 120;

    /// <summary>Every rule, in the order in which they were made.</summary>
    public async Task<IReadOnlyList<RetentionRule>> AllAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await ReadAsync(connection, null, null, ct);
    }

    /// <summary>A rule; null when there is none of that number.</summary>
    public async Task<RetentionRule?> ByIdOrNullAsync(int retentionRuleId, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await ReadAsync(connection, null, retentionRuleId, ct)).SingleOrDefault();
    }

    /// <summary>What a rule would remove if it were applied now, by itself.</summary>
    /// <param name="rule">What it says.</param>
    /// <param name="now">The time to count from.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<RetentionPreview> PreviewAsync(RetentionFields rule, DateTimeOffset now, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(rule);
        if (rule.Subject == RetentionSubject.Inventories)
            return await PreviewInventoriesAsync(rule, now, ct);
        var match = new
        {
            cutoff = RetentionRule.CutoffOf(rule.KeepMonths, now),
            feedId = rule.FeedId,
            pattern = Like.Matching(rule.TargetPattern),
        };
        await using var connection = await database.OpenConnectionAsync(ct);
        var months = (await connection.QueryAsync<MonthRow>(new CommandDefinition(
            """
            select date_trunc('month', d.deployed_at at time zone 'UTC') as month,
                count(*) filter (where i.deployment_id is null) as records,
                count(i.deployment_id) as kept,
                min(d.deployed_at) filter (where i.deployment_id is null) as oldest,
                max(d.deployed_at) filter (where i.deployment_id is null) as newest
            from deployments d
            left join installations i on i.deployment_id = d.id
            where d.deployed_at < @cutoff
              and (@feedId::int is null or d.feed_id = @feedId)
              and (@pattern::text is null
                or d.target_id in (select target_id from targets where name ilike @pattern))
            group by 1
            order by 1
            """, match, commandTimeout: PreviewSeconds, cancellationToken: ct))).AsList();
        var rejected = await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            """
            select count(*)
            from rejected_records
            where resolved_at is not null and received_at < @cutoff
              and (@feedId::int is null or feed_id = @feedId) and @pattern::text is null
            """, match, commandTimeout: PreviewSeconds, cancellationToken: ct));
        return new RetentionPreview(
            [.. months.Where(row => row.Records > 0)
                .Select(row => new RetentionMonth(DateOnly.FromDateTime(row.Month), row.Records))],
            months.Min(row => row.Oldest), months.Max(row => row.Newest), months.Sum(row => row.Kept), rejected);
    }

    async Task<RetentionPreview> PreviewInventoriesAsync(
        RetentionFields rule, DateTimeOffset now, CancellationToken ct)
    {
        var match = new
        {
            cutoff = RetentionRule.CutoffOf(rule.KeepMonths, now),
            pattern = Like.Matching(rule.TargetPattern),
        };
        await using var connection = await database.OpenConnectionAsync(ct);
        var months = (await connection.QueryAsync<MonthRow>(new CommandDefinition(
            $"""
            select date_trunc('month', o.gone_at at time zone 'UTC') as month,
                count(*) filter (where {InventoryRetention.IsOutlived}) as records,
                count(*) filter (where not {InventoryRetention.IsOutlived}) as kept,
                min(o.gone_at) filter (where {InventoryRetention.IsOutlived}) as oldest,
                max(o.gone_at) filter (where {InventoryRetention.IsOutlived}) as newest
            from observations o
            where o.gone_at < @cutoff and {InventoryRetention.IsChosen}
            group by 1
            order by 1
            """, match, commandTimeout: PreviewSeconds, cancellationToken: ct))).AsList();
        var uploads = await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            $"select count(*) from inventory_uploads u where {InventoryRetention.IsOldUpload}",
            match, commandTimeout: PreviewSeconds, cancellationToken: ct));
        return new RetentionPreview(
            [.. months.Where(row => row.Records > 0)
                .Select(row => new RetentionMonth(DateOnly.FromDateTime(row.Month), row.Records))],
            months.Min(row => row.Oldest), months.Max(row => row.Newest), months.Sum(row => row.Kept), 0, uploads);
    }

    internal static async Task<IReadOnlyList<RetentionRule>> ReadAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, int? retentionRuleId, CancellationToken ct) =>
        [.. await connection.QueryAsync<RetentionRule>(new CommandDefinition(
            """
            select r.retention_rule_id, r.subject::int as subject, r.keep_months, r.feed_id, f.name as feed_name,
                r.target_pattern, r.active,
                r.revision, r.last_run_at, r.last_removed
            from retention_rules r
            left join feeds f using (feed_id)
            where @retentionRuleId::int is null or r.retention_rule_id = @retentionRuleId
            order by r.retention_rule_id
            """, new { retentionRuleId }, transaction, cancellationToken: ct))];

    sealed record MonthRow
    {
        public DateTime Month { get; init; }

        public long Records { get; init; }

        public long Kept { get; init; }

        public DateTimeOffset? Oldest { get; init; }

        public DateTimeOffset? Newest { get; init; }
    }
}
