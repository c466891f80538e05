-- rebuild: sessions
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
CREATE INDEX sessions_named ON sessions (user_id) WHERE ended_at IS NULL AND name <> '';
CREATE INDEX sessions_addresses ON sessions (user_id, address);
CREATE INDEX sessions_at ON sessions (address, created_at);
