-- Staff's screens lock instead of ending: by hand (locked_at), or because nobody has touched them, which is read from
-- last_active_at. A PIN of six digits unlocks, and does nothing else.
ALTER TABLE sessions ADD COLUMN locked_at BIGINT;

CREATE TABLE unlock_pins (
    user_id TEXT PRIMARY KEY REFERENCES users (id),
    pin_hash TEXT NOT NULL,  -- argon2id, as of passwords
    changed_at BIGINT NOT NULL
);
