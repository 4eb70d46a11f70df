-- Groups of targets by rules on their names (db/decisions/0021). Which group a target is in is worked out when it is
-- added and when the rules change, so that whoever filters by it reads an index.

set local lock_timeout = '5s';

create table target_groups (
    target_group_id int generated always as identity primary key,
    place           int not null,
    name_key        text not null unique,
    name            text not null check (length(name) between 1 and 100)
);

comment on table target_groups is 'Groups of targets, such as test and production, in the order of their places.';
comment on column target_groups.name_key is 'The name under which spellings are equal.';

create table target_group_rules (
    place           int primary key,
    pattern         text not null check (length(pattern) between 1 and 200),
    pattern_like    text not null,
    target_group_id int not null references target_groups on delete cascade
);

comment on table target_group_rules is 'Which targets are in which group: of the rules that match a name the first, by place, counts.';
comment on column target_group_rules.pattern is 'As typed: * stands for any text, ? for one character.';
comment on column target_group_rules.pattern_like is 'The same for like, to be compared with targets.name_key.';

create index target_group_rules_by_group on target_group_rules (target_group_id);

alter table targets add column target_group_id int references target_groups on delete set null;

comment on column targets.target_group_id is 'The group that the rules say; null: none matches. Kept by the trigger and by whoever changes the rules.';

create index targets_by_group on targets (target_group_id);

create function target_group_of(key text) returns int
    language sql stable
    as $$
    select target_group_id from target_group_rules where key like pattern_like order by place limit 1
$$;

comment on function target_group_of(text) is 'The group of a target with this name key; null: no rule matches.';

-- Whoever changes the rules holds the lock alone, so a target is added either before, and changed with them, or behind.
create function put_target_in_group() returns trigger
    language plpgsql
    as $$
begin
    perform pg_advisory_xact_lock_shared(862407);
    new.target_group_id := target_group_of(new.name_key);
    return new;
end $$;

create trigger targets_grouped before insert on targets for each row execute function put_target_in_group();
