-- migrate:up

-- Persons this service has erased, by a hash of their ref: what is told of them later is dropped.
CREATE TABLE erased_persons (
    person_hash bytea PRIMARY KEY,
    erased_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Which process holds a stable group membership: an earlier one sees here that it was replaced.
CREATE TABLE memberships (
    member text PRIMARY KEY,
    holder uuid NOT NULL,
    since timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Finds the first open event of a case, and one of its numbers, however many are kept behind it.
CREATE INDEX parked_first ON parked (consumer, topic, key, sequence NULLS FIRST, id)
 WHERE status IN ('parked', 'blocked');
-- Nothing is released yet: the table is empty.
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX parked_keys;

-- migrate:down

CREATE INDEX parked_keys ON parked (consumer, topic, key) WHERE status IN ('parked', 'blocked');
-- Nothing is released yet: the table is empty.
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX parked_first;
DROP TABLE memberships, erased_persons;
