-- What the ledger was at a time is noted outside of the database; here is what was noted (db/decisions/0025).

create table ledger_anchors (
    anchor_id   bigint generated always as identity primary key,
    anchored_at timestamptz not null,
    size        bigint not null,
    root        bytea not null check (octet_length(root) = 32),
    places      text[] not null
);

comment on table ledger_anchors is 'Tree heads of the ledger that were noted outside of this database.';
comment on column ledger_anchors.size is 'How many entries the ledger had.';
comment on column ledger_anchors.places is 'Where it was noted: file, webhook.';
