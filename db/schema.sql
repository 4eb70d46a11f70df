-- What the migrations make: generated (see README.md), for readers and for the review of a change.

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
    reason text
);

COMMENT ON TABLE public.deployment_inbox IS 'Tagged downloads, written before the first byte of the package is sent; emptied by the drain job.';

COMMENT ON COLUMN public.deployment_inbox.deployed_at IS 'The date the client gave; null means the time of the request.';

COMMENT ON COLUMN public.deployment_inbox.raw_headers IS 'The deployment headers as received, one per line, where they are not literally the fields.';

COMMENT ON COLUMN public.deployment_inbox.reason IS 'Why the record was refused; null for an accepted one.';

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
    raw_headers text
);

COMMENT ON TABLE public.deployments IS 'One row per deployment record. Rows are never changed.';

COMMENT ON COLUMN public.deployments.road IS 'How the record came in: 1 header, 2 api, 3 batch, 4 manual, 5 keyPolicy.';

COMMENT ON COLUMN public.deployments.digest IS 'Hash of every field, only where the date was given explicitly: such a record is accepted once.';

COMMENT ON COLUMN public.deployments.raw_headers IS 'The deployment headers as received, only where they were not literally the fields of this record.';

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
    CONSTRAINT feeds_name_check CHECK ((name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$'::text))
);

COMMENT ON TABLE public.feeds IS 'What package clients connect to: /{root}/{name}/...';

COMMENT ON COLUMN public.feeds.feed_type IS 'Key of an IFeedType; checked by the program, so that a new type needs no migration.';

COMMENT ON COLUMN public.feeds.anonymous_access IS 'Whether a client without credentials may download and record.';

COMMENT ON COLUMN public.feeds.properties IS 'Further ProGet feed properties, kept as given so that management tools read back what they wrote.';

ALTER TABLE public.feeds ALTER COLUMN feed_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.feeds_feed_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.installations (
    target_id integer NOT NULL,
    package_id integer NOT NULL,
    version_id integer NOT NULL,
    deployment_id bigint NOT NULL,
    deployed_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE public.installations IS 'The newest record per target and package: what runs where now. A late, older record never moves it back.';

CREATE TABLE public.package_versions (
    version_id integer NOT NULL,
    package_id integer NOT NULL,
    version_key text NOT NULL,
    qualifier text NOT NULL,
    version text NOT NULL,
    sort_key bytea,
    first_seen_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE public.package_versions IS 'Versions of packages that a record names; one row per qualifier.';

COMMENT ON COLUMN public.package_versions.qualifier IS 'key=value pairs sorted by key, joined by &; empty when the version has one file.';

COMMENT ON COLUMN public.package_versions.sort_key IS 'Bytewise order of these keys is the version order of the ecosystem; null when the version is not one of it.';

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
    CONSTRAINT rejected_records_resolution_check CHECK ((resolution = ANY (ARRAY['replayed'::text, 'dismissed'::text])))
);

COMMENT ON TABLE public.rejected_records IS 'Tagged downloads whose record could not be accepted, for an administrator to mend and replay.';

COMMENT ON COLUMN public.rejected_records.raw_headers IS 'The deployment headers as received, one per line.';

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

CREATE TABLE public.targets (
    target_id integer NOT NULL,
    name_key text NOT NULL,
    name text NOT NULL
);

COMMENT ON TABLE public.targets IS 'Where packages are installed, typically servers.';

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

ALTER TABLE ONLY public.applications
    ADD CONSTRAINT applications_name_key_key UNIQUE (name_key);

ALTER TABLE ONLY public.applications
    ADD CONSTRAINT applications_pkey PRIMARY KEY (application_id);

ALTER TABLE ONLY public.connectors
    ADD CONSTRAINT connectors_pkey PRIMARY KEY (connector_id);

ALTER TABLE ONLY public.deployment_inbox
    ADD CONSTRAINT deployment_inbox_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.deployments
    ADD CONSTRAINT deployments_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.duplicate_records
    ADD CONSTRAINT duplicate_records_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.feed_connectors
    ADD CONSTRAINT feed_connectors_pkey PRIMARY KEY (feed_id, connector_id);

ALTER TABLE ONLY public.feeds
    ADD CONSTRAINT feeds_pkey PRIMARY KEY (feed_id);

ALTER TABLE ONLY public.installations
    ADD CONSTRAINT installations_pkey PRIMARY KEY (target_id, package_id);

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

ALTER TABLE ONLY public.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.server_keys
    ADD CONSTRAINT server_keys_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.targets
    ADD CONSTRAINT targets_name_key_key UNIQUE (name_key);

ALTER TABLE ONLY public.targets
    ADD CONSTRAINT targets_pkey PRIMARY KEY (target_id);

ALTER TABLE ONLY public.texts
    ADD CONSTRAINT texts_name_key_key UNIQUE (name_key);

ALTER TABLE ONLY public.texts
    ADD CONSTRAINT texts_pkey PRIMARY KEY (text_id);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_name_key_key UNIQUE (name_key);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (user_id);

CREATE UNIQUE INDEX connectors_by_name ON public.connectors USING btree (lower(name));

CREATE INDEX deployments_by_date ON public.deployments USING btree (deployed_at, id);

CREATE UNIQUE INDEX deployments_by_digest ON public.deployments USING btree (digest) WHERE (digest IS NOT NULL);

CREATE INDEX deployments_by_package ON public.deployments USING btree (package_id, deployed_at);

CREATE INDEX deployments_by_target ON public.deployments USING btree (target_id, package_id, deployed_at);

CREATE INDEX deployments_by_target_date ON public.deployments USING btree (target_id, deployed_at);

CREATE INDEX deployments_by_version ON public.deployments USING btree (version_id, deployed_at);

CREATE INDEX feed_connectors_by_connector ON public.feed_connectors USING btree (connector_id);

CREATE UNIQUE INDEX feeds_by_name ON public.feeds USING btree (lower(name)) WHERE (deleted_at IS NULL);

CREATE INDEX installations_by_package ON public.installations USING btree (package_id);

CREATE INDEX installations_by_version ON public.installations USING btree (version_id);

CREATE INDEX package_versions_by_order ON public.package_versions USING btree (package_id, sort_key);

CREATE INDEX rejected_records_open ON public.rejected_records USING btree (received_at, id) WHERE (resolved_at IS NULL);

CREATE TRIGGER deployment_inbox_filled AFTER INSERT ON public.deployment_inbox FOR EACH STATEMENT EXECUTE FUNCTION public.notify_deployment_inbox();

CREATE TRIGGER feeds_changed AFTER INSERT OR DELETE OR UPDATE ON public.connectors FOR EACH STATEMENT EXECUTE FUNCTION public.notify_feeds_changed();

CREATE TRIGGER feeds_changed AFTER INSERT OR DELETE OR UPDATE ON public.feed_connectors FOR EACH STATEMENT EXECUTE FUNCTION public.notify_feeds_changed();

CREATE TRIGGER feeds_changed AFTER INSERT OR DELETE OR UPDATE ON public.feeds FOR EACH STATEMENT EXECUTE FUNCTION public.notify_feeds_changed();

ALTER TABLE ONLY public.deployments
    ADD CONSTRAINT deployments_application_id_fkey FOREIGN KEY (application_id) REFERENCES public.applications(application_id);

ALTER TABLE ONLY public.deployments
    ADD CONSTRAINT deployments_description_id_fkey FOREIGN KEY (description_id) REFERENCES public.texts(text_id);

ALTER TABLE ONLY public.deployments
    ADD CONSTRAINT deployments_feed_id_fkey FOREIGN KEY (feed_id) REFERENCES public.feeds(feed_id);

ALTER TABLE ONLY public.deployments
    ADD CONSTRAINT deployments_package_id_fkey FOREIGN KEY (package_id) REFERENCES public.packages(package_id);

ALTER TABLE ONLY public.deployments
    ADD CONSTRAINT deployments_recorder_id_fkey FOREIGN KEY (recorder_id) REFERENCES public.recorders(recorder_id);

ALTER TABLE ONLY public.deployments
    ADD CONSTRAINT deployments_target_id_fkey FOREIGN KEY (target_id) REFERENCES public.targets(target_id);

ALTER TABLE ONLY public.deployments
    ADD CONSTRAINT deployments_url_id_fkey FOREIGN KEY (url_id) REFERENCES public.texts(text_id);

ALTER TABLE ONLY public.deployments
    ADD CONSTRAINT deployments_user_agent_id_fkey FOREIGN KEY (user_agent_id) REFERENCES public.texts(text_id);

ALTER TABLE ONLY public.deployments
    ADD CONSTRAINT deployments_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(user_id);

ALTER TABLE ONLY public.deployments
    ADD CONSTRAINT deployments_version_id_fkey FOREIGN KEY (version_id) REFERENCES public.package_versions(version_id);

ALTER TABLE ONLY public.feed_connectors
    ADD CONSTRAINT feed_connectors_connector_id_fkey FOREIGN KEY (connector_id) REFERENCES public.connectors(connector_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.feed_connectors
    ADD CONSTRAINT feed_connectors_feed_id_fkey FOREIGN KEY (feed_id) REFERENCES public.feeds(feed_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.installations
    ADD CONSTRAINT installations_package_id_fkey FOREIGN KEY (package_id) REFERENCES public.packages(package_id);

ALTER TABLE ONLY public.installations
    ADD CONSTRAINT installations_target_id_fkey FOREIGN KEY (target_id) REFERENCES public.targets(target_id);

ALTER TABLE ONLY public.installations
    ADD CONSTRAINT installations_version_id_fkey FOREIGN KEY (version_id) REFERENCES public.package_versions(version_id);

ALTER TABLE ONLY public.package_versions
    ADD CONSTRAINT package_versions_package_id_fkey FOREIGN KEY (package_id) REFERENCES public.packages(package_id);

ALTER TABLE ONLY public.rejected_records
    ADD CONSTRAINT rejected_records_feed_id_fkey FOREIGN KEY (feed_id) REFERENCES public.feeds(feed_id);
