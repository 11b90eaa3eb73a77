-- migrate:up

-- What a service has decided and others must hear; kept 35 days after it was published, so that a
-- wiped broker is refilled from here (P8).
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL UNIQUE,
    topic text NOT NULL,
    key text NOT NULL,
    sequence bigint NOT NULL,
    type text NOT NULL,
    headers jsonb NOT NULL,
    value bytea, -- null: a tombstone, or a contact card already sent
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    published_at timestamptz
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
CREATE INDEX outbox_unpublished ON outbox (id) WHERE published_at IS NULL;
CREATE INDEX outbox_published_at ON outbox (published_at) WHERE published_at IS NOT NULL;

-- The last number given out per key; its row is locked until commit, so that id order, sequence and
-- commit order agree.
CREATE TABLE sequences (
    topic text NOT NULL,
    key text NOT NULL,
    last bigint NOT NULL,
    PRIMARY KEY (topic, key)
);

-- Every event a consumer has taken in, kept longer than any copy of it can live (P3).
CREATE TABLE inbox (
    consumer text NOT NULL,
    source text NOT NULL,
    event_id uuid NOT NULL,
    value_hash bytea NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    position bigint NOT NULL,
    processed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (consumer, source, event_id)
);
CREATE INDEX inbox_processed_at ON inbox (processed_at);

-- Where each consumer goes on reading: written in the transaction of the effects themselves.
CREATE TABLE positions (
    consumer text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    next_position bigint NOT NULL,
    last_event_id uuid,
    last_record_at timestamptz,
    born_late boolean NOT NULL DEFAULT false,
    PRIMARY KEY (consumer, topic, partition)
);

-- The last sequence number seen of each key, unknown types included (P4).
CREATE TABLE heard (
    consumer text NOT NULL,
    topic text NOT NULL,
    key text NOT NULL,
    last_sequence bigint, -- null: not known, the next is taken as it stands
    PRIMARY KEY (consumer, topic, key)
);

-- Events that could not be applied, and those of the same key kept behind them.
CREATE TABLE parked (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consumer text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    position bigint NOT NULL,
    record_at timestamptz NOT NULL,
    key bytea,
    type text,
    sequence bigint, -- null where it could not be read
    headers jsonb NOT NULL, -- list of [name, base64 of the bytes, or null]
    value bytea,
    status text NOT NULL CHECK (status IN ('parked', 'blocked', 'redriven', 'discarded')),
    reason text NOT NULL,
    error text,
    attempts integer NOT NULL DEFAULT 1,
    first_failed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_failed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    resolved_by text,
    note text,
    UNIQUE (consumer, topic, partition, position, record_at)
);
CREATE INDEX parked_keys ON parked (consumer, topic, key, sequence NULLS FIRST, id)
    WHERE status IN ('parked', 'blocked'); -- the first of a case at once, whatever is behind it

-- Reactions that came before the fact they need, or ahead of a gap in their key's sequence; released
-- in the transaction that stores what they wait for.
CREATE TABLE waiting (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consumer text NOT NULL,
    missing_type text NOT NULL,
    missing_id text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    position bigint NOT NULL,
    record_at timestamptz NOT NULL,
    key bytea,
    type text,
    sequence bigint,
    headers jsonb NOT NULL,
    value bytea,
    since timestamptz NOT NULL DEFAULT clock_timestamp(),
    tried_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (consumer, topic, partition, position, record_at)
);
CREATE INDEX waiting_for ON waiting (consumer, missing_type, missing_id);
CREATE INDEX waiting_keys ON waiting (consumer, topic, key);

-- Answers already given to a command, so that the same key is answered the same way (P2).
CREATE TABLE commands (
    actor text NOT NULL,
    idempotency_key text NOT NULL,
    request_hash bytea NOT NULL,
    status smallint NOT NULL,
    response bytea NOT NULL,
    headers jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (actor, idempotency_key)
);
CREATE INDEX commands_created_at ON commands (created_at);

-- Who did what to which object, when and why: append only, no content.
CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    business_at timestamptz,
    university text NOT NULL,
    actor uuid, -- person_ref; null for time, the post and machines
    role text NOT NULL,
    act text NOT NULL, -- an event's name, a command refused, a document viewed
    subject text NOT NULL,
    outcome text NOT NULL DEFAULT 'done' CHECK (outcome IN ('done', 'refused')),
    reason text,
    correlation_id text
);
CREATE INDEX audit_subject ON audit (subject, id);

-- Sign-ins that have ended, kept 12 h: by the hash of one sign-in, or everything a person had before.
CREATE TABLE ended_sign_ins (
    signin_hash text,
    person_ref uuid,
    before_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK (signin_hash IS NOT NULL OR person_ref IS NOT NULL)
);
CREATE INDEX ended_sign_ins_hash ON ended_sign_ins (signin_hash);
CREATE INDEX ended_sign_ins_person ON ended_sign_ins (person_ref);

DO $$
BEGIN
    -- The service's own login may add to the audit log, never change it.
    EXECUTE format('REVOKE UPDATE, DELETE ON audit FROM %I', current_schema());
END
$$;

-- migrate:down

DROP TABLE ended_sign_ins, audit, commands, waiting, parked, heard, positions, inbox, sequences, outbox;
