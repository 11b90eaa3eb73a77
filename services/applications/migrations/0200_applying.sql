-- migrate:up

-- What the proposals service has told. Copies are taken from any event that carries the fact; no
-- page and no rule of ours asks another service.

CREATE TABLE known_rule_sets (
    programme_id uuid NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    university text NOT NULL,
    programme_slug text NOT NULL,
    programme_name text NOT NULL,
    rules jsonb NOT NULL, -- schemas.rules.RuleSet, whole; never changes once it is here
    PRIMARY KEY (programme_id, version)
);

CREATE TABLE known_cycles (
    cycle_id uuid PRIMARY KEY,
    university text NOT NULL,
    programme_id uuid NOT NULL,
    rule_set_version integer NOT NULL,
    programme_name text NOT NULL,
    name text NOT NULL,
    zone text NOT NULL,
    starts_on date NOT NULL,
    ends_on date NOT NULL,
    dates jsonb NOT NULL -- schemas.cycle.CycleDates, whole
);

CREATE TABLE known_vacancies (
    vacancy_id uuid PRIMARY KEY,
    university text NOT NULL,
    programme_id uuid NOT NULL,
    cycle_id uuid NOT NULL,
    rule_set_version integer NOT NULL, -- the version every decision about it is made under
    host_id uuid NOT NULL,
    title text NOT NULL,
    host_public_name text NOT NULL,
    programme_name text NOT NULL,
    cycle_name text NOT NULL,
    places integer NOT NULL CHECK (places >= 1),
    supervisor_ref uuid,
    mode text NOT NULL,
    city text NOT NULL,
    region text NOT NULL,
    country text NOT NULL,
    zone text NOT NULL, -- of the placement's hours
    pay_model text NOT NULL,
    days jsonb NOT NULL, -- list of schemas.advert.Day
    first_on date NOT NULL,
    last_on date NOT NULL,
    advert jsonb NOT NULL, -- schemas.advert.Advert, whole
    status text NOT NULL DEFAULT 'published' CHECK (status IN ('published', 'withdrawn', 'filled')),
    withdrawn_because text,
    withdrawn_at timestamptz, -- business time; applications still live then are ended one by one
    CHECK ((status = 'withdrawn') = (withdrawn_at IS NOT NULL))
);
CREATE INDEX known_vacancies_cycle ON known_vacancies (cycle_id);
CREATE INDEX known_vacancies_host ON known_vacancies (host_id);

-- Instants are UTC; `zone` is the one in which all of a round's instants were agreed. `sealed_at` and
-- `released_at` are our own: a closed round is a state as well as an instant, so a clock that steps
-- back re-opens nothing.
CREATE TABLE known_rounds (
    vacancy_id uuid NOT NULL REFERENCES known_vacancies,
    round text NOT NULL CHECK (round IN ('first', 'second')),
    zone text NOT NULL,
    opens_at timestamptz NOT NULL,
    closes_at timestamptz NOT NULL,
    host_selects_by timestamptz NOT NULL,
    office_tells_by timestamptz NOT NULL,
    sealed_at timestamptz,
    released_at timestamptz,
    released_count integer CHECK (released_count >= 0),
    PRIMARY KEY (vacancy_id, round),
    CHECK (opens_at < closes_at),
    CHECK (released_at IS NULL OR sealed_at IS NOT NULL),
    CHECK ((released_at IS NULL) = (released_count IS NULL))
);
CREATE INDEX known_rounds_to_close ON known_rounds (closes_at) WHERE sealed_at IS NULL;
CREATE INDEX known_rounds_to_release ON known_rounds (closes_at)
    WHERE sealed_at IS NOT NULL AND released_at IS NULL;

-- One person in one cycle. This row is the lock for the cap of applications and for the single
-- acceptance: whatever changes either holds it first.
CREATE TABLE applicant_cycles (
    applicant_cycle_id uuid PRIMARY KEY,
    person_ref uuid NOT NULL,
    cycle_id uuid NOT NULL,
    university text NOT NULL,
    bound_by_offer_id uuid, -- the acceptance that binds this person, if one does
    live_first integer NOT NULL DEFAULT 0 CHECK (live_first >= 0),
    live_second integer NOT NULL DEFAULT 0 CHECK (live_second >= 0),
    UNIQUE (person_ref, cycle_id)
);

