using Deployments.Data.Feeds;

namespace Deployments.Data.Inventory;

/// <summary>
/// Where what was recorded and what was seen differ (db/decisions/0020), worked out when it is asked for: each kind
/// from the side that has it, by the indexes of observations and installations.
/// </summary>
/// <remarks>
/// Parameters: <c>targetIds</c> (null: all), <c>packageIds</c> (null: all), <c>isAll</c> (packages that no record knows
/// too), <c>kind</c> (null: all), <c>quiet</c> (confirmed before: unconfirmed) and <c>visible</c>.
/// </remarks>
static class DriftSql
{
    /// <summary>Whether versions <c>a</c> and <c>b</c> are the same: an image is, too, by its digest.</summary>
    public const string Same =
        """
        (a.version_key = b.version_key
            or a.qualifier like 'digest=%'
                and a.qualifier in (b.qualifier, 'digest=' || replace(b.version_key, ':', '%3A'))
            or b.qualifier like 'digest=%' and b.qualifier = 'digest=' || replace(a.version_key, ':', '%3A'))
        """;

    // Of what is asked for, i; its package is o, too, for the condition on what was seen.
    const string Chosen =
        $"""
        (@targetIds::int[] is null or i.target_id = any (@targetIds))
              and (@packageIds::int[] is null or i.package_id = any (@packageIds))
              and {VisibleSql.Observation}
        """;

    // What runs by a record and was not seen so: few of many, found before versions are looked at more closely. Which
    // ones are asked for is said of both sides, so that both are read in one go rather than one for each of the other.
    const string Suspects =
        $"""
        select i.target_id, i.package_id, i.version_id, i.deployment_id, i.deployed_at
        from running_installations i
        cross join lateral (select i.package_id) o
        where i.target_id in (select told.target_id from inventory_targets told)
          and {Chosen} and {VisibleSql.Installation}
          and not exists (
            select from observations x
            where x.target_id = i.target_id and x.package_id = i.package_id and x.version_id = i.version_id
              and x.gone_at is null
              and (@targetIds::int[] is null or x.target_id = any (@targetIds))
              and (@packageIds::int[] is null or x.package_id = any (@packageIds)))
        """;

    const string Different =
        $"""
        select distinct on (i.target_id, i.package_id)
               i.target_id, i.package_id, 1::smallint as kind, i.deployment_id, i.version_id as recorded_id,
               o.observation_id, o.version_id as seen_id, o.first_seen_at as since, o.scope_id
        from suspects i
        join observations o on o.target_id = i.target_id and o.package_id = i.package_id and o.gone_at is null
        join inventory_scopes s on s.scope_id = o.scope_id and greatest(o.first_seen_at, s.complete_at) > i.deployed_at
        where (@kind::smallint is null or @kind in (1, 4)) and not exists (
            select from observations x
            join package_versions a on a.version_id = i.version_id
            join package_versions b on b.version_id = x.version_id and {Same}
            where x.target_id = i.target_id and x.package_id = i.package_id and x.gone_at is null)
        order by i.target_id, i.package_id, o.first_seen_at desc, o.observation_id
        """;

    const string Unrecorded =
        $"""
        select distinct on (i.target_id, i.package_id)
               i.target_id, i.package_id, 2::smallint, null::bigint, null::int, i.observation_id, i.version_id,
               i.first_seen_at, i.scope_id
        from observations i
        cross join lateral (select i.package_id) o
        join inventory_scopes s on s.scope_id = i.scope_id
        left join installations k on k.target_id = i.target_id and k.package_id = i.package_id
            and (@targetIds::int[] is null or k.target_id = any (@targetIds))
            and (@packageIds::int[] is null or k.package_id = any (@packageIds))
        where (@kind::smallint is null or @kind = 2) and i.gone_at is null and {Chosen}
          and (k.target_id is null or k.removed_at is not null)
          and (k.target_id is null or k.removed_at < greatest(i.first_seen_at, s.complete_at))
          and (@isAll or exists (select from feed_packages known where known.package_id = i.package_id))
          and (@visible::int[] is null or i.target_id in (
              select t.target_id from targets t
              where (@targetIds::int[] is null or t.target_id = any (@targetIds)) and {VisibleSql.Target}))
        order by i.target_id, i.package_id, i.first_seen_at desc, i.observation_id
        """;

    // Either the scope lists every package of the type, or it showed this one before.
    const string Missing =
        $"""
        select distinct on (i.target_id, i.package_id)
               i.target_id, i.package_id, 3::smallint, i.deployment_id, i.version_id, null::bigint, null::int,
               greatest(i.deployed_at, past.gone_at), s.scope_id
        from inventory_targets told
        join inventory_scopes s on s.scope_id = told.scope_id
        join suspects i on i.target_id = told.target_id and i.deployed_at < s.complete_at
        left join lateral (
            select x.gone_at
            from observations x
            where x.target_id = i.target_id and x.package_id = i.package_id and x.scope_id = s.scope_id
              and x.gone_at is not null
            order by x.gone_at desc
            limit 1
        ) past on true
        where (@kind::smallint is null or @kind in (3, 4)) and not exists (
            select from observations x
            where x.target_id = i.target_id and x.package_id = i.package_id and x.gone_at is null)
          and (past.gone_at is not null or exists (
            select from packages p where p.package_id = i.package_id and p.type = any (s.covers)))
        order by i.target_id, i.package_id, past.gone_at desc nulls last, s.complete_at desc
        """;

    // Confirmed once, or covered, and since then nobody looked.
    const string Unconfirmed =
        $"""
        select distinct on (i.target_id, i.package_id)
               i.target_id, i.package_id, 4::smallint, i.deployment_id, i.version_id, null::bigint, null::int,
               greatest(i.deployed_at, s.complete_at), s.scope_id
        from inventory_targets told
        join inventory_scopes s on s.scope_id = told.scope_id
        join running_installations i on i.target_id = told.target_id
        cross join lateral (select i.package_id) o
        left join lateral (
            select max(greatest(o.first_seen_at, os.complete_at)) as confirmed_at,
                   bool_or(o.scope_id = s.scope_id) as is_here
            from observations o
            join inventory_scopes os on os.scope_id = o.scope_id
            where o.target_id = i.target_id and o.package_id = i.package_id and o.gone_at is null
        ) seen on true
        where (@kind::smallint is null or @kind = 4)
          and {Chosen} and {VisibleSql.Installation} and i.deployed_at < @quiet
          and (s.complete_at is null or s.complete_at < @quiet)
          and (seen.confirmed_at is null or seen.confirmed_at < @quiet)
          and (seen.is_here
              or seen.confirmed_at is null and (s.complete_at is null or s.complete_at <= i.deployed_at) and exists (
                  select from packages p where p.package_id = i.package_id and p.type = any (s.covers)))
        order by i.target_id, i.package_id, s.complete_at desc nulls last
        """;

    /// <summary>
    /// Every drift: target_id, package_id, kind, deployment_id, recorded_id, observation_id, seen_id, since, scope_id.
    /// Where a package differs or is missing, that nobody confirmed it says nothing more.
    /// </summary>
    public const string All =
        $"""
        suspects as materialized (
            {Suspects}
        ),
        found as materialized (
            ({Different})
            union all
            ({Unrecorded})
            union all
            ({Missing})
            union all
            ({Unconfirmed})
        ),
        drift as (
            select distinct on (target_id, package_id) * from found order by target_id, package_id, kind
        )
        """;
}
