"""What must never be so of mails."""

from chassis.impossible import Rule

NEITHER_FINAL_NOR_SCHEDULED = Rule(
    "I22",
    "A mail is neither at an end nor on its way, or somebody has held it for five minutes too long.",
    "Start a worker; then send the letter again from its page.",
    """
    SELECT 'delivery ' || delivery_id AS subject,
           status || CASE WHEN status = 'sending' THEN ', leased until ' || leased_until
                          WHEN ended_at IS NULL THEN ', next try at ' || next_try_at
                          ELSE ', ended at ' || ended_at END AS state,
           university
      FROM deliveries
     WHERE (status = 'sending' AND leased_until < clock_timestamp() - interval '5 minutes')
        OR (status = 'queued' AND next_try_at > clock_timestamp() + interval '65 minutes')
        OR (status IN ('queued', 'held', 'sending')) <> (ended_at IS NULL)
     ORDER BY number
    """,
)
TWO_FOR_ONE = Rule(
    "I23",
    "Two mails stand for one event, letter and person.",
    "Nothing can be called back: the office writes to whoever got both.",
    """
    SELECT 'event ' || cause_id AS subject, letter || ' ' || count(*) || ' times' AS state,
           min(university) AS university
      FROM deliveries
     WHERE number > (SELECT coalesce(max(number), 0) - 20000 FROM deliveries)
     GROUP BY cause_id, letter, person_ref, copy
    HAVING count(*) > 1
    """,
)
INTRODUCED_TOO_EARLY = Rule(
    "I16",
    "An introduction, with names and addresses, is written for a place that nobody took (R92).",
    "Nothing can be called back: tell the person whose address was passed on.",
    """
    SELECT 'delivery ' || delivery_id AS subject, letter || ' ' || status AS state, university
      FROM deliveries
     WHERE letter IN ('introduction', 'introduction_to_host')
       AND number > (SELECT coalesce(max(number), 0) - 20000 FROM deliveries)
       AND NOT EXISTS (
           SELECT FROM known_placements
            WHERE known_placements.application_id = deliveries.application_id
       )
     ORDER BY number
    """,
)

RULES: tuple[Rule, ...] = (NEITHER_FINAL_NOR_SCHEDULED, TWO_FOR_ONE, INTRODUCED_TOO_EARLY)
