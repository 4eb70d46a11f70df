using Dapper;
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
public sealed class AssessmentQueries(NpgsqlDataSource database)
{
    /// <summary>Everything that was ever decided about a vulnerability, the newest first.</summary>
    /// <param name="groupId">The vulnerability.</param>
    /// <param name="limit">At most this many.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<IReadOnlyList<Assessment>> OfGroupAsync(int groupId, int limit, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<Assessment>(new CommandDefinition(
            """
            select s.assessment_id, a.osv_id as advisory_id, k.type, k.group_name as "group", k.name,
                   t.name as target, s.state::int as state, s.justification, s.reason, s.assessed_by, s.assessed_at,
                   s.expires_at, s.revoked_by, s.revoked_at,
                   row_number() over (
                       partition by s.package_id, s.target_id order by s.assessment_id desc) > 1 as is_replaced
            from advisories a
            join assessments s on s.advisory_id = a.advisory_id
            left join packages k on k.package_id = s.package_id
            left join targets t on t.target_id = s.target_id
            where a.group_id = @groupId
            order by s.assessment_id desc
            limit @limit
            """, new { groupId, limit }, cancellationToken: ct))];
    }

    /// <summary>What counts of it at a time.</summary>
    /// <param name="groupId">The vulnerability.</param>
    /// <param name="at">The time.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<AssessmentsInForce> InForceAsync(int groupId, DateTimeOffset at, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return new AssessmentsInForce(await connection.QueryAsync<Assessment>(new CommandDefinition(
            """
            select s.assessment_id, a.osv_id as advisory_id, k.type, k.group_name as "group", k.name,
                   t.name as target, s.state::int as state, s.justification, s.reason, s.assessed_by, s.assessed_at,
                   s.expires_at
            from assessments_in_force(@at) s
            join assessments o on o.assessment_id = s.assessment_id
            join advisories a on a.advisory_id = o.advisory_id
            left join packages k on k.package_id = s.package_id
            left join targets t on t.target_id = s.target_id
            where s.group_id = @groupId
            """, new { groupId, at = at.UtcDateTime }, cancellationToken: ct)));
    }
}
