-- Go's advisories say which packages of a module, and which functions, are affected; its client asks for that.

alter table advisory_packages add column imports jsonb;

comment on column advisory_packages.imports is 'ecosystem_specific.imports of Go''s advisories, as it came; null where the advisory has none.';

-- Advisories that an earlier release has read are read once more when they come again, even unchanged.

alter table advisories add column reading smallint not null default 1;

comment on column advisories.reading is 'By which reading of the advisory the rows were made; a later reading takes more out of it.';

update advisory_sources set etag = null, content_hash = null;
