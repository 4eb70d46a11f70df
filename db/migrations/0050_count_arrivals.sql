-- When each version came to each group of targets, for the figures of /figures: worked out by a job, since all records
-- of a package have to be read for it. See db/decisions/0023.

set local lock_timeout = '5s';

create table counted_packages (
    package_id int primary key references packages,
    counted_at timestamptz not null
);

comment on table counted_packages is 'The packages whose arrivals are worked out, and when each was last; -infinity: not since the groups changed, or never.';

create index counted_packages_by_time on counted_packages (counted_at);

create table arrivals (
    target_group_id int not null,
    version_id      int not null,
    feed_id         int not null,
    package_id      int not null references packages,
    application_id  int not null,
    arrived_at      timestamptz not null,
    deployment_id   bigint not null,
    restored_at     timestamptz,
    groups_come     int[] not null,
    times_come      timestamptz[] not null,
    is_shared       boolean not null,
    primary key (target_group_id, version_id, feed_id)
);

comment on table arrivals is 'The first record of each version in each group of targets, by feed, of the records that there were when its package was counted (db/decisions/0023). Like records it refers to dictionaries without foreign keys.';
comment on column arrivals.target_group_id is 'The group that the targets were in when the package was counted; 0: in none.';
comment on column arrivals.version_id is 'Of the rows of package_versions that differ in their qualifier only, the one with the least id.';
comment on column arrivals.application_id is 'What made the first record.';
comment on column arrivals.restored_at is 'The last record, within seven days of the first, that put an older version in its place on one of the targets; null: none did.';
comment on column arrivals.groups_come is 'All groups that the version came to through this feed, so that the way from one to another needs no look at further rows.';
comment on column arrivals.times_come is 'When it came to each of them.';
comment on column arrivals.is_shared is 'Whether the version came through other feeds as well, to any group; then those have to be looked at.';

create index arrivals_by_time on arrivals (target_group_id, arrived_at, deployment_id);
create index arrivals_by_package on arrivals (package_id);

-- One row of two columns for each package: a second for a million of them.
insert into counted_packages (package_id, counted_at) select package_id, '-infinity' from packages;
