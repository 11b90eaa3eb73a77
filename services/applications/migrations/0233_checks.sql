-- migrate:up

-- What the auditor compares with what other services hold: ids, states, numbers and instants.
CREATE VIEW check_known_vacancies AS
    SELECT vacancy_id, status, places, rule_set_version FROM known_vacancies;
CREATE VIEW check_known_rounds AS
    SELECT vacancy_id, round, opens_at, closes_at FROM known_rounds;
CREATE VIEW check_applications AS SELECT application_id, status, submitted_at FROM applications;
CREATE VIEW check_offers AS
    SELECT offer_id, application_id, status, respond_by_at FROM offers;
CREATE VIEW check_placements AS
    SELECT placement_id, application_id, vacancy_id, status FROM placements;
GRANT SELECT ON check_known_vacancies, check_known_rounds, check_applications, check_offers,
    check_placements TO auditor;

-- migrate:down

-- squawk-ignore ban-drop-view
DROP VIEW check_placements, check_offers, check_applications, check_known_rounds,
    check_known_vacancies;
