-- migrate:up

-- What applicants see after a passing screening. The advert and every instant stand whole; the other
-- columns are what is searched, counted and waited for.
CREATE TABLE vacancies (
    vacancy_id uuid PRIMARY KEY REFERENCES proposals (proposal_id),
    university text NOT NULL,
    programme_id uuid NOT NULL REFERENCES programmes,
    cycle_id uuid NOT NULL REFERENCES cycles,
    host_id uuid NOT NULL REFERENCES hosts,
    rule_set_version integer NOT NULL,
    status text NOT NULL CHECK (status IN (
        'scheduled', 'open', 'closed', 'readvertised', 'filled', 'unfilled', 'withdrawn',
        'completed'
    )),
    round text NOT NULL CHECK (round IN ('first', 'second')), -- the one that is on, or was last
    advert jsonb NOT NULL,
    rounds jsonb NOT NULL,
    opens_at timestamptz NOT NULL, -- of this round
    closes_at timestamptz NOT NULL,
    places integer NOT NULL CHECK (places >= 1),
    title text NOT NULL,
    mode text NOT NULL,
    sector text NOT NULL,
    category text NOT NULL,
    skills text[] NOT NULL,
    host_kind text NOT NULL,
    country text NOT NULL,
    weeks text[] NOT NULL,
    words tsvector NOT NULL,
    published_at timestamptz NOT NULL,
    exhausted_round text CHECK (exhausted_round IN ('first', 'second')), -- nobody is left to ask
    ended_at timestamptz,
    withdrawn_because text CHECK (withdrawn_because IN (
        'by_host', 'by_office', 'host_suspended', 'cycle_called_off'
    )),
    withdrawn_reason text NOT NULL DEFAULT '',
    row_version integer NOT NULL DEFAULT 1
);
CREATE INDEX vacancies_open ON vacancies (university, opens_at, closes_at)
    WHERE status IN ('scheduled', 'open', 'readvertised');
CREATE INDEX vacancies_to_open ON vacancies (opens_at)
    WHERE status IN ('scheduled', 'readvertised');
CREATE INDEX vacancies_to_close ON vacancies (closes_at) WHERE status = 'open';
CREATE INDEX vacancies_of_host ON vacancies (host_id, published_at);
CREATE INDEX vacancies_words ON vacancies USING gin (words);

-- Our copy of who took a place, told by the applications service: no persons.
CREATE TABLE known_placements (
    placement_id uuid PRIMARY KEY,
    vacancy_id uuid NOT NULL,
    status text NOT NULL CHECK (status IN ('confirmed', 'cancelled', 'over'))
);
CREATE INDEX known_placements_vacancy ON known_placements (vacancy_id);

-- migrate:down

DROP TABLE known_placements, vacancies;
