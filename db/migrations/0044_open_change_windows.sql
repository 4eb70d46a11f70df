-- When changes are meant to happen, so that the calendar can mark what happened at another time.

create table change_windows (
    place           int primary key,
    target_group_id int references target_groups on delete cascade,
    weekdays        int check (weekdays between 1 and 127),
    opens_minute    int check (opens_minute between 0 and 1439),
    closes_minute   int check (closes_minute between 1 and 1440 and closes_minute > opens_minute),
    first_day       int,
    last_day        int check (last_day >= first_day),
    reason          text not null default '' check (length(reason) <= 200),
    check (num_nulls(weekdays, opens_minute, closes_minute) in (0, 3)),
    check (num_nulls(first_day, last_day) in (0, 2)),
    check ((weekdays is null) <> (first_day is null))
);

comment on table change_windows is 'Windows in which changes are meant to happen, and freezes in which none are; all in UTC.';
comment on column change_windows.target_group_id is 'Of which targets; null: of all.';
comment on column change_windows.weekdays is 'Of a window: 1 Monday, 2 Tuesday, 4 Wednesday ... 64 Sunday, added up.';
comment on column change_windows.first_day is 'Of a freeze: days since 1970.';

create index change_windows_by_group on change_windows (target_group_id);

alter table deployment_days add column outside int not null default 0;

comment on column deployment_days.outside is 'Those in a freeze, or outside every window where there are any.';
