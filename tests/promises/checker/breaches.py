"""States that must never be, asked of the rows themselves. Each query answers the ids of its breaches."""

from typing import Any

APPLICATIONS = {
    "more places taken or offered than there are": """
        SELECT offers.vacancy_id::text FROM applications.offers
          JOIN applications.known_vacancies USING (vacancy_id)
         WHERE offers.status IN ('made', 'accepted')
         GROUP BY offers.vacancy_id, places HAVING count(*) > places
    """,
    "more live applications of a person than the cap": """
        SELECT person_ref::text
          FROM applications.applications
          JOIN applications.known_rule_sets ON known_rule_sets.programme_id = applications.programme_id
               AND known_rule_sets.version = applications.rule_set_version,
               jsonb_array_elements(rules -> 'applying' -> 'caps') AS cap
         WHERE takes_a_slot AND cap ->> 'round' = applications.round
         GROUP BY person_ref, applications.cycle_id, applications.round, cap ->> 'most'
        HAVING count(*) > (cap ->> 'most')::int
    """,
    "a slot counted that no application takes, or the other way": """
        SELECT cycles.person_ref::text FROM applications.applicant_cycles AS cycles
         WHERE live_first <> (SELECT count(*) FROM applications.applications AS held
                               WHERE held.applicant_cycle_id = cycles.applicant_cycle_id
                                 AND takes_a_slot AND round = 'first')
    """,
    "two acceptances of one person in a cycle": """
        SELECT person_ref::text FROM applications.offers
         WHERE status = 'accepted' AND one_per_cycle
         GROUP BY person_ref, cycle_id HAVING count(*) > 1
    """,
    "accepted when it was too late, or expired before": """
        SELECT offer_id::text FROM applications.offers
         WHERE status = 'accepted' AND answered_at >= respond_by_at
            OR status = 'expired' AND answered_at < respond_by_at
    """,
    "submitted at or after the deadline": """
        SELECT application_id::text FROM applications.applications
          JOIN applications.known_rounds USING (vacancy_id, round)
         WHERE submitted_at >= closes_at OR submitted_at < opens_at
    """,
    "submitted after the release": """
        SELECT application_id::text FROM applications.applications
          JOIN applications.known_rounds USING (vacancy_id, round)
         WHERE submitted_at >= released_at
    """,
    "released before it was sealed": """
        SELECT vacancy_id::text FROM applications.known_rounds WHERE released_at < sealed_at
    """,
    "a sibling of an accepted offer still open": """
        SELECT other.offer_id::text FROM applications.offers AS other
          JOIN applications.offers AS taken USING (applicant_cycle_id)
         WHERE taken.status = 'accepted' AND taken.one_per_cycle
           AND other.offer_id <> taken.offer_id AND other.status IN ('prepared', 'made')
    """,
    "a live placement without an accepted offer": """
        SELECT placement_id::text FROM applications.placements JOIN applications.offers USING (offer_id)
         WHERE placements.status IN ('confirmed', 'introduced', 'in_progress', 'completed')
           AND offers.status <> 'accepted'
    """,
    "an accepted offer without its placement": """
        SELECT offer_id::text FROM applications.offers LEFT JOIN applications.placements USING (offer_id)
         WHERE offers.status = 'accepted' AND placement_id IS NULL
    """,
}
EXPENSES = {
    "a claim whose sums are not those of its lines": """
        SELECT claim_id::text FROM expenses.claims LEFT JOIN expenses.lines USING (claim_id)
         GROUP BY claim_id
        HAVING total_pence <> coalesce(sum(amount_pence), 0)
            OR claims.approved_pence IS DISTINCT FROM sum(lines.approved_pence)
    """,
    "repaid more than was approved": """
        SELECT claim_id::text FROM expenses.claims WHERE paid_pence > approved_pence
    """,
}
PROPOSALS = {
    "a vacancy without a passing screening": """
        SELECT vacancy_id::text FROM proposals.vacancies
         WHERE NOT EXISTS (SELECT FROM proposals.screenings
                            WHERE proposal_id = vacancy_id AND outcome = 'passed')
    """,
    "screened by its author": """
        SELECT proposal_id::text FROM proposals.screenings JOIN proposals.proposals USING (proposal_id)
         WHERE screened_by = author_ref
    """,
}
RULES = {"applications": APPLICATIONS, "expenses": EXPENSES, "proposals": PROPOSALS}


async def look(connection: Any, there: list[str]) -> list[str]:
    """Every breach, in words and with its id."""
    return [
        f"{sentence}: {row[0]}"
        for service in there
        for sentence, sql in RULES.get(service, {}).items()
        for row in await connection.fetch(sql)
    ]
