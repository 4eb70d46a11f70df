-- Who may do what (accounts, API keys), what administrators changed (audit events), and the keys that protect cookies
-- and connector passwords on every web node.

create table accounts (
    account_id      int generated always as identity primary key,
    name            text not null check (length(name) between 1 and 100),
    password_hash   text not null,
    role            text not null check (role in ('viewer', 'publisher', 'administrator')),
    active          boolean not null default true,
    security_stamp  uuid not null default gen_random_uuid(),
    created_at      timestamptz not null default now(),
    last_sign_in_at timestamptz
);

comment on table accounts is 'People who sign in with a name and a password. Never removed, only made inactive: the audit log names them.';
comment on column accounts.password_hash is 'Salted and stretched, in the format of ASP.NET Core''s PasswordHasher.';
comment on column accounts.security_stamp is 'Changed with the password, the role and the active mark: cookies issued before no longer count.';

create unique index accounts_by_name on accounts (lower(name));

create table api_keys (
    api_key_id   int generated always as identity primary key,
    key_hash     bytea not null unique check (octet_length(key_hash) = 32),
    key_type     text not null check (key_type in ('System', 'Feed', 'Personal')),
    display_name text not null default '' check (length(display_name) <= 200),
    description  text not null default '' check (length(description) <= 2000),
    permissions  text[] not null check (permissions <@ array['view', 'add', 'delete', 'feeds', 'manage']),
    feed_id      int references feeds,
    account_id   int references accounts check ((key_type = 'Personal') = (account_id is not null)),
    properties   jsonb not null default '{}',
    created_at   timestamptz not null default now(),
    expires_at   timestamptz,
    revoked_at   timestamptz,
    last_used_at timestamptz
);

comment on table api_keys is 'Keys for tools. The key itself is shown once, when it is made, and is not kept.';
comment on column api_keys.key_hash is 'SHA-256 of the key. Keys made here have 256 random bits, so a slow hash would protect nothing.';
comment on column api_keys.permissions is 'manage includes everything; delete (packages) and feeds (their management) are the narrower rights that ProGet knows.';
comment on column api_keys.feed_id is 'The only feed the key is good for; null means every feed.';
comment on column api_keys.account_id is 'Whose key it is, for a personal key: it may never do more than its account.';
comment on column api_keys.properties is 'Further ProGet key properties, kept as given so that management tools read back what they wrote.';
comment on column api_keys.last_used_at is 'Exact to a minute or so.';

create table audit_events (
    audit_event_id bigint generated always as identity primary key,
    occurred_at    timestamptz not null default now(),
    actor          text not null,
    address        text,
    action         text not null,
    subject_kind   text not null,
    subject_name   text not null,
    before         jsonb,
    after          jsonb
);

comment on table audit_events is 'Every administrative change, written in the transaction that makes it. Rows are only ever added.';
comment on column audit_events.actor is 'The account or API key as authenticated, or the program itself.';
comment on column audit_events.address is 'The client''s network address; null for what the program did by itself.';
comment on column audit_events.before is 'The subject before the change, without secrets; null when it was made.';
comment on column audit_events.after is 'The subject after the change, without secrets; null when it was removed.';

create index audit_events_by_actor on audit_events (lower(actor), audit_event_id);
create index audit_events_by_action on audit_events (action, audit_event_id);

create function refuse_audit_change() returns trigger language plpgsql as $$
begin
    raise exception 'audit_events is append-only' using errcode = 'insufficient_privilege';
end $$;

create trigger audit_events_append_only before update or delete or truncate on audit_events
    for each statement execute function refuse_audit_change();

create table data_protection_keys (
    friendly_name text primary key,
    xml           text not null,
    created_at    timestamptz not null default now()
);

comment on table data_protection_keys is 'ASP.NET Core Data Protection key ring, shared by all web nodes.';

-- Web nodes keep verified credentials in memory and check them again when told. Only what decides about access tells:
-- the times of last use change all day.
create function notify_accounts_changed() returns trigger language plpgsql as $$
begin
    notify accounts_changed;
    return null;
end $$;

create trigger accounts_changed
    after insert or delete or update of name, password_hash, role, active, security_stamp on accounts
    for each statement execute function notify_accounts_changed();
create trigger accounts_changed
    after insert or delete or update of permissions, feed_id, account_id, expires_at, revoked_at, display_name on api_keys
    for each statement execute function notify_accounts_changed();

-- A feed answers to its name and to its alternate names; no two feeds may answer to the same one.
create table feed_names (
    name_key text primary key check (name_key ~ '^[a-z0-9][a-z0-9._-]{0,99}$'),
    feed_id  int not null references feeds on delete cascade
);

comment on table feed_names is 'Every name, in lower case, that an existing feed answers to. Kept by a trigger on feeds.';

create index feed_names_by_feed on feed_names (feed_id);

create function keep_feed_names() returns trigger language plpgsql as $$
begin
    delete from feed_names where feed_id = new.feed_id;
    if new.deleted_at is null then
        insert into feed_names (name_key, feed_id)
        select distinct lower(n.name), new.feed_id from unnest(array_append(new.alternate_names, new.name)) as n(name);
    end if;
    return null;
end $$;

create trigger feed_names_kept after insert or update of name, alternate_names, deleted_at on feeds
    for each row execute function keep_feed_names();

insert into feed_names (name_key, feed_id)
select distinct lower(n.name), f.feed_id
from feeds f cross join lateral unnest(array_append(f.alternate_names, f.name)) as n(name)
where f.deleted_at is null;
