-- Hangfire runs the background jobs (db/decisions/0012), in tables of its own in the schema hangfire, and tells when each
-- ran and how that went. A node of the version before that still runs drains its inbox when it is woken, and logs that
-- it cannot run the rest: the nodes of this version do.

set local lock_timeout = '5s';

drop schema if exists quartz cascade;
drop table job_runs;
