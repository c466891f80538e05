-- What happened at the doors: who failed to sign in, was slowed, was refused a right; backups and exports. For admins.
CREATE TABLE security_events (
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN (
        'sign_in_failed', 'sign_in_locked', 'password_changed', 'right_refused', 'export', 'backup')),
    account_id TEXT REFERENCES users (id),  -- whose door it was, or who was refused; NULL: nobody known
    address TEXT NOT NULL,  -- a short keyed hash: the same address has the same one, and nobody finds it from it
    detail TEXT NOT NULL DEFAULT ''  -- a route's pattern, a file's name: never what was typed
);
CREATE INDEX security_events_at ON security_events (at, id);
CREATE TRIGGER security_events_are_final BEFORE UPDATE ON security_events
BEGIN SELECT RAISE(ABORT, 'security events are never changed'); END;
CREATE TRIGGER security_events_are_kept BEFORE DELETE ON security_events
BEGIN SELECT RAISE(ABORT, 'security events are never deleted'); END;

-- A staff address opens one account that is in use. Patients may share theirs, as they share a phone; and a form that
-- somebody fills in tells nobody whether an address is known.
DROP INDEX users_email;
CREATE INDEX users_email ON users (email) WHERE email IS NOT NULL;
CREATE UNIQUE INDEX users_staff_email ON users (email)
    WHERE email IS NOT NULL AND role <> 'patient' AND status = 'active';

-- From where somebody has signed in before: those who guess from elsewhere use up nobody's allowance there.
CREATE INDEX sessions_addresses ON sessions (user_id, address);
-- Where staff works, a whole queue may be registered.
CREATE INDEX sessions_at ON sessions (address, created_at);
