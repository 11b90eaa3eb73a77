-- migrate:up

-- What other services have told. Copies are taken from any event that carries the fact; no page and no
-- rule of ours asks another service.

CREATE TABLE known_rule_sets (
    programme_id uuid NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    university text NOT NULL,
    programme_slug text NOT NULL,
    programme_name text NOT NULL,
    published_at timestamptz NOT NULL,
    rules jsonb NOT NULL, -- schemas.rules.RuleSet, whole; never changes once it is here
    PRIMARY KEY (programme_id, version)
);

CREATE TABLE known_vacancies (
    vacancy_id uuid PRIMARY KEY,
    university text NOT NULL,
    host_id uuid NOT NULL,
    title text NOT NULL,
    host_public_name text NOT NULL,
    programme_name text NOT NULL,
    cycle_name text NOT NULL,
    city text NOT NULL
);

-- What was true of a host from a day on: a day of travel is judged by the facts of that day, and a
-- change made later re-prices nothing.
CREATE TABLE known_host_facts (
    host_id uuid NOT NULL,
    valid_from_on date NOT NULL,
    university text NOT NULL,
    profit_status text NOT NULL,
    region text NOT NULL,
    PRIMARY KEY (host_id, valid_from_on)
);

CREATE TABLE known_placements (
    placement_id uuid PRIMARY KEY,
    application_id uuid NOT NULL,
    person_ref uuid NOT NULL,
    university text NOT NULL,
    programme_id uuid NOT NULL,
    rule_set_version integer NOT NULL, -- the version every claim for it is judged by
    cycle_id uuid NOT NULL,
    vacancy_id uuid NOT NULL,
    host_id uuid NOT NULL,
    supervisor_ref uuid,
    status text NOT NULL CHECK (status IN ('confirmed', 'over', 'cancelled')),
    days jsonb NOT NULL, -- list of schemas.advert.Day; after the end, as they were
    mode text NOT NULL,
    region text NOT NULL,
    zone text NOT NULL -- of the placement's hours
);
CREATE INDEX known_placements_person ON known_placements (person_ref);

-- migrate:down

DROP TABLE known_placements, known_host_facts, known_vacancies, known_rule_sets;
