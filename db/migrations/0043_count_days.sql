-- How much was deployed on each day: counted by a job, since a year of records takes seconds to read.

create table counted_days (
    day        int primary key,
    counted_at timestamptz not null
);

comment on table counted_days is 'The days that deployment_days has, and when each was counted last.';
comment on column counted_days.day is 'Days since 1970, UTC.';

create table deployment_days (
    day             int not null references counted_days on delete cascade,
    feed_id         int not null references feeds,
    target_group_id int not null,
    deployments     int not null,
    rollbacks       int not null,
    primary key (day, feed_id, target_group_id)
);

comment on table deployment_days is 'Deployments of a day, by feed and group of targets, as they were when the day was counted.';
comment on column deployment_days.target_group_id is 'The group that the targets were in when the day was counted; 0: in none.';
comment on column deployment_days.rollbacks is 'Those that brought an older version than the record before, of the same feed, on the same target.';

create index deployment_days_by_feed on deployment_days (feed_id);
