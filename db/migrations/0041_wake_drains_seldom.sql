-- A group of tagged downloads is committed every few milliseconds under load, and each notice wakes every connection
-- that listens to this database. Who writes groups says so by this setting, and wakes the drain for many at once
-- (db/decisions/0012); whatever else fills the inbox wakes it as before.

set local lock_timeout = '5s';

drop trigger deployment_inbox_filled on deployment_inbox;

create trigger deployment_inbox_filled after insert on deployment_inbox
    for each statement
    when (coalesce(current_setting('deployments.wakes_drain', true), '') <> 'self')
    execute function notify_deployment_inbox();
