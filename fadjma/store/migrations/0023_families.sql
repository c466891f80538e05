-- One sign-in for several people (FHIR RelatedPerson): who acts for whom. Ended, never deleted.
CREATE TABLE proxies (
    id TEXT PRIMARY KEY,
    proxy_id TEXT NOT NULL REFERENCES users (id),    -- who acts: somebody who can sign in
    patient_id TEXT NOT NULL REFERENCES users (id),  -- for whom
    relationship TEXT NOT NULL CONSTRAINT proxies_relationship_check
        CHECK (relationship IN ('parent', 'child', 'spouse', 'sibling', 'guardian', 'other')),  -- of the one to the other
    of_age INTEGER NOT NULL CONSTRAINT proxies_of_age_check CHECK (of_age IN (0, 1)),  -- for a child: it ends at an age
    given_by TEXT NOT NULL REFERENCES users (id),    -- the patient, or somebody of the front desk
    given_at BIGINT NOT NULL,
    seen TEXT NOT NULL CONSTRAINT proxies_seen_check CHECK (seen IN ('', 'document', 'pin')),  -- by the desk
    document TEXT NOT NULL DEFAULT '',
    accepted_at BIGINT,                              -- what a patient gives, the other must want
    until BIGINT,
    ended_at BIGINT,
    ended_by TEXT REFERENCES users (id),             -- NULL: time itself
    version INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT proxies_itself_check CHECK (proxy_id <> patient_id),
    CONSTRAINT proxies_document_check CHECK ((seen = 'document') = (document <> '')),
    CONSTRAINT proxies_ended_check CHECK (ended_by IS NULL OR ended_at IS NOT NULL)
);
CREATE UNIQUE INDEX proxies_open ON proxies (proxy_id, patient_id) WHERE ended_at IS NULL;
CREATE INDEX proxies_patient ON proxies (patient_id, given_at, id);
CREATE INDEX proxies_ending ON proxies (until) WHERE ended_at IS NULL AND until IS NOT NULL;
CREATE INDEX proxies_of_children ON proxies (patient_id) WHERE ended_at IS NULL AND of_age = 1;
CREATE TRIGGER proxies_are_kept BEFORE DELETE ON proxies
BEGIN SELECT RAISE(ABORT, 'who acted for whom is never deleted'); END;
CREATE TRIGGER proxies_parties BEFORE UPDATE OF proxy_id, patient_id, given_by, given_at ON proxies
BEGIN SELECT RAISE(ABORT, 'the parties of a proxy never change'); END;
CREATE TRIGGER proxies_end_once BEFORE UPDATE ON proxies WHEN OLD.ended_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a proxy that has ended never begins again'); END;

-- For whom a session acts; NULL: its own person. One that does not run any more counts as none.
ALTER TABLE sessions ADD COLUMN proxy_id TEXT REFERENCES proxies (id);
CREATE INDEX sessions_proxy ON sessions (proxy_id) WHERE proxy_id IS NOT NULL;

-- Who did it for the actor; NULL: the actor alone.
ALTER TABLE audit_events ADD COLUMN by_id TEXT REFERENCES users (id);
CREATE INDEX audit_events_for ON audit_events (by_id, at, id) WHERE by_id IS NOT NULL;
-- Who decided it for the patient, the last time.
ALTER TABLE access_requests ADD COLUMN by_id TEXT REFERENCES users (id);
ALTER TABLE prescription_acts ADD COLUMN by_id TEXT REFERENCES users (id);
-- Of whom it is news, where it is told to somebody who acts for them.
ALTER TABLE notifications ADD COLUMN for_id TEXT REFERENCES users (id);

-- What somebody else has done for the patient is in the patient's trace, too.
DROP INDEX audit_events_lines;
CREATE INDEX audit_events_lines ON audit_events (patient_id, at, id)
    WHERE patient_id IS NOT NULL AND repeats IS NULL AND (actor_id <> patient_id OR by_id IS NOT NULL);
DROP VIEW trace;
CREATE VIEW trace AS
    SELECT id, at, actor_id, by_id, action, subject_kind, subject_id, patient_id, ground, outcome, part, repeats
    FROM audit_events WHERE patient_id IS NOT NULL;
