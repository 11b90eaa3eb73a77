-- migrate:up

-- What a person typed when their sign-in had ended: sealed, for the same person only, for one hour.
CREATE TABLE kept_forms (
    kept_id uuid PRIMARY KEY,
    person_ref uuid NOT NULL,
    path text NOT NULL,
    sealed bytea NOT NULL,
    kept_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Organisations and who acts for them, as the proposals service tells: host roles are read here on
-- every request. In the proposals schema itself these two stay empty.
CREATE TABLE known_hosts (
    host_id uuid PRIMARY KEY,
    university text NOT NULL,
    public_name text NOT NULL,
    status text NOT NULL CHECK (status IN ('registered', 'approved', 'refused', 'suspended')),
    facts jsonb NOT NULL DEFAULT '{}'
);
CREATE TABLE known_host_contacts (
    host_id uuid NOT NULL,
    person_ref uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('contact', 'supervisor')),
    university text NOT NULL,
    PRIMARY KEY (host_id, person_ref)
);
CREATE INDEX known_host_contacts_person ON known_host_contacts (person_ref);

-- migrate:down

DROP TABLE known_host_contacts, known_hosts, kept_forms;