-- CVs. Bytes are rows: born, backed up and erased with what they belong to. The host is only ever
-- given `host_copy`: written anew, without scripts or attachments, cut to the pages allowed.
CREATE TABLE documents (
    document_id uuid PRIMARY KEY,
    university text NOT NULL,
    person_ref uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('cv')),
    media_type text NOT NULL CHECK (media_type IN (
        'application/pdf',
        'application/vnd.openxmlformats-officedocument.wordprocessingml.document'
    )),
    name text NOT NULL, -- for its owner alone
    original bytea NOT NULL,
    sha256 bytea NOT NULL,
    size integer NOT NULL CHECK (size > 0),
    pages integer CHECK (pages >= 1),
    verdict text NOT NULL CHECK (verdict IN ('accepted', 'pending', 'refused')),
    verdict_code text,
    notes text[] NOT NULL DEFAULT '{}', -- what was taken out: scripts, attachments
    host_copy bytea,
    host_pages integer CHECK (host_pages >= 1),
    added_at timestamptz NOT NULL,
    CHECK (verdict <> 'accepted' OR (pages IS NOT NULL AND host_copy IS NOT NULL AND host_pages IS NOT NULL)),
    CHECK (verdict = 'refused' OR verdict_code IS NULL)
);
ALTER TABLE documents ALTER COLUMN original SET STORAGE EXTERNAL; -- a PDF does not compress again
ALTER TABLE documents ALTER COLUMN host_copy SET STORAGE EXTERNAL;
CREATE INDEX documents_person ON documents (person_ref);

CREATE TABLE applications (
    application_id uuid PRIMARY KEY,
    reference text NOT NULL,
    university text NOT NULL,
    programme_id uuid NOT NULL,
    cycle_id uuid NOT NULL,
    vacancy_id uuid NOT NULL,
    host_id uuid NOT NULL,
    round text NOT NULL,
    applicant_cycle_id uuid NOT NULL REFERENCES applicant_cycles,
    person_ref uuid NOT NULL,
    rule_set_version integer NOT NULL,
    -- Released, ranked and reserve are facts of the selection, not of this row.
    status text NOT NULL CHECK (status IN (
        'draft', 'submitted', 'successful', 'unsuccessful',
        'withdrawn', 'ineligible', 'not_submitted', 'vacancy_withdrawn', 'superseded'
    )),
    takes_a_slot boolean NOT NULL DEFAULT false, -- counts towards the cap of its round
    statement text NOT NULL DEFAULT '', -- as written, and kept as written
    host_statement text, -- what the host reads: cut where the programme cuts (R82)
    statement_words integer NOT NULL DEFAULT 0,
    weeks text[] NOT NULL DEFAULT '{}',
    declarations text[] NOT NULL DEFAULT '{}', -- codes, under the wording of rule_set_version (R41)
    declared_at timestamptz,
    leave_note text NOT NULL DEFAULT '', -- agreed leave or development days (R69)
    document_id uuid REFERENCES documents,
    name text, -- snapshot of who submitted
    facts jsonb, -- snapshot of what they were judged by
    revision integer NOT NULL DEFAULT 0, -- 1 is the first submission
    version integer NOT NULL DEFAULT 1, -- raised at each save, for If-Match
    began_at timestamptz NOT NULL,
    saved_at timestamptz NOT NULL,
    submitted_at timestamptz,
    revised_at timestamptz,
    ended_at timestamptz,
    ended_by text CHECK (ended_by IN ('applicant', 'office', 'time', 'post')),
    ended_because text, -- a code
    receipt_sent_at timestamptz, -- business time at which the mail was handed over (R83)
    UNIQUE (university, reference),
    FOREIGN KEY (vacancy_id, round) REFERENCES known_rounds,
    FOREIGN KEY (programme_id, rule_set_version) REFERENCES known_rule_sets (programme_id, version),
    CHECK (status = 'draft' OR status = 'not_submitted' OR status = 'vacancy_withdrawn'
           OR status = 'withdrawn' OR submitted_at IS NOT NULL),
    CHECK ((submitted_at IS NULL) = (revision = 0)),
    CHECK (submitted_at IS NULL OR (name IS NOT NULL AND facts IS NOT NULL AND host_statement IS NOT NULL)),
    CHECK (NOT takes_a_slot OR submitted_at IS NOT NULL)
);
-- One live application of a person to a round of a vacancy; one that ended may be followed by another.
CREATE UNIQUE INDEX one_live_application ON applications (person_ref, vacancy_id, round)
    WHERE status IN ('draft', 'submitted', 'successful', 'unsuccessful', 'superseded');
CREATE INDEX applications_applicant_cycle ON applications (applicant_cycle_id);
CREATE INDEX applications_round ON applications (vacancy_id, round, status);
CREATE INDEX applications_cycle ON applications (cycle_id, status);
CREATE INDEX applications_document ON applications (document_id);

-- What an applicant sent before revising it: the story, and what a replay is judged by.
CREATE TABLE application_revisions (
    application_id uuid NOT NULL REFERENCES applications,
    revision integer NOT NULL CHECK (revision >= 1),
    statement text NOT NULL,
    host_statement text NOT NULL,
    statement_words integer NOT NULL,
    weeks text[] NOT NULL,
    declarations text[] NOT NULL,
    leave_note text NOT NULL,
    document_id uuid REFERENCES documents,
    at timestamptz NOT NULL,
    PRIMARY KEY (application_id, revision)
);

-- migrate:down

DROP TABLE application_revisions, applications, documents, applicant_cycles;
DROP TABLE known_rounds, known_vacancies, known_cycles, known_rule_sets;
