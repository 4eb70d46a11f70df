-- Each list of records is walked along an index of what is asked for, newest first (db/decisions/0005). Indexes by the
-- hour hold many records under one entry, a fifth of the size of those by the exact time; the records of an hour are
-- sorted when they are read.

create extension if not exists pg_trgm;

alter table deployments add deployed_hour integer not null
    generated always as (floor(extract(epoch from (deployed_at at time zone 'UTC')) / 3600)::integer) stored;
comment on column deployments.deployed_hour is 'Hours since 1970 of deployed_at, for the indexes.';

drop index deployments_by_version;
drop index deployments_by_package;
drop index deployments_by_target_date;
create index deployments_by_version on deployments (version_id, deployed_hour);
create index deployments_by_package on deployments (package_id, deployed_hour);
create index deployments_by_target_hour on deployments (target_id, deployed_hour);
create index deployments_by_application on deployments (application_id, deployed_hour);
create index deployments_by_user on deployments (user_id, deployed_hour);
create index deployments_by_feed on deployments (feed_id, deployed_hour);
create index deployments_by_description on deployments (description_id);

create index texts_by_part on texts using gin (name gin_trgm_ops);

-- Where a package runs now.
create index installations_by_package on installations (package_id);

-- A version looked for without its package.
create index package_versions_by_key on package_versions (version_key);
create index package_versions_by_version on package_versions (version);

create table feed_packages (
    feed_id integer not null,
    package_id integer not null,
    primary key (feed_id, package_id)
);
comment on table feed_packages is
    'Which packages were deployed through which feed. Written with the records and, like them, without foreign keys.';
create index feed_packages_by_package on feed_packages (package_id);

insert into feed_packages select distinct feed_id, package_id from deployments;
