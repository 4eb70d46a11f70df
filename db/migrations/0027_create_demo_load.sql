-- The load of the invented history (--demo), so that a start after an interrupted one goes on where it ended.

create table demo_load (
    only_one boolean primary key default true check (only_one),
    ends_at  timestamptz not null,
    records  int not null check (records > 0),
    done     int not null default 0 check (done between 0 and records),
    ended_at timestamptz
);

comment on table demo_load is 'At most one row: the load of the invented history into a server that was empty.';
comment on column demo_load.ends_at is 'The end of the history: with the number of records it says what the history is.';
comment on column demo_load.done is 'How many of its records are there for certain; those of the batch behind them may be.';
comment on column demo_load.ended_at is 'When all of it was there; null: it is being loaded, or was interrupted.';
