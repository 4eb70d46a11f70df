-- With the id, so that "the last record before" is the first entry of the index. Without it, all records of the package
-- on the target were read and sorted for each such question: what is deployed to one target again and again made
-- history, calendar and the way back to a time slower with the square of its records.

drop index deployments_by_target;
create index deployments_by_target on deployments (target_id, package_id, deployed_at, id);
