-- migrate:up

-- Since when nobody needs a parked event any more: what is resolved is kept as long as the inbox.
ALTER TABLE parked ADD COLUMN resolved_at timestamptz;

-- migrate:down

ALTER TABLE parked DROP COLUMN resolved_at;
