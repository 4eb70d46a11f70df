-- A day of very many records is not counted every few minutes: counting takes at most a twentieth of the time.

alter table counted_days add made_in interval;

comment on column counted_days.made_in is 'How long that took.';
