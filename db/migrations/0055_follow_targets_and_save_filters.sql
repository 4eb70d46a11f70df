-- What is somebody's own: the targets that they follow, and the filters that they look through again and again.

create table followed_targets (
    account_id int not null references accounts,
    target_id  int not null references targets,
    seen_at    timestamptz not null,
    primary key (account_id, target_id)
);

comment on table followed_targets is 'Targets of which a person is told on the dashboard what is new.';
comment on column followed_targets.seen_at is 'What was deployed later is new to the person; first the time when they began to follow.';

create index followed_targets_by_target on followed_targets (target_id);

create table saved_filters (
    saved_filter_id int generated always as identity primary key,
    account_id      int not null references accounts,
    path            text not null check (path ~ '^/[a-z/-]{1,99}$'),
    query           text not null check (query ~ '^[?].' and length(query) <= 2000),
    name            text not null check (length(name) between 1 and 60),
    is_shared       boolean not null default false,
    created_at      timestamptz not null default now()
);

comment on table saved_filters is 'Filters of lists under a name: links, in the list''s page, for the person who saved them.';
comment on column saved_filters.path is 'The list''s address on this server.';
comment on column saved_filters.query is 'What stands behind the address, with its question mark, without the place in the list.';
comment on column saved_filters.is_shared is 'Whether everybody who sees the list sees the link; administrators say so.';

create unique index saved_filters_by_name on saved_filters (account_id, path, lower(name));
create index saved_filters_shared on saved_filters (path) where is_shared;
