-- What administrators ask of rejected records and of the audit log, and cells of an export that no spreadsheet takes
-- for a formula.
set local lock_timeout = '5s';

alter table rejected_records add column dismissal_reason text;

comment on column rejected_records.resolution is 'What an administrator did: replayed (the record has this id, or duplicate_records leads from it to the one that it repeats) or dismissed.';
comment on column rejected_records.dismissal_reason is 'Why it was dismissed, in the administrator''s words; null for a replayed one.';

create index rejected_records_resolved on rejected_records (received_at, id) where resolved_at is not null;

create index audit_events_by_time on audit_events (occurred_at);
create index audit_events_by_subject on audit_events (lower(subject_name), audit_event_id);

-- The first condition spares nearly every cell the regular expression: it begins with a letter or a digit.
create function csv_cell(text) returns text language sql immutable parallel safe as $$
    select case
        when ascii($1) between 48 and 57 or ascii($1) between 65 and 122 then $1
        when $1 = '' then null
        when $1 ~ '^([\t\r\n]|[\u0001-\u0020\u0085\u00a0\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]*[-=+@\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20])'
            then '''' || $1
        else $1
    end
$$;

comment on function csv_cell is 'The text as a cell that no spreadsheet takes for a formula; the same rule as CsvCell in the program, and a test compares them. Empty becomes null, which COPY writes without quotes.';
