-- migrate:up

-- One row is one letter to one person or mailbox: what it tells of, and how far it got. Instants are real
-- time, which a shifted clock does not touch; the deadlines inside `fact` are business time.
CREATE TABLE deliveries (
    delivery_id uuid PRIMARY KEY, -- computed from the four columns that name it
    number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    cause_id uuid NOT NULL, -- the event it follows
    letter text NOT NULL,
    person_ref uuid, -- null: the programme's mailbox, or a host that nobody acts for
    copy integer NOT NULL DEFAULT 1 CHECK (copy >= 1), -- 2 and more: sent again by the office
    university text NOT NULL,
    about_kind text NOT NULL,
    about_id uuid NOT NULL,
    programme_id uuid,
    cycle_id uuid,
    vacancy_id uuid,
    host_id uuid,
    application_id uuid,
    fact jsonb NOT NULL, -- the event as it was told: pseudonyms, no names
    sealed text, -- of a letter that holds a secret: as it came, gone once it is mailed or stale
    correlation_id text NOT NULL DEFAULT '',
    caused_at timestamptz NOT NULL,
    queued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    status text NOT NULL DEFAULT 'queued' CHECK (status IN (
        'queued', 'held', 'sending', 'sent', 'delivered', 'bounced', 'failed', 'suppressed',
        'cancelled_as_stale', 'unknown'
    )),
    next_try_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    doubts integer NOT NULL DEFAULT 0 CHECK (doubts BETWEEN 0 AND 2), -- ends between the dot and its answer
    fence bigint NOT NULL DEFAULT 0, -- of the newest lease: an older holder may write nothing
    leased_until timestamptz,
    data_at timestamptz, -- since when the server may have it
    ended_at timestamptz,
    reply_code integer, -- the server's last answer
    reason_code text,
    overdue_at timestamptz, -- a receipt not handed over by then alarms the office
    overdue_told_at timestamptz,
    subject text,
    body text, -- kept 30 days; a secret letter's never
    UNIQUE NULLS NOT DISTINCT (cause_id, letter, person_ref, copy),
    CHECK (status <> 'sending' OR leased_until IS NOT NULL)
);
CREATE INDEX deliveries_due ON deliveries (next_try_at, number) WHERE status = 'queued';
CREATE INDEX deliveries_leased ON deliveries (leased_until) WHERE status = 'sending';
CREATE INDEX deliveries_overdue ON deliveries (overdue_at)
    WHERE overdue_at IS NOT NULL AND overdue_told_at IS NULL;
CREATE INDEX deliveries_person ON deliveries (person_ref, number);
CREATE INDEX deliveries_application ON deliveries (application_id, number);
CREATE INDEX deliveries_university ON deliveries (university, number);
CREATE INDEX deliveries_ended_at ON deliveries (ended_at);
CREATE INDEX deliveries_bodies ON deliveries (ended_at) WHERE body IS NOT NULL;

-- How to write to a person, as sealed by the front desk: opened only while a letter is written, by a key
-- that lies outside every backup of this table.
CREATE TABLE known_cards (
    university text NOT NULL,
    person_ref uuid NOT NULL,
    sealed text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (university, person_ref)
);

CREATE TABLE known_programmes (
    programme_id uuid NOT NULL,
    rule_set_version integer NOT NULL,
    university text NOT NULL,
    programme_name text NOT NULL,
    mailbox text NOT NULL,
    zone text NOT NULL,
    currency text NOT NULL,
    warning_minutes integer NOT NULL, -- a receipt unsent for so long alarms the office
    reasons jsonb NOT NULL, -- code -> words, as the programme lists them
    signature text NOT NULL,
    preparation jsonb NOT NULL DEFAULT '[]',
    PRIMARY KEY (programme_id, rule_set_version)
);

CREATE TABLE known_cycles (
    cycle_id uuid PRIMARY KEY,
    university text NOT NULL,
    dates jsonb NOT NULL
);

CREATE TABLE known_vacancies (
    vacancy_id uuid PRIMARY KEY,
    university text NOT NULL,
    host_id uuid NOT NULL,
    advert jsonb NOT NULL,
    rounds jsonb NOT NULL,
    is_withdrawn boolean NOT NULL DEFAULT false
);

CREATE TABLE known_applications (
    application_id uuid PRIMARY KEY,
    university text NOT NULL,
    person_ref uuid NOT NULL,
    vacancy_id uuid NOT NULL,
    reference text NOT NULL,
    submitted_at timestamptz NOT NULL
);

CREATE TABLE known_offers (
    offer_id uuid PRIMARY KEY,
    application_id uuid NOT NULL,
    status text NOT NULL CHECK (status IN (
        'made', 'accepted', 'declined', 'expired', 'withdrawn', 'superseded'
    )),
    respond_by_at timestamptz
);

CREATE TABLE known_placements (
    placement_id uuid PRIMARY KEY,
    application_id uuid NOT NULL,
    status text NOT NULL CHECK (status IN ('confirmed', 'completed', 'not_completed', 'cancelled')),
    days jsonb NOT NULL DEFAULT '[]',
    zone text NOT NULL DEFAULT '',
    supervisor_ref uuid
);

CREATE TABLE known_claims (
    claim_id uuid PRIMARY KEY,
    status text NOT NULL CHECK (status IN (
        'submitted', 'returned', 'approved', 'rejected', 'withdrawn', 'reported', 'confirmed',
        'disputed', 'lapsed'
    ))
);

CREATE TABLE known_selections (
    vacancy_id uuid NOT NULL,
    round text NOT NULL,
    status text NOT NULL CHECK (status IN ('waiting', 'made')),
    PRIMARY KEY (vacancy_id, round)
);

-- migrate:down

DROP TABLE known_selections, known_claims, known_placements, known_offers, known_applications,
    known_vacancies, known_cycles, known_programmes, known_cards, deliveries;
