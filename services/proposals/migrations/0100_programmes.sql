-- migrate:up

-- A programme of one university. Its rules are versions that never change; the newest is in force.
CREATE TABLE programmes (
    programme_id uuid PRIMARY KEY,
    university text NOT NULL,
    slug text NOT NULL,
    name text NOT NULL,
    rule_set_version integer NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (university, slug)
);

CREATE TABLE rule_sets (
    programme_id uuid NOT NULL REFERENCES programmes,
    version integer NOT NULL CHECK (version >= 1),
    rules jsonb NOT NULL,
    published_at timestamptz NOT NULL,
    published_by uuid,
    PRIMARY KEY (programme_id, version)
);

-- One run of a programme. The dates stand whole in `dates`; the columns are what is searched by.
CREATE TABLE cycles (
    cycle_id uuid PRIMARY KEY,
    university text NOT NULL,
    programme_id uuid NOT NULL REFERENCES programmes,
    slug text NOT NULL,
    name text NOT NULL,
    status text NOT NULL CHECK (status IN ('draft', 'published', 'running', 'finished')),
    rule_set_version integer NOT NULL,
    dates jsonb NOT NULL,
    proposals_open_at timestamptz NOT NULL,
    proposals_close_at timestamptz NOT NULL,
    starts_on date NOT NULL,
    ends_on date NOT NULL,
    zone text NOT NULL,
    published_at timestamptz,
    row_version integer NOT NULL DEFAULT 1,
    UNIQUE (programme_id, slug),
    FOREIGN KEY (programme_id, rule_set_version) REFERENCES rule_sets
);
CREATE INDEX cycles_of_university ON cycles (university, proposals_open_at);
CREATE INDEX cycles_moving ON cycles (proposals_open_at) WHERE status IN ('published', 'running');

-- migrate:down

DROP TABLE cycles, rule_sets, programmes;
