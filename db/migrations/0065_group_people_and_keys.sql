-- Groups of people and keys, and what they may do on which feeds. Without any of it everybody may what they could.
set local lock_timeout = '5s';

alter table feeds add column groups_only boolean not null default false;
alter table feeds add constraint feeds_open_or_limited check (not (groups_only and anonymous_access));

comment on column feeds.groups_only is 'Roles and keys of every feed do not count on it: only groups that were granted it, keys made for it, and administrators.';

create table access_groups (
    access_group_id int generated always as identity primary key,
    name            text not null check (length(name) between 1 and 100),
    created_at      timestamptz not null default now()
);

comment on table access_groups is 'Groups of people and API keys that are granted feeds.';

create unique index access_groups_by_name on access_groups (lower(name));

create table access_group_members (
    access_group_member_id int generated always as identity primary key,
    access_group_id        int not null references access_groups on delete cascade,
    account_id             int references accounts,
    api_key_id             int references api_keys,
    check (num_nonnulls(account_id, api_key_id) = 1),
    unique (account_id, access_group_id),
    unique (api_key_id, access_group_id)
);

comment on table access_group_members is 'Who is in a group: an account, or a key that is nobody''s own. Personal keys follow their account.';

create index access_group_members_by_group on access_group_members (access_group_id);

create table access_group_claims (
    access_group_claim_id int generated always as identity primary key,
    access_group_id       int not null references access_groups on delete cascade,
    provider              text not null check (length(provider) between 1 and 30),
    claim                 text not null check (length(claim) between 1 and 500),
    unique (access_group_id, provider, claim)
);

comment on table access_group_claims is 'Groups or roles of a provider or directory whose people are in a group, since the last time they signed in with it.';
comment on column access_group_claims.provider is 'What the settings call the provider; ldap: the directory.';

create index access_group_claims_by_claim on access_group_claims (claim);

create table access_group_claim_holders (
    account_identity_id   int references account_identities on delete cascade,
    access_group_claim_id int references access_group_claims on delete cascade,
    primary key (account_identity_id, access_group_claim_id)
);

comment on table access_group_claim_holders is 'Of whom a provider said so at the last sign-in with it. Goes with the identity and with the claim.';

create index access_group_claim_holders_by_claim on access_group_claim_holders (access_group_claim_id);

create table access_group_grants (
    access_group_grant_id int generated always as identity primary key,
    access_group_id       int not null references access_groups on delete cascade,
    feed_id               int references feeds,
    feed_pattern          text check (length(feed_pattern) between 1 and 100),
    feed_like             text check ((feed_like is null) = (feed_pattern is null)),
    level                 text not null check (level in ('view', 'add', 'manage')),
    check (num_nonnulls(feed_id, feed_pattern) = 1),
    unique (access_group_id, feed_id),
    unique (access_group_id, feed_pattern)
);

comment on table access_group_grants is 'What a group may do: on a feed, or on all whose name a pattern matches, feeds to come too.';
comment on column access_group_grants.feed_pattern is 'In lower case; * stands for any text.';
comment on column access_group_grants.feed_like is 'The pattern as like reads it.';
comment on column access_group_grants.level is 'Each includes the one before: view and download; upload and record; delete packages and change the feed''s settings.';

create index access_group_grants_by_feed on access_group_grants (feed_id);

-- Whoever remembers what callers may do hears of each change, as of changed accounts and keys.
create trigger accounts_changed after update or delete on access_groups
    for each statement execute function notify_accounts_changed();
create trigger accounts_changed after insert or update or delete on access_group_members
    for each statement execute function notify_accounts_changed();
create trigger accounts_changed after insert or update or delete on access_group_claim_holders
    for each statement execute function notify_accounts_changed();
create trigger accounts_changed after insert or update or delete on access_group_grants
    for each statement execute function notify_accounts_changed();
create trigger accounts_changed after insert or update of name, groups_only on feeds
    for each statement execute function notify_accounts_changed();
