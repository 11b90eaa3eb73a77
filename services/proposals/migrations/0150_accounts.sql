-- migrate:up

-- Who can sign in here, and how to write to them: the only table with names and addresses besides the
-- copy of the contact cards in notifications. Known by the provider's subject, or by the address that
-- links are mailed to, and never joined with each other by address.
CREATE TABLE accounts (
    university text NOT NULL,
    person_ref uuid NOT NULL,
    origin text NOT NULL CHECK (origin IN ('provider', 'mail')),
    display_name text NOT NULL,
    mail_address text,
    language text NOT NULL,
    facts jsonb NOT NULL DEFAULT '{}', -- what the provider asserted last
    facts_at timestamptz,
    opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (university, person_ref),
    CHECK (origin = 'provider' OR mail_address IS NOT NULL)
);
CREATE UNIQUE INDEX one_mail_account_per_address ON accounts (university, lower(mail_address))
    WHERE origin = 'mail';

-- Links to sign in by, asked for and not yet forgotten: hashes alone, in real time. A link asked for with
-- an address that nobody has here gets a row too, so that both take the same time; nobody holds its secret.
CREATE TABLE sign_in_links (
    link_hash bytea PRIMARY KEY,
    browser_hash bytea NOT NULL, -- of the browser that asked, perhaps more than once
    university text NOT NULL,
    person_ref uuid,
    asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    tries integer NOT NULL DEFAULT 0 CHECK (tries BETWEEN 0 AND 5)
);
CREATE INDEX sign_in_links_browser ON sign_in_links (browser_hash);
CREATE INDEX sign_in_links_expires_at ON sign_in_links (expires_at);

-- The sign-ins of a person, for their own page: by hash, as everywhere.
CREATE TABLE sign_ins (
    signin_hash text PRIMARY KEY,
    university text NOT NULL,
    person_ref uuid NOT NULL,
    method text NOT NULL CHECK (method IN ('oidc', 'mail')),
    signed_in_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE INDEX sign_ins_person ON sign_ins (university, person_ref, signed_in_at);
CREATE INDEX sign_ins_signed_in_at ON sign_ins (signed_in_at);

-- migrate:down

DROP TABLE sign_ins, sign_in_links, accounts;
