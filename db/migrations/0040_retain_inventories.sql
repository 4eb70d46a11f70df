-- Retention rules for what inventories showed, beside those for records.

set local lock_timeout = '5s';

alter table retention_rules
    add subject smallint not null default 1 check (subject between 1 and 2),
    add pending_observations bigint not null default 0,
    add pending_uploads bigint not null default 0,
    add constraint retention_rules_feed_check check (subject = 1 or feed_id is null);

comment on table retention_rules is 'Which deployment records, or which observations and inventories, are old enough to be removed. Something goes when any active rule says so, unless it is the newest of its target and package, or of its scope.';
comment on column retention_rules.subject is '1 deployment records, 2 inventories: observations that ended, and uploads.';
comment on column retention_rules.last_removed is 'How many deployment records, or observations, the last run removed.';
