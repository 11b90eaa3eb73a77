-- migrate:up

-- Events of our own that were published, and that a database restored from a dump no longer knew: the
-- log gave them back to the outbox, but the rows they tell of are gone. What others do about them is
-- told by hand (P9).
CREATE TABLE orphans (
    event_id uuid PRIMARY KEY,
    topic text NOT NULL,
    key text NOT NULL,
    sequence bigint NOT NULL,
    type text NOT NULL,
    subject text NOT NULL,
    university text NOT NULL,
    occurred_at timestamptz NOT NULL,
    partition integer NOT NULL,
    position bigint NOT NULL,
    found_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- How far an owner has come in telling its facts anew, so that a run which was cut off goes on.
CREATE TABLE restatements (
    kind text PRIMARY KEY,
    after jsonb NOT NULL, -- the last one told
    told bigint NOT NULL,
    begun_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz
);

-- migrate:down

DROP TABLE restatements, orphans;
