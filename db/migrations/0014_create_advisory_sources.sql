-- Where advisories are fetched from again and again.

create table advisory_sources (
    advisory_source_id int generated always as identity primary key,
    name               text not null check (length(name) between 1 and 100),
    location           text not null check (length(location) between 1 and 2000),
    etag               text,
    content_hash       bytea check (octet_length(content_hash) = 32),
    last_run_at        timestamptz,
    last_outcome       text not null default '',
    created_at         timestamptz not null default now()
);

comment on table advisory_sources is 'Where an administrator has advisories fetched from: the URL of a zip or JSON file, or a directory of the server.';
comment on column advisory_sources.etag is 'What the URL said of its content when it was imported last; null when it said nothing.';
comment on column advisory_sources.content_hash is 'SHA-256 of the file imported last; the same file is not imported again. Null for a directory.';
comment on column advisory_sources.last_outcome is 'What became of the last run, for people to read.';

create unique index advisory_sources_by_name on advisory_sources (lower(name));
