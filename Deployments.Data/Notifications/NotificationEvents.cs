using Dapper;
using Deployments.Data.Findings;
using Npgsql;

namespace Deployments.Data.Notifications;

/// <summary>
/// Notes what is to be told, in the transaction that brings the record or the finding: whoever sees the one sees the
/// other. Without a rule it costs one look at an empty table. See db/decisions/0010.
/// </summary>
static class NotificationEvents
{
    const int TimeoutSeconds = 120; // an import of thousands of advisories may touch everything

    // The words of what happened; "d" is the deployment, "k" its package, "t" its target, "v" its version.
    const string Facts =
        """
        'feed', feeds.name, 'packageType', k.type, 'group', k.group_name, 'name', k.name, 'version', v.version,
        'qualifier', v.qualifier, 'target', t.name, 'deploymentId', d.id, 'deployedAt', d.deployed_at,
        'application', applications.name, 'user', users.name, 'description', descriptions.name, 'url', urls.name
        """;

    const string Joins =
        """

        join feeds on feeds.feed_id = d.feed_id
        join packages k on k.package_id = d.package_id
        join package_versions v on v.version_id = d.version_id
        join targets t on t.target_id = d.target_id
        join applications on applications.application_id = d.application_id
        join users on users.user_id = d.user_id
        join texts descriptions on descriptions.text_id = d.description_id
        left join texts urls on urls.text_id = d.url_id
        join notification_rules r on r.active and r.occasion = @occasion
            and (r.feed_id is null or r.feed_id = d.feed_id)
            and (r.package_like is null
                or case k.group_name when '' then k.name else k.group_name || '/' || k.name end ilike r.package_like)
            and (r.target_like is null or t.name ilike r.target_like)
        """;

    // Expects "touched": which vulnerabilities (group_id) of a version a target has begun to run, or running has begun
    // to have, by which deployment, what tells this beginning from others (began), and the assessment that has run out
    // (null: none). The one place where findings are left out that shall not be told of: those that somebody has
    // assessed.
    const string NoteTouched =
        $"""
        insert into notification_outbox (notification_rule_id, event_key, occasion, facts)
        select r.notification_rule_id,
               format('advisory %s, version %s, target %s, %s', n.group_id, n.version_id, n.target_id, n.began),
               @told,
               json_build_object({Facts}, 'assessment', n.assessment, 'advisory', json_build_object(
                   'id', a.osv_id, 'severity', a.severity, 'score', a.score, 'summary', left(a.summary, 500),
                   'isCertain', f.is_certain, 'fixed', f.fixed))
        from touched n
        join deployments d on d.id = n.deployment_id
        {Joins}
        cross join lateral (
            select bool_or(x.is_certain) as is_certain,
                   (array_agg(x.fixed order by x.fixed_key desc nulls last))[1] as fixed
            from advisories s
            join findings x on x.advisory_id = s.advisory_id and x.version_id = n.version_id and x.closed_at is null
            where s.group_id = n.group_id
        ) f
        join advisories a on a.group_id = n.group_id and a.is_lead
        where a.severity >= r.severity_min and not exists (
            select from assessments_in_force(now()) s
            where s.group_id = n.group_id and (s.package_id is null or s.package_id = n.package_id)
              and (s.target_id is null or s.target_id = n.target_id))
        on conflict (notification_rule_id, event_key) do nothing
        """;

