-- Which distributions a feed serves, by which packages' names advisories of a distribution go, and what they therefore
-- find. See db/decisions/0017.

alter table feeds add column distributions text[] not null default '{}';
alter table feeds add column matched_distributions text[] default '{}';

comment on column feeds.distributions is 'As OSV names them (Debian:12); several when it cannot be told which of them a package is of; {none}: of none; empty: not known.';
comment on column feeds.matched_distributions is 'The distributions by which its versions were matched with advisories; null: by none yet.';

update feeds set matched_distributions = null where feed_type in ('debian', 'rpm', 'apk');

alter table package_versions add column releases text[];
alter table package_versions add column source_key text;
alter table package_versions add column source_version text;
alter table package_versions add column source_sort_key bytea;

comment on column package_versions.releases is 'The distributions that the feeds it came through serve: it is of one of them. Null: not known, or its type has none.';
comment on column package_versions.source_key is 'The source package it was built from (of libssl3, openssl); null: not known, or of the same name and version.';
comment on column package_versions.source_version is 'The version of the source package.';

create index package_versions_by_source on package_versions (source_key) where source_key is not null;

create table version_feeds (
    version_id int not null references package_versions on delete cascade,
    feed_id    int not null references feeds,
    primary key (version_id, feed_id)
);

comment on table version_feeds is 'Through which feeds a version came, where its type is one that distributions have.';

create index version_feeds_by_feed on version_feeds (feed_id, version_id);

insert into version_feeds (version_id, feed_id)
select distinct d.version_id, d.feed_id
from packages k
join package_versions v on v.package_id = k.package_id
join deployments d on d.version_id = v.version_id
where k.type in ('deb', 'rpm', 'apk');

alter table deployment_inbox add column source text;

comment on column deployment_inbox.source is 'The source package, as Debian writes it: openssl (3.0.11-1); null: not known, or the package itself.';

-- Distributions are told apart by their names, not by a group that packages do not have. The advisories of those that
-- an earlier release did not know are read when they come again.

alter table advisory_packages add column names_source boolean not null default false;

comment on column advisory_packages.names_source is 'Whether the distribution names source packages.';

update advisory_packages
set group_key = '', names_source = split_part(ecosystem, ':', 1) in ('Debian', 'Ubuntu', 'Alpine', 'Rocky Linux')
where type in ('deb', 'rpm', 'apk');

update advisory_sources set etag = null, content_hash = null;
