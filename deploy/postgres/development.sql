-- The shift of business time, for the local stack and the tests alone: one row that all four logins
-- may read. It lets the demo travel through a cycle. Never run where ENVIRONMENT is production.
CREATE SCHEMA IF NOT EXISTS development;
CREATE TABLE IF NOT EXISTS development.clock (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    shift interval NOT NULL DEFAULT '0'
);
INSERT INTO development.clock DEFAULT VALUES ON CONFLICT DO NOTHING;
GRANT USAGE ON SCHEMA development TO proposals, applications, notifications, expenses;
GRANT SELECT ON development.clock TO proposals, applications, notifications, expenses;
