-- Access requests and the grants they become (FHIR Consent), states of CLINIC.md.
CREATE TABLE access_requests (
    id TEXT PRIMARY KEY,
    patient_id TEXT NOT NULL REFERENCES users (id),
    doctor_id TEXT NOT NULL REFERENCES users (id),
    status TEXT NOT NULL CHECK (status IN (
        'pending', 'approved', 'rejected', 'withdrawn', 'lapsed', 'expired', 'revoked', 'emergency')),
    reason TEXT NOT NULL,
    proposed_scope TEXT CHECK (proposed_scope IN ('summary', 'prescriptions', 'full')),
    scope TEXT CHECK (scope IN ('summary', 'prescriptions', 'full')),
    emergency_code TEXT CHECK (emergency_code IN ('unconscious', 'life_threat', 'identity_unknown')),
    created_at BIGINT NOT NULL,
    lapses_at BIGINT NOT NULL,
    decided_at BIGINT,
    decision_reason TEXT,
    expires_at BIGINT,
    ended_at BIGINT,
    version INTEGER NOT NULL DEFAULT 1,
    CHECK (status <> 'approved' OR (scope IS NOT NULL AND expires_at IS NOT NULL AND decided_at IS NOT NULL)),
    CHECK (status <> 'emergency' OR (emergency_code IS NOT NULL AND expires_at IS NOT NULL))
);
CREATE UNIQUE INDEX access_requests_one_pending ON access_requests (patient_id, doctor_id) WHERE status = 'pending';
CREATE UNIQUE INDEX access_requests_one_grant ON access_requests (patient_id, doctor_id) WHERE status = 'approved';
CREATE INDEX access_requests_patient ON access_requests (patient_id, created_at);
CREATE INDEX access_requests_doctor ON access_requests (doctor_id, created_at);
CREATE INDEX access_requests_lapsing ON access_requests (lapses_at) WHERE status = 'pending';
CREATE INDEX access_requests_expiring ON access_requests (expires_at) WHERE status IN ('approved', 'emergency');
CREATE TRIGGER access_requests_are_kept BEFORE DELETE ON access_requests
BEGIN SELECT RAISE(ABORT, 'access requests are never deleted'); END;
CREATE TRIGGER access_requests_transitions BEFORE UPDATE OF status ON access_requests
WHEN NOT (
    (OLD.status = 'pending' AND NEW.status IN ('approved', 'rejected', 'withdrawn', 'lapsed'))
    OR (OLD.status = 'approved' AND NEW.status IN ('revoked', 'expired'))
    OR (OLD.status = 'emergency' AND NEW.status IN ('revoked', 'expired'))
)
BEGIN SELECT RAISE(ABORT, 'this access request cannot change so'); END;
CREATE TRIGGER access_requests_parties BEFORE UPDATE OF patient_id, doctor_id ON access_requests
BEGIN SELECT RAISE(ABORT, 'the parties of an access request never change'); END;
