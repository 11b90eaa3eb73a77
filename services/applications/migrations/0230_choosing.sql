-- migrate:up

-- A host's choice from one round of a vacancy. The row is made when the round is released; until then
-- the selection is waiting, and there is nothing to see (P14).
CREATE TABLE selections (
    vacancy_id uuid NOT NULL,
    round text NOT NULL,
    university text NOT NULL,
    status text NOT NULL CHECK (status IN ('waiting', 'released', 'ranked', 'overdue', 'told')),
    revision integer NOT NULL DEFAULT 0 CHECK (revision >= 0), -- how often the host has ranked
    draft jsonb NOT NULL DEFAULT '{}', -- what the host typed and has not confirmed: by application
    ranked_at timestamptz,
    ranked_by uuid,
    overdue_at timestamptz,
    told_at timestamptz,
    reminded integer[] NOT NULL DEFAULT '{}', -- days before (or, negative, after) at which it was
    at_risk_at timestamptz, -- when the office was warned that outcomes may be late
    exhausted_places integer NOT NULL DEFAULT 0, -- places told to be free with nobody left to ask
    PRIMARY KEY (vacancy_id, round),
    FOREIGN KEY (vacancy_id, round) REFERENCES known_rounds
);
CREATE INDEX selections_open ON selections (vacancy_id, round) WHERE status <> 'told';

-- What the host decided about each application: a rank, or a reason. The lowest ranks are offered the
-- places that were free; the others are reserves, asked in that order.
CREATE TABLE choices (
    application_id uuid PRIMARY KEY REFERENCES applications,
    vacancy_id uuid NOT NULL,
    round text NOT NULL,
    rank integer CHECK (rank >= 1),
    is_reserve boolean NOT NULL DEFAULT false,
    reason_code text,
    remark text NOT NULL DEFAULT '', -- one sentence, which the office reads before it is told
    told text CHECK (told IN ('reserve', 'unsuccessful', 'nothing')), -- 'nothing': it had ended
    told_at timestamptz,
    FOREIGN KEY (vacancy_id, round) REFERENCES selections,
    UNIQUE (vacancy_id, round, rank),
    CHECK ((rank IS NULL) <> (reason_code IS NULL)),
    CHECK (NOT is_reserve OR rank IS NOT NULL),
    CHECK ((told IS NULL) = (told_at IS NULL))
);
CREATE INDEX choices_round ON choices (vacancy_id, round);

-- The office's word that outcomes are to be told. The deadlines loop carries it out, one person a
-- transaction; the page shows how far it is.
CREATE TABLE outcome_releases (
    outcome_release_id uuid PRIMARY KEY,
    vacancy_id uuid NOT NULL,
    round text NOT NULL,
    university text NOT NULL,
    asked_by uuid, -- null: a machine
    role text NOT NULL,
    asked_at timestamptz NOT NULL,
    reason text NOT NULL,
    fingerprint text NOT NULL, -- of what the office was shown
    done_at timestamptz,
    UNIQUE (vacancy_id, round),
    FOREIGN KEY (vacancy_id, round) REFERENCES selections
);
CREATE INDEX outcome_releases_to_do ON outcome_releases (asked_at) WHERE done_at IS NULL;

