-- Deployment records: dictionaries with small keys, one narrow table of records, and what is installed now.
-- Names are unique on their normalised key; the spelling first seen is the one displayed.

create table packages (
    package_id int generated always as identity primary key,
    type       text not null,
    group_key  text not null,
    name_key   text not null,
    group_name text not null,
    name       text not null,
    unique (name_key, type, group_key)
);

comment on table packages is 'Packages across feeds, identified as by a package URL.';
comment on column packages.type is 'Package URL type: nuget, npm, maven, upack ...';
comment on column packages.group_name is 'npm scope, Maven groupId, universal group; empty when there is none.';

create table package_versions (
    version_id    int generated always as identity primary key,
    package_id    int not null references packages,
    version_key   text not null,
    qualifier     text not null,
    version       text not null,
    sort_key      bytea,
    first_seen_at timestamptz not null default now(),
    unique (package_id, version_key, qualifier)
);

comment on table package_versions is 'Versions of packages that a record names; one row per qualifier.';
comment on column package_versions.qualifier is 'key=value pairs sorted by key, joined by &; empty when the version has one file.';
comment on column package_versions.sort_key is 'Bytewise order of these keys is the version order of the ecosystem; null when the version is not one of it.';

create index package_versions_by_order on package_versions (package_id, sort_key);

create table targets (
    target_id int generated always as identity primary key,
    name_key  text not null unique,
    name      text not null
);

comment on table targets is 'Where packages are installed, typically servers.';

create table applications (
    application_id int generated always as identity primary key,
    name_key       text not null unique,
    name           text not null
);

comment on table applications is 'Applications or tools that deploy.';

create table users (
    user_id  int generated always as identity primary key,
    name_key text not null unique,
    name     text not null
);

comment on table users is 'People named in records as having deployed. Not accounts: a name here is what a client said.';

create table recorders (
    recorder_id int generated always as identity primary key,
    name_key    text not null unique,
    name        text not null
);

comment on table recorders is 'Who wrote records down, as authenticated: an account, an API key, or Anonymous.';

create table texts (
    text_id  int generated always as identity primary key,
    name_key uuid not null unique,
    name     text not null
);

comment on table texts is 'Descriptions, URLs and user agents: stored once, since one release repeats them for each server and package.';
comment on column texts.name_key is 'The first 16 bytes of the SHA-256 of the text.';

-- Ids are handed out in blocks, before a record is written, so that a download can be answered with the id of its record.
create sequence deployment_ids increment by 1000;

create table deployments (
    id              bigint primary key,
    deployed_at     timestamptz not null,
    recorded_at     timestamptz not null,
    package_id      int not null,
    version_id      int not null,
    target_id       int not null,
    application_id  int not null,
    user_id         int not null,
    recorder_id     int not null,
    description_id  int not null,
    url_id          int,
    user_agent_id   int,
    feed_id         int not null,
    road            smallint not null,
    client_address  inet,
    digest          uuid,
    raw_headers     text
);

comment on table deployments is 'One row per deployment record. Rows are never changed. Its keys into the dictionaries are resolved in the inserting transaction and dictionary rows are never removed, so no foreign keys check each of them again (db/decisions/0004).';
comment on column deployments.road is 'How the record came in: 1 header, 2 api, 3 batch, 4 manual, 5 keyPolicy.';
comment on column deployments.digest is 'Hash of every field, only where the date was given explicitly: such a record is accepted once.';
comment on column deployments.raw_headers is 'The deployment headers as received, only where they were not literally the fields of this record.';

create index deployments_by_date on deployments (deployed_at, id);
create index deployments_by_version on deployments (version_id, deployed_at);
create index deployments_by_package on deployments (package_id, deployed_at);
create index deployments_by_target on deployments (target_id, package_id, deployed_at);
create index deployments_by_target_date on deployments (target_id, deployed_at);
create unique index deployments_by_digest on deployments (digest) where digest is not null;

create table duplicate_records (
    id            bigint primary key,
    deployment_id bigint not null,
    received_at   timestamptz not null
);

comment on table duplicate_records is 'Ids that were given to a repeated request, and the record it repeats.';

create table installations (
    target_id     int not null,
    package_id    int not null,
    version_id    int not null,
    deployment_id bigint not null,
    deployed_at   timestamptz not null,
    primary key (target_id, package_id)
);

comment on table installations is 'The newest record per target and package: what runs where now. A late, older record never moves it back.';

-- Also answers which targets have any version of a package: by way of its versions.
create index installations_by_version on installations (version_id);
