-- rebuild: measurements
-- All that is measured of a patient at a bedside, several in one go, alone or in a consultation; and consultations with fields.

-- `value` is a whole number of the last digit that is kept of it (fadjma/records/vitals.py): grams, tenths of a degree, of a
-- centimetre, hundredths of a gram per litre; of a blood pressure the upper one. Never changed: what was wrong is entered in
-- error, and measured again.
CREATE TABLE measurements_new (
    id TEXT PRIMARY KEY,
    patient_id TEXT NOT NULL REFERENCES users (id),
    round_id TEXT NOT NULL,  -- what was measured in one go has the id of the first of it
    record_id TEXT REFERENCES records (id),  -- the consultation in which it was; NULL: by itself
    code TEXT NOT NULL,
    value INTEGER NOT NULL,
    diastolic INTEGER,  -- of a blood pressure, the lower one
    measured_on TEXT NOT NULL,  -- ISO 8601 date
    author_id TEXT REFERENCES users (id),     -- NULL: not known, of what was there before there were authors
    delegated_by TEXT REFERENCES users (id),  -- the doctor under whose access a nurse measured; NULL: the author's own
    created_at BIGINT NOT NULL,
    CONSTRAINT measurements_value_check CHECK (
        code = 'body_weight' AND value BETWEEN 300 AND 400000
        OR code = 'blood_pressure' AND value BETWEEN 31 AND 300
        OR code = 'pulse' AND value BETWEEN 10 AND 300
        OR code = 'temperature' AND value BETWEEN 250 AND 450
        OR code = 'respiratory_rate' AND value BETWEEN 2 AND 120
        OR code = 'oxygen_saturation' AND value BETWEEN 30 AND 100
        OR code = 'body_height' AND value BETWEEN 200 AND 2500
        OR code = 'head_circumference' AND value BETWEEN 150 AND 800
        OR code = 'glucose' AND value BETWEEN 5 AND 1500
        OR code = 'pain' AND value BETWEEN 0 AND 10
    ),
    CONSTRAINT measurements_diastolic_check CHECK ((code = 'blood_pressure') = (diastolic IS NOT NULL)),
    CONSTRAINT measurements_pressures_check CHECK (diastolic IS NULL OR diastolic BETWEEN 10 AND value - 1),
    CONSTRAINT measurements_delegated_check CHECK (delegated_by IS NULL OR author_id IS NOT NULL)
);
INSERT INTO measurements_new (id, patient_id, round_id, code, value, measured_on, author_id, delegated_by, created_at)
SELECT id, patient_id, id, code, value, measured_on, author_id, delegated_by, created_at FROM measurements;
DROP TABLE measurements;
ALTER TABLE measurements_new RENAME TO measurements;
CREATE INDEX measurements_patient ON measurements (patient_id, code, measured_on, created_at, id);
CREATE INDEX measurements_latest ON measurements (patient_id, measured_on, created_at, id);
CREATE INDEX measurements_round ON measurements (round_id);
CREATE INDEX measurements_record ON measurements (record_id) WHERE record_id IS NOT NULL;
CREATE TRIGGER measurements_are_kept BEFORE DELETE ON measurements
BEGIN SELECT RAISE(ABORT, 'measurements are never deleted'); END;
CREATE TRIGGER measurements_are_final BEFORE UPDATE ON measurements
BEGIN SELECT RAISE(ABORT, 'measurements are never changed'); END;
CREATE TRIGGER measurements_are_not_replaced BEFORE INSERT ON measurements
WHEN EXISTS (SELECT 1 FROM measurements WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'measurements are never replaced'); END;

-- Those that were entered in error, by whoever had written them: hidden, and kept.
CREATE TABLE measurement_errors (
    measurement_id TEXT PRIMARY KEY REFERENCES measurements (id),
    reason TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE TRIGGER measurement_errors_are_kept BEFORE DELETE ON measurement_errors
BEGIN SELECT RAISE(ABORT, 'what was measured in error stays so'); END;
CREATE TRIGGER measurement_errors_are_final BEFORE UPDATE ON measurement_errors
BEGIN SELECT RAISE(ABORT, 'why it was entered in error is never changed'); END;

-- What a version of a consultation says in its fields; its title and text say the same in words. A version without a row here
-- is one in words only.
CREATE TABLE consultation_facts (
    record_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    motive TEXT NOT NULL,
    observation TEXT NOT NULL,  -- empty: none
    conclusion TEXT NOT NULL,
    PRIMARY KEY (record_id, version),
    FOREIGN KEY (record_id, version) REFERENCES record_versions (record_id, version),
    CONSTRAINT consultation_facts_motive_check CHECK (motive <> '')
);
CREATE TRIGGER consultation_facts_are_kept BEFORE DELETE ON consultation_facts
BEGIN SELECT RAISE(ABORT, 'what a consultation said is never deleted'); END;
CREATE TRIGGER consultation_facts_are_final BEFORE UPDATE ON consultation_facts
BEGIN SELECT RAISE(ABORT, 'what a consultation said is never changed'); END;
CREATE TRIGGER consultation_facts_are_not_replaced BEFORE INSERT ON consultation_facts
WHEN EXISTS (SELECT 1 FROM consultation_facts WHERE record_id = NEW.record_id AND version = NEW.version)
BEGIN SELECT RAISE(ABORT, 'what a consultation said is never replaced'); END;
CREATE TRIGGER measurement_errors_are_not_replaced BEFORE INSERT ON measurement_errors
WHEN EXISTS (SELECT 1 FROM measurement_errors WHERE measurement_id = NEW.measurement_id)
BEGIN SELECT RAISE(ABORT, 'why it was entered in error is never replaced'); END;
