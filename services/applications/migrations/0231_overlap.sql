-- migrate:up

-- Whoever accepts a place whose hours hardly meet their own day says that it suits them; the host sees it.
ALTER TABLE offers ADD COLUMN hours_confirmed boolean NOT NULL DEFAULT false;

-- migrate:down

ALTER TABLE offers DROP COLUMN hours_confirmed;
