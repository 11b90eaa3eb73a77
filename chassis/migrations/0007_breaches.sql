-- migrate:up

-- States that must never be and were found, by the rules of `impossible.py`: ids and instants alone.
CREATE TABLE breaches (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rule text NOT NULL,
    subject text NOT NULL, -- what it concerns: a noun and its id
    state text NOT NULL, -- what is so and cannot be
    university text NOT NULL DEFAULT '', -- empty: of the service as a whole
    sentence text NOT NULL, -- the rule and its repair, as they read when it was found
    repair text NOT NULL,
    first_seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    gone_at timestamptz
);
CREATE UNIQUE INDEX breaches_standing ON breaches (rule, subject) WHERE gone_at IS NULL;
CREATE INDEX breaches_gone_at ON breaches (gone_at) WHERE gone_at IS NOT NULL;

-- What a consumer of this service listens to, and since when: by its own word, for `check --across`.
CREATE TABLE listened (
    consumer text NOT NULL,
    type text NOT NULL,
    since timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (consumer, type)
);

-- What the auditor may see of delivery: ids, states, sequences and instants.
CREATE VIEW check_outbox AS
    SELECT event_id, topic, key, sequence, type, headers ->> 'ce_source' AS source, recorded_at,
           published_at, headers ? 'ce_restated' AS is_restated
      FROM outbox;
CREATE VIEW check_sequences AS SELECT topic, key, last FROM sequences;
CREATE VIEW check_inbox AS SELECT consumer, source, event_id, processed_at FROM inbox;
CREATE VIEW check_heard AS SELECT consumer, topic, key, last_sequence FROM heard;
CREATE VIEW check_listened AS SELECT consumer, type, since FROM listened;
CREATE VIEW check_held AS -- parked, blocked or waiting; ids as text, for a stranger's may be none
    SELECT consumer, topic, encode(key, 'escape') AS key, sequence, status,
           (SELECT encode(decode(header ->> 1, 'base64'), 'escape')
              FROM jsonb_array_elements(headers) AS header
             WHERE header ->> 0 = 'ce_id' LIMIT 1) AS event_id
      FROM parked
     UNION ALL
    SELECT consumer, topic, encode(key, 'escape'), sequence, 'waiting',
           (SELECT encode(decode(header ->> 1, 'base64'), 'escape')
              FROM jsonb_array_elements(headers) AS header
             WHERE header ->> 0 = 'ce_id' LIMIT 1)
      FROM waiting;
CREATE VIEW check_ages AS -- the oldest row of what has a term
    SELECT 'outbox' AS kind, min(published_at) AS oldest_at FROM outbox WHERE published_at IS NOT NULL
     UNION ALL
    SELECT 'inbox', min(processed_at) FROM inbox
     UNION ALL
    SELECT 'commands', min(created_at) FROM commands;
CREATE VIEW check_hosts AS SELECT host_id, status FROM known_hosts;
GRANT SELECT ON check_outbox, check_sequences, check_inbox, check_heard, check_listened, check_held,
    check_ages, check_hosts TO auditor;

-- migrate:down

-- squawk-ignore ban-drop-view
DROP VIEW check_hosts, check_ages, check_held, check_listened, check_heard, check_inbox,
    check_sequences, check_outbox;
DROP TABLE listened, breaches;
