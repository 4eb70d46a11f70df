using Dapper;
using Deployments.Data.Database;
using Deployments.Data.Feeds;
using Npgsql;

namespace Deployments.Data.Vulnerabilities;

/// <summary>Reads what was decided about vulnerabilities.</summary>
/// <remarks>
/// Other statements ask the database's function <c>assessments_in_force(at)</c>. What is open, set-based:
/// <code>
/// not exists (
///     select from assessments_in_force(@now) s
///     where s.group_id = o.group_id and (s.package_id is null or s.package_id = i.package_id)
///       and (s.target_id is null or s.target_id = i.target_id))
/// </code>
/// and which one says so, by the same conditions in a lateral join with
/// <c>order by s.target_id is null, s.package_id is null, s.assessment_id desc limit 1</c>.
/// </remarks>
/// <param name="database">The database.</param>
public sealed class AssessmentQueries(ReadDatabase database)
{
    /// <summary>Everything that was ever decided about a vulnerability, the newest first.</summary>
    /// <param name="groupId">The vulnerability.</param>
    /// <param name="limit">At most this many.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<IReadOnlyList<Assessment>> OfGroupAsync(
        int groupId, int limit, VisibleFeeds visible, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<Assessment>(new CommandDefinition(
            $"""
            select s.assessment_id, a.osv_id as advisory_id, k.type, k.group_name as "group", k.name,
                   t.name as target, s.state::int as state, s.justification, s.reason, s.assessed_by, s.assessed_at,
                   s.expires_at, s.revoked_by, s.revoked_at,
                   row_number() over (
                       partition by s.package_id, s.target_id order by s.assessment_id desc) > 1 as is_replaced
            from advisories a
            join assessments s on s.advisory_id = a.advisory_id
            left join packages k on k.package_id = s.package_id
            left join targets t on t.target_id = s.target_id
            where a.group_id = @groupId and {VisibleSql.Assessment}
            order by s.assessment_id desc
            limit @limit
            """, new { groupId, limit, visible = visible.Ids }, cancellationToken: ct))];
    }

    /// <summary>What counts of it at a time.</summary>
    /// <param name="groupId">The vulnerability.</param>
    /// <param name="at">The time.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<AssessmentsInForce> InForceAsync(
        int groupId, DateTimeOffset at, VisibleFeeds visible, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return new AssessmentsInForce(await connection.QueryAsync<Assessment>(new CommandDefinition(
            $"""
            select s.assessment_id, a.osv_id as advisory_id, k.type, k.group_name as "group", k.name,
                   t.name as target, s.state::int as state, s.justification, s.reason, s.assessed_by, s.assessed_at,
                   s.expires_at
            from assessments_in_force(@at) s
            join assessments o on o.assessment_id = s.assessment_id
            join advisories a on a.advisory_id = o.advisory_id
            left join packages k on k.package_id = s.package_id
            left join targets t on t.target_id = s.target_id
            where s.group_id = @groupId and {VisibleSql.Assessment}
            """, new { groupId, at = at.UtcDateTime, visible = visible.Ids }, cancellationToken: ct)));
    }

    /// <summary>
    /// What is said of which versions: of every assessment that counts, the recorded versions it is about, those of a
    /// target only as long as they run there. Where several are about a version, the one that names more takes it.
    /// </summary>
    /// <param name="groupId">The vulnerability; null for all.</param>
    /// <param name="at">The time.</param>
    /// <param name="limit">At most this many.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>In no order.</returns>
    public async Task<IReadOnlyList<AssessedVersion>> VersionsAsync(
        int? groupId, DateTimeOffset at, int limit, VisibleFeeds visible, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<AssessedVersion>(new CommandDefinition(
            $"""
            with chosen as materialized (
                select * from assessments_in_force(@at) s
                where (@groupId::int is null or s.group_id = @groupId) and {VisibleSql.Assessment}
            ), about as (
                select c.assessment_id, f.version_id
                from chosen c
                join advisories o on o.group_id = c.group_id
                join findings f on f.advisory_id = o.advisory_id and f.closed_at is null
                join package_versions v on v.version_id = f.version_id
                where c.target_id is null and (c.package_id is null or c.package_id = v.package_id)
                  and {VisibleSql.Version}
                  and (c.package_id is not null or not exists (
                      select from chosen n
                      where n.group_id = c.group_id and n.target_id is null and n.package_id = v.package_id))
                union
                select c.assessment_id, i.version_id
                from chosen c
                join running_installations i on i.target_id = c.target_id
                join findings f on f.version_id = i.version_id and f.closed_at is null
                join advisories o on o.advisory_id = f.advisory_id and o.group_id = c.group_id
                where (c.package_id is null or c.package_id = i.package_id) and {VisibleSql.Installation}
                  and (c.package_id is not null or not exists (
                      select from chosen n
                      where n.group_id = c.group_id and n.target_id = c.target_id and n.package_id = i.package_id))
            )
            select c.assessment_id, a.osv_id as id, a.summary, a.severity::int as severity, a.score,
                   a.severity_source, a.published_at, a.modified_at,
                   array(
                       select distinct m.name
                       from advisory_names m join advisories y on y.advisory_id = m.advisory_id
                       where y.group_id = c.group_id and m.name <> a.osv_id) as aliases,
                   c.state::int as state, c.justification, c.reason, c.assessed_at, c.expires_at, t.name as target,
                   k.type, k.group_name as "group", k.name, v.version, v.qualifier
            from about b
            join chosen c on c.assessment_id = b.assessment_id
            join package_versions v on v.version_id = b.version_id
            join packages k on k.package_id = v.package_id
            left join targets t on t.target_id = c.target_id
            join advisories a on a.group_id = c.group_id and a.is_lead
            limit @limit
            """, new { groupId, at = at.UtcDateTime, limit, visible = visible.Ids }, cancellationToken: ct))];
    }

    /// <summary>When what counts changed last: something was decided, revoked or over. Null: never.</summary>
    /// <param name="groupId">The vulnerability; null for all.</param>
    /// <param name="at">Only up to then.</param>
    /// <param name="visible">What the reader sees.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<DateTimeOffset?> LastChangeOrNullAsync(
        int? groupId, DateTimeOffset at, VisibleFeeds visible, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<DateTimeOffset?>(new CommandDefinition(
            $"""
            select max(c.at)
            from assessments s
            join advisories a on a.advisory_id = s.advisory_id
            cross join lateral (values (s.assessed_at), (s.revoked_at), (s.expires_at)) c (at)
            where c.at <= @at and (@groupId::int is null or a.group_id = @groupId) and {VisibleSql.Assessment}
            """, new { groupId, at = at.UtcDateTime, visible = visible.Ids }, cancellationToken: ct));
    }
}
