-- migrate:up

-- When the offer's first letter was handed over: a late one gives its delay back, a second copy nothing.
ALTER TABLE offers ADD COLUMN letter_sent_at timestamptz;

-- migrate:down

ALTER TABLE offers DROP COLUMN letter_sent_at;
