"""The keys of everything that can be told anew, in order: after `$1`, at most `$2` of them (none: all)."""

APPLICATIONS = """
    SELECT application_id FROM applications
     WHERE application_id > $1 AND submitted_at IS NOT NULL
     ORDER BY application_id LIMIT $2
"""
SELECTIONS = """
    SELECT DISTINCT vacancy_id FROM known_rounds
     WHERE vacancy_id > $1 AND released_at IS NOT NULL
     ORDER BY vacancy_id LIMIT $2
"""
OFFERS = """
    SELECT application_id FROM offers
     WHERE application_id > $1 AND status <> 'prepared'
     ORDER BY application_id LIMIT $2
"""
PLACEMENTS = """
    SELECT application_id FROM placements
     WHERE application_id > $1 AND status NOT IN ('not_completed', 'no_show')
     ORDER BY application_id LIMIT $2
"""
