-- What happened (audit_events) and what each person is to see of it (notifications).

-- FHIR AuditEvent. Append-only. `detail` is JSON and never carries clinical content.
CREATE TABLE audit_events (
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    actor_id TEXT REFERENCES users (id),  -- NULL: the program itself (time passing)
    action TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    patient_id TEXT REFERENCES users (id),
    ground TEXT,  -- the access request (grant) that a reading rests on
    outcome TEXT NOT NULL DEFAULT 'success' CHECK (outcome IN ('success', 'refused')),
    detail TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_events_patient ON audit_events (patient_id, at) WHERE patient_id IS NOT NULL;
CREATE INDEX audit_events_at ON audit_events (at);
CREATE TRIGGER audit_events_are_kept BEFORE DELETE ON audit_events
BEGIN SELECT RAISE(ABORT, 'audit events are never deleted'); END;
CREATE TRIGGER audit_events_are_final BEFORE UPDATE ON audit_events
BEGIN SELECT RAISE(ABORT, 'audit events are never changed'); END;

-- One row per user: the gapless counter. The row lock orders it (DESIGN section 5).
CREATE TABLE inboxes (
    user_id TEXT PRIMARY KEY REFERENCES users (id),
    last_seq BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE notifications (
    user_id TEXT NOT NULL REFERENCES users (id),
    seq BIGINT NOT NULL,
    type TEXT NOT NULL CHECK (type IN (
        'new_access_request', 'access_request_status_changed', 'prescription_status_changed',
        'medical_record_updated', 'notification')),
    message TEXT,  -- key in the catalogue; NULL: the page follows, but nobody is told (one's own act, read state)
    subject_kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    read_at BIGINT,
    PRIMARY KEY (user_id, seq)
);
CREATE INDEX notifications_unread ON notifications (user_id, seq) WHERE read_at IS NULL AND message IS NOT NULL;
