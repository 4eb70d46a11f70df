-- Who is told of what: rules, what is to be told (written with the record or finding it tells of), and each attempt.

set local lock_timeout = '5s';

create table notification_rules (
    notification_rule_id int generated always as identity primary key,
    name                 text not null check (length(name) between 1 and 100),
    occasion             smallint not null check (occasion between 1 and 3),
    severity_min         smallint not null default 0 check (severity_min between 0 and 4),
    feed_id              int references feeds,
    package_pattern      text check (length(package_pattern) between 1 and 200),
    package_like         text generated always as (
        replace(replace(replace(replace(replace(package_pattern, '\', '\\'), '%', '\%'), '_', '\_'), '*', '%'), '?', '_')) stored,
    target_pattern       text check (length(target_pattern) between 1 and 200),
    target_like          text generated always as (
        replace(replace(replace(replace(replace(target_pattern, '\', '\\'), '%', '\%'), '_', '\_'), '*', '%'), '?', '_')) stored,
    channel              smallint not null check (channel between 1 and 2),
    url                  text check (length(url) <= 2000),
    secret_encrypted     text,
    recipients           text[] not null default '{}',
    active               boolean not null default true,
    created_at           timestamptz not null default now(),
    check (case channel when 1 then url is not null and secret_encrypted is not null else cardinality(recipients) > 0 end)
);

comment on table notification_rules is 'Who is told of what, and when; made by administrators (db/decisions/0010).';
comment on column notification_rules.occasion is '1 an advisory newly touches a running version, 2 a version with a known advisory is deployed, 3 every deployment.';
comment on column notification_rules.severity_min is 'Only advisories at least this bad: 0 any, 1 low, 2 medium, 3 high, 4 critical.';
comment on column notification_rules.package_pattern is 'Only packages whose group/name matches in any case, * for any text and ? for a character; null: any.';
comment on column notification_rules.package_like is 'The pattern as "like" has it.';
comment on column notification_rules.target_pattern is 'Only targets whose name matches, likewise.';
comment on column notification_rules.channel is '1 webhook, 2 mail.';
comment on column notification_rules.secret_encrypted is 'What webhooks are signed with, encrypted with the key ring.';
comment on column notification_rules.active is 'Whether events are noted for it; what was noted before is delivered in any case.';

create unique index notification_rules_by_name on notification_rules (lower(name));

create table notification_outbox (
    notification_id      bigint generated always as identity primary key,
    delivery_key         uuid not null default gen_random_uuid(),
    notification_rule_id int not null references notification_rules on delete cascade,
    event_key            text not null,
    occasion             smallint not null check (occasion between 0 and 3),
    facts                json not null,
    created_at           timestamptz not null default now(),
    state                smallint not null default 0 check (state between 0 and 2),
    attempts             int not null default 0,
    next_attempt_at      timestamptz not null default now(),
    give_up_at           timestamptz not null default now() + interval '24 hours',
    ended_at             timestamptz,
    check ((state = 0) = (ended_at is null)),
    unique (notification_rule_id, event_key)
);

comment on table notification_outbox is 'What is to be told to whom, written in the transaction that brought it. Times are the database''s, one clock for all nodes.';
comment on column notification_outbox.delivery_key is 'Sent along: a receiver that sees it twice drops the second.';
comment on column notification_outbox.event_key is 'What is told, so that a rule never notes the same twice (db/decisions/0010).';
comment on column notification_outbox.occasion is 'As of notification_rules; 0 a test.';
comment on column notification_outbox.facts is 'What was true when it happened; later changes do not alter what is told.';
comment on column notification_outbox.state is '0 waiting, 1 delivered, 2 failed.';
comment on column notification_outbox.next_attempt_at is 'Not tried before. A node that takes it moves this on, so that no other does; if it dies, another tries then.';
comment on column notification_outbox.give_up_at is 'An attempt that fails after this is the last one.';

create index notification_outbox_waiting on notification_outbox (notification_rule_id, next_attempt_at) where state = 0;
create index notification_outbox_failed on notification_outbox (notification_rule_id, notification_id) where state = 2;
create index notification_outbox_by_rule on notification_outbox (notification_rule_id, notification_id);
create index notification_outbox_ended on notification_outbox (ended_at) where ended_at is not null;

create table notification_deliveries (
    notification_delivery_id bigint generated always as identity primary key,
    notification_id          bigint not null references notification_outbox on delete cascade,
    attempted_at             timestamptz not null default now(),
    took_ms                  int not null,
    status                   int,
    answer                   text not null default '' check (length(answer) <= 500),
    problem                  text check (length(problem) <= 500)
);

comment on table notification_deliveries is 'Each attempt to tell, and what came of it.';
comment on column notification_deliveries.status is 'The receiver''s HTTP status; null when it did not answer, and for mail.';
comment on column notification_deliveries.answer is 'The first 500 characters of what the receiver answered: text of a stranger.';
comment on column notification_deliveries.problem is 'Why it failed; null when it did not.';

create index notification_deliveries_by_notification on notification_deliveries (notification_id);
