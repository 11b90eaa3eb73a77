-- migrate:up

-- One intern's claim for one placement. Money is in minor units of `currency`; the sums are those of
-- the lines, which a trigger checks at commit.
CREATE TABLE claims (
    claim_id uuid PRIMARY KEY,
    reference text NOT NULL,
    university text NOT NULL,
    programme_id uuid NOT NULL,
    rule_set_version integer NOT NULL, -- the placement's
    cycle_id uuid NOT NULL,
    vacancy_id uuid NOT NULL,
    host_id uuid NOT NULL, -- who pays
    placement_id uuid NOT NULL REFERENCES known_placements,
    application_id uuid NOT NULL,
    person_ref uuid NOT NULL,
    name text NOT NULL DEFAULT '', -- the intern's, as it was when the claim was sent
    status text NOT NULL CHECK (status IN (
        'draft', 'submitted', 'changes_requested', 'approved', 'partly_approved', 'rejected',
        'reimbursement_reported', 'confirmed', 'disputed', 'withdrawn', 'lapsed'
    )),
    submission integer NOT NULL DEFAULT 0 CHECK (submission >= 0), -- how often it was sent
    row_version integer NOT NULL DEFAULT 1,
    currency text NOT NULL,
    total_pence bigint NOT NULL DEFAULT 0 CHECK (total_pence >= 0),
    allowed_pence bigint NOT NULL DEFAULT 0, -- what the rules ask the host to repay
    approved_pence bigint, -- what the host agreed to repay
    paid_pence bigint CHECK (paid_pence >= 0), -- what the host says it paid
    paid_on date,
    reason_codes text[] NOT NULL DEFAULT '{}', -- of the last return or rejection
    reason text NOT NULL DEFAULT '', -- in words, as the intern reads it
    dispute_code text,
    dispute text NOT NULL DEFAULT '', -- the intern's own words, for the office
    zone text NOT NULL, -- the programme's, in which all instants below were agreed
    begun_at timestamptz NOT NULL,
    send_by_at timestamptz NOT NULL, -- the first instant at which it is too late to send it
    submitted_at timestamptz,
    decide_by_at timestamptz,
    decided_at timestamptz,
    repay_by_at timestamptz,
    reported_at timestamptz,
    confirm_by_at timestamptz,
    ended_at timestamptz,
    reminded text[] NOT NULL DEFAULT '{}',
    CHECK (allowed_pence BETWEEN 0 AND total_pence),
    CHECK (approved_pence BETWEEN 0 AND total_pence),
    CHECK (status NOT IN ('approved', 'partly_approved', 'reimbursement_reported', 'confirmed', 'disputed')
           OR (approved_pence > 0 AND repay_by_at IS NOT NULL)),
    CHECK (status NOT IN ('reimbursement_reported', 'confirmed', 'disputed')
           OR (paid_pence IS NOT NULL AND paid_on IS NOT NULL)),
    CHECK (status <> 'submitted' OR (submission >= 1 AND decide_by_at IS NOT NULL)),
    UNIQUE (university, reference)
);
CREATE UNIQUE INDEX one_claim_per_placement ON claims (placement_id)
    WHERE status NOT IN ('withdrawn', 'rejected', 'lapsed');
CREATE INDEX claims_person ON claims (person_ref);
CREATE INDEX claims_host ON claims (host_id, status);
CREATE INDEX claims_to_send ON claims (send_by_at) WHERE status IN ('draft', 'changes_requested');
CREATE INDEX claims_to_decide ON claims (decide_by_at) WHERE status = 'submitted';
CREATE INDEX claims_to_repay ON claims (repay_by_at) WHERE status IN ('approved', 'partly_approved');
CREATE INDEX claims_to_confirm ON claims (confirm_by_at) WHERE status = 'reimbursement_reported';

