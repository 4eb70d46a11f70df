-- New differences between records and what was seen are told of, and those that are gone (db/decisions/0020, 0010).

set local lock_timeout = '5s';

create table told_drift (
    target_id   int not null references targets,
    package_id  int not null references packages,
    kind        smallint not null check (kind between 1 and 3),
    recorded_id int references package_versions,
    seen_id     int references package_versions,
    primary key (target_id, package_id)
);

comment on table told_drift is 'The differences that were there after the newest inventory of a target while anybody wanted to be told: what the next one is compared with. Not what drift is, which is worked out when it is asked for.';
comment on column told_drift.kind is '1 different version, 2 unrecorded, 3 missing.';

create index told_drift_by_package on told_drift (package_id);
create index told_drift_by_recorded on told_drift (recorded_id);
create index told_drift_by_seen on told_drift (seen_id);

alter table notification_rules
    drop constraint notification_rules_occasion_check,
    add constraint notification_rules_occasion_check check (occasion between 1 and 3 or occasion between 5 and 6);

alter table notification_outbox
    drop constraint notification_outbox_occasion_check,
    add constraint notification_outbox_occasion_check check (occasion between 0 and 6);

comment on column notification_rules.occasion is '1 an advisory newly touches a running version, 2 a version with a known advisory is deployed, 3 every deployment, 5 an inventory shows new drift, 6 drift is gone.';
