-- A package no longer runs on a target: a fact of its own, beside the deployments (db/decisions/0018).

set local lock_timeout = '5s';

create table removals (
    removal_id     bigint generated always as identity primary key,
    removed_at     timestamptz not null,
    recorded_at    timestamptz not null,
    package_id     int not null,
    target_id      int not null,
    application_id int not null,
    user_id        int not null,
    recorder_id    int not null,
    description_id int not null,
    url_id         int,
    feed_id        int not null,
    road           smallint not null,
    client_address inet,
    digest         uuid
);

comment on table removals is 'That a package no longer ran on a target, since when, and who said so. Like records: never changed, without foreign keys (db/decisions/0004, 0018).';
comment on column removals.feed_id is 'Through which feed the package had been deployed there, as whoever told it named it: decides who sees this.';
comment on column removals.digest is 'Hash of every field, only where the date was given explicitly: such a removal is accepted once.';

create unique index removals_by_digest on removals (digest) where digest is not null;
create index removals_by_package on removals (package_id, removed_at);
create index removals_by_target on removals (target_id, package_id, removed_at);

alter table installations
    add removal_id bigint,
    add removed_at timestamptz,
    add constraint installations_check check ((removal_id is null) = (removed_at is null)) not valid;

comment on table installations is 'The newest record per target and package, which a late, older record never moves back, and whether the package was removed since.';
comment on column installations.removal_id is 'The first removal that is not older than the record; null while the package runs there.';
comment on column installations.removed_at is 'When that was.';

-- What asks "who runs it now" asks by package or version, and never for what was removed. Two seconds each for five
-- million rows.
create index installations_running_by_package on installations (package_id) where removed_at is null;
create index installations_running_by_version on installations (version_id) where removed_at is null;
drop index installations_by_package, installations_by_version;

create view running_installations as
    select target_id, package_id, version_id, deployment_id, deployed_at
    from installations
    where removed_at is null;

comment on view running_installations is 'What runs where now: installations without those that were removed.';
