-- Prescriptions, their lines and the acts from which the header's state follows (CLINIC.md; FHIR MedicationRequest,
-- MedicationDispense).
CREATE TABLE prescriptions (
    id TEXT PRIMARY KEY,
    patient_id TEXT NOT NULL REFERENCES users (id),
    prescriber_id TEXT NOT NULL REFERENCES users (id),
    addressed_to TEXT REFERENCES organizations (id),  -- NULL: open to any pharmacy
    pharmacy_id TEXT REFERENCES organizations (id),  -- the one that claimed it, by validating
    replaces_id TEXT REFERENCES prescriptions (id),
    status TEXT NOT NULL CHECK (status IN (
        'issued', 'validated', 'prepared', 'ready', 'in_delivery', 'delivered', 'part_delivered', 'on_hold',
        'refused', 'cancelled', 'expired', 'entered_in_error')),
    status_reason TEXT NOT NULL DEFAULT '',
    issued_at BIGINT NOT NULL,
    valid_until BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    code_round INTEGER NOT NULL DEFAULT 1,  -- raising it makes a new hand-over code (prescriptions/handover.py)
    code_failures INTEGER NOT NULL DEFAULT 0,
    version INTEGER NOT NULL DEFAULT 1,
    CHECK (status IN ('issued', 'cancelled', 'expired', 'entered_in_error') OR pharmacy_id IS NOT NULL),
    CHECK (status NOT IN ('refused', 'on_hold', 'cancelled', 'entered_in_error') OR status_reason <> '')
);
CREATE INDEX prescriptions_patient ON prescriptions (patient_id, updated_at, id);
CREATE INDEX prescriptions_prescriber ON prescriptions (prescriber_id, updated_at, id);
CREATE INDEX prescriptions_pharmacy ON prescriptions (pharmacy_id, updated_at, id);
CREATE INDEX prescriptions_unclaimed ON prescriptions (addressed_to, updated_at, id) WHERE pharmacy_id IS NULL;
CREATE INDEX prescriptions_expiring ON prescriptions (valid_until)
    WHERE status IN ('issued', 'validated', 'prepared', 'ready', 'on_hold', 'refused');
CREATE UNIQUE INDEX prescriptions_replaced_once ON prescriptions (replaces_id) WHERE replaces_id IS NOT NULL;
CREATE TRIGGER prescriptions_are_kept BEFORE DELETE ON prescriptions
BEGIN SELECT RAISE(ABORT, 'prescriptions are never deleted'); END;
CREATE TRIGGER prescriptions_belong BEFORE UPDATE OF patient_id, prescriber_id ON prescriptions
BEGIN SELECT RAISE(ABORT, 'the parties of a prescription never change'); END;
CREATE TRIGGER prescriptions_transitions BEFORE UPDATE OF status ON prescriptions
WHEN NOT (
    (OLD.status = 'issued' AND NEW.status IN ('validated', 'cancelled', 'expired', 'entered_in_error'))
    OR (OLD.status = 'validated' AND NEW.status IN (
        'prepared', 'issued', 'on_hold', 'refused', 'cancelled', 'expired', 'entered_in_error'))
    OR (OLD.status = 'prepared' AND NEW.status IN (
        'ready', 'on_hold', 'refused', 'cancelled', 'expired', 'entered_in_error'))
    OR (OLD.status = 'on_hold' AND NEW.status IN (
        'validated', 'prepared', 'refused', 'cancelled', 'expired', 'entered_in_error'))
    OR (OLD.status = 'ready' AND NEW.status IN (
        'delivered', 'part_delivered', 'in_delivery', 'issued', 'cancelled', 'expired', 'entered_in_error'))
    OR (OLD.status = 'in_delivery' AND NEW.status IN (
        'delivered', 'part_delivered', 'ready', 'expired', 'entered_in_error'))
    OR (OLD.status = 'part_delivered' AND NEW.status IN (
        'ready', 'delivered', 'part_delivered', 'expired', 'entered_in_error'))
    OR (OLD.status = 'refused' AND NEW.status IN ('cancelled', 'expired', 'entered_in_error'))
)
BEGIN SELECT RAISE(ABORT, 'this prescription cannot change so'); END;

CREATE TABLE prescription_lines (
    id TEXT PRIMARY KEY,
    prescription_id TEXT NOT NULL REFERENCES prescriptions (id),
    position INTEGER NOT NULL,
    medicine_id TEXT NOT NULL REFERENCES medicines (id),
    dosage TEXT NOT NULL,  -- posologie et mode d'emploi
    quantity INTEGER NOT NULL CHECK (quantity BETWEEN 1 AND 1000),
    duration_days INTEGER NOT NULL CHECK (duration_days BETWEEN 1 AND 365),
    substitution_reason TEXT,  -- NULL: substitution allowed; else why not
    delivered INTEGER NOT NULL DEFAULT 0 CHECK (delivered BETWEEN 0 AND quantity),
    UNIQUE (prescription_id, position)
);

CREATE TABLE prescription_acts (
    id TEXT PRIMARY KEY,
    prescription_id TEXT NOT NULL REFERENCES prescriptions (id),
    at BIGINT NOT NULL,
    actor_id TEXT REFERENCES users (id),  -- NULL: time
    from_status TEXT,
    to_status TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT ''
);
CREATE INDEX prescription_acts_of ON prescription_acts (prescription_id, at);
CREATE TRIGGER prescription_acts_are_kept BEFORE DELETE ON prescription_acts
BEGIN SELECT RAISE(ABORT, 'acts are never deleted'); END;
CREATE TRIGGER prescription_acts_are_final BEFORE UPDATE ON prescription_acts
BEGIN SELECT RAISE(ABORT, 'acts are never changed'); END;

-- Which lot is kept for which line between "prepared" and "delivered".
CREATE TABLE reservations (
    prescription_id TEXT NOT NULL REFERENCES prescriptions (id),
    line_id TEXT NOT NULL REFERENCES prescription_lines (id),
    lot_id TEXT NOT NULL REFERENCES lots (id),
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (line_id, lot_id)
);
CREATE INDEX reservations_of ON reservations (prescription_id);

-- What the patient asked for when the medicines are to be brought.
CREATE TABLE delivery_requests (
    prescription_id TEXT PRIMARY KEY REFERENCES prescriptions (id),
    address TEXT NOT NULL,
    phone TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
