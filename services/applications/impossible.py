"""What must never be so of rounds, applications, offers and placements."""

from chassis.impossible import Rule

MORE_OFFERS_THAN_PLACES = Rule(
    "I4",
    "A vacancy has more offers accepted or open than it has places.",
    "Withdraw an offer that nobody has answered, with a reason; or the host agrees to more places.",
    """
    SELECT 'vacancy ' || vacancy_id AS subject,
           count(*) || ' offers for ' || places || ' places' AS state, known_vacancies.university
      FROM known_vacancies
      JOIN offers USING (vacancy_id)
     WHERE offers.status IN ('prepared', 'made', 'accepted')
     GROUP BY vacancy_id
    HAVING count(*) > places
     ORDER BY vacancy_id
    """,
)
TWO_ACCEPTED = Rule(
    "I5",
    "One person has accepted two offers in a cycle that allows one (R78).",
    "Ask the person which place stands; cancel the other placement with a reason.",
    """
    SELECT 'person in cycle ' || applicant_cycle_id AS subject,
           count(*) || ' accepted offers' AS state, min(university) AS university
      FROM offers
     WHERE status = 'accepted' AND one_per_cycle
     GROUP BY applicant_cycle_id
    HAVING count(*) > 1
     ORDER BY applicant_cycle_id
    """,
)
ABOVE_THE_CAP = Rule(
    "I6",
    "A person has more live applications in a round than its programme allows (R77).",
    "The person, or the office with a reason, withdraws an application.",
    """
    SELECT 'person in cycle ' || applicant_cycle_id AS subject,
           count(*) || ' applications of ' || (cap ->> 'most') || ' in round ' || round AS state,
           min(applications.university) AS university
      FROM applications
      JOIN known_rule_sets ON known_rule_sets.programme_id = applications.programme_id
                          AND known_rule_sets.version = applications.rule_set_version
     CROSS JOIN LATERAL jsonb_array_elements(rules #> '{applying,caps}') AS cap
     WHERE takes_a_slot AND cap ->> 'round' = round
     GROUP BY applicant_cycle_id, round, cap
    HAVING count(*) > (cap ->> 'most')::integer
     ORDER BY applicant_cycle_id
    """,
)
SENT_TOO_LATE = Rule(
    "I7",
    "An application was sent or changed at or after its deadline, or after its round was sealed (R72).",
    "Withdraw the application with a reason, or extend the deadline by name for everyone it hit.",
    """
    SELECT 'application ' || application_id AS subject,
           'sent at ' || submitted_at || coalesce(', changed at ' || revised_at, '')
           || ', closed at ' || closes_at AS state,
           university
      FROM applications
      JOIN known_rounds USING (vacancy_id, round)
     WHERE greatest(submitted_at, revised_at) >= least(closes_at, sealed_at, released_at)
     ORDER BY application_id
    """,
)
ANSWERED_OUT_OF_TIME = Rule(
    "I8",
    "An offer was accepted at or after its time, or lapsed before it.",
    "Cancel the placement with a reason, or make the offer anew through the reserves.",
    """
    SELECT 'offer ' || offer_id AS subject,
           status || ' at ' || answered_at || ', to answer by ' || respond_by_at AS state, university
      FROM offers
     WHERE (status = 'accepted' AND answered_at >= respond_by_at)
        OR (status = 'expired' AND answered_at < respond_by_at)
     ORDER BY offer_id
    """,
)
OPEN_PAST_ITS_TIME = Rule(
    "I9",
    "An offer is open five minutes after its time: time stands still.",
    "See `due`: start the relay, whose loop lets offers lapse.",
    """
    SELECT 'offer ' || offer_id AS subject, 'made, to answer by ' || respond_by_at AS state,
           university
      FROM offers
     WHERE status = 'made' AND respond_by_at <= $1::timestamptz - interval '5 minutes'
     ORDER BY offer_id
    """,
)
SEEN_BEFORE_RELEASE = Rule(
    "I10",
    "A host opened an application before its release, or a round was released before it was sealed (R88).",
    "Nothing can be unseen: tell the programme manager, and note it for the round.",
    """
    SELECT 'application ' || application_id AS subject,
           'opened at ' || read_at || coalesce(', released at ' || released_at, ', not released')
               AS state,
           university
      FROM application_reads
      JOIN applications USING (application_id)
      JOIN known_rounds USING (vacancy_id, round)
     WHERE released_at IS NULL OR read_at < released_at
     UNION ALL
    SELECT 'application ' || application_id, act || ', not released', applications.university
      FROM audit
      JOIN applications ON applications.application_id::text = audit.subject
      JOIN known_rounds USING (vacancy_id, round)
     WHERE audit.id > (SELECT coalesce(max(id), 0) - 20000 FROM audit)
       AND act IN ('ApplicationViewed', 'CvViewed') AND role IN ('host-contact', 'supervisor')
       AND outcome = 'done' AND released_at IS NULL
     UNION ALL
    SELECT 'round ' || vacancy_id || '/' || round,
           'released at ' || released_at || coalesce(', sealed at ' || sealed_at, ', not sealed'),
           known_vacancies.university
      FROM known_rounds
      JOIN known_vacancies USING (vacancy_id)
     WHERE released_at IS NOT NULL AND (sealed_at IS NULL OR released_at < sealed_at)
    """,
)
SIBLING_OPEN = Rule(
    "I11",
    "A person has accepted a place, and another offer of theirs is still open.",
    "Withdraw the open offer with a reason.",
    """
    SELECT 'offer ' || other.offer_id AS subject,
           other.status || ' beside accepted offer ' || accepted.offer_id AS state,
           other.university
      FROM offers AS accepted
      JOIN offers AS other USING (applicant_cycle_id)
     WHERE accepted.status = 'accepted' AND accepted.one_per_cycle
       AND other.status IN ('prepared', 'made')
     ORDER BY other.offer_id
    """,
)
PLACED_WITHOUT_OFFER = Rule(
    "I12",
    "A placement stands without an accepted offer, or two stand for one offer.",
    "Cancel the placement with a reason.",
    """
    SELECT 'placement ' || placement_id AS subject,
           placements.status || ', offer ' || offers.status AS state, placements.university
      FROM placements
      JOIN offers USING (offer_id)
     WHERE placements.status IN ('confirmed', 'introduced', 'in_progress')
       AND offers.status <> 'accepted'
     UNION ALL
    SELECT 'offer ' || offer_id, count(*) || ' placements', min(university)
      FROM placements
     GROUP BY offer_id
    HAVING count(*) > 1
    """,
)
TOLD_TOO_EARLY = Rule(
    "I13",
    "An outcome could be seen before the office gave its word (R90).",
    "Tell the round's outcomes, or reverse the decision with a reason.",
    """
    SELECT 'application ' || application_id AS subject,
           'told at ' || told_at || coalesce(', word at ' || asked_at, ', no word') AS state,
           applications.university
      FROM choices
      JOIN applications USING (application_id)
      LEFT JOIN outcome_releases ON outcome_releases.vacancy_id = choices.vacancy_id
                                AND outcome_releases.round = choices.round
     WHERE told_at IS NOT NULL AND told <> 'nothing' AND (asked_at IS NULL OR told_at < asked_at)
     UNION ALL
    SELECT 'offer ' || offer_id,
           'made at ' || made_at || coalesce(', word at ' || asked_at, ', no word'),
           offers.university
      FROM offers
      LEFT JOIN outcome_releases USING (vacancy_id, round)
     WHERE made_at IS NOT NULL AND (asked_at IS NULL OR made_at < asked_at)
    """,
)
EDITED_BY_A_STRANGER = Rule(
    "I14",
    "A person's record was changed by neither its owner nor the office with a reason.",
    "Ask whoever did it; reverse the act, or note the reason.",
    """
    SELECT 'audit row ' || audit.id AS subject,
           act || ' of ' || audit.subject || ' by ' || role AS state, audit.university
      FROM audit
      LEFT JOIN applications ON applications.application_id::text = audit.subject
      LEFT JOIN offers ON offers.offer_id::text = audit.subject
     WHERE audit.id > (SELECT coalesce(max(id), 0) - 20000 FROM audit)
       AND outcome = 'done'
       AND ((role = 'applicant'
             AND act IN ('ApplicationSubmitted', 'ApplicationRevised', 'ApplicationWithdrawn',
                         'OfferAccepted', 'OfferDeclined')
             AND actor IS DISTINCT FROM coalesce(applications.person_ref, offers.person_ref))
            OR (role IN ('officer', 'programme-manager', 'support')
                AND act IN ('ApplicationWithdrawn', 'OfferWithdrawn', 'OfferExtended',
                            'PlacementCancelled', 'DecisionReversed')
                AND coalesce(audit.reason, '') = ''))
     ORDER BY audit.id
    """,
)
SENT_THOUGH_INELIGIBLE = Rule(
    "I15",
    "An application was sent by somebody whom the rules it was judged by do not admit.",
    "Withdraw the application with a reason; the person is told where else to go.",
    """
    SELECT 'application ' || application_id AS subject,
           CASE verdict WHEN 'refuse' THEN 'refused by clause ' || code
                ELSE 'admitted by no clause' END
           || ', rules ' || rule_set_version AS state,
           applications.university
      FROM applications
      JOIN known_rule_sets ON known_rule_sets.programme_id = applications.programme_id
                          AND known_rule_sets.version = applications.rule_set_version
      LEFT JOIN LATERAL (
           SELECT clause ->> 'verdict' AS verdict, clause ->> 'code' AS code
             FROM jsonb_array_elements(rules #> '{eligibility,clauses}')
                      WITH ORDINALITY AS clauses (clause, place)
            WHERE NOT EXISTS (
                SELECT
                  FROM jsonb_array_elements(clause -> 'every') AS asked
                 CROSS JOIN LATERAL (
                       SELECT coalesce(facts -> (asked ->> 'about'),
                                       facts -> regexp_replace(asked ->> 'about', '^is_', ''))
                                  AS fact) AS known
                 WHERE NOT coalesce(CASE
                     WHEN asked ->> 'is_true' IS NOT NULL THEN fact = asked -> 'is_true'
                     WHEN asked ->> 'is_within_months' IS NOT NULL
                     THEN CASE WHEN pg_input_is_valid(fact #>> '{}', 'date')
                               THEN (submitted_at AT TIME ZONE (rules #>> '{kind,zone}'))::date
                                    <= (fact #>> '{}')::date
                                       + make_interval(months => (asked ->> 'is_within_months')::int)
                          END
                     ELSE EXISTS (
                         SELECT
                           FROM jsonb_array_elements_text(
                                    CASE jsonb_typeof(fact) WHEN 'array' THEN fact
                                         ELSE jsonb_build_array(fact) END) AS given
                           JOIN jsonb_array_elements_text(asked -> 'is_one_of') AS wanted
                             ON translate(lower(btrim(given)), '- ', '__')
                                = translate(lower(btrim(wanted)), '- ', '__'))
                     END, false))
            ORDER BY place LIMIT 1) AS judged ON true
     WHERE status <> 'ineligible'
       AND submitted_at > $1::timestamptz - interval '60 days'
       AND verdict IS DISTINCT FROM 'allow'
     ORDER BY application_id
    """,
)
INTRODUCED_TOO_EARLY = Rule(
    "I16",
    "Intern and host were introduced before the offer was accepted (R92).",
    "Nothing can be called back: tell the person whose address was passed on.",
    """
    SELECT 'placement ' || placement_id AS subject,
           'introduced at ' || introduced_at || ', offer ' || offers.status
           || coalesce(' at ' || answered_at, '') AS state,
           placements.university
      FROM placements
      JOIN offers USING (offer_id)
     WHERE introduced_at IS NOT NULL
       AND (offers.status NOT IN ('accepted', 'vacated')
            OR (offers.status = 'accepted' AND introduced_at < answered_at))
     ORDER BY placement_id
    """,
)
FILE_DIFFERS = Rule(
    "I29",
    "A CV among the newest is empty, or has another hash than its bytes.",
    "Ask its owner to upload it again.",
    """
    SELECT 'document ' || document_id AS subject,
           CASE WHEN length(original) = 0 THEN 'empty' ELSE 'hash differs' END AS state, university
      FROM (SELECT * FROM documents ORDER BY document_id DESC LIMIT 20) AS documents
     WHERE length(original) = 0 OR sha256 <> sha256(original)
     ORDER BY document_id
    """,
)
OPEN_AGAIN = Rule(
    "I32",
    "A sealed round, an ended application or an offer that was over is open again without a reversal.",
    "Withdraw the offer or application with a reason, or reverse the decision by its own command.",
    """
    SELECT 'offer ' || offer_id AS subject, status || ' after ' || ended.act AS state,
           offers.university
      FROM offers
      JOIN audit AS ended ON ended.subject = offers.offer_id::text
     WHERE status IN ('prepared', 'made', 'accepted')
       AND ended.act IN ('OfferExpired', 'OfferDeclined', 'OfferWithdrawn', 'OfferSuperseded')
       AND ended.outcome = 'done'
       AND NOT EXISTS (
           SELECT FROM audit AS back
            WHERE back.act = 'DecisionReversed' AND back.id > ended.id
              AND back.subject IN (offers.offer_id::text, offers.application_id::text))
     UNION ALL
    SELECT 'application ' || application_id, status || ', ended at ' || ended_at, university
      FROM applications
     WHERE status IN ('draft', 'submitted') AND ended_at IS NOT NULL
     UNION ALL
    SELECT 'vacancy ' || vacancy_id, 'round closed before and not sealed now', university
      FROM known_vacancies
     WHERE (SELECT count(*) FROM audit
             WHERE audit.subject = known_vacancies.vacancy_id::text
               AND act = 'ApplicationsClosed' AND outcome = 'done')
           > (SELECT count(*) FROM known_rounds
               WHERE known_rounds.vacancy_id = known_vacancies.vacancy_id
                 AND sealed_at IS NOT NULL)
    """,
)

RULES: tuple[Rule, ...] = (
    MORE_OFFERS_THAN_PLACES,
    TWO_ACCEPTED,
    ABOVE_THE_CAP,
    SENT_TOO_LATE,
    ANSWERED_OUT_OF_TIME,
    OPEN_PAST_ITS_TIME,
    SEEN_BEFORE_RELEASE,
    SIBLING_OPEN,
    PLACED_WITHOUT_OFFER,
    TOLD_TOO_EARLY,
    EDITED_BY_A_STRANGER,
    SENT_THOUGH_INELIGIBLE,
    INTRODUCED_TOO_EARLY,
    FILE_DIFFERS,
    OPEN_AGAIN,
)
