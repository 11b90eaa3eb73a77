-- migrate:up

-- What a host writes. `draft` holds what can be taken as it stands; `typed` what was typed into a step
-- and cannot be taken yet, so that nothing is lost.
CREATE TABLE proposals (
    proposal_id uuid PRIMARY KEY,
    university text NOT NULL,
    programme_id uuid NOT NULL REFERENCES programmes,
    cycle_id uuid NOT NULL REFERENCES cycles,
    host_id uuid NOT NULL REFERENCES hosts,
    author_ref uuid NOT NULL,
    status text NOT NULL CHECK (status IN (
        'draft', 'submitted', 'in_screening', 'changes_requested', 'approved', 'rejected',
        'withdrawn', 'lapsed'
    )),
    revision integer NOT NULL DEFAULT 0,
    draft jsonb NOT NULL DEFAULT '{}',
    typed jsonb NOT NULL DEFAULT '{}',
    rule_set_version integer NOT NULL,
    created_at timestamptz NOT NULL,
    saved_at timestamptz NOT NULL,
    submitted_at timestamptz,
    ended_at timestamptz, -- when it was approved, rejected, withdrawn or lapsed
    send_by jsonb NOT NULL, -- the first instant at which it is too late to send it
    send_by_at timestamptz NOT NULL,
    row_version integer NOT NULL DEFAULT 1
);
CREATE INDEX proposals_of_host ON proposals (host_id, created_at);
CREATE INDEX proposals_to_screen ON proposals (university, submitted_at)
    WHERE status IN ('submitted', 'in_screening');
CREATE INDEX proposals_to_lapse ON proposals (send_by_at)
    WHERE status IN ('draft', 'changes_requested');

-- Each sending, word for word: never changed.
CREATE TABLE revisions (
    proposal_id uuid NOT NULL REFERENCES proposals,
    revision integer NOT NULL CHECK (revision >= 1),
    content jsonb NOT NULL,
    submitted_at timestamptz NOT NULL,
    submitted_by uuid NOT NULL,
    rule_set_version integer NOT NULL,
    PRIMARY KEY (proposal_id, revision)
);

-- The office's verdict on a revision: one for each (R53).
CREATE TABLE screenings (
    proposal_id uuid NOT NULL,
    revision integer NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('passed', 'changes_requested', 'rejected')),
    checks jsonb NOT NULL,
    reason_codes text[] NOT NULL,
    reason text NOT NULL, -- as the host reads it
    screened_by uuid NOT NULL,
    screened_at timestamptz NOT NULL,
    rule_set_version integer NOT NULL,
    PRIMARY KEY (proposal_id, revision),
    FOREIGN KEY (proposal_id, revision) REFERENCES revisions
);

-- migrate:down

DROP TABLE screenings, revisions, proposals;
