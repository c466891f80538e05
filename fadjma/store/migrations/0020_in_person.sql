-- rebuild: access_requests
-- Given on the doctor's own screen with the patient's PIN, or at the front desk with a witness; changed while it runs; asked
-- for in other terms, with a duration as well; given in other terms to the same doctor ('replaced').
CREATE TABLE access_requests_new (
    id TEXT PRIMARY KEY,
    patient_id TEXT NOT NULL REFERENCES users (id),
    doctor_id TEXT NOT NULL REFERENCES users (id),
    status TEXT NOT NULL CONSTRAINT access_requests_status_check CHECK (status IN (
        'pending', 'approved', 'rejected', 'withdrawn', 'lapsed', 'expired', 'revoked', 'replaced', 'emergency')),
    reason TEXT NOT NULL,
    proposed_scope TEXT CONSTRAINT access_requests_proposed_scope_check
        CHECK (proposed_scope IN ('summary', 'prescriptions', 'full')),
    proposed_duration TEXT CONSTRAINT access_requests_proposed_duration_check
        CHECK (proposed_duration IN ('24h', '7d', '30d', '12m')),
    scope TEXT CONSTRAINT access_requests_scope_check CHECK (scope IN ('summary', 'prescriptions', 'full')),
    emergency_code TEXT CONSTRAINT access_requests_emergency_code_check
        CHECK (emergency_code IN ('unconscious', 'life_threat', 'identity_unknown')),
    created_at BIGINT NOT NULL,
    lapses_at BIGINT NOT NULL,
    decided_at BIGINT,
    decision_reason TEXT,
    in_person TEXT NOT NULL DEFAULT ''
        CONSTRAINT access_requests_in_person_check CHECK (in_person IN ('', 'pin', 'witness')),
    witness_id TEXT REFERENCES users (id),
    witnessed_document TEXT NOT NULL DEFAULT '',  -- by what the witness knew who stood there
    expires_at BIGINT,
    ended_at BIGINT,
    version INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT access_requests_approved_check
        CHECK (status <> 'approved' OR (scope IS NOT NULL AND expires_at IS NOT NULL AND decided_at IS NOT NULL)),
    CONSTRAINT access_requests_emergency_check
        CHECK (status <> 'emergency' OR (emergency_code IS NOT NULL AND expires_at IS NOT NULL)),
    CONSTRAINT access_requests_witness_check CHECK ((in_person = 'witness') = (witness_id IS NOT NULL))
);
INSERT INTO access_requests_new (id, patient_id, doctor_id, status, reason, proposed_scope, scope, emergency_code, created_at,
                                 lapses_at, decided_at, decision_reason, expires_at, ended_at, version)
SELECT id, patient_id, doctor_id, status, reason, proposed_scope, scope, emergency_code, created_at,
       lapses_at, decided_at, decision_reason, expires_at, ended_at, version FROM access_requests;
DROP TABLE access_requests;
ALTER TABLE access_requests_new RENAME TO access_requests;
CREATE UNIQUE INDEX access_requests_one_pending ON access_requests (patient_id, doctor_id) WHERE status = 'pending';
CREATE UNIQUE INDEX access_requests_one_grant ON access_requests (doctor_id, patient_id) WHERE status = 'approved';
CREATE INDEX access_requests_patient ON access_requests (patient_id, status, created_at, id);
CREATE INDEX access_requests_doctor ON access_requests (doctor_id, status, created_at, id);
CREATE INDEX access_requests_lapsing ON access_requests (lapses_at) WHERE status = 'pending';
CREATE INDEX access_requests_expiring ON access_requests (expires_at) WHERE status IN ('approved', 'emergency');
CREATE INDEX access_requests_witnessed ON access_requests (decided_at) WHERE in_person = 'witness';
CREATE TRIGGER access_requests_are_kept BEFORE DELETE ON access_requests
BEGIN SELECT RAISE(ABORT, 'access requests are never deleted'); END;
CREATE TRIGGER access_requests_transitions BEFORE UPDATE OF status ON access_requests
WHEN NOT (
    (OLD.status = 'pending' AND NEW.status IN ('approved', 'rejected', 'withdrawn', 'lapsed'))
    OR (OLD.status = 'approved' AND NEW.status IN ('approved', 'replaced', 'revoked', 'expired'))
    OR (OLD.status = 'emergency' AND NEW.status IN ('revoked', 'expired'))
)
BEGIN SELECT RAISE(ABORT, 'this access request cannot change so'); END;
CREATE TRIGGER access_requests_parties BEFORE UPDATE OF patient_id, doctor_id ON access_requests
BEGIN SELECT RAISE(ABORT, 'the parties of an access request never change'); END;

-- Six digits with which a patient approves on somebody else's screen; it never signs in. `hash` is keyed by the program's
-- secret: of six digits, nothing else would protect. `salt` and the key make those that nobody has chosen.
CREATE TABLE patient_pins (
    patient_id TEXT PRIMARY KEY REFERENCES users (id),
    salt TEXT NOT NULL,
    hash TEXT NOT NULL,
    chosen INTEGER NOT NULL CONSTRAINT patient_pins_chosen_check CHECK (chosen IN (0, 1)),
    failures INTEGER NOT NULL DEFAULT 0 CONSTRAINT patient_pins_failures_check CHECK (failures BETWEEN 0 AND 5),
    document TEXT NOT NULL,  -- by what the desk knew who stood there
    set_by TEXT NOT NULL REFERENCES users (id),
    set_at BIGINT NOT NULL
);
