"""What time will do next in this service: every deadline with its instants, ahead or still to be done.

One query, read by `due` on the command line: deadline, instant, id; `$1` is now. No instant means as
soon as the relay looks. The conditions are those of the lists that the deadlines work off.
"""

UPCOMING = """
    SELECT 'move_cycles' AS deadline,
           CASE status WHEN 'published' THEN proposals_open_at
                ELSE (ends_on + 1)::timestamp AT TIME ZONE zone END AS at,
           cycle_id::text AS id
      FROM cycles
     WHERE status IN ('published', 'running')
    UNION ALL
    SELECT 'lapse_proposals', send_by_at, proposal_id::text
      FROM proposals
     WHERE status IN ('draft', 'changes_requested')
    UNION ALL
    SELECT 'open_vacancies', opens_at, vacancy_id::text
      FROM vacancies
     WHERE status IN ('scheduled', 'readvertised')
    UNION ALL
    SELECT 'close_vacancies', closes_at, vacancy_id::text FROM vacancies WHERE status = 'open'
    UNION ALL
    SELECT 'withdraw_vacancies_of_suspended_hosts', NULL, vacancy_id::text
      FROM vacancies
      JOIN hosts USING (host_id)
     WHERE hosts.vacancies_end AND hosts.status = 'suspended'
       AND vacancies.status IN ('scheduled', 'open', 'closed', 'readvertised', 'unfilled')
"""
