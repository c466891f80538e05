-- What an admin looks over: each emergency access, and each line of the trace of which its patient says « Ce n'est pas
-- normal ».
CREATE TABLE emergency_reviews (
    request_id TEXT PRIMARY KEY REFERENCES access_requests (id),
    status TEXT NOT NULL DEFAULT 'to_review' CONSTRAINT emergency_reviews_status_check
        CHECK (status IN ('to_review', 'to_explain', 'explained', 'justified', 'abusive')),
    against INTEGER NOT NULL DEFAULT 0 CONSTRAINT emergency_reviews_against_check CHECK (against IN (0, 1)),
    opened_at BIGINT NOT NULL,
    question TEXT NOT NULL DEFAULT '',  -- what the admin asks the doctor
    explanation TEXT NOT NULL DEFAULT '',  -- what the doctor answers
    explained_at BIGINT,
    text TEXT NOT NULL DEFAULT '',  -- what the admin says of it, to the patient and to the doctor
    reviewer_id TEXT REFERENCES users (id),
    decided_at BIGINT,
    version INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT emergency_reviews_decided_check
        CHECK ((status IN ('justified', 'abusive')) = (decided_at IS NOT NULL) AND (status <> 'abusive' OR text <> '')),
    CONSTRAINT emergency_reviews_question_check CHECK (status <> 'to_explain' OR question <> ''),
    CONSTRAINT emergency_reviews_explained_check CHECK (status <> 'explained' OR explanation <> '')
);
INSERT INTO emergency_reviews (request_id, opened_at)
SELECT id, created_at FROM access_requests WHERE emergency_code IS NOT NULL;
CREATE INDEX emergency_reviews_states ON emergency_reviews (status, opened_at, request_id);
CREATE TRIGGER emergency_reviews_are_kept BEFORE DELETE ON emergency_reviews
BEGIN SELECT RAISE(ABORT, 'reviews are never deleted'); END;
CREATE TRIGGER emergency_reviews_transitions BEFORE UPDATE OF status ON emergency_reviews
WHEN NOT (
    (OLD.status = 'to_review' AND NEW.status IN ('to_explain', 'justified', 'abusive'))
    OR (OLD.status = 'to_explain' AND NEW.status IN ('explained', 'justified', 'abusive'))
    OR (OLD.status = 'explained' AND NEW.status IN ('justified', 'abusive'))
    OR (OLD.status = 'justified' AND NEW.status = 'abusive')
    OR (OLD.status = 'abusive' AND NEW.status = 'justified')
)
BEGIN SELECT RAISE(ABORT, 'this review cannot change so'); END;

CREATE TABLE contests (
    line_id TEXT PRIMARY KEY REFERENCES audit_events (id),
    patient_id TEXT NOT NULL REFERENCES users (id),
    status TEXT NOT NULL DEFAULT 'open' CONSTRAINT contests_status_check CHECK (status IN ('open', 'answered')),
    text TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    answer TEXT NOT NULL DEFAULT '',
    answered_by TEXT REFERENCES users (id),
    answered_at BIGINT,
    version INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT contests_answered_check CHECK ((status = 'answered') = (answered_at IS NOT NULL) AND (status = 'open' OR answer <> ''))
);
CREATE INDEX contests_states ON contests (status, created_at, line_id);
CREATE INDEX contests_patient ON contests (patient_id, created_at, line_id);
CREATE TRIGGER contests_are_kept BEFORE DELETE ON contests
BEGIN SELECT RAISE(ABORT, 'contests are never deleted'); END;
CREATE TRIGGER contests_transitions BEFORE UPDATE OF status ON contests
WHEN NOT (OLD.status = 'open' AND NEW.status = 'answered')
BEGIN SELECT RAISE(ABORT, 'this contest cannot change so'); END;

-- The admins' list of what happened: all of it, of one kind, by one person, about one patient.
DROP INDEX audit_events_at;
CREATE INDEX audit_events_at ON audit_events (at, id);
CREATE INDEX audit_events_actions ON audit_events (action, at, id);
CREATE INDEX audit_events_by ON audit_events (actor_id, at, id) WHERE actor_id IS NOT NULL;
DROP INDEX audit_events_patient;
CREATE INDEX audit_events_patient ON audit_events (patient_id, at, id) WHERE patient_id IS NOT NULL;
