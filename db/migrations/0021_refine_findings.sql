-- Of the advisories that are one vulnerability, the one that is shown is chosen when they are imported.

alter table advisories add column is_lead boolean not null default false;

comment on column advisories.is_lead is 'Whether its group is shown by this one: one that stands, before one that was withdrawn; the worst.';

update advisories a
set is_lead = true
from (
    select distinct on (group_id) advisory_id
    from advisories
    order by group_id, withdrawn_at is null desc, severity desc, osv_id like 'GHSA-%' desc, osv_id
) l
where a.advisory_id = l.advisory_id;

create unique index advisories_by_lead on advisories (group_id) where is_lead;

-- When advisories of one vulnerability name different fixes, the one that satisfies them all is told.

alter table findings add column fixed_key bytea;

comment on column findings.fixed_key is 'The sort key of the version in fixed.';

update findings f
set fixed_key = (
    select r.high_key
    from advisory_packages p
    join advisory_ranges r on r.advisory_package_id = p.advisory_package_id
    where p.advisory_id = f.advisory_id and r.fixed = f.fixed and r.high_key is not null
    order by r.high_key
    limit 1)
where f.fixed is not null;
