create table server_keys (
    name          text primary key,
    key_encrypted text not null,
    created_at    timestamptz not null default now()
);

comment on table server_keys is 'Keys that all web nodes share and that never change, encrypted with the Data Protection keys.';