CREATE TABLE offers (
    offer_id uuid PRIMARY KEY,
    application_id uuid NOT NULL UNIQUE REFERENCES applications, -- nobody is asked twice
    applicant_cycle_id uuid NOT NULL REFERENCES applicant_cycles,
    person_ref uuid NOT NULL,
    university text NOT NULL,
    programme_id uuid NOT NULL,
    rule_set_version integer NOT NULL, -- under which it was made
    cycle_id uuid NOT NULL,
    vacancy_id uuid NOT NULL REFERENCES known_vacancies,
    host_id uuid NOT NULL,
    round text NOT NULL,
    rank integer NOT NULL CHECK (rank >= 1),
    from_reserve boolean NOT NULL,
    one_per_cycle boolean NOT NULL, -- the rule set's answer, kept for the index below
    status text NOT NULL CHECK (status IN (
        'prepared', 'made', 'accepted', 'declined', 'expired', 'withdrawn', 'superseded', 'vacated'
    )),
    made_at timestamptz,
    respond_by_at timestamptz, -- the first instant at which an answer is too late
    respond_by_zone text,
    respond_by_wall text,
    answered_at timestamptz,
    reason_code text,
    reason text, -- as its applicant reads it
    half_way_at timestamptz, -- when the reminders are due; null: not in this programme
    last_hours_at timestamptz,
    reminded text[] NOT NULL DEFAULT '{}',
    CHECK (status IN ('prepared', 'withdrawn', 'superseded') OR made_at IS NOT NULL),
    CHECK ((made_at IS NULL) = (respond_by_at IS NULL)),
    CHECK ((respond_by_at IS NULL) = (respond_by_zone IS NULL)),
    CHECK ((respond_by_at IS NULL) = (respond_by_wall IS NULL)),
    CHECK (status <> 'accepted' OR answered_at < respond_by_at),
    CHECK (status <> 'expired' OR answered_at >= respond_by_at)
);
-- The lock on the applicant's row decides; this makes sure (R78).
CREATE UNIQUE INDEX one_acceptance_per_person_and_cycle ON offers (applicant_cycle_id)
    WHERE status = 'accepted' AND one_per_cycle;
CREATE INDEX offers_vacancy ON offers (vacancy_id, status);
CREATE INDEX offers_person ON offers (person_ref);
CREATE INDEX offers_to_answer ON offers (respond_by_at) WHERE status = 'made';

CREATE TABLE placements (
    placement_id uuid PRIMARY KEY,
    offer_id uuid NOT NULL UNIQUE REFERENCES offers,
    application_id uuid NOT NULL REFERENCES applications,
    applicant_cycle_id uuid NOT NULL REFERENCES applicant_cycles,
    person_ref uuid NOT NULL,
    university text NOT NULL,
    programme_id uuid NOT NULL,
    rule_set_version integer NOT NULL,
    cycle_id uuid NOT NULL,
    vacancy_id uuid NOT NULL REFERENCES known_vacancies,
    host_id uuid NOT NULL,
    round text NOT NULL,
    status text NOT NULL CHECK (status IN (
        'confirmed', 'introduced', 'in_progress', 'completed', 'not_completed', 'no_show',
        'cancelled_by_intern', 'cancelled_by_host', 'cancelled_by_office'
    )),
    days jsonb NOT NULL, -- list of schemas.advert.Day
    mode text NOT NULL,
    country text NOT NULL,
    region text NOT NULL,
    zone text NOT NULL,
    supervisor_ref uuid,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL, -- the first instant after the last day
    week_ahead_at timestamptz NOT NULL,
    day_ahead_at timestamptz NOT NULL,
    confirmed_at timestamptz NOT NULL,
    introduced_at timestamptz,
    started_at timestamptz,
    ended_at timestamptz,
    reason_code text,
    reason text NOT NULL DEFAULT '',
    reminded text[] NOT NULL DEFAULT '{}',
    CHECK (starts_at < ends_at)
);
CREATE INDEX placements_person ON placements (person_ref);
CREATE INDEX placements_host ON placements (host_id, status);
CREATE INDEX placements_ahead ON placements (starts_at) WHERE status IN ('confirmed', 'introduced');
CREATE INDEX placements_live ON placements (ends_at)
    WHERE status IN ('confirmed', 'introduced', 'in_progress');

-- Who at the host has opened which application: marks for that person alone, never a decision.
CREATE TABLE application_reads (
    application_id uuid NOT NULL REFERENCES applications,
    person_ref uuid NOT NULL,
    read_at timestamptz NOT NULL,
    note text NOT NULL DEFAULT '', -- to oneself
    PRIMARY KEY (application_id, person_ref)
);

-- migrate:down

DROP TABLE application_reads, placements, offers, outcome_releases, choices, selections;
