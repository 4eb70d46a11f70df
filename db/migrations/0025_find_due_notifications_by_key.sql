-- What is due is taken in the order of the index, the key included: of many notifications that are due at the same
-- moment no more are read than are taken.

set local lock_timeout = '5s';

drop index notification_outbox_waiting;
create index notification_outbox_waiting on notification_outbox (
    notification_rule_id, next_attempt_at, notification_id) where state = 0;
