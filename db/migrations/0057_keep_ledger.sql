-- A ledger in which every record, removal, decision and administrative change has a leaf (db/decisions/0025).

set local lock_timeout = '5s';

create table ledger_pending (
    pending_id bigint generated always as identity primary key,
    kind       smallint not null,
    leaves     int not null check (leaves > 0),
    ids        bigint[] not null,
    hashes     bytea not null,
    check (cardinality(ids) = leaves and octet_length(hashes) = 32 * leaves)
);

alter table ledger_pending alter column hashes set storage external;

comment on table ledger_pending is 'Leaves of the ledger that wait to be chained: written by the transaction that writes the rows they are of, taken out a few seconds later.';
comment on column ledger_pending.kind is 'Of what: 1 deployment records, 2 removals, 3 assessments, 4 their revocations, 5 accepted differences, 6 their revocations, 7 administrative changes, 8 tombstones of records.';
comment on column ledger_pending.hashes is 'The leaf hashes, 32 bytes each, in the order of ids.';

create table ledger_entries (
    number     bigint primary key,
    chained_at timestamptz not null,
    kind       smallint not null,
    origin     smallint not null check (origin between 1 and 3),
    leaves     int not null,
    first_id   bigint,
    last_id    bigint,
    ids        bytea not null,
    marks      bytea not null,
    root       bytea not null check (octet_length(root) = 32),
    hash       bytea not null check (octet_length(hash) = 32)
);

alter table ledger_entries alter column marks set storage external;

create index ledger_entries_by_row on ledger_entries (kind, last_id) include (first_id);

comment on table ledger_entries is 'The ledger: each entry covers some rows of one kind by the root of a Merkle tree over their leaves, and the entry before it by its hash. Entries are the leaves of the tree above. Only ever added to.';
comment on column ledger_entries.number is 'From 1, without gaps.';
comment on column ledger_entries.kind is 'As in ledger_pending.';
comment on column ledger_entries.origin is '1 written with the rows, 2 sealed later: the rows were there before the ledger, 3 the end of such sealing, without rows.';
comment on column ledger_entries.first_id is 'The smallest of ids, to find the entry of a row; null when it has none.';
comment on column ledger_entries.last_id is 'The largest of ids.';
comment on column ledger_entries.ids is 'Which rows, as runs of ids.';
comment on column ledger_entries.marks is 'The first four bytes of each leaf hash, to tell which row was changed where the root does not fit.';
comment on column ledger_entries.hash is 'The leaf hash of the entry, which contains that of the entry before.';

create table ledger_nodes (
    level smallint not null,
    place bigint not null,
    hash  bytea not null check (octet_length(hash) = 32),
    primary key (level, place)
);

comment on table ledger_nodes is 'Inner nodes of the tree over the entries, to make its root and proofs from few rows: of level 1 one for each full 256 entries, of level 2 one for each full 65,536 ...';

create table ledger_tombstone_batches (
    tombstone_batch_id bigint generated always as identity primary key,
    removed_at         timestamptz not null,
    removed_by         text not null,
    reason             text not null
);

comment on table ledger_tombstone_batches is 'When, by whom and by which rule rows were deleted that are in the ledger.';

create table ledger_tombstones (
    kind               smallint not null,
    id                 bigint not null,
    tombstone_batch_id bigint not null,
    hash               bytea not null check (octet_length(hash) = 32),
    primary key (kind, id)
);

comment on table ledger_tombstones is 'The leaf hash of each deleted row, so that its entry still verifies. Without foreign keys, as records (db/decisions/0004).';

create table ledger_sealing (
    kind     smallint primary key,
    began_at timestamptz not null default now(),
    last_id  bigint not null default -9223372036854775808,
    sealed   bigint not null default 0
);

comment on table ledger_sealing is 'How far rows that were there before the ledger are sealed. Whether that has ended is told by an entry.';
comment on column ledger_sealing.began_at is 'Since when the ledger is kept.';

insert into ledger_sealing (kind) select generate_series(1, 8);

create table ledger_verifications (
    verification_id bigint generated always as identity primary key,
    started_at      timestamptz not null,
    ended_at        timestamptz not null,
    problems        bigint not null,
    report          jsonb not null
);

comment on table ledger_verifications is 'What verifications of the ledger found; the newest few.';

alter table nodes add column keeps_ledger boolean not null default false;

comment on column nodes.keeps_ledger is 'False for a node of a version that writes without the ledger: sealing waits until none runs.';
