-- rebuild: security_events
-- The second factor: codes of an authenticator (RFC 6238), passkeys (WebAuthn), and recovery codes for when they are lost.
CREATE TABLE totp_keys (
    user_id TEXT PRIMARY KEY REFERENCES users (id),
    sealed TEXT NOT NULL,  -- with the program's key
    confirmed_at BIGINT NOT NULL,
    last_step BIGINT NOT NULL  -- of 30 seconds, of the last code that was taken: none is taken twice
);

-- A key that is shown, and counts once its person has sent a code of it.
CREATE TABLE totp_enrolments (
    user_id TEXT PRIMARY KEY REFERENCES users (id),
    sealed TEXT NOT NULL,
    made_at BIGINT NOT NULL
);

-- The code is made of the id and the program's key, as that of a slip; what is stored of it is a keyed hash.
CREATE TABLE recovery_codes (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    hash TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX recovery_codes_user ON recovery_codes (user_id, used_at);

CREATE TABLE passkeys (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    credential TEXT NOT NULL CONSTRAINT passkeys_credential UNIQUE,  -- its id as the authenticator says it, base64url
    host TEXT NOT NULL,  -- the name of the site that it belongs to
    name TEXT NOT NULL,
    public_key TEXT NOT NULL,  -- base64url
    sign_count BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX passkeys_user ON passkeys (user_id);

-- What an authenticator is asked to sign, once, in the session that asks.
CREATE TABLE passkey_challenges (
    session_id TEXT NOT NULL REFERENCES sessions (id),
    purpose TEXT NOT NULL CONSTRAINT passkey_challenges_purpose_check CHECK (purpose IN ('registration', 'sign_in', 'unlock')),
    challenge TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (session_id, purpose)
);

-- One admin asks, another confirms within a day.
CREATE TABLE factor_removals (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    reason TEXT NOT NULL,
    document TEXT NOT NULL,  -- by what the first knew who stood there
    asked_by TEXT NOT NULL REFERENCES users (id),
    asked_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    confirmed_by TEXT REFERENCES users (id),
    confirmed_at BIGINT,
    CONSTRAINT factor_removals_two_check CHECK (confirmed_by <> asked_by),
    CONSTRAINT factor_removals_others_check CHECK (asked_by <> user_id AND confirmed_by <> user_id),
    CONSTRAINT factor_removals_confirmed_check CHECK ((confirmed_by IS NULL) = (confirmed_at IS NULL))
);
CREATE INDEX factor_removals_user ON factor_removals (user_id, asked_at, id);
CREATE TRIGGER factor_removals_are_kept BEFORE DELETE ON factor_removals
BEGIN SELECT RAISE(ABORT, 'removals of a second factor are never deleted'); END;

-- After the right password alone: it can do nothing but give the second factor ('factor'), or set one up ('enrolment').
ALTER TABLE sessions ADD COLUMN half TEXT NOT NULL DEFAULT ''
    CONSTRAINT sessions_half_check CHECK (half IN ('', 'factor', 'enrolment'));

CREATE TABLE security_events_new (
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL CONSTRAINT security_events_kind_check CHECK (kind IN (
        'sign_in_failed', 'sign_in_locked', 'password_changed', 'right_refused', 'export', 'backup',
        'activation_issued', 'reset_issued', 'code_refused',
        'factor_failed', 'factor_added', 'factor_removed', 'factor_removal_asked')),
    account_id TEXT REFERENCES users (id),  -- whose door it was, or who was refused; NULL: nobody known
    actor_id TEXT REFERENCES users (id),  -- the admin who did it to that account; NULL: nobody else
    address TEXT NOT NULL,
    detail TEXT NOT NULL DEFAULT ''  -- a route's pattern, a file's name, the document that was seen: nothing else that is typed
);
INSERT INTO security_events_new (id, at, kind, account_id, actor_id, address, detail)
SELECT id, at, kind, account_id, actor_id, address, detail FROM security_events;
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
