-- Feeds and the connectors they draw from. A feed that has recorded something is never removed from this table:
-- it is marked deleted, so that its records keep saying where they came through.

create table feeds (
    feed_id                    int generated always as identity primary key,
    name                       text not null check (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$'),
    feed_type                  text not null,
    alternate_names            text[] not null default '{}',
    description                text not null default '',
    active                     boolean not null default true,
    anonymous_access           boolean not null default true,
    deployment_records_enabled boolean not null default true,
    properties                 jsonb not null default '{}',
    created_at                 timestamptz not null default now(),
    deleted_at                 timestamptz
);

comment on table feeds is 'What package clients connect to: /{root}/{name}/...';
comment on column feeds.feed_type is 'Key of an IFeedType; checked by the program, so that a new type needs no migration.';
comment on column feeds.anonymous_access is 'Whether a client without credentials may download and record.';
comment on column feeds.properties is 'Further ProGet feed properties, kept as given so that management tools read back what they wrote.';

create unique index feeds_by_name on feeds (lower(name)) where deleted_at is null;

create table connectors (
    connector_id       int generated always as identity primary key,
    name               text not null check (length(name) between 1 and 100),
    feed_type          text not null,
    url                text not null,
    timeout_seconds    int not null default 100 check (timeout_seconds between 1 and 3600),
    username           text,
    password_encrypted text,
    properties         jsonb not null default '{}',
    created_at         timestamptz not null default now()
);

comment on table connectors is 'Upstream feeds.';
comment on column connectors.password_encrypted is 'Upstream password, encrypted with the Data Protection keys.';

create unique index connectors_by_name on connectors (lower(name));

create table feed_connectors (
    feed_id      int not null references feeds on delete cascade,
    connector_id int not null references connectors on delete cascade,
    position     int not null,
    primary key (feed_id, connector_id)
);

comment on table feed_connectors is 'Which connectors a feed asks, in order of position.';

create index feed_connectors_by_connector on feed_connectors (connector_id);

-- Every web node keeps the feeds in memory and reloads them when told.
create function notify_feeds_changed() returns trigger language plpgsql as $$
begin
    notify feeds_changed;
    return null;
end $$;

create trigger feeds_changed after insert or update or delete on feeds
    for each statement execute function notify_feeds_changed();
create trigger feeds_changed after insert or update or delete on connectors
    for each statement execute function notify_feeds_changed();
create trigger feeds_changed after insert or update or delete on feed_connectors
    for each statement execute function notify_feeds_changed();
