-- rebuild: sessions, security_events
-- Tokens have names: a named one lives until nobody has used it for 30 days. A browser in which the same person signs in
-- again has one session, the new one ('renewed').
CREATE TABLE sessions_new (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL CONSTRAINT sessions_kind_check CHECK (kind IN ('browser', 'token')),
    name TEXT NOT NULL DEFAULT '',  -- what its person calls a program
    created_at BIGINT NOT NULL,
    last_active_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    end_reason TEXT CONSTRAINT sessions_end_reason_check
        CHECK (end_reason IN ('signed_out', 'expired', 'deactivated', 'renewed')),
    address TEXT NOT NULL,
    agent TEXT NOT NULL,
    CONSTRAINT sessions_ended_check CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);
INSERT INTO sessions_new (id, user_id, kind, created_at, last_active_at, expires_at, ended_at, end_reason, address, agent)
SELECT id, user_id, kind, created_at, last_active_at, expires_at, ended_at, end_reason, address, agent FROM sessions;
DROP TABLE sessions;
ALTER TABLE sessions_new RENAME TO sessions;
CREATE INDEX sessions_open ON sessions (user_id, created_at, id) WHERE ended_at IS NULL;
CREATE INDEX sessions_named ON sessions (user_id, created_at, id) WHERE ended_at IS NULL AND name <> '';
CREATE INDEX sessions_addresses ON sessions (user_id, address);
CREATE INDEX sessions_at ON sessions (address, created_at);

-- Staff whose account an admin makes, and whoever has lost a password, choose one with a code on a slip of paper. `id` and
-- the program's key make the code; the table alone opens nothing.
CREATE TABLE slips (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    purpose TEXT NOT NULL CONSTRAINT slips_purpose_check CHECK (purpose IN ('activation', 'reset')),
    code_hash TEXT NOT NULL,  -- keyed
    document TEXT NOT NULL DEFAULT '',  -- of a reset: what the admin saw of the person's identity
    former_hash TEXT NOT NULL DEFAULT '',  -- of a reset: the password that is not to be chosen again; empty when used
    issued_by TEXT NOT NULL REFERENCES users (id),
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    end_reason TEXT CONSTRAINT slips_end_reason_check CHECK (end_reason IN ('used', 'withdrawn')),
    submission TEXT,  -- keyed hash of the form that used it: the same form sent twice is one use
    CONSTRAINT slips_ended_check CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);
CREATE UNIQUE INDEX slips_code ON slips (code_hash);
CREATE UNIQUE INDEX slips_open ON slips (user_id) WHERE ended_at IS NULL;
CREATE INDEX slips_of ON slips (user_id, issued_at, id);

-- Who did it, for the list by issuer; codes that were issued, and those that were none.
CREATE TABLE security_events_new (
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL CONSTRAINT security_events_kind_check CHECK (kind IN (
        'sign_in_failed', 'sign_in_locked', 'password_changed', 'right_refused', 'export', 'backup',
        'activation_issued', 'reset_issued', 'code_refused')),
    account_id TEXT REFERENCES users (id),  -- whose door it was, or who was refused; NULL: nobody known
    actor_id TEXT REFERENCES users (id),  -- the admin who did it to that account; NULL: nobody else
    address TEXT NOT NULL,
    detail TEXT NOT NULL DEFAULT ''  -- a route's pattern, a file's name, the document that was seen: nothing else that is typed
);
INSERT INTO security_events_new (id, at, kind, account_id, address, detail)
SELECT id, at, kind, account_id, address, detail FROM security_events;
DROP TABLE security_events;
ALTER TABLE security_events_new RENAME TO security_events;
CREATE INDEX security_events_at ON security_events (at, id);
CREATE INDEX security_events_by ON security_events (actor_id, at, id) WHERE actor_id IS NOT NULL;
CREATE TRIGGER security_events_are_final BEFORE UPDATE ON security_events
BEGIN SELECT RAISE(ABORT, 'security events are never changed'); END;
CREATE TRIGGER security_events_are_kept BEFORE DELETE ON security_events
BEGIN SELECT RAISE(ABORT, 'security events are never deleted'); END;
CREATE TRIGGER security_events_are_not_replaced BEFORE INSERT ON security_events
WHEN EXISTS (SELECT 1 FROM security_events WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'security events are never replaced'); END;

-- Why a registration was refused, which the applicant reads when signing in; when somebody last signed in.
ALTER TABLE users ADD COLUMN refusal TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN signed_in_at BIGINT;
UPDATE users SET signed_in_at = (SELECT max(created_at) FROM sessions WHERE user_id = users.id);
-- What a doctor is: each prescribes within their profession. Empty: no doctor.
ALTER TABLE practitioners ADD COLUMN profession TEXT NOT NULL DEFAULT ''
    CONSTRAINT practitioners_profession_check CHECK (profession IN ('', 'physician', 'dentist', 'midwife'));
UPDATE practitioners SET profession = 'physician' WHERE user_id IN (SELECT id FROM users WHERE role = 'doctor');

DROP VIEW people;
CREATE VIEW people AS
    SELECT u.id, u.role, u.status, u.given_name || ' ' || u.family_name AS name, p.organization_id,
           coalesce(p.specialty, '') AS specialty, coalesce(p.profession, '') AS profession,
           coalesce(o.name, '') AS organization, coalesce(o.city, '') AS city
    FROM users u LEFT JOIN practitioners p ON p.user_id = u.id LEFT JOIN organizations o ON o.id = p.organization_id;
DROP VIEW accounts;
CREATE VIEW accounts AS
    SELECT u.id, u.role, u.status, u.refusal, u.given_name, u.family_name, u.email, u.phone, u.created_at, u.verified_at,
           u.signed_in_at, p.licence_number, p.specialty, p.profession, p.organization_id, o.name AS organization,
           u.version
    FROM users u LEFT JOIN practitioners p ON p.user_id = u.id LEFT JOIN organizations o ON o.id = p.organization_id;
