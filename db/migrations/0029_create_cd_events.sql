-- CDEvents that were taken, so that each is taken once, and so that the removal of a service, which names no package,
-- finds what the service had deployed.

set local lock_timeout = '5s';

create table cd_events (
    event_key     uuid primary key,
    source        text not null check (length(source) between 1 and 2000),
    event_id      text not null check (length(event_id) between 1 and 2000),
    type          text not null,
    subject_key   uuid not null,
    received_at   timestamptz not null,
    outcome       smallint not null check (outcome between 1 and 3),
    deployment_id bigint,
    removal_id    bigint
);

comment on table cd_events is 'CDEvents that became a record, a removal or a rejected record. Of others nothing is kept: they may come again.';
comment on column cd_events.event_key is 'Hash of source and id, which together are unique.';
comment on column cd_events.subject_key is 'Hash of the source and the id of the service that the event is about.';
comment on column cd_events.outcome is '1 recorded, 2 removed, 3 set aside among the rejected records.';
comment on column cd_events.deployment_id is 'The record, or the rejected record, which keeps its id when it is replayed.';
comment on column cd_events.removal_id is 'The removal; of several the first.';

create index cd_events_by_subject on cd_events (subject_key);
