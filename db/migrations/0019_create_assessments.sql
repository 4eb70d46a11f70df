-- What people decided about vulnerabilities: that one does not concern them, or not now.

set local lock_timeout = '5s';

create table assessments (
    assessment_id int generated always as identity primary key,
    advisory_id   int not null references advisories,
    package_id    int references packages,
    target_id     int references targets,
    state         smallint not null check (state between 1 and 3),
    justification text check (justification is null or state = 1 and justification in (
        'component_not_present', 'vulnerable_code_not_present', 'vulnerable_code_not_in_execute_path',
        'vulnerable_code_cannot_be_controlled_by_adversary', 'inline_mitigations_already_exist')),
    reason        text not null check (length(reason) between 1 and 2000),
    assessed_by   text not null,
    assessed_at   timestamptz not null,
    expires_at    timestamptz check (expires_at > assessed_at),
    revoked_by    text,
    revoked_at    timestamptz check ((revoked_at is null) = (revoked_by is null)),
    check (state <> 2 or expires_at is not null)
);

comment on table assessments is 'What people decided about vulnerabilities, for everything or for a package, a target or both. A changed mind is a new row; of each scope the newest one counts (assessments_in_force). Rows are only revoked, never changed otherwise.';
comment on column assessments.advisory_id is 'The advisory that was looked at; the assessment holds for all that are the same vulnerability (advisories.group_id).';
comment on column assessments.package_id is 'Null: for every package.';
comment on column assessments.target_id is 'Null: for every target.';
comment on column assessments.state is '1 not affected, 2 accepted, 3 fixed by other means.';
comment on column assessments.justification is 'Why it is not affected, in OpenVEX''s words; null where only the reason is known.';
comment on column assessments.expires_at is 'From then on it is as if nobody had decided; null: never.';
comment on column assessments.revoked_at is 'From then on it is as if nobody had decided; null: it was not taken back.';

create index assessments_by_advisory on assessments (advisory_id);
create index assessments_by_package on assessments (package_id);
create index assessments_by_target on assessments (target_id);

-- One statement without parameters of its own, so that the planner sees through it and a condition on group_id reaches
-- the index.
create function assessments_in_force(at timestamptz)
returns table (
    group_id int, package_id int, target_id int, assessment_id int, state smallint, justification text, reason text,
    assessed_by text, assessed_at timestamptz, expires_at timestamptz)
language sql stable as $$
    select n.group_id, n.package_id, n.target_id, n.assessment_id, n.state, n.justification, n.reason,
           n.assessed_by, n.assessed_at, n.expires_at
    from (
        select distinct on (a.group_id, s.package_id, s.target_id) a.group_id, s.*
        from advisories a
        join assessments s on s.advisory_id = a.advisory_id
        where s.assessed_at <= at
        order by a.group_id, s.package_id, s.target_id, s.assessment_id desc
    ) n
    where (n.revoked_at is null or n.revoked_at > at) and (n.expires_at is null or n.expires_at > at)
$$;

comment on function assessments_in_force(timestamptz) is 'The assessments that count at a time, by vulnerability. What runs on a target is open when none of its group has package_id null or its own and target_id null or its own; of several the one that names most says which.';
