-- Two spellings of a name that look the same - an accented letter as one character, or as a letter and a combining
-- accent - were two targets, applications, users or recorders: the program's normaliser did nothing. It works now (form
-- C, as normalize() makes it); this gives existing names their new keys and merges those that have become one: what was
-- recorded of the others is recorded of the one with the lowest id. On most databases it touches nothing. Else it
-- rewrites the records of merged names, by index; of merged recorders by reading all records once.

set local lock_timeout = '5s';

create temporary table merged_targets on commit drop as
select target_id as old_id, min(target_id) over (partition by normalize(name_key, nfc)) as new_id
from targets;
delete from merged_targets where old_id = new_id;

update deployments d set target_id = m.new_id from merged_targets m where d.target_id = m.old_id;
update assessments a set target_id = m.new_id from merged_targets m where a.target_id = m.old_id;
insert into installations (target_id, package_id, version_id, deployment_id, deployed_at)
select distinct on (m.new_id, i.package_id) m.new_id, i.package_id, i.version_id, i.deployment_id, i.deployed_at
from installations i
join merged_targets m on m.old_id = i.target_id
order by m.new_id, i.package_id, i.deployed_at desc, i.deployment_id desc
on conflict (target_id, package_id) do update
set version_id = excluded.version_id, deployment_id = excluded.deployment_id, deployed_at = excluded.deployed_at
where (excluded.deployed_at, excluded.deployment_id) > (installations.deployed_at, installations.deployment_id);
delete from installations i using merged_targets m where i.target_id = m.old_id;
delete from targets t using merged_targets m where t.target_id = m.old_id;
update targets set name_key = normalize(name_key, nfc) where name_key is not nfc normalized;

create temporary table merged_applications on commit drop as
select application_id as old_id, min(application_id) over (partition by normalize(name_key, nfc)) as new_id
from applications;
delete from merged_applications where old_id = new_id;

update deployments d set application_id = m.new_id from merged_applications m where d.application_id = m.old_id;
delete from applications t using merged_applications m where t.application_id = m.old_id;
update applications set name_key = normalize(name_key, nfc) where name_key is not nfc normalized;

create temporary table merged_users on commit drop as
select user_id as old_id, min(user_id) over (partition by normalize(name_key, nfc)) as new_id
from users;
delete from merged_users where old_id = new_id;

update deployments d set user_id = m.new_id from merged_users m where d.user_id = m.old_id;
delete from users t using merged_users m where t.user_id = m.old_id;
update users set name_key = normalize(name_key, nfc) where name_key is not nfc normalized;

create temporary table merged_recorders on commit drop as
select recorder_id as old_id, min(recorder_id) over (partition by normalize(name_key, nfc)) as new_id
from recorders;
delete from merged_recorders where old_id = new_id;

do $$
begin
    if exists (select from merged_recorders) then
        update deployments d set recorder_id = m.new_id from merged_recorders m where d.recorder_id = m.old_id;
    end if;
end $$;
delete from recorders t using merged_recorders m where t.recorder_id = m.old_id;
update recorders set name_key = normalize(name_key, nfc) where name_key is not nfc normalized;
