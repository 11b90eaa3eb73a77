-- migrate:up

-- What the auditor compares with what other services hold: ids and states.
CREATE VIEW check_known_placements AS
    SELECT placement_id, application_id, status FROM known_placements;
CREATE VIEW check_claims AS SELECT claim_id, placement_id, status FROM claims;
GRANT SELECT ON check_known_placements, check_claims TO auditor;

-- migrate:down

-- squawk-ignore ban-drop-view
DROP VIEW check_claims, check_known_placements;
