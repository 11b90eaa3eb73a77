"""What time will do next in this service: every deadline with its instants, ahead or still to be done.

One query, read by `due` on the command line: deadline, instant, id; `$1` is now. No instant means as
soon as the relay looks. The conditions are those of the lists that the deadlines work off.
"""

from services.applications.domain.selection import OFFICE_IS_WARNED_AHEAD
from services.applications.store.places import FREE, NEXT

UPCOMING = f"""
    SELECT 'close_rounds' AS deadline, closes_at AS at, vacancy_id || ' ' || round AS id
      FROM known_rounds
     WHERE sealed_at IS NULL
    UNION ALL
    SELECT 'release_rounds', closes_at, vacancy_id || ' ' || round
      FROM known_rounds
      JOIN known_vacancies USING (vacancy_id)
      JOIN known_rule_sets USING (programme_id)
     WHERE known_rule_sets.version = known_vacancies.rule_set_version
       AND released_at IS NULL AND known_vacancies.status <> 'withdrawn'
       AND rules #>> '{{telling,released_by}}' = 'time'
    UNION ALL
    SELECT 'end_applications_of_withdrawn_vacancies', NULL, application_id::text
      FROM applications
      JOIN known_vacancies USING (vacancy_id)
     WHERE known_vacancies.status = 'withdrawn' AND applications.status IN ('draft', 'submitted')
    UNION ALL
    SELECT 'remind_of_drafts', closes_at - interval '24 hours', application_id::text
      FROM applications
      JOIN known_rounds USING (vacancy_id, round)
     WHERE applications.status = 'draft' AND reminded_at IS NULL AND sealed_at IS NULL
       AND closes_at > $1 AND began_at < closes_at - interval '24 hours'
    UNION ALL
    SELECT 'open_selections', NULL, vacancy_id || ' ' || round
      FROM known_rounds
     WHERE released_at IS NOT NULL
       AND NOT EXISTS (
           SELECT FROM selections
            WHERE selections.vacancy_id = known_rounds.vacancy_id
              AND selections.round = known_rounds.round)
    UNION ALL
    SELECT 'watch_selections', watched.at, selections.vacancy_id || ' ' || selections.round
      FROM selections
      JOIN known_rounds USING (vacancy_id, round)
      JOIN known_vacancies USING (vacancy_id)
      JOIN known_rule_sets USING (programme_id)
     CROSS JOIN LATERAL (
           SELECT host_selects_by AS at WHERE selections.status = 'released'
           UNION ALL
           SELECT host_selects_by - make_interval(hours => 24 * ahead::integer)
             FROM jsonb_array_elements_text(
                      rules -> 'telling' -> 'selection_reminder_days'
                  ) AS reminder (ahead)
            WHERE selections.status IN ('released', 'overdue')
              AND NOT ahead::integer = ANY (reminded)
           UNION ALL
           SELECT office_tells_by - interval '{OFFICE_IS_WARNED_AHEAD.days} days'
            WHERE selections.status <> 'told' AND at_risk_at IS NULL
           UNION ALL
           SELECT NULL
            WHERE selections.status IN ('released', 'overdue')
              AND NOT EXISTS (
                  SELECT FROM applications
                   WHERE applications.vacancy_id = selections.vacancy_id
                     AND applications.round = selections.round
                     AND applications.status = 'submitted')) AS watched
     WHERE known_rule_sets.version = known_vacancies.rule_set_version
       AND known_vacancies.status <> 'withdrawn'
    UNION ALL
    SELECT 'remind_of_offers',
           CASE WHEN 'half_way' = ANY (reminded) THEN last_hours_at
                ELSE least(half_way_at, last_hours_at) END,
           offer_id::text
      FROM offers
     WHERE status = 'made' AND respond_by_at > $1 AND NOT 'last_hours' = ANY (reminded)
    UNION ALL
    SELECT 'expire_offers', respond_by_at, offer_id::text FROM offers WHERE status = 'made'
    UNION ALL
    SELECT 'withdraw_groundless_offers', NULL, offer_id::text
      FROM offers
      JOIN known_vacancies USING (vacancy_id)
      JOIN applications USING (application_id)
     WHERE offers.status IN ('prepared', 'made')
       AND (known_vacancies.status = 'withdrawn'
            OR applications.status IN ('withdrawn', 'ineligible', 'vacancy_withdrawn'))
    UNION ALL
    SELECT 'carry_out_telling', NULL, vacancy_id || ' ' || round
      FROM outcome_releases
     WHERE done_at IS NULL
    UNION ALL
    SELECT * FROM (
        SELECT DISTINCT ON (choices.vacancy_id)
               'fill_free_places', NULL::timestamptz, choices.application_id::text
        {NEXT}
           AND {FREE} > 0
         ORDER BY choices.vacancy_id, choices.round, choices.rank) AS next_to_ask
    UNION ALL
    SELECT 'announce_exhausted_reserves', NULL, selections.vacancy_id || ' ' || selections.round
      FROM selections
      JOIN known_vacancies USING (vacancy_id)
     WHERE selections.status = 'told' AND known_vacancies.status <> 'withdrawn'
       AND {FREE} > selections.exhausted_places
       AND NOT EXISTS (
           SELECT FROM offers
            WHERE offers.vacancy_id = selections.vacancy_id
              AND offers.status IN ('prepared', 'made'))
       AND NOT EXISTS (
           SELECT FROM known_rounds AS later
            WHERE later.vacancy_id = selections.vacancy_id
              AND later.round > selections.round AND later.opens_at <= $1)
       AND selections.vacancy_id NOT IN (SELECT choices.vacancy_id {NEXT})
    UNION ALL
    SELECT 'remind_of_placements', week_ahead_at, placement_id::text
      FROM placements
     WHERE status IN ('confirmed', 'introduced') AND confirmed_at < week_ahead_at
       AND day_ahead_at > $1 AND NOT 'week_ahead' = ANY (reminded)
    UNION ALL
    SELECT 'remind_of_placements', day_ahead_at, placement_id::text
      FROM placements
     WHERE status IN ('confirmed', 'introduced') AND confirmed_at < day_ahead_at
       AND starts_at > $1 AND NOT 'day_ahead' = ANY (reminded)
    UNION ALL
    SELECT 'start_placements', starts_at, placement_id::text
      FROM placements
     WHERE status IN ('confirmed', 'introduced')
    UNION ALL
    SELECT 'complete_placements', ends_at, placement_id::text
      FROM placements
     WHERE status IN ('confirmed', 'introduced', 'in_progress')
"""  # noqa: S608 - names of our own, no value
