-- The durable queue between a download and its record, and what was refused.

create table deployment_inbox (
    id             bigint primary key,
    received_at    timestamptz not null,
    feed_id        int not null,
    group_name     text not null,
    name           text not null,
    version        text not null,
    qualifier      text not null,
    application    text not null,
    description    text not null,
    target         text not null,
    url            text,
    user_name      text not null,
    deployed_at    timestamptz,
    recorder       text not null,
    client_address text,
    user_agent     text,
    road           smallint not null,
    raw_path       text not null,
    raw_headers    text,
    reason         text
);

comment on table deployment_inbox is 'Tagged downloads, written before the first byte of the package is sent; emptied by the drain job.';
comment on column deployment_inbox.deployed_at is 'The date the client gave; null means the time of the request.';
comment on column deployment_inbox.raw_headers is 'The deployment headers as received, one per line, where they are not literally the fields.';
comment on column deployment_inbox.reason is 'Why the record was refused; null for an accepted one.';

create function notify_deployment_inbox() returns trigger language plpgsql as $$
begin
    notify deployment_inbox;
    return null;
end $$;

create trigger deployment_inbox_filled after insert on deployment_inbox
    for each statement execute function notify_deployment_inbox();

create table rejected_records (
    id             bigint primary key,
    received_at    timestamptz not null,
    feed_id        int not null references feeds,
    group_name     text not null,
    name           text not null,
    version        text not null,
    qualifier      text not null,
    recorder       text not null,
    client_address text,
    user_agent     text,
    road           smallint not null,
    raw_path       text not null,
    raw_headers    text not null,
    reason         text not null,
    resolved_at    timestamptz,
    resolved_by    text,
    resolution     text check (resolution in ('replayed', 'dismissed'))
);

comment on table rejected_records is 'Tagged downloads whose record could not be accepted, for an administrator to mend and replay.';
comment on column rejected_records.raw_headers is 'The deployment headers as received, one per line.';

create index rejected_records_open on rejected_records (received_at, id) where resolved_at is null;
