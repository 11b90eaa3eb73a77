-- migrate:up

-- What the auditor compares with what other services hold: ids, states and instants, no addresses.
CREATE VIEW check_deliveries AS
    SELECT delivery_id, cause_id, letter, application_id, status, queued_at, ended_at
      FROM deliveries;
CREATE VIEW check_bodies AS
    SELECT min(ended_at) AS oldest_at FROM deliveries WHERE body IS NOT NULL;
CREATE VIEW check_known_vacancies AS
    SELECT vacancy_id, CASE WHEN is_withdrawn THEN 'withdrawn' ELSE 'published' END AS status
      FROM known_vacancies;
CREATE VIEW check_known_offers AS
    SELECT offer_id, application_id, status, respond_by_at FROM known_offers;
CREATE VIEW check_known_placements AS
    SELECT placement_id, application_id, status FROM known_placements;
CREATE VIEW check_known_claims AS SELECT claim_id, status FROM known_claims;
GRANT SELECT ON check_deliveries, check_bodies, check_known_vacancies, check_known_offers,
    check_known_placements, check_known_claims TO auditor;

-- migrate:down

-- squawk-ignore ban-drop-view
DROP VIEW check_known_claims, check_known_placements, check_known_offers, check_known_vacancies,
    check_bodies, check_deliveries;
