-- One login and one schema per service, and a login that owns and migrates it. Run once per cluster
-- and database by whoever may create roles; running it again changes nothing.
-- Local stacks trust loopback; elsewhere set passwords afterwards (ALTER ROLE … PASSWORD).
DO $$
DECLARE
    service text;
BEGIN
    FOREACH service IN ARRAY ARRAY['proposals', 'applications', 'notifications', 'expenses'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = service) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', service);
        END IF;
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = service || '_owner') THEN
            EXECUTE format('CREATE ROLE %I LOGIN', service || '_owner');
        END IF;
        EXECUTE format('ALTER ROLE %I SET search_path = %I', service, service);
        EXECUTE format('ALTER ROLE %I SET search_path = %I', service || '_owner', service);
        EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I AUTHORIZATION %I', service, service || '_owner');
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', service, service);
        EXECUTE format(
            'ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I '
            'GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %I',
            service || '_owner', service, service
        );
        EXECUTE format(
            'ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I GRANT USAGE ON SEQUENCES TO %I',
            service || '_owner', service, service
        );
    END LOOP;
    -- Who compares the four (`check --across`): no service uses this login, and it reads the views
    -- named check_… alone, which each service's migrations grant to it.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'auditor') THEN
        CREATE ROLE auditor LOGIN;
    END IF;
    ALTER ROLE auditor SET default_transaction_read_only = on;
    GRANT USAGE ON SCHEMA proposals, applications, notifications, expenses TO auditor;
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
END
$$;
