-- Octopus Deploy: whom to ask, how far that went, and what could not be recorded yet (db/decisions/0019).

create table octopus_connections (
    connection_id     int generated always as identity primary key,
    name              text not null check (length(name) between 1 and 100),
    url               text not null check (length(url) between 1 and 2000),
    api_key_encrypted text not null,
    secret_encrypted  text not null,
    own_host          text not null,
    spaces            text[] not null,
    environments      text[] not null,
    from_at           timestamptz not null,
    is_paused         boolean not null default false,
    polled_at         timestamptz,
    not_before        timestamptz,
    requests_until    timestamptz not null default 'epoch',
    failing_since     timestamptz,
    problem           text not null default '',
    created_at        timestamptz not null default now()
);

comment on table octopus_connections is 'Octopus servers whose deployments become records.';
comment on column octopus_connections.secret_encrypted is 'What a subscription of that server sends in a header, so that we believe it.';
comment on column octopus_connections.own_host is 'Host and port under which this server was reached when the connection was made: feeds of Octopus that lead there are ours.';
comment on column octopus_connections.spaces is 'Names or ids; empty: all that the key sees.';
comment on column octopus_connections.environments is 'Names of those that count; empty: all.';
comment on column octopus_connections.polled_at is 'When every space was listed to its end; null: never, or it was asked for again.';
comment on column octopus_connections.not_before is 'Until then the server wants to be left alone; null: it does not.';
comment on column octopus_connections.requests_until is 'The time by which the requests made so far are paid for at the steady rate: the pace, of all nodes together.';
comment on column octopus_connections.failing_since is 'When it began to fail; null while it works.';

create unique index octopus_connections_by_name on octopus_connections (lower(name));

create table octopus_spaces (
    connection_id    int not null references octopus_connections on delete cascade,
    space_id         text not null,
    name             text not null,
    completed_until  timestamptz not null,
    listing_began_at timestamptz,
    listing_newest   timestamptz,
    listing_skip     int not null default 0,
    listing_total    int not null default 0,
    primary key (connection_id, space_id)
);

comment on table octopus_spaces is 'How far the tasks of a space were listed; a listing goes on where it was left.';
comment on column octopus_spaces.completed_until is 'Tasks completed before are known.';

create table octopus_deployments (
    connection_id int not null references octopus_connections on delete cascade,
    deployment_id text not null,
    space_id      text not null,
    is_pushed     boolean not null,
    found_at      timestamptz not null default now(),
    next_at       timestamptz not null,
    attempts      int not null default 0,
    done_at       timestamptz,
    records       int not null default 0,
    set_aside     int not null default 0,
    note          text not null default '',
    primary key (connection_id, deployment_id)
);

comment on table octopus_deployments is 'Every deployment that Octopus told of, by push or poll, once: those to be looked into, and those that are done.';
comment on column octopus_deployments.next_at is 'When it is looked into (again).';

create index octopus_deployments_waiting on octopus_deployments (connection_id, is_pushed desc, next_at)
    where done_at is null;

create table octopus_feeds (
    connection_id   int not null references octopus_connections on delete cascade,
    octopus_feed_id text not null,
    name            text not null,
    feed_type       text not null,
    feed_uri        text not null,
    feed_id         int references feeds,
    is_chosen       boolean not null default false,
    primary key (connection_id, octopus_feed_id)
);

comment on table octopus_feeds is 'Feeds of Octopus and which of ours they are.';
comment on column octopus_feeds.feed_id is 'Ours; null: an administrator must say.';
comment on column octopus_feeds.is_chosen is 'Whether an administrator said so.';

create table octopus_packages (
    connection_id int not null references octopus_connections on delete cascade,
    project_id    text not null,
    action        text not null,
    reference     text not null,
    feed_id       int not null references feeds,
    package       text not null,
    primary key (connection_id, project_id, action, reference)
);

comment on table octopus_packages is 'Which package a step deploys where Octopus takes it from a variable, as an administrator said.';

create index octopus_feeds_by_feed on octopus_feeds (feed_id);
create index octopus_packages_by_feed on octopus_packages (feed_id);

create table octopus_set_aside (
    set_aside_id    bigint generated always as identity primary key,
    connection_id   int not null references octopus_connections on delete cascade,
    deployment_id   text not null,
    project_id      text not null,
    action          text not null,
    reference       text not null,
    octopus_feed_id text not null,
    package         text not null,
    version         text not null,
    targets         text[] not null,
    application     text not null,
    description     text not null,
    url             text,
    user_name       text not null,
    deployed_at     timestamptz not null,
    reason          text not null,
    received_at     timestamptz not null
);

comment on table octopus_set_aside is 'Packages of deployments that could not be recorded, with all that the record will say: a mapping replays them without asking Octopus again.';

create index octopus_set_aside_by_connection on octopus_set_aside (connection_id, set_aside_id);
