-- What somebody decided of a difference between records and what was seen (db/decisions/0020).

set local lock_timeout = '5s';

create table drift_acceptances (
    drift_acceptance_id int generated always as identity primary key,
    target_id           int not null references targets,
    package_id          int not null references packages,
    kind                smallint not null check (kind between 1 and 4),
    recorded_id         int references package_versions,
    seen_id             int references package_versions,
    reason              text not null check (length(reason) between 1 and 2000),
    accepted_by         text not null,
    accepted_at         timestamptz not null,
    expires_at          timestamptz check (expires_at > accepted_at),
    revoked_by          text,
    revoked_at          timestamptz,
    check ((revoked_at is null) = (revoked_by is null))
);

comment on table drift_acceptances is '"It is right so": a difference that is not to be told while it is the same, with who, why and until when. Never removed.';
comment on column drift_acceptances.kind is '1 different version, 2 unrecorded, 3 missing, 4 unconfirmed.';
comment on column drift_acceptances.recorded_id is 'The version that was recorded then: with another one it is another difference. Null where none was.';
comment on column drift_acceptances.seen_id is 'The version that was seen then, likewise.';
comment on column drift_acceptances.expires_at is 'Null: until somebody takes it back.';

create index drift_acceptances_by_target on drift_acceptances (target_id, package_id);
create index drift_acceptances_by_package on drift_acceptances (package_id);
create index drift_acceptances_by_recorded on drift_acceptances (recorded_id);
create index drift_acceptances_by_seen on drift_acceptances (seen_id);
