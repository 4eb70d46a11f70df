-- Raw paths were kept with the API key that a client had put into them (?key=). From now on it is taken out of the
-- address before anything else sees it; this cleans what was kept before, with the words of SecretFree.Address.
-- Run again it changes nothing.

set local lock_timeout = '5s';

update deployment_inbox
set raw_path = regexp_replace(raw_path,
    '([?&](?:key|sig|pass|pwd|auth'
    '|[^=&#]*(?:api[_-]?key|token|secret|password|passwd|credential|signature|authorization)[^=&#]*'
    '|[^=&#]*%(?:4[1-9a-f]|5[0-9a]|6[1-9a-f]|7[0-9a])[^=&#]*)=)[^&#]+', '\1…', 'gi')
where raw_path like '%?%';

update rejected_records
set raw_path = regexp_replace(raw_path,
    '([?&](?:key|sig|pass|pwd|auth'
    '|[^=&#]*(?:api[_-]?key|token|secret|password|passwd|credential|signature|authorization)[^=&#]*'
    '|[^=&#]*%(?:4[1-9a-f]|5[0-9a]|6[1-9a-f]|7[0-9a])[^=&#]*)=)[^&#]+', '\1…', 'gi')
where raw_path like '%?%';
