-- What administrators look at to see that the program does its work: nodes, runs of background jobs, retention rules.

set local lock_timeout = '5s';

create table nodes (
    node_id         uuid primary key,
    name            text not null,
    process_id      int not null,
    version         text not null,
    started_at      timestamptz not null,
    seen_at         timestamptz not null,
    stopped_at      timestamptz,
    journal_bytes   bigint not null,
    refused_bytes   bigint not null,
    disk_free_bytes bigint,
    disk_bytes      bigint
);

comment on table nodes is 'Web nodes: one row per start of the program, renewed twice a minute while it runs.';
comment on column nodes.name is 'Name of the machine.';
comment on column nodes.stopped_at is 'When it ended in good order; null while it runs, or when it was killed.';
comment on column nodes.journal_bytes is 'What waits in the node''s journal for the database.';
comment on column nodes.refused_bytes is 'Journaled entries that the database refused, kept for a person.';
comment on column nodes.disk_free_bytes is 'Free space where the data directory is; null where it cannot be told.';

create table job_runs (
    job_run_id bigint generated always as identity primary key,
    job        text not null,
    node_id    uuid not null,
    node       text not null,
    started_at timestamptz not null,
    ended_at   timestamptz,
    outcome    text check (outcome in ('ok', 'failed', 'stopped')),
    runs       int not null default 1 check (runs > 0),
    items      bigint not null default 0,
    took_ms    bigint not null default 0,
    message    text check (length(message) <= 2000),
    check ((ended_at is null) = (outcome is null))
);

comment on table job_runs is 'Runs of background jobs. Of a job that runs all day one row stands for a minute of runs that did something.';
comment on column job_runs.node_id is 'The node it ran on: nodes.node_id, whose row may be forgotten before this one.';
comment on column job_runs.ended_at is 'Null: it runs, or its node was killed.';
comment on column job_runs.runs is 'How many runs this row stands for.';
comment on column job_runs.items is 'How many things were worked on: records, rows.';
comment on column job_runs.took_ms is 'Time spent in the runs, together.';

create index job_runs_by_job on job_runs (job, job_run_id);

create table retention_rules (
    retention_rule_id int generated always as identity primary key,
    keep_months       int not null check (keep_months between 1 and 1200),
    feed_id           int references feeds,
    target_pattern    text check (length(target_pattern) between 1 and 200),
    active            boolean not null default false,
    revision          int not null default 1,
    last_run_at       timestamptz,
    last_removed      bigint,
    pending_records   bigint not null default 0,
    pending_repeats   bigint not null default 0,
    pending_rejected  bigint not null default 0,
    pending_oldest_at timestamptz,
    pending_newest_at timestamptz
);

comment on table retention_rules is 'Which deployment records are old enough to be removed. A record goes when any active rule says so, unless it is the newest of its target and package.';
comment on column retention_rules.feed_id is 'Only records that came through this feed; null: through any.';
comment on column retention_rules.target_pattern is 'Only records of targets whose name matches, * standing for any text; null: of any.';
comment on column retention_rules.active is 'False for a new or changed rule, until somebody has looked at what it would remove.';
comment on column retention_rules.revision is 'Grows with every change, so that nobody switches on another rule than the one looked at.';
comment on column retention_rules.last_removed is 'How many deployment records the last run removed.';
comment on column retention_rules.pending_records is 'Removed, and not yet in the audit log: written with each batch, so that a killed run is audited by the next one.';

-- Repeated records go with the record they repeat. A second or two at a million rows; the table is small beside
-- deployments.
create index duplicate_records_by_record on duplicate_records (deployment_id);
