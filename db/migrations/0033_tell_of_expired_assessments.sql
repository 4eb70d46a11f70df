-- An assessment that runs out is told of, once.

set local lock_timeout = '5s';

alter table assessments add expiry_noted_at timestamptz;
update assessments set expiry_noted_at = now() where expires_at <= now();
create index assessments_to_expire on assessments (expires_at) where expiry_noted_at is null and expires_at is not null;

comment on table assessments is 'What people decided about vulnerabilities, for everything or for a package, a target or both. A changed mind is a new row; of each scope the newest one counts (assessments_in_force). Rows are only revoked, and their end is noted; nothing else of them changes.';
comment on column assessments.expiry_noted_at is 'When what runs again without an assessment was noted to be told; null: it is not over, or never will be.';

alter table notification_outbox
    drop constraint notification_outbox_occasion_check,
    add constraint notification_outbox_occasion_check check (occasion between 0 and 4);

comment on column notification_outbox.occasion is 'As of notification_rules; 0 a test; 4 to those who want to hear of 1: an assessment has run out, and the vulnerability is open again.';
