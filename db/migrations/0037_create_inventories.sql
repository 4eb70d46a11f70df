-- What is really installed: inventories that machines write, and what was seen in them (db/decisions/0020).

set local lock_timeout = '5s';

create table inventory_scopes (
    scope_id     int generated always as identity primary key,
    target_id    int not null references targets,
    name         text not null check (length(name) between 1 and 200),
    covers       text[] not null default '{}',
    seen_at      timestamptz,
    complete_at  timestamptz,
    content_hash bytea check (octet_length(content_hash) = 32),
    unique (target_id, name)
);

comment on table inventory_scopes is 'The part of a target that one inventory lists wholly: dpkg, choco, /srv/app.';
comment on column inventory_scopes.covers is 'Package URL types of which everything on the target is in the inventory: of these "missing" can be said of packages that were never seen there.';
comment on column inventory_scopes.seen_at is 'Of what time the newest upload is; null before the first.';
comment on column inventory_scopes.complete_at is 'Of what time the newest upload without an error is: until then everything open in observations was seen. Null before the first.';
comment on column inventory_scopes.content_hash is 'SHA-256 of the newest upload where that was complete; null where it was not.';

create table inventory_uploads (
    upload_id      bigint generated always as identity primary key,
    scope_id       int not null references inventory_scopes,
    at             timestamptz not null,
    received_at    timestamptz not null,
    recorder_id    int not null,
    client_address inet,
    format         text not null,
    content_hash   bytea not null check (octet_length(content_hash) = 32),
    bytes          bigint not null,
    packages       int not null,
    ignored        int not null,
    errors         int not null,
    is_complete    boolean not null,
    unique (scope_id, at)
);

comment on table inventory_uploads is 'Each inventory that was taken: who brought it, when, of what time, and what was in it.';
comment on column inventory_uploads.at is 'When the machine looked.';
comment on column inventory_uploads.bytes is 'Its size, unpacked.';
comment on column inventory_uploads.is_complete is 'Whether all of it could be read; else nothing is gone that it did not show.';

create table inventory_targets (
    target_id int not null references targets,
    scope_id  int not null references inventory_scopes,
    primary key (target_id, scope_id)
);

comment on table inventory_targets is 'Of which targets a scope tells: its own, or those that it names (the workloads of a cluster).';

create index inventory_targets_by_scope on inventory_targets (scope_id);

create table observations (
    observation_id  bigint generated always as identity primary key,
    scope_id        int not null,
    target_id       int not null,
    package_id      int not null,
    version_id      int not null,
    first_upload_id bigint not null,
    gone_upload_id  bigint,
    first_seen_at   timestamptz not null,
    last_seen_at    timestamptz,
    gone_at         timestamptz,
    check ((gone_at is null) = (gone_upload_id is null) and (gone_at is null) = (last_seen_at is null))
);

comment on table observations is 'That a version was seen on a target, from when to when: evidence beside the records, never one of them. Without foreign keys, as records are (db/decisions/0004, 0020).';
comment on column observations.last_seen_at is 'Null while it is there: it was last seen at complete_at of its scope, so that an unchanged inventory writes nothing here.';
comment on column observations.gone_at is 'Of what time the complete upload is that no longer showed it; null while it is there.';

create unique index observations_open on observations (scope_id, target_id, version_id) where gone_at is null;
create index observations_open_by_target on observations (target_id, package_id) include (version_id, scope_id)
    where gone_at is null;
create index observations_open_by_version on observations (version_id) where gone_at is null;
create index observations_open_by_package on observations (package_id) where gone_at is null;
create index observations_by_target on observations (target_id, package_id, first_seen_at);
create index observations_gone on observations (gone_at) where gone_at is not null;

comment on column deployments.road is 'How the record came in: 1 header, 2 api, 3 batch, 4 manual, 5 keyPolicy, 6 octopus, 7 cdevents, 8 inventory, 9 log.';
comment on table package_versions is 'Versions of packages that a record names or an inventory showed; one row per qualifier.';
