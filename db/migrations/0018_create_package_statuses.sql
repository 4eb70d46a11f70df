-- What people decide about single package versions: ProGet's packages API lists, refuses and deprecates them.

set local lock_timeout = '5s';

create table package_statuses (
    feed_id            int not null references feeds,
    group_key          text not null,
    name_key           text not null,
    version_key        text not null,
    listed             boolean not null default true,
    allow              boolean,
    deprecated         boolean not null default false,
    deprecation_reason text not null default '' check (length(deprecation_reason) <= 2000),
    primary key (feed_id, group_key, name_key, version_key)
);

comment on table package_statuses is 'What was decided about versions of a feed''s packages, those of its connectors too; by normalised names, since a package need not be here or recorded.';
comment on column package_statuses.listed is 'Whether it is offered as the latest version.';
comment on column package_statuses.allow is 'False: downloads are refused. Null: nothing was decided, which allows them.';

create index package_statuses_refused on package_statuses (feed_id) where not allow;

-- Nodes keep in memory what they refuse, beside the feeds.
create trigger feeds_changed after insert or update or delete on package_statuses
    for each statement execute function notify_feeds_changed();