-- A receipt that was judged and written anew: the copy is all that is kept of it. The hashes, of what
-- was sent and of what that came to, tell when the same receipt is used twice.
CREATE TABLE receipts (
    receipt_id uuid PRIMARY KEY,
    claim_id uuid NOT NULL REFERENCES claims,
    university text NOT NULL,
    person_ref uuid NOT NULL,
    media_type text NOT NULL CHECK (media_type IN ('application/pdf', 'image/jpeg', 'image/png')),
    name text NOT NULL, -- for its owner's eyes alone
    size integer NOT NULL CHECK (size > 0),
    sent_hash bytea NOT NULL,
    copy_hash bytea NOT NULL,
    copy bytea NOT NULL,
    notes text[] NOT NULL DEFAULT '{}', -- what was taken out
    added_at timestamptz NOT NULL
);
CREATE INDEX receipts_claim ON receipts (claim_id);
CREATE INDEX receipts_sent_hash ON receipts (university, sent_hash);
CREATE INDEX receipts_copy_hash ON receipts (university, copy_hash);

CREATE TABLE lines (
    line_id uuid PRIMARY KEY,
    claim_id uuid NOT NULL REFERENCES claims,
    place integer NOT NULL CHECK (place >= 1), -- in the order in which they were added
    spent_on date NOT NULL,
    kind text NOT NULL CHECK (kind IN (
        'local_travel', 'regional_travel', 'week_pass', 'lunch', 'required_travel'
    )),
    what text NOT NULL DEFAULT '',
    amount_pence bigint NOT NULL CHECK (amount_pence > 0),
    reason text NOT NULL DEFAULT '', -- the intern's, where the rules ask for one
    receipt_id uuid UNIQUE REFERENCES receipts,
    is_seen_before boolean NOT NULL DEFAULT false, -- the same receipt stands in another line
    mode text NOT NULL CHECK (mode IN ('in_person', 'remote')), -- how that day was spent
    verdict text NOT NULL CHECK (verdict IN ('allowed', 'capped', 'disallowed')),
    reason_code text NOT NULL,
    sentence text NOT NULL, -- the verdict in words
    allowed_pence bigint NOT NULL,
    receipt_needed boolean NOT NULL,
    reason_needed boolean NOT NULL,
    submission integer, -- the last one it was sent in
    approved_pence bigint, -- what the host repays
    decision_reason text NOT NULL DEFAULT '', -- why it is not what the rules say
    UNIQUE (claim_id, place),
    CHECK (allowed_pence BETWEEN 0 AND amount_pence),
    CHECK (approved_pence BETWEEN 0 AND amount_pence),
    CHECK (submission IS NULL OR receipt_id IS NOT NULL OR NOT receipt_needed), -- R98
    CHECK (mode <> 'remote' OR (allowed_pence = 0 AND coalesce(approved_pence, 0) = 0)), -- R38
    CHECK (verdict <> 'disallowed' OR allowed_pence = 0),
    CHECK (approved_pence IS NULL OR approved_pence = allowed_pence OR decision_reason <> '')
);

CREATE FUNCTION claim_sums_hold() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    claim uuid := coalesce(NEW.claim_id, OLD.claim_id);
BEGIN
    IF EXISTS (
        SELECT
          FROM claims
          LEFT JOIN lines USING (claim_id)
         WHERE claims.claim_id = claim
         GROUP BY claims.claim_id
        HAVING claims.total_pence <> coalesce(sum(lines.amount_pence), 0)
            OR claims.allowed_pence <> coalesce(sum(lines.allowed_pence), 0)
            OR claims.approved_pence IS DISTINCT FROM sum(lines.approved_pence)
    ) THEN
        RAISE EXCEPTION 'the sums of claim % are not those of its lines', claim
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;

-- Looked at when the transaction ends: in between, lines and sums may differ.
CREATE CONSTRAINT TRIGGER sums_of_claim AFTER INSERT OR UPDATE ON claims
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION claim_sums_hold();
CREATE CONSTRAINT TRIGGER sums_of_lines AFTER INSERT OR UPDATE OR DELETE ON lines
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION claim_sums_hold();

-- What happened to a claim, in order, as its timeline tells it.
CREATE TABLE claim_history (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    claim_id uuid NOT NULL REFERENCES claims,
    at timestamptz NOT NULL,
    act text NOT NULL,
    role text NOT NULL,
    facts jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX claim_history_claim ON claim_history (claim_id, id);

-- migrate:down

DROP TABLE claim_history, lines, receipts, claims;
-- squawk-ignore ban-drop-function
DROP FUNCTION claim_sums_hold;
