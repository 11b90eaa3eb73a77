"""What must never be so of claims, their lines and receipts."""

from chassis.impossible import Rule

EDITED_BY_A_STRANGER = Rule(
    "I14",
    "A claim was changed by somebody who is not its intern, or settled by the office without a reason.",
    "Ask whoever did it; return the claim to its intern, or note the reason.",
    """
    SELECT 'audit row ' || id AS subject,
           act || ' of ' || subject || ' by ' || role AS state, audit.university
      FROM audit
      LEFT JOIN claims ON claims.claim_id::text = audit.subject
     WHERE id > (SELECT coalesce(max(id), 0) - 20000 FROM audit)
       AND outcome = 'done'
       AND ((act IN ('ClaimSubmitted', 'ClaimWithdrawn') AND role = 'applicant'
             AND actor IS DISTINCT FROM person_ref)
            OR (act IN ('ReimbursementConfirmed', 'ClaimApproved', 'ClaimRejected')
                AND role IN ('officer', 'programme-manager', 'support')
                AND coalesce(audit.reason, '') = ''))
     ORDER BY id
    """,
)
SUMS_DIFFER = Rule(
    "I25",
    "A claim's sums are not those of its lines.",
    "Return the claim with a reason: sent again, its lines are ruled on and summed anew.",
    """
    SELECT 'claim ' || claim_id AS subject,
           'total ' || total_pence || ' against ' || coalesce(sum(amount_pence), 0)
           || ', approved ' || coalesce(claims.approved_pence, 0)
           || ' against ' || coalesce(sum(lines.approved_pence), 0) AS state,
           university
      FROM claims
      LEFT JOIN lines USING (claim_id)
     GROUP BY claim_id
    HAVING total_pence <> coalesce(sum(amount_pence), 0)
        OR claims.approved_pence IS DISTINCT FROM sum(lines.approved_pence)
     ORDER BY claim_id
    """,
)
LINE_AGAINST_THE_RULES = Rule(
    "I26",
    "A line was sent without the receipt it needs (R98), or approved for a day at home (R38).",
    "Return the claim with a reason; once approved, settle it with the host.",
    """
    SELECT 'line ' || line_id AS subject,
           CASE WHEN mode = 'remote' AND lines.approved_pence > 0 THEN 'approved for a remote day'
                ELSE 'sent without receipt' END AS state,
           university
      FROM lines
      JOIN claims USING (claim_id)
     WHERE (receipt_needed AND receipt_id IS NULL AND lines.submission IS NOT NULL)
        OR (mode = 'remote' AND lines.approved_pence > 0)
     ORDER BY line_id
    """,
)
APPROVED_ONESELF = Rule(
    "I27",
    "A claim was decided by the person who made it.",
    "Somebody else at the host decides: the office opens a dispute and settles it.",
    """
    SELECT 'claim ' || claim_id AS subject, act || ' by its own intern' AS state, claims.university
      FROM claims
      JOIN audit ON audit.subject = claims.claim_id::text
     WHERE act IN ('ClaimApproved', 'ClaimReturned', 'ClaimRejected', 'ReimbursementReported')
       AND audit.outcome = 'done' AND audit.actor = claims.person_ref
     ORDER BY claim_id, act
    """,
)
REPAID_WRONGLY = Rule(
    "I28",
    "A claim was repaid twice, or more was repaid than was approved.",
    "The office settles it with host and intern, and notes the reason.",
    """
    SELECT 'claim ' || claim_id AS subject,
           'paid ' || coalesce(paid_pence, 0) || ' of ' || coalesce(approved_pence, 0)
           || ', confirmed ' || confirmed || ' times' AS state,
           university
      FROM claims
     CROSS JOIN LATERAL (
           SELECT count(*) AS confirmed
             FROM audit
            WHERE audit.subject = claims.claim_id::text AND act = 'ReimbursementConfirmed'
              AND outcome = 'done') AS audited
     WHERE paid_pence > coalesce(approved_pence, 0) OR confirmed > 1
     ORDER BY claim_id
    """,
)
FILE_DIFFERS = Rule(
    "I29",
    "A receipt among the newest is empty, has another hash than its bytes, or has had no line for an hour.",
    "Ask the intern to put the receipt beside the line again.",
    """
    SELECT 'receipt ' || receipts.receipt_id AS subject,
           CASE WHEN line_id IS NULL THEN 'no line since ' || added_at
                ELSE 'hash differs' END AS state,
           university
      FROM (SELECT * FROM receipts ORDER BY receipt_id DESC LIMIT 20) AS receipts
      LEFT JOIN lines ON lines.receipt_id = receipts.receipt_id
     WHERE copy_hash <> sha256(copy) OR length(copy) = 0
        OR (line_id IS NULL AND added_at < $1::timestamptz - interval '1 hour')
     ORDER BY receipts.receipt_id
    """,
)
OPEN_AGAIN = Rule(
    "I32",
    "A claim that had ended is open again.",
    "Reject it with a reason; the intern may begin a new one while there is time.",
    """
    SELECT 'claim ' || claim_id AS subject, status || ' after ' || act AS state, claims.university
      FROM claims
      JOIN audit ON audit.subject = claims.claim_id::text
     WHERE status IN ('draft', 'submitted', 'changes_requested')
       AND act IN ('ClaimWithdrawn', 'ClaimRejected', 'ClaimWindowClosed')
       AND audit.outcome = 'done'
     ORDER BY claim_id
    """,
)

RULES: tuple[Rule, ...] = (
    EDITED_BY_A_STRANGER,
    SUMS_DIFFER,
    LINE_AGAINST_THE_RULES,
    APPROVED_ONESELF,
    REPAID_WRONGLY,
    FILE_DIFFERS,
    OPEN_AGAIN,
)
