-- migrate:up

-- When the owner of a draft was reminded that its round closes soon; once.
ALTER TABLE applications ADD COLUMN reminded_at timestamptz;

-- migrate:down

ALTER TABLE applications DROP COLUMN reminded_at;
