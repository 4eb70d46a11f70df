-- What the metadata of a feed says of the distributions that it serves: proposals, until an administrator takes them.

set local lock_timeout = '5s';

create table distribution_guesses (
    feed_id      int not null references feeds,
    place        text not null,
    distribution text not null,
    because      text not null,
    primary key (feed_id, place, distribution)
);

comment on table distribution_guesses is 'What a feed seems to serve; proposals for feeds.distributions, replaced as a whole when it is looked into again.';
comment on column distribution_guesses.place is 'The part of the feed (bookworm); empty: all of it.';
comment on column distribution_guesses.because is 'What says so, for people.';

alter table feeds add column guessed_at timestamptz;

comment on column feeds.guessed_at is 'When it was last looked into what it seems to serve; null: never.';
