-- By which part of a feed a version came, where parts of it serve distributions of their own. See db/decisions/0022.

set local lock_timeout = '5s';

alter table version_feeds add column places text[] not null default '{}';
alter table version_feeds add column awaits_suite boolean not null default false;

comment on column version_feeds.places is 'Folders of the feed from which it was downloaded (9/BaseOS/x86_64/os/Packages), and suites of a Debian repository that name it (bookworm); empty: not known.';
comment on column version_feeds.awaits_suite is 'Whether it is still to be found out which suites of the feed name it.';

create index version_feeds_awaiting on version_feeds (feed_id, version_id) where awaits_suite;

comment on column feeds.distributions is 'As OSV names them (Debian:12); with a part of the feed in front where it is of that only (bookworm=Debian:12); several when it cannot be told which of them a package is of; {none}: of none; empty: not known.';
