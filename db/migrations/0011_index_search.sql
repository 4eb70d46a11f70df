-- The search box looks into names only, never into records: an exact name and the beginning of one along a B-tree, parts
-- of three letters or more along trigrams. text_pattern_ops: the database may have any collation.

create index packages_by_prefix on packages (lower(name) text_pattern_ops);
create index packages_by_part on packages using gin (lower(group_name || '/' || name) gin_trgm_ops);
create index package_versions_by_prefix on package_versions (lower(version) text_pattern_ops);
create index targets_by_prefix on targets (name_key text_pattern_ops);
create index targets_by_part on targets using gin (name_key gin_trgm_ops);
create index applications_by_prefix on applications (name_key text_pattern_ops);
create index applications_by_part on applications using gin (name_key gin_trgm_ops);
create index users_by_prefix on users (name_key text_pattern_ops);
create index users_by_part on users using gin (name_key gin_trgm_ops);
