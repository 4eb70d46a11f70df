-- An old day is counted again when something was added to it or removed from it, and once a week whatever happened: a
-- record that is added late may be the one before a record of a later day.

alter table counted_days
    add made_at timestamptz,
    add records int,
    add last_id bigint;

comment on column counted_days.counted_at is 'When the count was made, or found to be of the same records still; -infinity: it must be made again.';
comment on column counted_days.made_at is 'When it was made.';
comment on column counted_days.records is 'How many records the day had then.';
comment on column counted_days.last_id is 'The highest id among them; 0 for none.';
