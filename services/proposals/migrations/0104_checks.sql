-- migrate:up

-- What the auditor compares with the other services' copies: ids, states, numbers and instants.
CREATE VIEW check_vacancies AS
    SELECT vacancy_id, status, places, rule_set_version FROM vacancies;
CREATE VIEW check_rounds AS
    SELECT vacancy_id, dates ->> 'round' AS round,
           (dates #>> '{opens_at,at}')::timestamptz AS opens_at,
           (dates #>> '{closes_at,at}')::timestamptz AS closes_at
      FROM vacancies, jsonb_array_elements(rounds) AS told (dates);
CREATE VIEW check_known_placements AS SELECT placement_id, vacancy_id, status FROM known_placements;
CREATE VIEW check_own_hosts AS SELECT host_id, status FROM hosts;
GRANT SELECT ON check_vacancies, check_rounds, check_known_placements, check_own_hosts TO auditor;

-- migrate:down

-- squawk-ignore ban-drop-view
DROP VIEW check_own_hosts, check_known_placements, check_rounds, check_vacancies;
