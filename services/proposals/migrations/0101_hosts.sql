-- migrate:up

-- Organisations, as they describe themselves. The facts in force stand in `facts`.
CREATE TABLE hosts (
    host_id uuid PRIMARY KEY,
    university text NOT NULL,
    status text NOT NULL CHECK (status IN ('registered', 'approved', 'refused', 'suspended')),
    facts jsonb NOT NULL,
    public_name text NOT NULL,
    about text NOT NULL,
    registered_by uuid NOT NULL,
    registered_at timestamptz NOT NULL,
    decided_at timestamptz,
    decided_by uuid,
    reason_codes text[] NOT NULL DEFAULT '{}',
    reason text NOT NULL DEFAULT '', -- as the host reads it
    vacancies_end boolean NOT NULL DEFAULT false, -- suspended: the loop withdraws its vacancies
    row_version integer NOT NULL DEFAULT 1
);
CREATE INDEX hosts_of_university ON hosts (university, status, registered_at);
CREATE INDEX hosts_whose_vacancies_end ON hosts (host_id) WHERE vacancies_end;

CREATE TABLE host_contacts (
    host_id uuid NOT NULL REFERENCES hosts,
    person_ref uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('contact', 'supervisor')),
    university text NOT NULL,
    added_at timestamptz NOT NULL,
    PRIMARY KEY (host_id, person_ref)
);
CREATE INDEX host_contacts_person ON host_contacts (person_ref);

-- migrate:down

DROP TABLE host_contacts, hosts;
