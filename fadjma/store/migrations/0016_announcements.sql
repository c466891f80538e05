-- What an admin tells all patients, all doctors, all pharmacists or everybody. It is told in steps, so that nobody's act
-- waits long: `told_at` and `told_id` are whom it has come to, of an audience in the order of its accounts.
CREATE TABLE announcements (
    id TEXT PRIMARY KEY,
    audience TEXT NOT NULL CONSTRAINT announcements_audience_check
        CHECK (audience IN ('everybody', 'patients', 'doctors', 'pharmacists')),
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'published' CONSTRAINT announcements_status_check
        CHECK (status IN ('published', 'withdrawn')),
    published_by TEXT NOT NULL REFERENCES users (id),
    published_at BIGINT NOT NULL,
    withdrawn_by TEXT REFERENCES users (id),
    withdrawn_at BIGINT,
    told INTEGER NOT NULL DEFAULT 0,  -- how many people it was told
    told_at BIGINT NOT NULL DEFAULT 0,
    told_id TEXT NOT NULL DEFAULT '',
    until_at BIGINT NOT NULL,  -- the account after which nobody is to be told any more
    until_id TEXT NOT NULL DEFAULT '',
    done INTEGER NOT NULL DEFAULT 0 CONSTRAINT announcements_done_check CHECK (done IN (0, 1)),
    version INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT announcements_withdrawn_check CHECK ((status = 'withdrawn') = (withdrawn_at IS NOT NULL))
);
CREATE INDEX announcements_all ON announcements (published_at, id);
CREATE INDEX announcements_for ON announcements (audience, published_at, id);
CREATE INDEX announcements_telling ON announcements (published_at, id) WHERE done = 0;
CREATE TRIGGER announcements_are_kept BEFORE DELETE ON announcements
BEGIN SELECT RAISE(ABORT, 'announcements are never deleted'); END;
CREATE TRIGGER announcements_are_final BEFORE UPDATE OF audience, title, body, published_by, published_at ON announcements
BEGIN SELECT RAISE(ABORT, 'what was announced is never changed'); END;
CREATE TRIGGER announcements_transitions BEFORE UPDATE OF status ON announcements
WHEN NOT (OLD.status = 'published' AND NEW.status = 'withdrawn')
BEGIN SELECT RAISE(ABORT, 'this announcement cannot change so'); END;

-- An audience in the order of its accounts.
CREATE INDEX users_in_use ON users (created_at, id) WHERE status = 'active';
CREATE INDEX users_of_role ON users (role, created_at, id) WHERE status = 'active';