    /// <summary>
    /// To be called before a transaction writes records: which occasions anybody wants to be told of. Where advisories
    /// are among them, imports wait for this transaction, or it for them: whichever comes second sees the first.
    /// </summary>
    public static async Task<WantedEvents> BeforeRecordsAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken ct)
    {
        var wanted = await connection.QuerySingleAsync<WantedEvents>(new CommandDefinition(
            """
            select coalesce(bool_or(occasion = 1), false) as found,
                   coalesce(bool_or(occasion = 2), false) as deployed,
                   coalesce(bool_or(occasion = 3), false) as every
            from notification_rules where active
            """, transaction: transaction, cancellationToken: ct));
        if (wanted.Found || wanted.Deployed)
            await FindingMatch.LockSharedAsync(connection, transaction, ct);
        return wanted;
    }

    /// <summary>Notes what records of this transaction are to tell; to be called when they are installed.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="transaction">The transaction that inserted them.</param>
    /// <param name="wanted">What <see cref="BeforeRecordsAsync"/> said.</param>
    /// <param name="ids">The records that were inserted, without repetitions of earlier ones.</param>
    /// <param name="ct">Cancels.</param>
    public static async Task AfterRecordsAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, WantedEvents wanted,
        IReadOnlyCollection<long> ids, CancellationToken ct)
    {
        if (wanted.Every)
            await ExecuteAsync(
                $"""
                insert into notification_outbox (notification_rule_id, event_key, occasion, facts)
                select r.notification_rule_id, format('deployment %s', d.id), @occasion, json_build_object({Facts})
                from deployments d
                {Joins}
                where d.id = any(@ids)
                order by d.deployed_at, d.id
                on conflict (notification_rule_id, event_key) do nothing
                """, new { ids = ids.ToArray(), occasion = (short)NotificationOccasion.Deployment });
        if (wanted.Deployed)
            await ExecuteAsync(VulnerableRecords,
                new
                {
                    ids = ids.ToArray(),
                    occasion = (short)NotificationOccasion.VulnerabilityDeployed,
                    told = (short)NotificationOccasion.VulnerabilityDeployed,
                });

        Task ExecuteAsync(string sql, object parameters) => connection.ExecuteAsync(new CommandDefinition(
            sql, parameters, transaction, commandTimeout: TimeoutSeconds, cancellationToken: ct));
    }

    // A target begins to run a version when its newest record says so and the one before said something else, or when
    // something else came between: another version within the batch, or a removal. A record older than the newest, or
    // than the removal of it, begins nothing.
    const string VulnerableRecords =
        $"""
        with batch as materialized (
            select d.id, d.deployed_at, d.target_id, d.package_id, d.version_id
            from deployments d
            join targets t on t.target_id = d.target_id
            where d.id = any(@ids)
              and exists (
                select from notification_rules r
                where r.active and r.occasion = @occasion and (r.feed_id is null or r.feed_id = d.feed_id)
                  and (r.target_like is null or t.name ilike r.target_like))
        ), running as materialized (
            select b.*
            from batch b
            join running_installations i on i.target_id = b.target_id and i.package_id = b.package_id
                and i.deployment_id = b.id
            where exists (select from findings f where f.version_id = b.version_id and f.closed_at is null)
        ), begun as (
            select n.*
            from running n
            left join lateral (
                select e.id, e.deployed_at, e.version_id
                from deployments e
                where e.target_id = n.target_id and e.package_id = n.package_id
                  and e.deployed_at <= n.deployed_at and (e.deployed_at, e.id) < (n.deployed_at, n.id)
                  and e.id <> all(@ids)
                order by e.deployed_at desc, e.id desc
                limit 1
            ) before on true
            where before.version_id is distinct from n.version_id
               or exists (
                select from removals r
                where r.target_id = n.target_id and r.package_id = n.package_id
                  and r.removed_at >= before.deployed_at and r.removed_at < n.deployed_at)
               or exists (
                select from deployments b
                where b.target_id = n.target_id and b.package_id = n.package_id and b.version_id <> n.version_id
                  and b.deployed_at between before.deployed_at and n.deployed_at
                  and (b.deployed_at, b.id) > (before.deployed_at, before.id)
                  and (b.deployed_at, b.id) < (n.deployed_at, n.id))
        ), touched as materialized (
            select distinct a.group_id, n.version_id, n.target_id, n.package_id, n.id as deployment_id,
                   format('deployment %s', n.id) as began, null::jsonb as assessment
            from begun n
            join findings f on f.version_id = n.version_id and f.closed_at is null
            join advisories a on a.advisory_id = f.advisory_id
        )
        {NoteTouched}
        """;

    /// <summary>Whether anybody wants to be told of advisories that newly touch something.</summary>
    public static Task<bool> AreFindingsWantedAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken ct) =>
        connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "select exists (select from notification_rules where active and occasion = @occasion)",
            new { occasion = (short)NotificationOccasion.VulnerabilityFound }, transaction, cancellationToken: ct));

    /// <summary>Notes what findings of this transaction are to tell of what runs now.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="transaction">The transaction of the import.</param>
    /// <param name="opened">The findings that were not open before.</param>
    /// <param name="ct">Cancels.</param>
    public static Task AfterFindingsAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction,
        IReadOnlyCollection<(int VersionId, int AdvisoryId)> opened, CancellationToken ct) =>
        opened.Count == 0 ? Task.CompletedTask : connection.ExecuteAsync(new CommandDefinition(
            $"""
            with opened as materialized (
                select o.version_id, o.advisory_id, a.group_id
                from unnest(@versions, @advisories) as o (version_id, advisory_id)
                join advisories a on a.advisory_id = o.advisory_id
            ), touched as materialized (
                select distinct o.group_id, o.version_id, i.target_id, i.package_id, i.deployment_id,
                       format('found %s', extract(epoch from now())) as began, null::jsonb as assessment
                from opened o
                join running_installations i on i.version_id = o.version_id
                -- Another advisory of the same vulnerability has told it.
                where not exists (
                    select from advisories s
                    join findings f on f.advisory_id = s.advisory_id and f.version_id = o.version_id
                        and f.closed_at is null
                    where s.group_id = o.group_id
                      and not exists (
                        select from opened same
                        where same.version_id = f.version_id and same.advisory_id = f.advisory_id))
            )
            {NoteTouched}
            """,
            new
            {
                versions = opened.Select(pair => pair.VersionId).ToArray(),
                advisories = opened.Select(pair => pair.AdvisoryId).ToArray(),
                occasion = (short)NotificationOccasion.VulnerabilityFound,
                told = (short)NotificationOccasion.VulnerabilityFound,
            }, transaction, commandTimeout: TimeoutSeconds, cancellationToken: ct));

    /// <summary>Notes what runs again without an assessment, because it has run out.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="transaction">The transaction that notes the end of the assessments.</param>
    /// <param name="assessments">Those that are over.</param>
    /// <param name="ct">Cancels.</param>
    public static Task AfterExpiryAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, int[] assessments, CancellationToken ct) =>
        connection.ExecuteAsync(new CommandDefinition(
            $"""
            with touched as materialized (
                select distinct on (o.group_id, i.version_id, i.target_id)
                       o.group_id, i.version_id, i.target_id, i.package_id, i.deployment_id,
                       format('assessment %s', s.assessment_id) as began,
                       jsonb_build_object('state', s.state, 'reason', s.reason, 'by', s.assessed_by,
                                          'expiredAt', s.expires_at) as assessment
                from assessments s
                join advisories o on o.advisory_id = s.advisory_id
                join advisories a on a.group_id = o.group_id
                join findings f on f.advisory_id = a.advisory_id and f.closed_at is null
                join running_installations i on i.version_id = f.version_id
                    and (s.package_id is null or i.package_id = s.package_id)
                    and (s.target_id is null or i.target_id = s.target_id)
                where s.assessment_id = any (@assessments) and s.revoked_at is null
                  -- A newer one had taken its place.
                  and not exists (
                    select from assessments n
                    join advisories same on same.advisory_id = n.advisory_id
                    where same.group_id = o.group_id and n.assessment_id > s.assessment_id
                      and n.package_id is not distinct from s.package_id
                      and n.target_id is not distinct from s.target_id)
                order by o.group_id, i.version_id, i.target_id, s.expires_at desc, s.assessment_id desc
            )
            {NoteTouched}
            """,
            new
            {
                assessments,
                occasion = (short)NotificationOccasion.VulnerabilityFound,
                told = (short)NotificationOccasion.AssessmentExpired,
            }, transaction, commandTimeout: TimeoutSeconds, cancellationToken: ct));
}

/// <summary>Which occasions an active rule is for.</summary>
/// <param name="Found">An advisory newly touches a running version.</param>
/// <param name="Deployed">A version with a known advisory is deployed.</param>
/// <param name="Every">Every deployment.</param>
sealed record WantedEvents(bool Found, bool Deployed, bool Every);
