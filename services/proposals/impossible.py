"""What must never be so of cycles, proposals and vacancies."""

from chassis.impossible import Rule

UNSCREENED = Rule(
    "I1",
    "A vacancy is advertised without a passing screening, or was screened by its author (R53).",
    "Withdraw the vacancy with a reason; a colleague screens the proposal anew.",
    """
    SELECT 'vacancy ' || vacancy_id AS subject,
           vacancies.status || ', ' || CASE WHEN screened_by IS NULL THEN 'no passing screening'
               ELSE 'screened by its author' END AS state,
           vacancies.university
      FROM vacancies
      JOIN proposals ON proposals.proposal_id = vacancies.vacancy_id
      LEFT JOIN screenings ON screenings.proposal_id = vacancies.vacancy_id
                          AND screenings.outcome = 'passed'
     WHERE vacancies.status NOT IN ('withdrawn', 'completed')
       AND (screened_by IS NULL OR screened_by = author_ref)
     ORDER BY vacancy_id
    """,
)
DATES_OUT_OF_ORDER = Rule(
    "I2",
    "A cycle is published whose dates are out of order (R11).",
    "Reschedule the cycle.",
    """
    SELECT 'cycle ' || cycle_id AS subject, status || ', dates out of order' AS state,
           cycles.university
      FROM cycles
      JOIN rule_sets ON rule_sets.programme_id = cycles.programme_id
                    AND rule_sets.version = cycles.rule_set_version
     WHERE status <> 'draft'
       AND (proposals_open_at >= proposals_close_at
            OR starts_on > ends_on
            OR EXISTS (
                SELECT
                  FROM jsonb_array_elements(dates -> 'rounds') AS round,
                       LATERAL (SELECT (round #>> '{opens_at,at}')::timestamptz AS opens_at,
                                       (round #>> '{closes_at,at}')::timestamptz AS closes_at,
                                       (round #>> '{host_selects_by,at}')::timestamptz AS selects_by,
                                       (round #>> '{office_tells_by,at}')::timestamptz AS tells_by
                       ) AS told
                 WHERE NOT (opens_at < closes_at AND closes_at < selects_by
                            AND selects_by <= tells_by)
                    OR (rules #>> '{kind,rhythm}' <> 'rolling'
                        AND (selects_by <= proposals_close_at
                             OR (round #>> '{host_selects_by,wall}')::date >= starts_on))))
     ORDER BY cycle_id
    """,
)
STATE_AGAINST_INSTANT = Rule(
    "I3",
    "A vacancy's state and its instants have disagreed for two minutes: time stands still.",
    "See `due`: start the relay, whose loop opens and closes vacancies.",
    """
    SELECT 'vacancy ' || vacancy_id AS subject,
           status || ', opens at ' || opens_at || ', closes at ' || closes_at AS state, university
      FROM vacancies
     WHERE (status IN ('scheduled', 'readvertised') AND opens_at <= $1::timestamptz - interval '2 minutes')
        OR (status = 'open'
            AND (closes_at <= $1::timestamptz - interval '2 minutes' OR opens_at > $1::timestamptz + interval '2 minutes'))
     ORDER BY vacancy_id
    """,
)
EDITED_WITHOUT_REASON = Rule(
    "I14",
    "The office took a vacancy back and gave no reason.",
    "Ask whoever did it, and note the reason.",
    """
    SELECT 'audit row ' || id AS subject, act || ' by ' || role || ', no reason' AS state, university
      FROM audit
     WHERE id > (SELECT coalesce(max(id), 0) - 20000 FROM audit)
       AND act IN ('VacancyWithdrawn')
       AND role IN ('officer', 'programme-manager', 'support')
       AND outcome = 'done' AND coalesce(reason, '') = ''
     ORDER BY id
    """,
)
SCREENED_ONESELF = Rule(
    "I27",
    "A verdict was recorded by the author of the proposal.",
    "Withdraw what came of it with a reason; a colleague screens the proposal anew.",
    """
    SELECT 'proposal ' || proposal_id AS subject,
           outcome || ' at ' || screened_at || ' by its author' AS state, proposals.university
      FROM screenings
      JOIN proposals USING (proposal_id)
     WHERE screened_by = author_ref
     ORDER BY proposal_id
    """,
)
OPEN_AGAIN = Rule(
    "I32",
    "A vacancy that was closed or withdrawn is open again, and nobody advertised it anew.",
    "Withdraw it with a reason, or readvertise it.",
    """
    SELECT 'vacancy ' || vacancy_id AS subject, status || ' after ' || last.act AS state, university
      FROM vacancies
     CROSS JOIN LATERAL (
           SELECT act
             FROM audit
            WHERE audit.subject = vacancies.vacancy_id::text
              AND act IN ('VacancyOpened', 'VacancyClosed', 'VacancyReadvertised', 'VacancyWithdrawn')
            ORDER BY id DESC LIMIT 1) AS last
     WHERE status IN ('scheduled', 'open') AND last.act IN ('VacancyClosed', 'VacancyWithdrawn')
     ORDER BY vacancy_id
    """,
)

RULES: tuple[Rule, ...] = (
    UNSCREENED,
    DATES_OUT_OF_ORDER,
    STATE_AGAINST_INSTANT,
    EDITED_WITHOUT_REASON,
    SCREENED_ONESELF,
    OPEN_AGAIN,
)
