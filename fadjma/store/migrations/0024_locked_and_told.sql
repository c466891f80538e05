-- rebuild: announcements
CREATE TABLE announcements_new (
    id TEXT PRIMARY KEY,
    audience TEXT NOT NULL CONSTRAINT announcements_audience_check
        CHECK (audience IN ('everybody', 'patients', 'doctors', 'nurses', 'receptionists', 'pharmacists')),
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
INSERT INTO announcements_new (id, audience, title, body, status, published_by, published_at, withdrawn_by,
    withdrawn_at, told, told_at, told_id, until_at, until_id, done, version)
SELECT id, audience, title, body, status, published_by, published_at, withdrawn_by,
    withdrawn_at, told, told_at, told_id, until_at, until_id, done, version FROM announcements;
DROP TABLE announcements;
ALTER TABLE announcements_new RENAME TO announcements;
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

-- Screens that nobody touches are locked for good (sessions.locked_at) by whoever finds them so.
CREATE INDEX sessions_screens ON sessions (last_active_at) WHERE kind = 'browser' AND ended_at IS NULL AND locked_at IS NULL;
