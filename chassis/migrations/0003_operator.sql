-- migrate:up

-- Who sat at the command line, by their own word: a change made there has no sign-in behind it.
ALTER TABLE audit ADD COLUMN operator text;

-- migrate:down

ALTER TABLE audit DROP COLUMN operator;
