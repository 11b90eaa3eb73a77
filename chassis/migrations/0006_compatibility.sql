-- migrate:up

-- Yesterday's code runs on today's schema, as long as nothing was taken away. A migration that takes
-- something away sets its own number here: code that does not know that migration refuses to start.
CREATE TABLE compatibility (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    needs text NOT NULL
);
INSERT INTO compatibility (needs) VALUES ('0006');

-- migrate:down

DROP TABLE compatibility;
