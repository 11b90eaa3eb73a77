"""The keys of everything that can be told anew, in order: after `$1`, at most `$2` of them (none: all)."""

RULE_SETS = """
    SELECT programme_id FROM programmes WHERE programme_id > $1 AND rule_set_version > 0
     ORDER BY programme_id LIMIT $2
"""
CYCLES = """
    SELECT cycle_id FROM cycles WHERE cycle_id > $1 AND published_at IS NOT NULL
     ORDER BY cycle_id LIMIT $2
"""
HOSTS = "SELECT host_id FROM hosts WHERE host_id > $1 ORDER BY host_id LIMIT $2"
VACANCIES = "SELECT vacancy_id FROM vacancies WHERE vacancy_id > $1 ORDER BY vacancy_id LIMIT $2"
CONTACTS = """
    SELECT DISTINCT person_ref FROM accounts
     WHERE person_ref > $1 AND mail_address IS NOT NULL
     ORDER BY person_ref LIMIT $2
"""
