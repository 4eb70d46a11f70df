-- The package stands in every key of the tables that would be distributed by it (db/decisions/0029). It says nothing
-- new: an id, a digest and a version have one package. Behind the others, so that what is looked up by an id alone is.
-- Each table is locked while its indexes are made: about one second for a million records. Downloads go on: they only
-- need the inbox.
set local lock_timeout = '5s';

alter table deployments drop constraint deployments_pkey, add primary key (id, package_id);
drop index deployments_by_digest;
create unique index deployments_by_digest on deployments (digest, package_id) where digest is not null;

alter table removals drop constraint removals_pkey, add primary key (removal_id, package_id);
drop index removals_by_digest;
create unique index removals_by_digest on removals (digest, package_id) where digest is not null;

alter table observations drop constraint observations_pkey, add primary key (observation_id, package_id);
drop index observations_open;
create unique index observations_open on observations (scope_id, target_id, version_id, package_id)
    where gone_at is null;

alter table arrivals drop constraint arrivals_pkey,
    add primary key (target_group_id, version_id, feed_id, package_id);
