-- What the migrations make: generated (see README.md), for readers and for the review of a change.

CREATE FUNCTION public.assessments_in_force(at timestamp with time zone) RETURNS TABLE(group_id integer, package_id integer, target_id integer, assessment_id integer, state smallint, justification text, reason text, assessed_by text, assessed_at timestamp with time zone, expires_at timestamp with time zone)
    LANGUAGE sql STABLE
    AS $$
    select n.group_id, n.package_id, n.target_id, n.assessment_id, n.state, n.justification, n.reason,
           n.assessed_by, n.assessed_at, n.expires_at
    from (
        select distinct on (a.group_id, s.package_id, s.target_id) a.group_id, s.*
        from advisories a
        join assessments s on s.advisory_id = a.advisory_id
        where s.assessed_at <= at
        order by a.group_id, s.package_id, s.target_id, s.assessment_id desc
    ) n
    where (n.revoked_at is null or n.revoked_at > at) and (n.expires_at is null or n.expires_at > at)
$$;

COMMENT ON FUNCTION public.assessments_in_force(at timestamp with time zone) IS 'The assessments that count at a time, by vulnerability. What runs on a target is open when none of its group has package_id null or its own and target_id null or its own; of several the one that names most says which.';

CREATE FUNCTION public.csv_cell(text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $_$
    select case
        when ascii($1) between 48 and 57 or ascii($1) between 65 and 122 then $1
        when $1 = '' then null
        when $1 ~ '^([\t\r\n]|[\u0001-\u0020\u0085\u00a0\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]*[-=+@\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20])'
            then '''' || $1
        else $1
    end
$_$;

COMMENT ON FUNCTION public.csv_cell(text) IS 'The text as a cell that no spreadsheet takes for a formula; the same rule as CsvCell in the program, and a test compares them. Empty becomes null, which COPY writes without quotes.';

CREATE FUNCTION public.keep_feed_names() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    delete from feed_names where feed_id = new.feed_id;
    if new.deleted_at is null then
        insert into feed_names (name_key, feed_id)
        select distinct lower(n.name), new.feed_id from unnest(array_append(new.alternate_names, new.name)) as n(name);
    end if;
    return null;
end $$;

CREATE FUNCTION public.notify_accounts_changed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    notify accounts_changed;
    return null;
end $$;

CREATE FUNCTION public.notify_deployment_inbox() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    notify deployment_inbox;
    return null;
end $$;

CREATE FUNCTION public.notify_feeds_changed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    notify feeds_changed;
    return null;
end $$;

CREATE FUNCTION public.put_target_in_group() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    perform pg_advisory_xact_lock_shared(862407);
    new.target_group_id := target_group_of(new.name_key);
    return new;
end $$;

CREATE FUNCTION public.refuse_audit_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    raise exception 'audit_events is append-only' using errcode = 'insufficient_privilege';
end $$;

CREATE FUNCTION public.target_group_of(key text) RETURNS integer
    LANGUAGE sql STABLE
    AS $$
    select target_group_id from target_group_rules where key like pattern_like order by place limit 1
$$;

COMMENT ON FUNCTION public.target_group_of(key text) IS 'The group of a target with this name key; null: no rule matches.';

CREATE TABLE public.access_group_claim_holders (
    account_identity_id integer NOT NULL,
    access_group_claim_id integer NOT NULL
);

COMMENT ON TABLE public.access_group_claim_holders IS 'Of whom a provider said so at the last sign-in with it. Goes with the identity and with the claim.';

CREATE TABLE public.access_group_claims (
    access_group_claim_id integer NOT NULL,
    access_group_id integer NOT NULL,
    provider text NOT NULL,
    claim text NOT NULL,
    CONSTRAINT access_group_claims_claim_check CHECK (((length(claim) >= 1) AND (length(claim) <= 500))),
    CONSTRAINT access_group_claims_provider_check CHECK (((length(provider) >= 1) AND (length(provider) <= 30)))
);

COMMENT ON TABLE public.access_group_claims IS 'Groups or roles of a provider or directory whose people are in a group, since the last time they signed in with it.';

COMMENT ON COLUMN public.access_group_claims.provider IS 'What the settings call the provider; ldap: the directory.';

ALTER TABLE public.access_group_claims ALTER COLUMN access_group_claim_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.access_group_claims_access_group_claim_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.access_group_grants (
    access_group_grant_id integer NOT NULL,
    access_group_id integer NOT NULL,
    feed_id integer,
    feed_pattern text,
    feed_like text,
    level text NOT NULL,
    CONSTRAINT access_group_grants_check CHECK (((feed_like IS NULL) = (feed_pattern IS NULL))),
    CONSTRAINT access_group_grants_check1 CHECK ((num_nonnulls(feed_id, feed_pattern) = 1)),
    CONSTRAINT access_group_grants_feed_pattern_check CHECK (((length(feed_pattern) >= 1) AND (length(feed_pattern) <= 100))),
    CONSTRAINT access_group_grants_level_check CHECK ((level = ANY (ARRAY['view'::text, 'add'::text, 'manage'::text])))
);

COMMENT ON TABLE public.access_group_grants IS 'What a group may do: on a feed, or on all whose name a pattern matches, feeds to come too.';

COMMENT ON COLUMN public.access_group_grants.feed_pattern IS 'In lower case; * stands for any text.';

COMMENT ON COLUMN public.access_group_grants.feed_like IS 'The pattern as like reads it.';

COMMENT ON COLUMN public.access_group_grants.level IS 'Each includes the one before: view and download; upload and record; delete packages and change the feed''s settings.';

ALTER TABLE public.access_group_grants ALTER COLUMN access_group_grant_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.access_group_grants_access_group_grant_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.access_group_members (
    access_group_member_id integer NOT NULL,
    access_group_id integer NOT NULL,
    account_id integer,
    api_key_id integer,
    CONSTRAINT access_group_members_check CHECK ((num_nonnulls(account_id, api_key_id) = 1))
);

COMMENT ON TABLE public.access_group_members IS 'Who is in a group: an account, or a key that is nobody''s own. Personal keys follow their account.';

ALTER TABLE public.access_group_members ALTER COLUMN access_group_member_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.access_group_members_access_group_member_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.access_groups (
    access_group_id integer NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT access_groups_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100)))
);

COMMENT ON TABLE public.access_groups IS 'Groups of people and API keys that are granted feeds.';

ALTER TABLE public.access_groups ALTER COLUMN access_group_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.access_groups_access_group_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.account_identities (
    account_identity_id integer NOT NULL,
    account_id integer NOT NULL,
    issuer text NOT NULL,
    subject text NOT NULL,
    provider text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    last_used_at timestamp with time zone,
    CONSTRAINT account_identities_issuer_check CHECK (((length(issuer) >= 1) AND (length(issuer) <= 300))),
    CONSTRAINT account_identities_provider_check CHECK (((length(provider) >= 1) AND (length(provider) <= 100))),
    CONSTRAINT account_identities_subject_check CHECK (((length(subject) >= 1) AND (length(subject) <= 255)))
);

COMMENT ON TABLE public.account_identities IS 'As whom an identity provider or a directory knows the person of an account. A name or an address, which somebody could choose there, is never compared.';

COMMENT ON COLUMN public.account_identities.issuer IS 'Who says it: the issuer of ID tokens as they name it, or the directory as the settings name it.';

COMMENT ON COLUMN public.account_identities.subject IS 'What the issuer never gives to another person.';

COMMENT ON COLUMN public.account_identities.provider IS 'What the settings called it when it was bound, for people.';

ALTER TABLE public.account_identities ALTER COLUMN account_identity_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.account_identities_account_identity_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.account_invitations (
    token_hash bytea NOT NULL,
    account_id integer NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT account_invitations_token_hash_check CHECK ((octet_length(token_hash) = 32))
);

COMMENT ON TABLE public.account_invitations IS 'Links with which somebody binds an identity to an account that an administrator made for them. The link itself is shown once, and is not kept.';

COMMENT ON COLUMN public.account_invitations.token_hash IS 'SHA-256 of 256 random bits.';

COMMENT ON COLUMN public.account_invitations.used_at IS 'A link counts once; null: it was not used yet.';

CREATE TABLE public.accounts (
    account_id integer NOT NULL,
    name text NOT NULL,
    password_hash text NOT NULL,
    role text NOT NULL,
    active boolean DEFAULT true NOT NULL,
    security_stamp uuid DEFAULT gen_random_uuid() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    last_sign_in_at timestamp with time zone,
    CONSTRAINT accounts_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100))),
    CONSTRAINT accounts_role_check CHECK ((role = ANY (ARRAY['viewer'::text, 'publisher'::text, 'administrator'::text])))
);

COMMENT ON TABLE public.accounts IS 'People who sign in: with a name and a password, through an identity provider, or with their password of a directory. Never removed, only made inactive: the audit log names them.';

COMMENT ON COLUMN public.accounts.password_hash IS 'Salted and stretched, in the format of ASP.NET Core''s PasswordHasher. Empty: the person has no password here.';

COMMENT ON COLUMN public.accounts.security_stamp IS 'Changed with the password, the role and the active mark: cookies issued before no longer count.';

ALTER TABLE public.accounts ALTER COLUMN account_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.accounts_account_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.advisories (
    advisory_id integer NOT NULL,
    osv_id text NOT NULL,
    group_id integer DEFAULT 0 NOT NULL,
    modified_at timestamp with time zone NOT NULL,
    published_at timestamp with time zone,
    withdrawn_at timestamp with time zone,
    summary text NOT NULL,
    details text NOT NULL,
    severity smallint NOT NULL,
    score double precision,
    severity_source text NOT NULL,
    reference_urls text[] NOT NULL,
    imported_at timestamp with time zone DEFAULT now() NOT NULL,
    is_lead boolean DEFAULT false NOT NULL,
    reading smallint DEFAULT 1 NOT NULL,
    CONSTRAINT advisories_severity_check CHECK (((severity >= 0) AND (severity <= 4)))
);

COMMENT ON TABLE public.advisories IS 'Advisories in the OSV format, one row for each id; a newer one replaces the older wholly.';

COMMENT ON COLUMN public.advisories.group_id IS 'The smallest advisory_id of those that are the same vulnerability by their aliases: shown as one.';

COMMENT ON COLUMN public.advisories.withdrawn_at IS 'When it was, or will be, taken back; null while it stands.';

COMMENT ON COLUMN public.advisories.details IS 'Text of a stranger.';

COMMENT ON COLUMN public.advisories.severity IS '0 unknown, 1 low, 2 medium, 3 high, 4 critical.';

COMMENT ON COLUMN public.advisories.severity_source IS 'The CVSS vector or the word behind the severity; empty when nothing is known.';

COMMENT ON COLUMN public.advisories.is_lead IS 'Whether its group is shown by this one: one that stands, before one that was withdrawn; the worst.';

COMMENT ON COLUMN public.advisories.reading IS 'By which reading of the advisory the rows were made; a later reading takes more out of it.';

ALTER TABLE public.advisories ALTER COLUMN advisory_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.advisories_advisory_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.advisory_names (
    name text NOT NULL,
    advisory_id integer NOT NULL
);

COMMENT ON TABLE public.advisory_names IS 'The id and the aliases of each advisory; advisories that share one are the same vulnerability.';

CREATE TABLE public.advisory_packages (
    advisory_package_id bigint NOT NULL,
    advisory_id integer NOT NULL,
    ecosystem text NOT NULL,
    release text NOT NULL,
    type text NOT NULL,
    group_key text NOT NULL,
    name_key text NOT NULL,
    name text NOT NULL,
    names_source boolean DEFAULT false NOT NULL,
    imports jsonb
);

COMMENT ON TABLE public.advisory_packages IS 'Packages that an advisory names, under the keys of the table packages; one may occur several times.';

COMMENT ON COLUMN public.advisory_packages.release IS 'The release of a distribution that alone is meant (12 of Debian:12); empty for all.';

COMMENT ON COLUMN public.advisory_packages.names_source IS 'Whether the distribution names source packages.';

COMMENT ON COLUMN public.advisory_packages.imports IS 'ecosystem_specific.imports of Go''s advisories, as it came; null where the advisory has none.';

ALTER TABLE public.advisory_packages ALTER COLUMN advisory_package_id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.advisory_packages_advisory_package_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.advisory_ranges (
    advisory_range_id bigint NOT NULL,
    advisory_package_id bigint NOT NULL,
    low_key bytea,
    high_key bytea,
    introduced text,
    fixed text,
    last_affected text
);

COMMENT ON TABLE public.advisory_ranges IS 'Affected versions as stretches of package_versions.sort_key: from low_key up to, without, high_key.';

COMMENT ON COLUMN public.advisory_ranges.low_key IS 'Null when the range names something that is no version: then nothing can be said by comparing.';

COMMENT ON COLUMN public.advisory_ranges.high_key IS 'Null when there is no end.';

ALTER TABLE public.advisory_ranges ALTER COLUMN advisory_range_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.advisory_ranges_advisory_range_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.advisory_sources (
    advisory_source_id integer NOT NULL,
    name text NOT NULL,
    location text NOT NULL,
    etag text,
    content_hash bytea,
    last_run_at timestamp with time zone,
    last_outcome text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT advisory_sources_content_hash_check CHECK ((octet_length(content_hash) = 32)),
    CONSTRAINT advisory_sources_location_check CHECK (((length(location) >= 1) AND (length(location) <= 2000))),
    CONSTRAINT advisory_sources_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100)))
);

COMMENT ON TABLE public.advisory_sources IS 'Where an administrator has advisories fetched from: the URL of a zip or JSON file, or a directory of the server.';

COMMENT ON COLUMN public.advisory_sources.etag IS 'What the URL said of its content when it was imported last; null when it said nothing.';

COMMENT ON COLUMN public.advisory_sources.content_hash IS 'SHA-256 of the file imported last; the same file is not imported again. Null for a directory.';

COMMENT ON COLUMN public.advisory_sources.last_outcome IS 'What became of the last run, for people to read.';

ALTER TABLE public.advisory_sources ALTER COLUMN advisory_source_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.advisory_sources_advisory_source_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.advisory_versions (
    advisory_version_id bigint NOT NULL,
    advisory_package_id bigint NOT NULL,
    version text NOT NULL,
    sort_key bytea
);

COMMENT ON TABLE public.advisory_versions IS 'Affected versions listed one by one, as far as no range covers them. One that is not listed is not thereby unaffected.';

ALTER TABLE public.advisory_versions ALTER COLUMN advisory_version_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.advisory_versions_advisory_version_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.api_keys (
    api_key_id integer NOT NULL,
    key_hash bytea NOT NULL,
    key_type text NOT NULL,
    display_name text DEFAULT ''::text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    permissions text[] NOT NULL,
    feed_id integer,
    account_id integer,
    properties jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    last_used_at timestamp with time zone,
    policy_application text,
    policy_description text,
    policy_target text,
    CONSTRAINT api_keys_check CHECK (((key_type = 'Personal'::text) = (account_id IS NOT NULL))),
    CONSTRAINT api_keys_description_check CHECK ((length(description) <= 2000)),
    CONSTRAINT api_keys_display_name_check CHECK ((length(display_name) <= 200)),
    CONSTRAINT api_keys_key_hash_check CHECK ((octet_length(key_hash) = 32)),
    CONSTRAINT api_keys_key_type_check CHECK ((key_type = ANY (ARRAY['System'::text, 'Feed'::text, 'Personal'::text]))),
    CONSTRAINT api_keys_permissions_check CHECK ((permissions <@ ARRAY['view'::text, 'add'::text, 'delete'::text, 'feeds'::text, 'manage'::text])),
    CONSTRAINT api_keys_policy_application_check CHECK (((length(policy_application) >= 1) AND (length(policy_application) <= 200))),
    CONSTRAINT api_keys_policy_check CHECK ((num_nulls(policy_application, policy_description, policy_target) = ANY (ARRAY[0, 3]))),
    CONSTRAINT api_keys_policy_description_check CHECK ((length(policy_description) <= 2000)),
    CONSTRAINT api_keys_policy_target_check CHECK (((length(policy_target) >= 1) AND (length(policy_target) <= 200)))
);

COMMENT ON TABLE public.api_keys IS 'Keys for tools. The key itself is shown once, when it is made, and is not kept.';

COMMENT ON COLUMN public.api_keys.key_hash IS 'SHA-256 of the key. Keys made here have 256 random bits, so a slow hash would protect nothing.';

COMMENT ON COLUMN public.api_keys.permissions IS 'manage includes everything; delete (packages) and feeds (their management) are the narrower rights that ProGet knows.';

COMMENT ON COLUMN public.api_keys.feed_id IS 'The only feed the key is good for; null means every feed.';

COMMENT ON COLUMN public.api_keys.account_id IS 'Whose key it is, for a personal key: it may never do more than its account.';

COMMENT ON COLUMN public.api_keys.properties IS 'Further ProGet key properties, kept as given so that management tools read back what they wrote.';

COMMENT ON COLUMN public.api_keys.last_used_at IS 'Exact to a minute or so.';

COMMENT ON COLUMN public.api_keys.policy_target IS 'With policy_application and policy_description: every package downloaded with this key is recorded so, unless the request says otherwise. Null: only tagged downloads are.';

ALTER TABLE public.api_keys ALTER COLUMN api_key_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.api_keys_api_key_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.applications (
    application_id integer NOT NULL,
    name_key text NOT NULL,
    name text NOT NULL
);

COMMENT ON TABLE public.applications IS 'Applications or tools that deploy.';

ALTER TABLE public.applications ALTER COLUMN application_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.applications_application_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.arrivals (
    target_group_id integer NOT NULL,
    version_id integer NOT NULL,
    feed_id integer NOT NULL,
    package_id integer NOT NULL,
    application_id integer NOT NULL,
    arrived_at timestamp with time zone NOT NULL,
    deployment_id bigint NOT NULL,
    restored_at timestamp with time zone,
    groups_come integer[] NOT NULL,
    times_come timestamp with time zone[] NOT NULL,
    is_shared boolean NOT NULL
);

COMMENT ON TABLE public.arrivals IS 'The first record of each version in each group of targets, by feed, of the records that there were when its package was counted (db/decisions/0023). Like records it refers to dictionaries without foreign keys.';

COMMENT ON COLUMN public.arrivals.target_group_id IS 'The group that the targets were in when the package was counted; 0: in none.';

COMMENT ON COLUMN public.arrivals.version_id IS 'Of the rows of package_versions that differ in their qualifier only, the one with the least id.';

COMMENT ON COLUMN public.arrivals.application_id IS 'What made the first record.';

COMMENT ON COLUMN public.arrivals.restored_at IS 'The last record, within seven days of the first, that put an older version in its place on one of the targets; null: none did.';

COMMENT ON COLUMN public.arrivals.groups_come IS 'All groups that the version came to through this feed, so that the way from one to another needs no look at further rows.';

COMMENT ON COLUMN public.arrivals.times_come IS 'When it came to each of them.';

COMMENT ON COLUMN public.arrivals.is_shared IS 'Whether the version came through other feeds as well, to any group; then those have to be looked at.';

CREATE TABLE public.assessments (
    assessment_id integer NOT NULL,
    advisory_id integer NOT NULL,
    package_id integer,
    target_id integer,
    state smallint NOT NULL,
    justification text,
    reason text NOT NULL,
    assessed_by text NOT NULL,
    assessed_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    revoked_by text,
    revoked_at timestamp with time zone,
    expiry_noted_at timestamp with time zone,
    CONSTRAINT assessments_check CHECK (((justification IS NULL) OR ((state = 1) AND (justification = ANY (ARRAY['component_not_present'::text, 'vulnerable_code_not_present'::text, 'vulnerable_code_not_in_execute_path'::text, 'vulnerable_code_cannot_be_controlled_by_adversary'::text, 'inline_mitigations_already_exist'::text]))))),
    CONSTRAINT assessments_check1 CHECK ((expires_at > assessed_at)),
    CONSTRAINT assessments_check2 CHECK (((revoked_at IS NULL) = (revoked_by IS NULL))),
    CONSTRAINT assessments_check3 CHECK (((state <> 2) OR (expires_at IS NOT NULL))),
    CONSTRAINT assessments_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 2000))),
    CONSTRAINT assessments_state_check CHECK (((state >= 1) AND (state <= 3)))
);

COMMENT ON TABLE public.assessments IS 'What people decided about vulnerabilities, for everything or for a package, a target or both. A changed mind is a new row; of each scope the newest one counts (assessments_in_force). Rows are only revoked, and their end is noted; nothing else of them changes.';

COMMENT ON COLUMN public.assessments.advisory_id IS 'The advisory that was looked at; the assessment holds for all that are the same vulnerability (advisories.group_id).';

COMMENT ON COLUMN public.assessments.package_id IS 'Null: for every package.';

COMMENT ON COLUMN public.assessments.target_id IS 'Null: for every target.';

COMMENT ON COLUMN public.assessments.state IS '1 not affected, 2 accepted, 3 fixed by other means.';

COMMENT ON COLUMN public.assessments.justification IS 'Why it is not affected, in OpenVEX''s words; null where only the reason is known.';

COMMENT ON COLUMN public.assessments.expires_at IS 'From then on it is as if nobody had decided; null: never.';

COMMENT ON COLUMN public.assessments.revoked_at IS 'From then on it is as if nobody had decided; null: it was not taken back.';

COMMENT ON COLUMN public.assessments.expiry_noted_at IS 'When what runs again without an assessment was noted to be told; null: it is not over, or never will be.';

ALTER TABLE public.assessments ALTER COLUMN assessment_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.assessments_assessment_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.audit_events (
    audit_event_id bigint NOT NULL,
    occurred_at timestamp with time zone DEFAULT now() NOT NULL,
    actor text NOT NULL,
    address text,
    action text NOT NULL,
    subject_kind text NOT NULL,
    subject_name text NOT NULL,
    before jsonb,
    after jsonb
);

COMMENT ON TABLE public.audit_events IS 'Every administrative change, written in the transaction that makes it. Rows are only ever added.';

COMMENT ON COLUMN public.audit_events.actor IS 'The account or API key as authenticated, or the program itself.';

COMMENT ON COLUMN public.audit_events.address IS 'The client''s network address; null for what the program did by itself.';

COMMENT ON COLUMN public.audit_events.before IS 'The subject before the change, without secrets; null when it was made.';

COMMENT ON COLUMN public.audit_events.after IS 'The subject after the change, without secrets; null when it was removed.';

ALTER TABLE public.audit_events ALTER COLUMN audit_event_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audit_events_audit_event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.cd_events (
    event_key uuid NOT NULL,
    source text NOT NULL,
    event_id text NOT NULL,
    type text NOT NULL,
    subject_key uuid NOT NULL,
    received_at timestamp with time zone NOT NULL,
    outcome smallint NOT NULL,
    deployment_id bigint,
    removal_id bigint,
    CONSTRAINT cd_events_event_id_check CHECK (((length(event_id) >= 1) AND (length(event_id) <= 2000))),
    CONSTRAINT cd_events_outcome_check CHECK (((outcome >= 1) AND (outcome <= 3))),
    CONSTRAINT cd_events_source_check CHECK (((length(source) >= 1) AND (length(source) <= 2000)))
);

COMMENT ON TABLE public.cd_events IS 'CDEvents that became a record, a removal or a rejected record. Of others nothing is kept: they may come again.';

COMMENT ON COLUMN public.cd_events.event_key IS 'Hash of source and id, which together are unique.';

COMMENT ON COLUMN public.cd_events.subject_key IS 'Hash of the source and the id of the service that the event is about.';

COMMENT ON COLUMN public.cd_events.outcome IS '1 recorded, 2 removed, 3 set aside among the rejected records.';

COMMENT ON COLUMN public.cd_events.deployment_id IS 'The record, or the rejected record, which keeps its id when it is replayed.';

COMMENT ON COLUMN public.cd_events.removal_id IS 'The removal; of several the first.';

CREATE TABLE public.change_windows (
    place integer NOT NULL,
    target_group_id integer,
    weekdays integer,
    opens_minute integer,
    closes_minute integer,
    first_day integer,
    last_day integer,
    reason text DEFAULT ''::text NOT NULL,
    CONSTRAINT change_windows_check CHECK ((((closes_minute >= 1) AND (closes_minute <= 1440)) AND (closes_minute > opens_minute))),
    CONSTRAINT change_windows_check1 CHECK ((last_day >= first_day)),
    CONSTRAINT change_windows_check2 CHECK ((num_nulls(weekdays, opens_minute, closes_minute) = ANY (ARRAY[0, 3]))),
    CONSTRAINT change_windows_check3 CHECK ((num_nulls(first_day, last_day) = ANY (ARRAY[0, 2]))),
    CONSTRAINT change_windows_check4 CHECK (((weekdays IS NULL) <> (first_day IS NULL))),
    CONSTRAINT change_windows_opens_minute_check CHECK (((opens_minute >= 0) AND (opens_minute <= 1439))),
    CONSTRAINT change_windows_reason_check CHECK ((length(reason) <= 200)),
    CONSTRAINT change_windows_weekdays_check CHECK (((weekdays >= 1) AND (weekdays <= 127)))
);

COMMENT ON TABLE public.change_windows IS 'Windows in which changes are meant to happen, and freezes in which none are; all in UTC.';

COMMENT ON COLUMN public.change_windows.target_group_id IS 'Of which targets; null: of all.';

COMMENT ON COLUMN public.change_windows.weekdays IS 'Of a window: 1 Monday, 2 Tuesday, 4 Wednesday ... 64 Sunday, added up.';

COMMENT ON COLUMN public.change_windows.first_day IS 'Of a freeze: days since 1970.';

CREATE TABLE public.connectors (
    connector_id integer NOT NULL,
    name text NOT NULL,
    feed_type text NOT NULL,
    url text NOT NULL,
    timeout_seconds integer DEFAULT 100 NOT NULL,
    username text,
    password_encrypted text,
    properties jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT connectors_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100))),
    CONSTRAINT connectors_timeout_seconds_check CHECK (((timeout_seconds >= 1) AND (timeout_seconds <= 3600)))
);

COMMENT ON TABLE public.connectors IS 'Upstream feeds.';

COMMENT ON COLUMN public.connectors.password_encrypted IS 'Upstream password, encrypted with the Data Protection keys.';

ALTER TABLE public.connectors ALTER COLUMN connector_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.connectors_connector_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.counted_days (
    day integer NOT NULL,
    counted_at timestamp with time zone NOT NULL,
    made_at timestamp with time zone,
    records integer,
    last_id bigint,
    made_in interval
);

COMMENT ON TABLE public.counted_days IS 'The days that deployment_days has, and when each was counted last.';

COMMENT ON COLUMN public.counted_days.day IS 'Days since 1970, UTC.';

COMMENT ON COLUMN public.counted_days.counted_at IS 'When the count was made, or found to be of the same records still; -infinity: it must be made again.';

COMMENT ON COLUMN public.counted_days.made_at IS 'When it was made.';

COMMENT ON COLUMN public.counted_days.records IS 'How many records the day had then.';

COMMENT ON COLUMN public.counted_days.last_id IS 'The highest id among them; 0 for none.';

COMMENT ON COLUMN public.counted_days.made_in IS 'How long that took.';

CREATE TABLE public.counted_packages (
    package_id integer NOT NULL,
    counted_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE public.counted_packages IS 'The packages whose arrivals are worked out, and when each was last; -infinity: not since the groups changed, or never.';

CREATE TABLE public.data_protection_keys (
    friendly_name text NOT NULL,
    xml text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE public.data_protection_keys IS 'ASP.NET Core Data Protection key ring, shared by all web nodes.';

CREATE TABLE public.demo_load (
    only_one boolean DEFAULT true NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    records integer NOT NULL,
    done integer DEFAULT 0 NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT demo_load_check CHECK (((done >= 0) AND (done <= records))),
    CONSTRAINT demo_load_only_one_check CHECK (only_one),
    CONSTRAINT demo_load_records_check CHECK ((records > 0))
);

COMMENT ON TABLE public.demo_load IS 'At most one row: the load of the invented history into a server that was empty.';

COMMENT ON COLUMN public.demo_load.ends_at IS 'The end of the history: with the number of records it says what the history is.';

COMMENT ON COLUMN public.demo_load.done IS 'How many of its records are there for certain; those of the batch behind them may be.';

COMMENT ON COLUMN public.demo_load.ended_at IS 'When all of it was there; null: it is being loaded, or was interrupted.';

CREATE TABLE public.deployment_days (
    day integer NOT NULL,
    feed_id integer NOT NULL,
    target_group_id integer NOT NULL,
    deployments integer NOT NULL,
    rollbacks integer NOT NULL,
    outside integer DEFAULT 0 NOT NULL
);

COMMENT ON TABLE public.deployment_days IS 'Deployments of a day, by feed and group of targets, as they were when the day was counted.';

COMMENT ON COLUMN public.deployment_days.target_group_id IS 'The group that the targets were in when the day was counted; 0: in none.';

COMMENT ON COLUMN public.deployment_days.rollbacks IS 'Those that brought an older version than the record before, of the same feed, on the same target.';

COMMENT ON COLUMN public.deployment_days.outside IS 'Those in a freeze, or outside every window where there are any.';

CREATE SEQUENCE public.deployment_ids
    START WITH 1
    INCREMENT BY 1000
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE TABLE public.deployment_inbox (
    id bigint NOT NULL,
    received_at timestamp with time zone NOT NULL,
    feed_id integer NOT NULL,
    group_name text NOT NULL,
    name text NOT NULL,
    version text NOT NULL,
    qualifier text NOT NULL,
    application text NOT NULL,
    description text NOT NULL,
    target text NOT NULL,
    url text,
    user_name text NOT NULL,
    deployed_at timestamp with time zone,
    recorder text NOT NULL,
    client_address text,
    user_agent text,
    road smallint NOT NULL,
    raw_path text NOT NULL,
    raw_headers text,
    reason text,
    source text
);

COMMENT ON TABLE public.deployment_inbox IS 'Tagged downloads, written before the first byte of the package is sent; emptied by the drain job.';

COMMENT ON COLUMN public.deployment_inbox.deployed_at IS 'The date the client gave; null means the time of the request.';

COMMENT ON COLUMN public.deployment_inbox.raw_headers IS 'The deployment headers as received, one per line, where they are not literally the fields.';

COMMENT ON COLUMN public.deployment_inbox.reason IS 'Why the record was refused; null for an accepted one.';

COMMENT ON COLUMN public.deployment_inbox.source IS 'The source package, as Debian writes it: openssl (3.0.11-1); null: not known, or the package itself.';

CREATE TABLE public.deployments (
    id bigint NOT NULL,
    deployed_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    package_id integer NOT NULL,
    version_id integer NOT NULL,
    target_id integer NOT NULL,
    application_id integer NOT NULL,
    user_id integer NOT NULL,
    recorder_id integer NOT NULL,
    description_id integer NOT NULL,
    url_id integer,
    user_agent_id integer,
    feed_id integer NOT NULL,
    road smallint NOT NULL,
    client_address inet,
    digest uuid,
    raw_headers text,
    deployed_hour integer GENERATED ALWAYS AS ((floor((EXTRACT(epoch FROM (deployed_at AT TIME ZONE 'UTC'::text)) / (3600)::numeric)))::integer) STORED NOT NULL
);

COMMENT ON TABLE public.deployments IS 'One row per deployment record. Rows are never changed. Its keys into the dictionaries are resolved in the inserting transaction and dictionary rows are never removed, so no foreign keys check each of them again (db/decisions/0004).';

COMMENT ON COLUMN public.deployments.road IS 'How the record came in: 1 header, 2 api, 3 batch, 4 manual, 5 keyPolicy, 6 octopus, 7 cdevents, 8 inventory, 9 log.';

COMMENT ON COLUMN public.deployments.digest IS 'Hash of every field, only where the date was given explicitly: such a record is accepted once.';

COMMENT ON COLUMN public.deployments.raw_headers IS 'The deployment headers as received, only where they were not literally the fields of this record.';

COMMENT ON COLUMN public.deployments.deployed_hour IS 'Hours since 1970 of deployed_at, for the indexes.';

CREATE TABLE public.distribution_guesses (
    feed_id integer NOT NULL,
    place text NOT NULL,
    distribution text NOT NULL,
    because text NOT NULL
);

COMMENT ON TABLE public.distribution_guesses IS 'What a feed seems to serve; proposals for feeds.distributions, replaced as a whole when it is looked into again.';

COMMENT ON COLUMN public.distribution_guesses.place IS 'The part of the feed (bookworm); empty: all of it.';

COMMENT ON COLUMN public.distribution_guesses.because IS 'What says so, for people.';

CREATE TABLE public.drift_acceptances (
    drift_acceptance_id integer NOT NULL,
    target_id integer NOT NULL,
    package_id integer NOT NULL,
    kind smallint NOT NULL,
    recorded_id integer,
    seen_id integer,
    reason text NOT NULL,
    accepted_by text NOT NULL,
    accepted_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    revoked_by text,
    revoked_at timestamp with time zone,
    CONSTRAINT drift_acceptances_check CHECK ((expires_at > accepted_at)),
    CONSTRAINT drift_acceptances_check1 CHECK (((revoked_at IS NULL) = (revoked_by IS NULL))),
    CONSTRAINT drift_acceptances_kind_check CHECK (((kind >= 1) AND (kind <= 4))),
    CONSTRAINT drift_acceptances_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 2000)))
);

COMMENT ON TABLE public.drift_acceptances IS '"It is right so": a difference that is not to be told while it is the same, with who, why and until when. Never removed.';

COMMENT ON COLUMN public.drift_acceptances.kind IS '1 different version, 2 unrecorded, 3 missing, 4 unconfirmed.';

COMMENT ON COLUMN public.drift_acceptances.recorded_id IS 'The version that was recorded then: with another one it is another difference. Null where none was.';

COMMENT ON COLUMN public.drift_acceptances.seen_id IS 'The version that was seen then, likewise.';

COMMENT ON COLUMN public.drift_acceptances.expires_at IS 'Null: until somebody takes it back.';

ALTER TABLE public.drift_acceptances ALTER COLUMN drift_acceptance_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.drift_acceptances_drift_acceptance_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.duplicate_records (
    id bigint NOT NULL,
    deployment_id bigint NOT NULL,
    received_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE public.duplicate_records IS 'Ids that were given to a repeated request, and the record it repeats.';

CREATE TABLE public.feed_connectors (
    feed_id integer NOT NULL,
    connector_id integer NOT NULL,
    "position" integer NOT NULL
);

COMMENT ON TABLE public.feed_connectors IS 'Which connectors a feed asks, in order of position.';

CREATE TABLE public.feed_names (
    name_key text NOT NULL,
    feed_id integer NOT NULL,
    CONSTRAINT feed_names_name_key_check CHECK ((name_key ~ '^[a-z0-9][a-z0-9._-]{0,99}$'::text))
);

COMMENT ON TABLE public.feed_names IS 'Every name, in lower case, that an existing feed answers to. Kept by a trigger on feeds.';

CREATE TABLE public.feed_packages (
    feed_id integer NOT NULL,
    package_id integer NOT NULL
);

COMMENT ON TABLE public.feed_packages IS 'Which packages were deployed through which feed. Written with the records and, like them, without foreign keys.';

CREATE TABLE public.feeds (
    feed_id integer NOT NULL,
    name text NOT NULL,
    feed_type text NOT NULL,
    alternate_names text[] DEFAULT '{}'::text[] NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    active boolean DEFAULT true NOT NULL,
    anonymous_access boolean DEFAULT true NOT NULL,
    deployment_records_enabled boolean DEFAULT true NOT NULL,
    properties jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    distributions text[] DEFAULT '{}'::text[] NOT NULL,
    matched_distributions text[] DEFAULT '{}'::text[],
    guessed_at timestamp with time zone,
    groups_only boolean DEFAULT false NOT NULL,
    CONSTRAINT feeds_name_check CHECK ((name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$'::text)),
    CONSTRAINT feeds_open_or_limited CHECK ((NOT (groups_only AND anonymous_access)))
);

COMMENT ON TABLE public.feeds IS 'What package clients connect to: /{root}/{name}/...';

COMMENT ON COLUMN public.feeds.feed_type IS 'Key of an IFeedType; checked by the program, so that a new type needs no migration.';

COMMENT ON COLUMN public.feeds.anonymous_access IS 'Whether a client without credentials may download and record.';

COMMENT ON COLUMN public.feeds.properties IS 'Further ProGet feed properties, kept as given so that management tools read back what they wrote.';

COMMENT ON COLUMN public.feeds.distributions IS 'As OSV names them (Debian:12); with a part of the feed in front where it is of that only (bookworm=Debian:12); several when it cannot be told which of them a package is of; {none}: of none; empty: not known.';

COMMENT ON COLUMN public.feeds.matched_distributions IS 'The distributions by which its versions were matched with advisories; null: by none yet.';

COMMENT ON COLUMN public.feeds.guessed_at IS 'When it was last looked into what it seems to serve; null: never.';

COMMENT ON COLUMN public.feeds.groups_only IS 'Roles and keys of every feed do not count on it: only groups that were granted it, keys made for it, and administrators.';

ALTER TABLE public.feeds ALTER COLUMN feed_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.feeds_feed_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.findings (
    version_id integer NOT NULL,
    advisory_id integer NOT NULL,
    is_certain boolean NOT NULL,
    fixed text,
    found_at timestamp with time zone DEFAULT now() NOT NULL,
    closed_at timestamp with time zone,
    closed_reason text,
    fixed_key bytea,
    CONSTRAINT findings_check CHECK (((closed_at IS NULL) = (closed_reason IS NULL)))
);

COMMENT ON TABLE public.findings IS 'Which recorded versions an advisory concerns (db/decisions/0006). Who runs them is in installations.';

COMMENT ON COLUMN public.findings.is_certain IS 'False when the version cannot be compared with the advisory: unknown, never taken for safe.';

COMMENT ON COLUMN public.findings.fixed IS 'The smallest version above that is not affected, of the same branch; null when none is known.';

COMMENT ON COLUMN public.findings.fixed_key IS 'The sort key of the version in fixed.';

CREATE TABLE public.followed_targets (
    account_id integer NOT NULL,
    target_id integer NOT NULL,
    seen_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE public.followed_targets IS 'Targets of which a person is told on the dashboard what is new.';

COMMENT ON COLUMN public.followed_targets.seen_at IS 'What was deployed later is new to the person; first the time when they began to follow.';

CREATE TABLE public.installations (
    target_id integer NOT NULL,
    package_id integer NOT NULL,
    version_id integer NOT NULL,
    deployment_id bigint NOT NULL,
    deployed_at timestamp with time zone NOT NULL,
    removal_id bigint,
    removed_at timestamp with time zone
);

COMMENT ON TABLE public.installations IS 'The newest record per target and package, which a late, older record never moves back, and whether the package was removed since.';

COMMENT ON COLUMN public.installations.removal_id IS 'The first removal that is not older than the record; null while the package runs there.';

COMMENT ON COLUMN public.installations.removed_at IS 'When that was.';

CREATE TABLE public.inventory_scopes (
    scope_id integer NOT NULL,
    target_id integer NOT NULL,
    name text NOT NULL,
    covers text[] DEFAULT '{}'::text[] NOT NULL,
    seen_at timestamp with time zone,
    complete_at timestamp with time zone,
    content_hash bytea,
    CONSTRAINT inventory_scopes_content_hash_check CHECK ((octet_length(content_hash) = 32)),
    CONSTRAINT inventory_scopes_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)))
);

COMMENT ON TABLE public.inventory_scopes IS 'The part of a target that one inventory lists wholly: dpkg, choco, /srv/app.';

COMMENT ON COLUMN public.inventory_scopes.covers IS 'Package URL types of which everything on the target is in the inventory: of these "missing" can be said of packages that were never seen there.';

COMMENT ON COLUMN public.inventory_scopes.seen_at IS 'Of what time the newest upload is; null before the first.';

COMMENT ON COLUMN public.inventory_scopes.complete_at IS 'Of what time the newest upload without an error is: until then everything open in observations was seen. Null before the first.';

COMMENT ON COLUMN public.inventory_scopes.content_hash IS 'SHA-256 of the newest upload where that was complete; null where it was not.';

ALTER TABLE public.inventory_scopes ALTER COLUMN scope_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.inventory_scopes_scope_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.inventory_targets (
    target_id integer NOT NULL,
    scope_id integer NOT NULL
);

COMMENT ON TABLE public.inventory_targets IS 'Of which targets a scope tells: its own, or those that it names (the workloads of a cluster).';

CREATE TABLE public.inventory_uploads (
    upload_id bigint NOT NULL,
    scope_id integer NOT NULL,
    at timestamp with time zone NOT NULL,
    received_at timestamp with time zone NOT NULL,
    recorder_id integer NOT NULL,
    client_address inet,
    format text NOT NULL,
    content_hash bytea NOT NULL,
    bytes bigint NOT NULL,
    packages integer NOT NULL,
    ignored integer NOT NULL,
    errors integer NOT NULL,
    is_complete boolean NOT NULL,
    CONSTRAINT inventory_uploads_content_hash_check CHECK ((octet_length(content_hash) = 32))
);

COMMENT ON TABLE public.inventory_uploads IS 'Each inventory that was taken: who brought it, when, of what time, and what was in it.';

COMMENT ON COLUMN public.inventory_uploads.at IS 'When the machine looked.';

COMMENT ON COLUMN public.inventory_uploads.bytes IS 'Its size, unpacked.';

COMMENT ON COLUMN public.inventory_uploads.is_complete IS 'Whether all of it could be read; else nothing is gone that it did not show.';

ALTER TABLE public.inventory_uploads ALTER COLUMN upload_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.inventory_uploads_upload_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.ledger_anchors (
    anchor_id bigint NOT NULL,
    anchored_at timestamp with time zone NOT NULL,
    size bigint NOT NULL,
    root bytea NOT NULL,
    places text[] NOT NULL,
    CONSTRAINT ledger_anchors_root_check CHECK ((octet_length(root) = 32))
);

COMMENT ON TABLE public.ledger_anchors IS 'Tree heads of the ledger that were noted outside of this database.';

COMMENT ON COLUMN public.ledger_anchors.size IS 'How many entries the ledger had.';

COMMENT ON COLUMN public.ledger_anchors.places IS 'Where it was noted: file, webhook.';

ALTER TABLE public.ledger_anchors ALTER COLUMN anchor_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.ledger_anchors_anchor_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.ledger_entries (
    number bigint NOT NULL,
    chained_at timestamp with time zone NOT NULL,
    kind smallint NOT NULL,
    origin smallint NOT NULL,
    leaves integer NOT NULL,
    first_id bigint,
    last_id bigint,
    ids bytea NOT NULL,
    marks bytea NOT NULL,
    root bytea NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT ledger_entries_hash_check CHECK ((octet_length(hash) = 32)),
    CONSTRAINT ledger_entries_origin_check CHECK (((origin >= 1) AND (origin <= 3))),
    CONSTRAINT ledger_entries_root_check CHECK ((octet_length(root) = 32))
);
ALTER TABLE ONLY public.ledger_entries ALTER COLUMN marks SET STORAGE EXTERNAL;

COMMENT ON TABLE public.ledger_entries IS 'The ledger: each entry covers some rows of one kind by the root of a Merkle tree over their leaves, and the entry before it by its hash. Entries are the leaves of the tree above. Only ever added to.';

COMMENT ON COLUMN public.ledger_entries.number IS 'From 1, without gaps.';

COMMENT ON COLUMN public.ledger_entries.kind IS 'As in ledger_pending.';

COMMENT ON COLUMN public.ledger_entries.origin IS '1 written with the rows, 2 sealed later: the rows were there before the ledger, 3 the end of such sealing, without rows.';

COMMENT ON COLUMN public.ledger_entries.first_id IS 'The smallest of ids, to find the entry of a row; null when it has none.';

COMMENT ON COLUMN public.ledger_entries.last_id IS 'The largest of ids.';

COMMENT ON COLUMN public.ledger_entries.ids IS 'Which rows, as runs of ids.';

COMMENT ON COLUMN public.ledger_entries.marks IS 'The first four bytes of each leaf hash, to tell which row was changed where the root does not fit.';

COMMENT ON COLUMN public.ledger_entries.hash IS 'The leaf hash of the entry, which contains that of the entry before.';

CREATE TABLE public.ledger_nodes (
    level smallint NOT NULL,
    place bigint NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT ledger_nodes_hash_check CHECK ((octet_length(hash) = 32))
);

COMMENT ON TABLE public.ledger_nodes IS 'Inner nodes of the tree over the entries, to make its root and proofs from few rows: of level 1 one for each full 256 entries, of level 2 one for each full 65,536 ...';

CREATE TABLE public.ledger_pending (
    pending_id bigint NOT NULL,
    kind smallint NOT NULL,
    leaves integer NOT NULL,
    ids bigint[] NOT NULL,
    hashes bytea NOT NULL,
    CONSTRAINT ledger_pending_check CHECK (((cardinality(ids) = leaves) AND (octet_length(hashes) = (32 * leaves)))),
    CONSTRAINT ledger_pending_leaves_check CHECK ((leaves > 0))
);
ALTER TABLE ONLY public.ledger_pending ALTER COLUMN hashes SET STORAGE EXTERNAL;

COMMENT ON TABLE public.ledger_pending IS 'Leaves of the ledger that wait to be chained: written by the transaction that writes the rows they are of, taken out a few seconds later.';

COMMENT ON COLUMN public.ledger_pending.kind IS 'Of what: 1 deployment records, 2 removals, 3 assessments, 4 their revocations, 5 accepted differences, 6 their revocations, 7 administrative changes, 8 tombstones of records.';

COMMENT ON COLUMN public.ledger_pending.hashes IS 'The leaf hashes, 32 bytes each, in the order of ids.';

ALTER TABLE public.ledger_pending ALTER COLUMN pending_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.ledger_pending_pending_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.ledger_sealing (
    kind smallint NOT NULL,
    began_at timestamp with time zone DEFAULT now() NOT NULL,
    last_id bigint DEFAULT '-9223372036854775808'::bigint NOT NULL,
    sealed bigint DEFAULT 0 NOT NULL
);

COMMENT ON TABLE public.ledger_sealing IS 'How far rows that were there before the ledger are sealed. Whether that has ended is told by an entry.';

COMMENT ON COLUMN public.ledger_sealing.began_at IS 'Since when the ledger is kept.';

CREATE TABLE public.ledger_tombstone_batches (
    tombstone_batch_id bigint NOT NULL,
    removed_at timestamp with time zone NOT NULL,
    removed_by text NOT NULL,
    reason text NOT NULL
);

COMMENT ON TABLE public.ledger_tombstone_batches IS 'When, by whom and by which rule rows were deleted that are in the ledger.';

ALTER TABLE public.ledger_tombstone_batches ALTER COLUMN tombstone_batch_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.ledger_tombstone_batches_tombstone_batch_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.ledger_tombstones (
    kind smallint NOT NULL,
    id bigint NOT NULL,
    tombstone_batch_id bigint NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT ledger_tombstones_hash_check CHECK ((octet_length(hash) = 32))
);

COMMENT ON TABLE public.ledger_tombstones IS 'The leaf hash of each deleted row, so that its entry still verifies. Without foreign keys, as records (db/decisions/0004).';

CREATE TABLE public.ledger_verifications (
    verification_id bigint NOT NULL,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone NOT NULL,
    problems bigint NOT NULL,
    report jsonb NOT NULL
);

COMMENT ON TABLE public.ledger_verifications IS 'What verifications of the ledger found; the newest few.';

ALTER TABLE public.ledger_verifications ALTER COLUMN verification_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.ledger_verifications_verification_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.mail_server (
    is_only boolean DEFAULT true NOT NULL,
    host text NOT NULL,
    port integer NOT NULL,
    encryption text NOT NULL,
    user_name text,
    password_encrypted text,
    sender text NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT mail_server_encryption_check CHECK ((encryption = ANY (ARRAY['starttls'::text, 'tls'::text, 'none'::text]))),
    CONSTRAINT mail_server_host_check CHECK (((length(host) >= 1) AND (length(host) <= 255))),
    CONSTRAINT mail_server_is_only_check CHECK (is_only),
    CONSTRAINT mail_server_port_check CHECK (((port >= 1) AND (port <= 65535)))
);

COMMENT ON TABLE public.mail_server IS 'The mail server that notifications go through where the environment names none: one row, or none.';

COMMENT ON COLUMN public.mail_server.encryption IS 'starttls, tls from the first byte, or none.';

COMMENT ON COLUMN public.mail_server.user_name IS 'Who signs in there; null: nobody.';

COMMENT ON COLUMN public.mail_server.sender IS 'The address that mail comes from.';

CREATE TABLE public.nodes (
    node_id uuid NOT NULL,
    name text NOT NULL,
    process_id integer NOT NULL,
    version text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    stopped_at timestamp with time zone,
    journal_bytes bigint NOT NULL,
    refused_bytes bigint NOT NULL,
    disk_free_bytes bigint,
    disk_bytes bigint,
    keeps_ledger boolean DEFAULT false NOT NULL
);

COMMENT ON TABLE public.nodes IS 'Web nodes: one row per start of the program, renewed twice a minute while it runs.';

COMMENT ON COLUMN public.nodes.name IS 'Name of the machine.';

COMMENT ON COLUMN public.nodes.stopped_at IS 'When it ended in good order; null while it runs, or when it was killed.';

COMMENT ON COLUMN public.nodes.journal_bytes IS 'What waits in the node''s journal for the database.';

COMMENT ON COLUMN public.nodes.refused_bytes IS 'Journaled entries that the database refused, kept for a person.';

COMMENT ON COLUMN public.nodes.disk_free_bytes IS 'Free space where the data directory is; null where it cannot be told.';

COMMENT ON COLUMN public.nodes.keeps_ledger IS 'False for a node of a version that writes without the ledger: sealing waits until none runs.';

CREATE TABLE public.notification_deliveries (
    notification_delivery_id bigint NOT NULL,
    notification_id bigint NOT NULL,
    attempted_at timestamp with time zone DEFAULT now() NOT NULL,
    took_ms integer NOT NULL,
    status integer,
    answer text DEFAULT ''::text NOT NULL,
    problem text,
    CONSTRAINT notification_deliveries_answer_check CHECK ((length(answer) <= 500)),
    CONSTRAINT notification_deliveries_problem_check CHECK ((length(problem) <= 500))
);

COMMENT ON TABLE public.notification_deliveries IS 'Each attempt to tell, and what came of it.';

COMMENT ON COLUMN public.notification_deliveries.status IS 'The receiver''s HTTP status; null when it did not answer, and for mail.';

COMMENT ON COLUMN public.notification_deliveries.answer IS 'The first 500 characters of what the receiver answered: text of a stranger.';

COMMENT ON COLUMN public.notification_deliveries.problem IS 'Why it failed; null when it did not.';

ALTER TABLE public.notification_deliveries ALTER COLUMN notification_delivery_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.notification_deliveries_notification_delivery_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.notification_outbox (
    notification_id bigint NOT NULL,
    delivery_key uuid DEFAULT gen_random_uuid() NOT NULL,
    notification_rule_id integer NOT NULL,
    event_key text NOT NULL,
    occasion smallint NOT NULL,
    facts json NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    state smallint DEFAULT 0 NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    next_attempt_at timestamp with time zone DEFAULT now() NOT NULL,
    give_up_at timestamp with time zone DEFAULT (now() + '24:00:00'::interval) NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT notification_outbox_check CHECK (((state = 0) = (ended_at IS NULL))),
    CONSTRAINT notification_outbox_occasion_check CHECK (((occasion >= 0) AND (occasion <= 6))),
    CONSTRAINT notification_outbox_state_check CHECK (((state >= 0) AND (state <= 2)))
);

COMMENT ON TABLE public.notification_outbox IS 'What is to be told to whom, written in the transaction that brought it. Times are the database''s, one clock for all nodes.';

COMMENT ON COLUMN public.notification_outbox.delivery_key IS 'Sent along: a receiver that sees it twice drops the second.';

COMMENT ON COLUMN public.notification_outbox.event_key IS 'What is told, so that a rule never notes the same twice (db/decisions/0010).';

COMMENT ON COLUMN public.notification_outbox.occasion IS 'As of notification_rules; 0 a test; 4 to those who want to hear of 1: an assessment has run out, and the vulnerability is open again.';

COMMENT ON COLUMN public.notification_outbox.facts IS 'What was true when it happened; later changes do not alter what is told.';

COMMENT ON COLUMN public.notification_outbox.state IS '0 waiting, 1 delivered, 2 failed.';

COMMENT ON COLUMN public.notification_outbox.next_attempt_at IS 'Not tried before. A node that takes it moves this on, so that no other does; if it dies, another tries then.';

COMMENT ON COLUMN public.notification_outbox.give_up_at IS 'An attempt that fails after this is the last one.';

ALTER TABLE public.notification_outbox ALTER COLUMN notification_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.notification_outbox_notification_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.notification_rules (
    notification_rule_id integer NOT NULL,
    name text NOT NULL,
    occasion smallint NOT NULL,
    severity_min smallint DEFAULT 0 NOT NULL,
    feed_id integer,
    package_pattern text,
    package_like text GENERATED ALWAYS AS (replace(replace(replace(replace(replace(package_pattern, '\'::text, '\\'::text), '%'::text, '\%'::text), '_'::text, '\_'::text), '*'::text, '%'::text), '?'::text, '_'::text)) STORED,
    target_pattern text,
    target_like text GENERATED ALWAYS AS (replace(replace(replace(replace(replace(target_pattern, '\'::text, '\\'::text), '%'::text, '\%'::text), '_'::text, '\_'::text), '*'::text, '%'::text), '?'::text, '_'::text)) STORED,
    channel smallint NOT NULL,
    url text,
    secret_encrypted text,
    recipients text[] DEFAULT '{}'::text[] NOT NULL,
    active boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT notification_rules_channel_check CHECK (((channel >= 1) AND (channel <= 2))),
    CONSTRAINT notification_rules_check CHECK (
CASE channel
    WHEN 1 THEN ((url IS NOT NULL) AND (secret_encrypted IS NOT NULL))
    ELSE (cardinality(recipients) > 0)
END),
    CONSTRAINT notification_rules_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100))),
    CONSTRAINT notification_rules_occasion_check CHECK ((((occasion >= 1) AND (occasion <= 3)) OR ((occasion >= 5) AND (occasion <= 6)))),
    CONSTRAINT notification_rules_package_pattern_check CHECK (((length(package_pattern) >= 1) AND (length(package_pattern) <= 200))),
    CONSTRAINT notification_rules_severity_min_check CHECK (((severity_min >= 0) AND (severity_min <= 4))),
    CONSTRAINT notification_rules_target_pattern_check CHECK (((length(target_pattern) >= 1) AND (length(target_pattern) <= 200))),
    CONSTRAINT notification_rules_url_check CHECK ((length(url) <= 2000))
);

COMMENT ON TABLE public.notification_rules IS 'Who is told of what, and when; made by administrators (db/decisions/0010).';

COMMENT ON COLUMN public.notification_rules.occasion IS '1 an advisory newly touches a running version, 2 a version with a known advisory is deployed, 3 every deployment, 5 an inventory shows new drift, 6 drift is gone.';

COMMENT ON COLUMN public.notification_rules.severity_min IS 'Only advisories at least this bad: 0 any, 1 low, 2 medium, 3 high, 4 critical.';

COMMENT ON COLUMN public.notification_rules.package_pattern IS 'Only packages whose group/name matches in any case, * for any text and ? for a character; null: any.';

COMMENT ON COLUMN public.notification_rules.package_like IS 'The pattern as "like" has it.';

COMMENT ON COLUMN public.notification_rules.target_pattern IS 'Only targets whose name matches, likewise.';

COMMENT ON COLUMN public.notification_rules.channel IS '1 webhook, 2 mail.';

COMMENT ON COLUMN public.notification_rules.secret_encrypted IS 'What webhooks are signed with, encrypted with the key ring.';

COMMENT ON COLUMN public.notification_rules.active IS 'Whether events are noted for it; what was noted before is delivered in any case.';

ALTER TABLE public.notification_rules ALTER COLUMN notification_rule_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.notification_rules_notification_rule_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.observations (
    observation_id bigint NOT NULL,
    scope_id integer NOT NULL,
    target_id integer NOT NULL,
    package_id integer NOT NULL,
    version_id integer NOT NULL,
    first_upload_id bigint NOT NULL,
    gone_upload_id bigint,
    first_seen_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone,
    gone_at timestamp with time zone,
    CONSTRAINT observations_check CHECK ((((gone_at IS NULL) = (gone_upload_id IS NULL)) AND ((gone_at IS NULL) = (last_seen_at IS NULL))))
);

COMMENT ON TABLE public.observations IS 'That a version was seen on a target, from when to when: evidence beside the records, never one of them. Without foreign keys, as records are (db/decisions/0004, 0020).';

COMMENT ON COLUMN public.observations.last_seen_at IS 'Null while it is there: it was last seen at complete_at of its scope, so that an unchanged inventory writes nothing here.';

COMMENT ON COLUMN public.observations.gone_at IS 'Of what time the complete upload is that no longer showed it; null while it is there.';

ALTER TABLE public.observations ALTER COLUMN observation_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.observations_observation_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.octopus_connections (
    connection_id integer NOT NULL,
    name text NOT NULL,
    url text NOT NULL,
    api_key_encrypted text NOT NULL,
    secret_encrypted text NOT NULL,
    own_host text NOT NULL,
    spaces text[] NOT NULL,
    environments text[] NOT NULL,
    from_at timestamp with time zone NOT NULL,
    is_paused boolean DEFAULT false NOT NULL,
    polled_at timestamp with time zone,
    not_before timestamp with time zone,
    requests_until timestamp with time zone DEFAULT '1970-01-01 00:00:00+00'::timestamp with time zone NOT NULL,
    failing_since timestamp with time zone,
    problem text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT octopus_connections_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100))),
    CONSTRAINT octopus_connections_url_check CHECK (((length(url) >= 1) AND (length(url) <= 2000)))
);

COMMENT ON TABLE public.octopus_connections IS 'Octopus servers whose deployments become records.';

COMMENT ON COLUMN public.octopus_connections.secret_encrypted IS 'What a subscription of that server sends in a header, so that we believe it.';

COMMENT ON COLUMN public.octopus_connections.own_host IS 'Host and port under which this server was reached when the connection was made: feeds of Octopus that lead there are ours.';

COMMENT ON COLUMN public.octopus_connections.spaces IS 'Names or ids; empty: all that the key sees.';

COMMENT ON COLUMN public.octopus_connections.environments IS 'Names of those that count; empty: all.';

COMMENT ON COLUMN public.octopus_connections.polled_at IS 'When every space was listed to its end; null: never, or it was asked for again.';

COMMENT ON COLUMN public.octopus_connections.not_before IS 'Until then the server wants to be left alone; null: it does not.';

COMMENT ON COLUMN public.octopus_connections.requests_until IS 'The time by which the requests made so far are paid for at the steady rate: the pace, of all nodes together.';

COMMENT ON COLUMN public.octopus_connections.failing_since IS 'When it began to fail; null while it works.';

ALTER TABLE public.octopus_connections ALTER COLUMN connection_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.octopus_connections_connection_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.octopus_deployments (
    connection_id integer NOT NULL,
    deployment_id text NOT NULL,
    space_id text NOT NULL,
    is_pushed boolean NOT NULL,
    found_at timestamp with time zone DEFAULT now() NOT NULL,
    next_at timestamp with time zone NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    done_at timestamp with time zone,
    records integer DEFAULT 0 NOT NULL,
    set_aside integer DEFAULT 0 NOT NULL,
    note text DEFAULT ''::text NOT NULL
);

COMMENT ON TABLE public.octopus_deployments IS 'Every deployment that Octopus told of, by push or poll, once: those to be looked into, and those that are done.';

COMMENT ON COLUMN public.octopus_deployments.next_at IS 'When it is looked into (again).';

CREATE TABLE public.octopus_feeds (
    connection_id integer NOT NULL,
    octopus_feed_id text NOT NULL,
    name text NOT NULL,
    feed_type text NOT NULL,
    feed_uri text NOT NULL,
    feed_id integer,
    is_chosen boolean DEFAULT false NOT NULL
);

COMMENT ON TABLE public.octopus_feeds IS 'Feeds of Octopus and which of ours they are.';

COMMENT ON COLUMN public.octopus_feeds.feed_id IS 'Ours; null: an administrator must say.';

COMMENT ON COLUMN public.octopus_feeds.is_chosen IS 'Whether an administrator said so.';

CREATE TABLE public.octopus_packages (
    connection_id integer NOT NULL,
    project_id text NOT NULL,
    action text NOT NULL,
    reference text NOT NULL,
    feed_id integer NOT NULL,
    package text NOT NULL
);

COMMENT ON TABLE public.octopus_packages IS 'Which package a step deploys where Octopus takes it from a variable, as an administrator said.';

CREATE TABLE public.octopus_set_aside (
    set_aside_id bigint NOT NULL,
    connection_id integer NOT NULL,
    deployment_id text NOT NULL,
    project_id text NOT NULL,
    action text NOT NULL,
    reference text NOT NULL,
    octopus_feed_id text NOT NULL,
    package text NOT NULL,
    version text NOT NULL,
    targets text[] NOT NULL,
    application text NOT NULL,
    description text NOT NULL,
    url text,
    user_name text NOT NULL,
    deployed_at timestamp with time zone NOT NULL,
    reason text NOT NULL,
    received_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE public.octopus_set_aside IS 'Packages of deployments that could not be recorded, with all that the record will say: a mapping replays them without asking Octopus again.';

ALTER TABLE public.octopus_set_aside ALTER COLUMN set_aside_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.octopus_set_aside_set_aside_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.octopus_spaces (
    connection_id integer NOT NULL,
    space_id text NOT NULL,
    name text NOT NULL,
    completed_until timestamp with time zone NOT NULL,
    listing_began_at timestamp with time zone,
    listing_newest timestamp with time zone,
    listing_skip integer DEFAULT 0 NOT NULL,
    listing_total integer DEFAULT 0 NOT NULL
);

COMMENT ON TABLE public.octopus_spaces IS 'How far the tasks of a space were listed; a listing goes on where it was left.';

COMMENT ON COLUMN public.octopus_spaces.completed_until IS 'Tasks completed before are known.';

CREATE TABLE public.package_statuses (
    feed_id integer NOT NULL,
    group_key text NOT NULL,
    name_key text NOT NULL,
    version_key text NOT NULL,
    listed boolean DEFAULT true NOT NULL,
    allow boolean,
    deprecated boolean DEFAULT false NOT NULL,
    deprecation_reason text DEFAULT ''::text NOT NULL,
    CONSTRAINT package_statuses_deprecation_reason_check CHECK ((length(deprecation_reason) <= 2000))
);

COMMENT ON TABLE public.package_statuses IS 'What was decided about versions of a feed''s packages, those of its connectors too; by normalised names, since a package need not be here or recorded.';

COMMENT ON COLUMN public.package_statuses.listed IS 'Whether it is offered as the latest version.';

COMMENT ON COLUMN public.package_statuses.allow IS 'False: downloads are refused. Null: nothing was decided, which allows them.';

CREATE TABLE public.package_versions (
    version_id integer NOT NULL,
    package_id integer NOT NULL,
    version_key text NOT NULL,
    qualifier text NOT NULL,
    version text NOT NULL,
    sort_key bytea,
    first_seen_at timestamp with time zone DEFAULT now() NOT NULL,
    releases text[],
    source_key text,
    source_version text,
    source_sort_key bytea
);

COMMENT ON TABLE public.package_versions IS 'Versions of packages that a record names or an inventory showed; one row per qualifier.';

COMMENT ON COLUMN public.package_versions.qualifier IS 'key=value pairs sorted by key, joined by &; empty when the version has one file.';

COMMENT ON COLUMN public.package_versions.sort_key IS 'Bytewise order of these keys is the version order of the ecosystem; null when the version is not one of it.';

COMMENT ON COLUMN public.package_versions.releases IS 'The distributions that the feeds it came through serve: it is of one of them. Null: not known, or its type has none.';

COMMENT ON COLUMN public.package_versions.source_key IS 'The source package it was built from (of libssl3, openssl); null: not known, or of the same name and version.';

COMMENT ON COLUMN public.package_versions.source_version IS 'The version of the source package.';

ALTER TABLE public.package_versions ALTER COLUMN version_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.package_versions_version_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.packages (
    package_id integer NOT NULL,
    type text NOT NULL,
    group_key text NOT NULL,
    name_key text NOT NULL,
    group_name text NOT NULL,
    name text NOT NULL
);

COMMENT ON TABLE public.packages IS 'Packages across feeds, identified as by a package URL.';

COMMENT ON COLUMN public.packages.type IS 'Package URL type: nuget, npm, maven, upack ...';

COMMENT ON COLUMN public.packages.group_name IS 'npm scope, Maven groupId, universal group; empty when there is none.';

ALTER TABLE public.packages ALTER COLUMN package_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.packages_package_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.recorders (
    recorder_id integer NOT NULL,
    name_key text NOT NULL,
    name text NOT NULL
);

COMMENT ON TABLE public.recorders IS 'Who wrote records down, as authenticated: an account, an API key, or Anonymous.';

ALTER TABLE public.recorders ALTER COLUMN recorder_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.recorders_recorder_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.rejected_records (
    id bigint NOT NULL,
    received_at timestamp with time zone NOT NULL,
    feed_id integer NOT NULL,
    group_name text NOT NULL,
    name text NOT NULL,
    version text NOT NULL,
    qualifier text NOT NULL,
    recorder text NOT NULL,
    client_address text,
    user_agent text,
    road smallint NOT NULL,
    raw_path text NOT NULL,
    raw_headers text NOT NULL,
    reason text NOT NULL,
    resolved_at timestamp with time zone,
    resolved_by text,
    resolution text,
    dismissal_reason text,
    CONSTRAINT rejected_records_resolution_check CHECK ((resolution = ANY (ARRAY['replayed'::text, 'dismissed'::text])))
);

COMMENT ON TABLE public.rejected_records IS 'Tagged downloads whose record could not be accepted, for an administrator to mend and replay.';

COMMENT ON COLUMN public.rejected_records.raw_headers IS 'The deployment headers as received, one per line.';

COMMENT ON COLUMN public.rejected_records.resolution IS 'What an administrator did: replayed (the record has this id, or duplicate_records leads from it to the one that it repeats) or dismissed.';

COMMENT ON COLUMN public.rejected_records.dismissal_reason IS 'Why it was dismissed, in the administrator''s words; null for a replayed one.';

CREATE TABLE public.removals (
    removal_id bigint NOT NULL,
    removed_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    package_id integer NOT NULL,
    target_id integer NOT NULL,
    application_id integer NOT NULL,
    user_id integer NOT NULL,
    recorder_id integer NOT NULL,
    description_id integer NOT NULL,
    url_id integer,
    feed_id integer NOT NULL,
    road smallint NOT NULL,
    client_address inet,
    digest uuid
);

COMMENT ON TABLE public.removals IS 'That a package no longer ran on a target, since when, and who said so. Like records: never changed, without foreign keys (db/decisions/0004, 0018).';

COMMENT ON COLUMN public.removals.feed_id IS 'Through which feed the package had been deployed there, as whoever told it named it: decides who sees this.';

COMMENT ON COLUMN public.removals.digest IS 'Hash of every field, only where the date was given explicitly: such a removal is accepted once.';

ALTER TABLE public.removals ALTER COLUMN removal_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.removals_removal_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.retention_rules (
    retention_rule_id integer NOT NULL,
    keep_months integer NOT NULL,
    feed_id integer,
    target_pattern text,
    active boolean DEFAULT false NOT NULL,
    revision integer DEFAULT 1 NOT NULL,
    last_run_at timestamp with time zone,
    last_removed bigint,
    pending_records bigint DEFAULT 0 NOT NULL,
    pending_repeats bigint DEFAULT 0 NOT NULL,
    pending_rejected bigint DEFAULT 0 NOT NULL,
    pending_oldest_at timestamp with time zone,
    pending_newest_at timestamp with time zone,
    subject smallint DEFAULT 1 NOT NULL,
    pending_observations bigint DEFAULT 0 NOT NULL,
    pending_uploads bigint DEFAULT 0 NOT NULL,
    CONSTRAINT retention_rules_feed_check CHECK (((subject = 1) OR (feed_id IS NULL))),
    CONSTRAINT retention_rules_keep_months_check CHECK (((keep_months >= 1) AND (keep_months <= 1200))),
    CONSTRAINT retention_rules_subject_check CHECK (((subject >= 1) AND (subject <= 2))),
    CONSTRAINT retention_rules_target_pattern_check CHECK (((length(target_pattern) >= 1) AND (length(target_pattern) <= 200)))
);

COMMENT ON TABLE public.retention_rules IS 'Which deployment records, or which observations and inventories, are old enough to be removed. Something goes when any active rule says so, unless it is the newest of its target and package, or of its scope.';

COMMENT ON COLUMN public.retention_rules.feed_id IS 'Only records that came through this feed; null: through any.';

COMMENT ON COLUMN public.retention_rules.target_pattern IS 'Only records of targets whose name matches, * standing for any text; null: of any.';

COMMENT ON COLUMN public.retention_rules.active IS 'False for a new or changed rule, until somebody has looked at what it would remove.';

COMMENT ON COLUMN public.retention_rules.revision IS 'Grows with every change, so that nobody switches on another rule than the one looked at.';

COMMENT ON COLUMN public.retention_rules.last_removed IS 'How many deployment records, or observations, the last run removed.';

COMMENT ON COLUMN public.retention_rules.pending_records IS 'Removed, and not yet in the audit log: written with each batch, so that a killed run is audited by the next one.';

COMMENT ON COLUMN public.retention_rules.subject IS '1 deployment records, 2 inventories: observations that ended, and uploads.';

ALTER TABLE public.retention_rules ALTER COLUMN retention_rule_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.retention_rules_retention_rule_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE VIEW public.running_installations AS
 SELECT installations.target_id,
    installations.package_id,
    installations.version_id,
    installations.deployment_id,
    installations.deployed_at
   FROM public.installations
  WHERE (installations.removed_at IS NULL);

COMMENT ON VIEW public.running_installations IS 'What runs where now: installations without those that were removed.';

CREATE TABLE public.saved_filters (
    saved_filter_id integer NOT NULL,
    account_id integer NOT NULL,
    path text NOT NULL,
    query text NOT NULL,
    name text NOT NULL,
    is_shared boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT saved_filters_name_check CHECK (((length(name) >= 1) AND (length(name) <= 60))),
    CONSTRAINT saved_filters_path_check CHECK ((path ~ '^/[a-z/-]{1,99}$'::text)),
    CONSTRAINT saved_filters_query_check CHECK (((query ~ '^[?].'::text) AND (length(query) <= 2000)))
);

COMMENT ON TABLE public.saved_filters IS 'Filters of lists under a name: links, in the list''s page, for the person who saved them.';

COMMENT ON COLUMN public.saved_filters.path IS 'The list''s address on this server.';

COMMENT ON COLUMN public.saved_filters.query IS 'What stands behind the address, with its question mark, without the place in the list.';

COMMENT ON COLUMN public.saved_filters.is_shared IS 'Whether everybody who sees the list sees the link; administrators say so.';

ALTER TABLE public.saved_filters ALTER COLUMN saved_filter_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.saved_filters_saved_filter_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.schema_migrations (
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.server_keys (
    name text NOT NULL,
    key_encrypted text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE public.server_keys IS 'Keys that all web nodes share and that never change, encrypted with the Data Protection keys.';

CREATE TABLE public.target_group_rules (
    place integer NOT NULL,
    pattern text NOT NULL,
    pattern_like text NOT NULL,
    target_group_id integer NOT NULL,
    CONSTRAINT target_group_rules_pattern_check CHECK (((length(pattern) >= 1) AND (length(pattern) <= 200)))
);

COMMENT ON TABLE public.target_group_rules IS 'Which targets are in which group: of the rules that match a name the first, by place, counts.';

COMMENT ON COLUMN public.target_group_rules.pattern IS 'As typed: * stands for any text, ? for one character.';

COMMENT ON COLUMN public.target_group_rules.pattern_like IS 'The same for like, to be compared with targets.name_key.';

CREATE TABLE public.target_groups (
    target_group_id integer NOT NULL,
    place integer NOT NULL,
    name_key text NOT NULL,
    name text NOT NULL,
    CONSTRAINT target_groups_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100)))
);

COMMENT ON TABLE public.target_groups IS 'Groups of targets, such as test and production, in the order of their places.';

COMMENT ON COLUMN public.target_groups.name_key IS 'The name under which spellings are equal.';

ALTER TABLE public.target_groups ALTER COLUMN target_group_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.target_groups_target_group_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.targets (
    target_id integer NOT NULL,
    name_key text NOT NULL,
    name text NOT NULL,
    target_group_id integer
);

COMMENT ON TABLE public.targets IS 'Where packages are installed, typically servers.';

COMMENT ON COLUMN public.targets.target_group_id IS 'The group that the rules say; null: none matches. Kept by the trigger and by whoever changes the rules.';

ALTER TABLE public.targets ALTER COLUMN target_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.targets_target_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.texts (
    text_id integer NOT NULL,
    name_key uuid NOT NULL,
    name text NOT NULL
);

COMMENT ON TABLE public.texts IS 'Descriptions, URLs and user agents: stored once, since one release repeats them for each server and package.';

COMMENT ON COLUMN public.texts.name_key IS 'The first 16 bytes of the SHA-256 of the text.';

ALTER TABLE public.texts ALTER COLUMN text_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.texts_text_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.told_drift (
    target_id integer NOT NULL,
    package_id integer NOT NULL,
    kind smallint NOT NULL,
    recorded_id integer,
    seen_id integer,
    CONSTRAINT told_drift_kind_check CHECK (((kind >= 1) AND (kind <= 3)))
);

COMMENT ON TABLE public.told_drift IS 'The differences that were there after the newest inventory of a target while anybody wanted to be told: what the next one is compared with. Not what drift is, which is worked out when it is asked for.';

COMMENT ON COLUMN public.told_drift.kind IS '1 different version, 2 unrecorded, 3 missing.';

CREATE TABLE public.users (
    user_id integer NOT NULL,
    name_key text NOT NULL,
    name text NOT NULL
);

COMMENT ON TABLE public.users IS 'People named in records as having deployed. Not accounts: a name here is what a client said.';

ALTER TABLE public.users ALTER COLUMN user_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.users_user_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.version_feeds (
    version_id integer NOT NULL,
    feed_id integer NOT NULL,
    places text[] DEFAULT '{}'::text[] NOT NULL,
    awaits_suite boolean DEFAULT false NOT NULL
);

COMMENT ON TABLE public.version_feeds IS 'Through which feeds a version came, where its type is one that distributions have.';

COMMENT ON COLUMN public.version_feeds.places IS 'Folders of the feed from which it was downloaded (9/BaseOS/x86_64/os/Packages), and suites of a Debian repository that name it (bookworm); empty: not known.';

COMMENT ON COLUMN public.version_feeds.awaits_suite IS 'Whether it is still to be found out which suites of the feed name it.';

ALTER TABLE ONLY public.access_group_claim_holders
    ADD CONSTRAINT access_group_claim_holders_pkey PRIMARY KEY (account_identity_id, access_group_claim_id);

ALTER TABLE ONLY public.access_group_claims
    ADD CONSTRAINT access_group_claims_access_group_id_provider_claim_key UNIQUE (access_group_id, provider, claim);

ALTER TABLE ONLY public.access_group_claims
    ADD CONSTRAINT access_group_claims_pkey PRIMARY KEY (access_group_claim_id);

ALTER TABLE ONLY public.access_group_grants
    ADD CONSTRAINT access_group_grants_access_group_id_feed_id_key UNIQUE (access_group_id, feed_id);

ALTER TABLE ONLY public.access_group_grants
    ADD CONSTRAINT access_group_grants_access_group_id_feed_pattern_key UNIQUE (access_group_id, feed_pattern);

ALTER TABLE ONLY public.access_group_grants
    ADD CONSTRAINT access_group_grants_pkey PRIMARY KEY (access_group_grant_id);

ALTER TABLE ONLY public.access_group_members
    ADD CONSTRAINT access_group_members_account_id_access_group_id_key UNIQUE (account_id, access_group_id);

ALTER TABLE ONLY public.access_group_members
    ADD CONSTRAINT access_group_members_api_key_id_access_group_id_key UNIQUE (api_key_id, access_group_id);

ALTER TABLE ONLY public.access_group_members
    ADD CONSTRAINT access_group_members_pkey PRIMARY KEY (access_group_member_id);

ALTER TABLE ONLY public.access_groups
    ADD CONSTRAINT access_groups_pkey PRIMARY KEY (access_group_id);

ALTER TABLE ONLY public.account_identities
    ADD CONSTRAINT account_identities_pkey PRIMARY KEY (account_identity_id);

ALTER TABLE ONLY public.account_invitations
    ADD CONSTRAINT account_invitations_pkey PRIMARY KEY (token_hash);

ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT accounts_pkey PRIMARY KEY (account_id);

ALTER TABLE ONLY public.advisories
    ADD CONSTRAINT advisories_osv_id_key UNIQUE (osv_id);

ALTER TABLE ONLY public.advisories
    ADD CONSTRAINT advisories_pkey PRIMARY KEY (advisory_id);

ALTER TABLE ONLY public.advisory_names
    ADD CONSTRAINT advisory_names_pkey PRIMARY KEY (name, advisory_id);

ALTER TABLE ONLY public.advisory_packages
    ADD CONSTRAINT advisory_packages_pkey PRIMARY KEY (advisory_package_id);

ALTER TABLE ONLY public.advisory_ranges
    ADD CONSTRAINT advisory_ranges_pkey PRIMARY KEY (advisory_range_id);

ALTER TABLE ONLY public.advisory_sources
    ADD CONSTRAINT advisory_sources_pkey PRIMARY KEY (advisory_source_id);

ALTER TABLE ONLY public.advisory_versions
    ADD CONSTRAINT advisory_versions_pkey PRIMARY KEY (advisory_version_id);

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_key_hash_key UNIQUE (key_hash);

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (api_key_id);

ALTER TABLE ONLY public.applications
    ADD CONSTRAINT applications_name_key_key UNIQUE (name_key);

ALTER TABLE ONLY public.applications
    ADD CONSTRAINT applications_pkey PRIMARY KEY (application_id);

ALTER TABLE ONLY public.arrivals
    ADD CONSTRAINT arrivals_pkey PRIMARY KEY (target_group_id, version_id, feed_id);

ALTER TABLE ONLY public.assessments
    ADD CONSTRAINT assessments_pkey PRIMARY KEY (assessment_id);

ALTER TABLE ONLY public.audit_events
    ADD CONSTRAINT audit_events_pkey PRIMARY KEY (audit_event_id);

ALTER TABLE ONLY public.cd_events
    ADD CONSTRAINT cd_events_pkey PRIMARY KEY (event_key);

ALTER TABLE ONLY public.change_windows
    ADD CONSTRAINT change_windows_pkey PRIMARY KEY (place);

ALTER TABLE ONLY public.connectors
    ADD CONSTRAINT connectors_pkey PRIMARY KEY (connector_id);

ALTER TABLE ONLY public.counted_days
    ADD CONSTRAINT counted_days_pkey PRIMARY KEY (day);

ALTER TABLE ONLY public.counted_packages
    ADD CONSTRAINT counted_packages_pkey PRIMARY KEY (package_id);

ALTER TABLE ONLY public.data_protection_keys
    ADD CONSTRAINT data_protection_keys_pkey PRIMARY KEY (friendly_name);

ALTER TABLE ONLY public.demo_load
    ADD CONSTRAINT demo_load_pkey PRIMARY KEY (only_one);

ALTER TABLE ONLY public.deployment_days
    ADD CONSTRAINT deployment_days_pkey PRIMARY KEY (day, feed_id, target_group_id);

ALTER TABLE ONLY public.deployment_inbox
    ADD CONSTRAINT deployment_inbox_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.deployments
    ADD CONSTRAINT deployments_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.distribution_guesses
    ADD CONSTRAINT distribution_guesses_pkey PRIMARY KEY (feed_id, place, distribution);

ALTER TABLE ONLY public.drift_acceptances
    ADD CONSTRAINT drift_acceptances_pkey PRIMARY KEY (drift_acceptance_id);

ALTER TABLE ONLY public.duplicate_records
    ADD CONSTRAINT duplicate_records_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.feed_connectors
    ADD CONSTRAINT feed_connectors_pkey PRIMARY KEY (feed_id, connector_id);

ALTER TABLE ONLY public.feed_names
    ADD CONSTRAINT feed_names_pkey PRIMARY KEY (name_key);

ALTER TABLE ONLY public.feed_packages
    ADD CONSTRAINT feed_packages_pkey PRIMARY KEY (feed_id, package_id);

ALTER TABLE ONLY public.feeds
    ADD CONSTRAINT feeds_pkey PRIMARY KEY (feed_id);

ALTER TABLE ONLY public.findings
    ADD CONSTRAINT findings_pkey PRIMARY KEY (version_id, advisory_id);

ALTER TABLE ONLY public.followed_targets
    ADD CONSTRAINT followed_targets_pkey PRIMARY KEY (account_id, target_id);

ALTER TABLE public.installations
    ADD CONSTRAINT installations_check CHECK (((removal_id IS NULL) = (removed_at IS NULL))) NOT VALID;

ALTER TABLE ONLY public.installations
    ADD CONSTRAINT installations_pkey PRIMARY KEY (target_id, package_id);

ALTER TABLE ONLY public.inventory_scopes
    ADD CONSTRAINT inventory_scopes_pkey PRIMARY KEY (scope_id);

ALTER TABLE ONLY public.inventory_scopes
    ADD CONSTRAINT inventory_scopes_target_id_name_key UNIQUE (target_id, name);

ALTER TABLE ONLY public.inventory_targets
    ADD CONSTRAINT inventory_targets_pkey PRIMARY KEY (target_id, scope_id);

ALTER TABLE ONLY public.inventory_uploads
    ADD CONSTRAINT inventory_uploads_pkey PRIMARY KEY (upload_id);

ALTER TABLE ONLY public.inventory_uploads
    ADD CONSTRAINT inventory_uploads_scope_id_at_key UNIQUE (scope_id, at);

ALTER TABLE ONLY public.ledger_anchors
    ADD CONSTRAINT ledger_anchors_pkey PRIMARY KEY (anchor_id);

ALTER TABLE ONLY public.ledger_entries
    ADD CONSTRAINT ledger_entries_pkey PRIMARY KEY (number);

ALTER TABLE ONLY public.ledger_nodes
    ADD CONSTRAINT ledger_nodes_pkey PRIMARY KEY (level, place);

ALTER TABLE ONLY public.ledger_pending
    ADD CONSTRAINT ledger_pending_pkey PRIMARY KEY (pending_id);

ALTER TABLE ONLY public.ledger_sealing
    ADD CONSTRAINT ledger_sealing_pkey PRIMARY KEY (kind);

ALTER TABLE ONLY public.ledger_tombstone_batches
    ADD CONSTRAINT ledger_tombstone_batches_pkey PRIMARY KEY (tombstone_batch_id);

ALTER TABLE ONLY public.ledger_tombstones
    ADD CONSTRAINT ledger_tombstones_pkey PRIMARY KEY (kind, id);

ALTER TABLE ONLY public.ledger_verifications
    ADD CONSTRAINT ledger_verifications_pkey PRIMARY KEY (verification_id);

ALTER TABLE ONLY public.mail_server
    ADD CONSTRAINT mail_server_pkey PRIMARY KEY (is_only);

ALTER TABLE ONLY public.nodes
    ADD CONSTRAINT nodes_pkey PRIMARY KEY (node_id);

ALTER TABLE ONLY public.notification_deliveries
    ADD CONSTRAINT notification_deliveries_pkey PRIMARY KEY (notification_delivery_id);

ALTER TABLE ONLY public.notification_outbox
    ADD CONSTRAINT notification_outbox_notification_rule_id_event_key_key UNIQUE (notification_rule_id, event_key);

ALTER TABLE ONLY public.notification_outbox
    ADD CONSTRAINT notification_outbox_pkey PRIMARY KEY (notification_id);

ALTER TABLE ONLY public.notification_rules
    ADD CONSTRAINT notification_rules_pkey PRIMARY KEY (notification_rule_id);

ALTER TABLE ONLY public.observations
    ADD CONSTRAINT observations_pkey PRIMARY KEY (observation_id);

ALTER TABLE ONLY public.octopus_connections
    ADD CONSTRAINT octopus_connections_pkey PRIMARY KEY (connection_id);

ALTER TABLE ONLY public.octopus_deployments
    ADD CONSTRAINT octopus_deployments_pkey PRIMARY KEY (connection_id, deployment_id);

ALTER TABLE ONLY public.octopus_feeds
    ADD CONSTRAINT octopus_feeds_pkey PRIMARY KEY (connection_id, octopus_feed_id);

ALTER TABLE ONLY public.octopus_packages
    ADD CONSTRAINT octopus_packages_pkey PRIMARY KEY (connection_id, project_id, action, reference);

ALTER TABLE ONLY public.octopus_set_aside
    ADD CONSTRAINT octopus_set_aside_pkey PRIMARY KEY (set_aside_id);

ALTER TABLE ONLY public.octopus_spaces
    ADD CONSTRAINT octopus_spaces_pkey PRIMARY KEY (connection_id, space_id);

ALTER TABLE ONLY public.package_statuses
    ADD CONSTRAINT package_statuses_pkey PRIMARY KEY (feed_id, group_key, name_key, version_key);

ALTER TABLE ONLY public.package_versions
    ADD CONSTRAINT package_versions_package_id_version_key_qualifier_key UNIQUE (package_id, version_key, qualifier);

ALTER TABLE ONLY public.package_versions
    ADD CONSTRAINT package_versions_pkey PRIMARY KEY (version_id);

ALTER TABLE ONLY public.packages
    ADD CONSTRAINT packages_name_key_type_group_key_key UNIQUE (name_key, type, group_key);

ALTER TABLE ONLY public.packages
    ADD CONSTRAINT packages_pkey PRIMARY KEY (package_id);

ALTER TABLE ONLY public.recorders
    ADD CONSTRAINT recorders_name_key_key UNIQUE (name_key);

ALTER TABLE ONLY public.recorders
    ADD CONSTRAINT recorders_pkey PRIMARY KEY (recorder_id);

ALTER TABLE ONLY public.rejected_records
    ADD CONSTRAINT rejected_records_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.removals
    ADD CONSTRAINT removals_pkey PRIMARY KEY (removal_id);

ALTER TABLE ONLY public.retention_rules
    ADD CONSTRAINT retention_rules_pkey PRIMARY KEY (retention_rule_id);

ALTER TABLE ONLY public.saved_filters
    ADD CONSTRAINT saved_filters_pkey PRIMARY KEY (saved_filter_id);

ALTER TABLE ONLY public.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.server_keys
    ADD CONSTRAINT server_keys_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.target_group_rules
    ADD CONSTRAINT target_group_rules_pkey PRIMARY KEY (place);

ALTER TABLE ONLY public.target_groups
    ADD CONSTRAINT target_groups_name_key_key UNIQUE (name_key);

ALTER TABLE ONLY public.target_groups
    ADD CONSTRAINT target_groups_pkey PRIMARY KEY (target_group_id);

ALTER TABLE ONLY public.targets
    ADD CONSTRAINT targets_name_key_key UNIQUE (name_key);

ALTER TABLE ONLY public.targets
    ADD CONSTRAINT targets_pkey PRIMARY KEY (target_id);

ALTER TABLE ONLY public.texts
    ADD CONSTRAINT texts_name_key_key UNIQUE (name_key);

ALTER TABLE ONLY public.texts
    ADD CONSTRAINT texts_pkey PRIMARY KEY (text_id);

ALTER TABLE ONLY public.told_drift
    ADD CONSTRAINT told_drift_pkey PRIMARY KEY (target_id, package_id);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_name_key_key UNIQUE (name_key);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (user_id);

ALTER TABLE ONLY public.version_feeds
    ADD CONSTRAINT version_feeds_pkey PRIMARY KEY (version_id, feed_id);

CREATE INDEX access_group_claim_holders_by_claim ON public.access_group_claim_holders USING btree (access_group_claim_id);

CREATE INDEX access_group_claims_by_claim ON public.access_group_claims USING btree (claim);

CREATE INDEX access_group_grants_by_feed ON public.access_group_grants USING btree (feed_id);

CREATE INDEX access_group_members_by_group ON public.access_group_members USING btree (access_group_id);

CREATE UNIQUE INDEX access_groups_by_name ON public.access_groups USING btree (lower(name));

CREATE INDEX account_identities_by_account ON public.account_identities USING btree (account_id);

CREATE UNIQUE INDEX account_identities_by_subject ON public.account_identities USING btree (issuer, subject);

CREATE INDEX account_invitations_by_account ON public.account_invitations USING btree (account_id);

CREATE UNIQUE INDEX accounts_by_name ON public.accounts USING btree (lower(name));

CREATE INDEX advisories_by_group ON public.advisories USING btree (group_id);

CREATE UNIQUE INDEX advisories_by_lead ON public.advisories USING btree (group_id) WHERE is_lead;

CREATE INDEX advisory_names_by_advisory ON public.advisory_names USING btree (advisory_id);

CREATE INDEX advisory_packages_by_advisory ON public.advisory_packages USING btree (advisory_id);

CREATE INDEX advisory_packages_by_package ON public.advisory_packages USING btree (name_key, type, group_key);

CREATE INDEX advisory_ranges_by_package ON public.advisory_ranges USING btree (advisory_package_id);

CREATE UNIQUE INDEX advisory_sources_by_name ON public.advisory_sources USING btree (lower(name));

CREATE INDEX advisory_versions_by_package ON public.advisory_versions USING btree (advisory_package_id, version);

CREATE INDEX applications_by_part ON public.applications USING gin (name_key public.gin_trgm_ops);

CREATE INDEX applications_by_prefix ON public.applications USING btree (name_key text_pattern_ops);

CREATE INDEX arrivals_by_package ON public.arrivals USING btree (package_id);

CREATE INDEX arrivals_by_time ON public.arrivals USING btree (target_group_id, arrived_at, deployment_id);

CREATE INDEX assessments_by_advisory ON public.assessments USING btree (advisory_id);

CREATE INDEX assessments_by_package ON public.assessments USING btree (package_id);

CREATE INDEX assessments_by_target ON public.assessments USING btree (target_id);

CREATE INDEX assessments_to_expire ON public.assessments USING btree (expires_at) WHERE ((expiry_noted_at IS NULL) AND (expires_at IS NOT NULL));

CREATE INDEX audit_events_by_action ON public.audit_events USING btree (action, audit_event_id);

CREATE INDEX audit_events_by_actor ON public.audit_events USING btree (lower(actor), audit_event_id);

CREATE INDEX audit_events_by_subject ON public.audit_events USING btree (lower(subject_name), audit_event_id);

CREATE INDEX audit_events_by_time ON public.audit_events USING btree (occurred_at);

CREATE INDEX cd_events_by_subject ON public.cd_events USING btree (subject_key);

CREATE INDEX change_windows_by_group ON public.change_windows USING btree (target_group_id);

CREATE UNIQUE INDEX connectors_by_name ON public.connectors USING btree (lower(name));

CREATE INDEX counted_packages_by_time ON public.counted_packages USING btree (counted_at);

CREATE INDEX deployment_days_by_feed ON public.deployment_days USING btree (feed_id);

CREATE INDEX deployments_by_application ON public.deployments USING btree (application_id, deployed_hour);

CREATE INDEX deployments_by_date ON public.deployments USING btree (deployed_at, id);

CREATE INDEX deployments_by_description ON public.deployments USING btree (description_id);

CREATE UNIQUE INDEX deployments_by_digest ON public.deployments USING btree (digest) WHERE (digest IS NOT NULL);

CREATE INDEX deployments_by_feed ON public.deployments USING btree (feed_id, deployed_hour);

CREATE INDEX deployments_by_package ON public.deployments USING btree (package_id, deployed_hour);

CREATE INDEX deployments_by_target ON public.deployments USING btree (target_id, package_id, deployed_at, id);

CREATE INDEX deployments_by_target_hour ON public.deployments USING btree (target_id, deployed_hour);

CREATE INDEX deployments_by_user ON public.deployments USING btree (user_id, deployed_hour);

CREATE INDEX deployments_by_version ON public.deployments USING btree (version_id, deployed_hour);

CREATE INDEX drift_acceptances_by_package ON public.drift_acceptances USING btree (package_id);

CREATE INDEX drift_acceptances_by_recorded ON public.drift_acceptances USING btree (recorded_id);

CREATE INDEX drift_acceptances_by_seen ON public.drift_acceptances USING btree (seen_id);

CREATE INDEX drift_acceptances_by_target ON public.drift_acceptances USING btree (target_id, package_id);

CREATE INDEX duplicate_records_by_record ON public.duplicate_records USING btree (deployment_id);

CREATE INDEX feed_connectors_by_connector ON public.feed_connectors USING btree (connector_id);

CREATE INDEX feed_names_by_feed ON public.feed_names USING btree (feed_id);

CREATE INDEX feed_packages_by_package ON public.feed_packages USING btree (package_id);

CREATE UNIQUE INDEX feeds_by_name ON public.feeds USING btree (lower(name)) WHERE (deleted_at IS NULL);

CREATE INDEX findings_by_advisory ON public.findings USING btree (advisory_id);

CREATE INDEX followed_targets_by_target ON public.followed_targets USING btree (target_id);

CREATE INDEX installations_running_by_package ON public.installations USING btree (package_id) WHERE (removed_at IS NULL);

CREATE INDEX installations_running_by_version ON public.installations USING btree (version_id) WHERE (removed_at IS NULL);

CREATE INDEX inventory_targets_by_scope ON public.inventory_targets USING btree (scope_id);

CREATE INDEX ledger_entries_by_row ON public.ledger_entries USING btree (kind, last_id) INCLUDE (first_id);

CREATE INDEX notification_deliveries_by_notification ON public.notification_deliveries USING btree (notification_id);

CREATE INDEX notification_outbox_by_rule ON public.notification_outbox USING btree (notification_rule_id, notification_id);

CREATE INDEX notification_outbox_ended ON public.notification_outbox USING btree (ended_at) WHERE (ended_at IS NOT NULL);

CREATE INDEX notification_outbox_failed ON public.notification_outbox USING btree (notification_rule_id, notification_id) WHERE (state = 2);

CREATE INDEX notification_outbox_waiting ON public.notification_outbox USING btree (notification_rule_id, next_attempt_at, notification_id) WHERE (state = 0);

CREATE UNIQUE INDEX notification_rules_by_name ON public.notification_rules USING btree (lower(name));

CREATE INDEX observations_by_target ON public.observations USING btree (target_id, package_id, first_seen_at);

CREATE INDEX observations_gone ON public.observations USING btree (gone_at) WHERE (gone_at IS NOT NULL);

CREATE UNIQUE INDEX observations_open ON public.observations USING btree (scope_id, target_id, version_id) WHERE (gone_at IS NULL);

CREATE INDEX observations_open_by_package ON public.observations USING btree (package_id) WHERE (gone_at IS NULL);

CREATE INDEX observations_open_by_target ON public.observations USING btree (target_id, package_id) INCLUDE (version_id, scope_id) WHERE (gone_at IS NULL);

CREATE INDEX observations_open_by_version ON public.observations USING btree (version_id) WHERE (gone_at IS NULL);

CREATE UNIQUE INDEX octopus_connections_by_name ON public.octopus_connections USING btree (lower(name));

CREATE INDEX octopus_deployments_waiting ON public.octopus_deployments USING btree (connection_id, is_pushed DESC, next_at) WHERE (done_at IS NULL);

CREATE INDEX octopus_feeds_by_feed ON public.octopus_feeds USING btree (feed_id);

CREATE INDEX octopus_packages_by_feed ON public.octopus_packages USING btree (feed_id);

CREATE INDEX octopus_set_aside_by_connection ON public.octopus_set_aside USING btree (connection_id, set_aside_id);

CREATE INDEX package_statuses_refused ON public.package_statuses USING btree (feed_id) WHERE (NOT allow);

CREATE INDEX package_versions_by_key ON public.package_versions USING btree (version_key);

CREATE INDEX package_versions_by_order ON public.package_versions USING btree (package_id, sort_key);

CREATE INDEX package_versions_by_prefix ON public.package_versions USING btree (lower(version) text_pattern_ops);

CREATE INDEX package_versions_by_source ON public.package_versions USING btree (source_key) WHERE (source_key IS NOT NULL);

CREATE INDEX package_versions_by_version ON public.package_versions USING btree (version);

CREATE INDEX packages_by_part ON public.packages USING gin (lower(((group_name || '/'::text) || name)) public.gin_trgm_ops);

CREATE INDEX packages_by_prefix ON public.packages USING btree (lower(name) text_pattern_ops);

CREATE INDEX rejected_records_open ON public.rejected_records USING btree (received_at, id) WHERE (resolved_at IS NULL);

CREATE INDEX rejected_records_resolved ON public.rejected_records USING btree (received_at, id) WHERE (resolved_at IS NOT NULL);

CREATE UNIQUE INDEX removals_by_digest ON public.removals USING btree (digest) WHERE (digest IS NOT NULL);

CREATE INDEX removals_by_package ON public.removals USING btree (package_id, removed_at);

CREATE INDEX removals_by_target ON public.removals USING btree (target_id, package_id, removed_at);

CREATE UNIQUE INDEX saved_filters_by_name ON public.saved_filters USING btree (account_id, path, lower(name));

CREATE INDEX saved_filters_shared ON public.saved_filters USING btree (path) WHERE is_shared;

CREATE INDEX target_group_rules_by_group ON public.target_group_rules USING btree (target_group_id);

CREATE INDEX targets_by_group ON public.targets USING btree (target_group_id);

CREATE INDEX targets_by_part ON public.targets USING gin (name_key public.gin_trgm_ops);

CREATE INDEX targets_by_prefix ON public.targets USING btree (name_key text_pattern_ops);

CREATE INDEX texts_by_part ON public.texts USING gin (name public.gin_trgm_ops);

CREATE INDEX told_drift_by_package ON public.told_drift USING btree (package_id);

CREATE INDEX told_drift_by_recorded ON public.told_drift USING btree (recorded_id);

CREATE INDEX told_drift_by_seen ON public.told_drift USING btree (seen_id);

CREATE INDEX users_by_part ON public.users USING gin (name_key public.gin_trgm_ops);

CREATE INDEX users_by_prefix ON public.users USING btree (name_key text_pattern_ops);

CREATE INDEX version_feeds_awaiting ON public.version_feeds USING btree (feed_id, version_id) WHERE awaits_suite;

CREATE INDEX version_feeds_by_feed ON public.version_feeds USING btree (feed_id, version_id);

CREATE TRIGGER accounts_changed AFTER INSERT OR DELETE OR UPDATE ON public.access_group_claim_holders FOR EACH STATEMENT EXECUTE FUNCTION public.notify_accounts_changed();

CREATE TRIGGER accounts_changed AFTER INSERT OR DELETE OR UPDATE ON public.access_group_grants FOR EACH STATEMENT EXECUTE FUNCTION public.notify_accounts_changed();

CREATE TRIGGER accounts_changed AFTER INSERT OR DELETE OR UPDATE ON public.access_group_members FOR EACH STATEMENT EXECUTE FUNCTION public.notify_accounts_changed();

CREATE TRIGGER accounts_changed AFTER DELETE OR UPDATE ON public.access_groups FOR EACH STATEMENT EXECUTE FUNCTION public.notify_accounts_changed();

CREATE TRIGGER accounts_changed AFTER INSERT OR DELETE OR UPDATE OF name, password_hash, role, active, security_stamp ON public.accounts FOR EACH STATEMENT EXECUTE FUNCTION public.notify_accounts_changed();

CREATE TRIGGER accounts_changed AFTER INSERT OR DELETE OR UPDATE OF permissions, feed_id, account_id, expires_at, revoked_at, display_name ON public.api_keys FOR EACH STATEMENT EXECUTE FUNCTION public.notify_accounts_changed();

CREATE TRIGGER accounts_changed AFTER INSERT OR UPDATE OF name, groups_only ON public.feeds FOR EACH STATEMENT EXECUTE FUNCTION public.notify_accounts_changed();

CREATE TRIGGER audit_events_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit_events FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_audit_change();

CREATE TRIGGER deployment_inbox_filled AFTER INSERT ON public.deployment_inbox FOR EACH STATEMENT WHEN ((COALESCE(current_setting('deployments.wakes_drain'::text, true), ''::text) <> 'self'::text)) EXECUTE FUNCTION public.notify_deployment_inbox();

CREATE TRIGGER feed_names_kept AFTER INSERT OR UPDATE OF name, alternate_names, deleted_at ON public.feeds FOR EACH ROW EXECUTE FUNCTION public.keep_feed_names();

CREATE TRIGGER feeds_changed AFTER INSERT OR DELETE OR UPDATE ON public.connectors FOR EACH STATEMENT EXECUTE FUNCTION public.notify_feeds_changed();

CREATE TRIGGER feeds_changed AFTER INSERT OR DELETE OR UPDATE ON public.feed_connectors FOR EACH STATEMENT EXECUTE FUNCTION public.notify_feeds_changed();

CREATE TRIGGER feeds_changed AFTER INSERT OR DELETE OR UPDATE ON public.feeds FOR EACH STATEMENT EXECUTE FUNCTION public.notify_feeds_changed();

CREATE TRIGGER feeds_changed AFTER INSERT OR DELETE OR UPDATE ON public.package_statuses FOR EACH STATEMENT EXECUTE FUNCTION public.notify_feeds_changed();

CREATE TRIGGER targets_grouped BEFORE INSERT ON public.targets FOR EACH ROW EXECUTE FUNCTION public.put_target_in_group();

ALTER TABLE ONLY public.access_group_claim_holders
    ADD CONSTRAINT access_group_claim_holders_access_group_claim_id_fkey FOREIGN KEY (access_group_claim_id) REFERENCES public.access_group_claims(access_group_claim_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.access_group_claim_holders
    ADD CONSTRAINT access_group_claim_holders_account_identity_id_fkey FOREIGN KEY (account_identity_id) REFERENCES public.account_identities(account_identity_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.access_group_claims
    ADD CONSTRAINT access_group_claims_access_group_id_fkey FOREIGN KEY (access_group_id) REFERENCES public.access_groups(access_group_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.access_group_grants
    ADD CONSTRAINT access_group_grants_access_group_id_fkey FOREIGN KEY (access_group_id) REFERENCES public.access_groups(access_group_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.access_group_grants
    ADD CONSTRAINT access_group_grants_feed_id_fkey FOREIGN KEY (feed_id) REFERENCES public.feeds(feed_id);

ALTER TABLE ONLY public.access_group_members
    ADD CONSTRAINT access_group_members_access_group_id_fkey FOREIGN KEY (access_group_id) REFERENCES public.access_groups(access_group_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.access_group_members
    ADD CONSTRAINT access_group_members_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(account_id);

ALTER TABLE ONLY public.access_group_members
    ADD CONSTRAINT access_group_members_api_key_id_fkey FOREIGN KEY (api_key_id) REFERENCES public.api_keys(api_key_id);

ALTER TABLE ONLY public.account_identities
    ADD CONSTRAINT account_identities_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(account_id);

ALTER TABLE ONLY public.account_invitations
    ADD CONSTRAINT account_invitations_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(account_id);

ALTER TABLE ONLY public.advisory_names
    ADD CONSTRAINT advisory_names_advisory_id_fkey FOREIGN KEY (advisory_id) REFERENCES public.advisories(advisory_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.advisory_packages
    ADD CONSTRAINT advisory_packages_advisory_id_fkey FOREIGN KEY (advisory_id) REFERENCES public.advisories(advisory_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.advisory_ranges
    ADD CONSTRAINT advisory_ranges_advisory_package_id_fkey FOREIGN KEY (advisory_package_id) REFERENCES public.advisory_packages(advisory_package_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.advisory_versions
    ADD CONSTRAINT advisory_versions_advisory_package_id_fkey FOREIGN KEY (advisory_package_id) REFERENCES public.advisory_packages(advisory_package_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(account_id);

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_feed_id_fkey FOREIGN KEY (feed_id) REFERENCES public.feeds(feed_id);

ALTER TABLE ONLY public.arrivals
    ADD CONSTRAINT arrivals_package_id_fkey FOREIGN KEY (package_id) REFERENCES public.packages(package_id);

ALTER TABLE ONLY public.assessments
    ADD CONSTRAINT assessments_advisory_id_fkey FOREIGN KEY (advisory_id) REFERENCES public.advisories(advisory_id);

ALTER TABLE ONLY public.assessments
    ADD CONSTRAINT assessments_package_id_fkey FOREIGN KEY (package_id) REFERENCES public.packages(package_id);

ALTER TABLE ONLY public.assessments
    ADD CONSTRAINT assessments_target_id_fkey FOREIGN KEY (target_id) REFERENCES public.targets(target_id);

ALTER TABLE ONLY public.change_windows
    ADD CONSTRAINT change_windows_target_group_id_fkey FOREIGN KEY (target_group_id) REFERENCES public.target_groups(target_group_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.counted_packages
    ADD CONSTRAINT counted_packages_package_id_fkey FOREIGN KEY (package_id) REFERENCES public.packages(package_id);

ALTER TABLE ONLY public.deployment_days
    ADD CONSTRAINT deployment_days_day_fkey FOREIGN KEY (day) REFERENCES public.counted_days(day) ON DELETE CASCADE;

ALTER TABLE ONLY public.deployment_days
    ADD CONSTRAINT deployment_days_feed_id_fkey FOREIGN KEY (feed_id) REFERENCES public.feeds(feed_id);

ALTER TABLE ONLY public.distribution_guesses
    ADD CONSTRAINT distribution_guesses_feed_id_fkey FOREIGN KEY (feed_id) REFERENCES public.feeds(feed_id);

ALTER TABLE ONLY public.drift_acceptances
    ADD CONSTRAINT drift_acceptances_package_id_fkey FOREIGN KEY (package_id) REFERENCES public.packages(package_id);

ALTER TABLE ONLY public.drift_acceptances
    ADD CONSTRAINT drift_acceptances_recorded_id_fkey FOREIGN KEY (recorded_id) REFERENCES public.package_versions(version_id);

ALTER TABLE ONLY public.drift_acceptances
    ADD CONSTRAINT drift_acceptances_seen_id_fkey FOREIGN KEY (seen_id) REFERENCES public.package_versions(version_id);

ALTER TABLE ONLY public.drift_acceptances
    ADD CONSTRAINT drift_acceptances_target_id_fkey FOREIGN KEY (target_id) REFERENCES public.targets(target_id);

ALTER TABLE ONLY public.feed_connectors
    ADD CONSTRAINT feed_connectors_connector_id_fkey FOREIGN KEY (connector_id) REFERENCES public.connectors(connector_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.feed_connectors
    ADD CONSTRAINT feed_connectors_feed_id_fkey FOREIGN KEY (feed_id) REFERENCES public.feeds(feed_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.feed_names
    ADD CONSTRAINT feed_names_feed_id_fkey FOREIGN KEY (feed_id) REFERENCES public.feeds(feed_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.findings
    ADD CONSTRAINT findings_advisory_id_fkey FOREIGN KEY (advisory_id) REFERENCES public.advisories(advisory_id);

ALTER TABLE ONLY public.findings
    ADD CONSTRAINT findings_version_id_fkey FOREIGN KEY (version_id) REFERENCES public.package_versions(version_id);

ALTER TABLE ONLY public.followed_targets
    ADD CONSTRAINT followed_targets_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(account_id);

ALTER TABLE ONLY public.followed_targets
    ADD CONSTRAINT followed_targets_target_id_fkey FOREIGN KEY (target_id) REFERENCES public.targets(target_id);

ALTER TABLE ONLY public.inventory_scopes
    ADD CONSTRAINT inventory_scopes_target_id_fkey FOREIGN KEY (target_id) REFERENCES public.targets(target_id);

ALTER TABLE ONLY public.inventory_targets
    ADD CONSTRAINT inventory_targets_scope_id_fkey FOREIGN KEY (scope_id) REFERENCES public.inventory_scopes(scope_id);

ALTER TABLE ONLY public.inventory_targets
    ADD CONSTRAINT inventory_targets_target_id_fkey FOREIGN KEY (target_id) REFERENCES public.targets(target_id);

ALTER TABLE ONLY public.inventory_uploads
    ADD CONSTRAINT inventory_uploads_scope_id_fkey FOREIGN KEY (scope_id) REFERENCES public.inventory_scopes(scope_id);

ALTER TABLE ONLY public.notification_deliveries
    ADD CONSTRAINT notification_deliveries_notification_id_fkey FOREIGN KEY (notification_id) REFERENCES public.notification_outbox(notification_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.notification_outbox
    ADD CONSTRAINT notification_outbox_notification_rule_id_fkey FOREIGN KEY (notification_rule_id) REFERENCES public.notification_rules(notification_rule_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.notification_rules
    ADD CONSTRAINT notification_rules_feed_id_fkey FOREIGN KEY (feed_id) REFERENCES public.feeds(feed_id);

ALTER TABLE ONLY public.octopus_deployments
    ADD CONSTRAINT octopus_deployments_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES public.octopus_connections(connection_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.octopus_feeds
    ADD CONSTRAINT octopus_feeds_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES public.octopus_connections(connection_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.octopus_feeds
    ADD CONSTRAINT octopus_feeds_feed_id_fkey FOREIGN KEY (feed_id) REFERENCES public.feeds(feed_id);

ALTER TABLE ONLY public.octopus_packages
    ADD CONSTRAINT octopus_packages_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES public.octopus_connections(connection_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.octopus_packages
    ADD CONSTRAINT octopus_packages_feed_id_fkey FOREIGN KEY (feed_id) REFERENCES public.feeds(feed_id);

ALTER TABLE ONLY public.octopus_set_aside
    ADD CONSTRAINT octopus_set_aside_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES public.octopus_connections(connection_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.octopus_spaces
    ADD CONSTRAINT octopus_spaces_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES public.octopus_connections(connection_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.package_statuses
    ADD CONSTRAINT package_statuses_feed_id_fkey FOREIGN KEY (feed_id) REFERENCES public.feeds(feed_id);

ALTER TABLE ONLY public.package_versions
    ADD CONSTRAINT package_versions_package_id_fkey FOREIGN KEY (package_id) REFERENCES public.packages(package_id);

ALTER TABLE ONLY public.rejected_records
    ADD CONSTRAINT rejected_records_feed_id_fkey FOREIGN KEY (feed_id) REFERENCES public.feeds(feed_id);

ALTER TABLE ONLY public.retention_rules
    ADD CONSTRAINT retention_rules_feed_id_fkey FOREIGN KEY (feed_id) REFERENCES public.feeds(feed_id);

ALTER TABLE ONLY public.saved_filters
    ADD CONSTRAINT saved_filters_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(account_id);

ALTER TABLE ONLY public.target_group_rules
    ADD CONSTRAINT target_group_rules_target_group_id_fkey FOREIGN KEY (target_group_id) REFERENCES public.target_groups(target_group_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.targets
    ADD CONSTRAINT targets_target_group_id_fkey FOREIGN KEY (target_group_id) REFERENCES public.target_groups(target_group_id) ON DELETE SET NULL;

ALTER TABLE ONLY public.told_drift
    ADD CONSTRAINT told_drift_package_id_fkey FOREIGN KEY (package_id) REFERENCES public.packages(package_id);

ALTER TABLE ONLY public.told_drift
    ADD CONSTRAINT told_drift_recorded_id_fkey FOREIGN KEY (recorded_id) REFERENCES public.package_versions(version_id);

ALTER TABLE ONLY public.told_drift
    ADD CONSTRAINT told_drift_seen_id_fkey FOREIGN KEY (seen_id) REFERENCES public.package_versions(version_id);

ALTER TABLE ONLY public.told_drift
    ADD CONSTRAINT told_drift_target_id_fkey FOREIGN KEY (target_id) REFERENCES public.targets(target_id);

ALTER TABLE ONLY public.version_feeds
    ADD CONSTRAINT version_feeds_feed_id_fkey FOREIGN KEY (feed_id) REFERENCES public.feeds(feed_id);

ALTER TABLE ONLY public.version_feeds
    ADD CONSTRAINT version_feeds_version_id_fkey FOREIGN KEY (version_id) REFERENCES public.package_versions(version_id) ON DELETE CASCADE;
