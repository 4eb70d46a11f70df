-- For package clients that cannot send deployment headers: what a download with this key says of itself.
alter table api_keys
    add policy_application text check (length(policy_application) between 1 and 200),
    add policy_description text check (length(policy_description) <= 2000),
    add policy_target text check (length(policy_target) between 1 and 200),
    add constraint api_keys_policy_check
        check (num_nulls(policy_application, policy_description, policy_target) in (0, 3));
comment on column api_keys.policy_target is 'With policy_application and policy_description: every package downloaded with this key is recorded so, unless the request says otherwise. Null: only tagged downloads are.';
