-- Allergies with fields of their own, alerts that were answered, and doses per kilogram that the clinic has signed.

-- Of records. What a version of an allergy says beside its title: to which medicine, family of medicines or other thing, or
-- that none is known. A version without a row here is an allergy in words only: it is shown, and compared with nothing.
CREATE TABLE allergy_facts (
    record_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    kind TEXT NOT NULL,
    substance TEXT NOT NULL,  -- in words: a DCI, the name of a family, a food; empty where none is known
    atc TEXT NOT NULL,        -- codes and beginnings of codes, each after a space; empty: compared by its name alone
    reaction TEXT NOT NULL,
    severity TEXT NOT NULL,   -- empty: not known
    status TEXT NOT NULL,
    PRIMARY KEY (record_id, version),
    FOREIGN KEY (record_id, version) REFERENCES record_versions (record_id, version),
    CONSTRAINT allergy_facts_kind_check CHECK (kind IN ('medicine', 'class', 'food', 'other', 'none_known')),
    CONSTRAINT allergy_facts_severity_check CHECK (severity IN ('', 'mild', 'moderate', 'severe')),
    CONSTRAINT allergy_facts_status_check CHECK (status IN ('active', 'refuted')),
    CONSTRAINT allergy_facts_substance_check CHECK ((kind = 'none_known') = (substance = '')),
    CONSTRAINT allergy_facts_class_check CHECK (kind <> 'class' OR atc <> '')
);
CREATE TRIGGER allergy_facts_are_kept BEFORE DELETE ON allergy_facts
BEGIN SELECT RAISE(ABORT, 'what a version says is never deleted'); END;
CREATE TRIGGER allergy_facts_are_final BEFORE UPDATE ON allergy_facts
BEGIN SELECT RAISE(ABORT, 'what a version says is never changed'); END;

-- Of inventory, for the other domains (0007): what a medicine is made of, and its class.
CREATE VIEW medicine_classes AS SELECT id AS medicine_id, dci, strength, form, unit, atc FROM medicines;

-- Of prescriptions, for what is checked before another one is signed: every line, with how its prescription stands and when
-- something of it was handed over last.
CREATE VIEW prescribed_lines AS
SELECT l.id, l.medicine_id, l.delivered, l.duration_days, p.id AS prescription_id, p.patient_id, p.status, p.issued_at,
       p.valid_until, p.replaces_id,
       (SELECT max(d.at) FROM dispense_lines h JOIN dispenses d ON d.id = h.dispense_id
        WHERE h.line_id = l.id AND d.undone_at IS NULL) AS handed_over_at
FROM prescriptions p JOIN prescription_lines l ON l.prescription_id = p.id;

-- Alerts that somebody has seen and answered: the prescriber before signing, a pharmacist before validating.
CREATE TABLE alert_overrides (
    id TEXT PRIMARY KEY,
    prescription_id TEXT NOT NULL REFERENCES prescriptions (id),
    line INTEGER NOT NULL,   -- its position in the prescription
    alert TEXT NOT NULL,     -- made of what it is about (fadjma/safety)
    kind TEXT NOT NULL,
    text TEXT NOT NULL,      -- as it was asked, in French, before its values are put in
    said TEXT NOT NULL,      -- these values, a JSON object
    reason TEXT NOT NULL,    -- empty where it need only be seen
    actor_id TEXT NOT NULL REFERENCES users (id),
    at BIGINT NOT NULL,
    CONSTRAINT alert_overrides_kind_check CHECK (kind IN ('allergy', 'duplicate', 'same_class', 'dose', 'posology')),
    CONSTRAINT alert_overrides_reason_check CHECK (kind NOT IN ('allergy', 'duplicate') OR reason <> '')
);
CREATE INDEX alert_overrides_of ON alert_overrides (prescription_id, at, id);
CREATE TRIGGER alert_overrides_are_kept BEFORE DELETE ON alert_overrides
BEGIN SELECT RAISE(ABORT, 'what was answered is never deleted'); END;
CREATE TRIGGER alert_overrides_are_final BEFORE UPDATE ON alert_overrides
BEGIN SELECT RAISE(ABORT, 'what was answered is never changed'); END;

-- How much of a substance a child may be given, by weight: the clinic's own table, off until one of its doctors or pharmacists
-- has signed the row. A row is never changed: it is withdrawn, and another one is written.
CREATE TABLE dose_limits (
    id TEXT PRIMARY KEY,
    dci TEXT NOT NULL,
    dci_key TEXT NOT NULL,            -- as it is compared
    from_months INTEGER NOT NULL,     -- the age from which it is meant, and before which it is not any more
    to_months INTEGER NOT NULL,
    mg_per_kg_day INTEGER NOT NULL,   -- at most, in hundredths of a milligram
    source TEXT NOT NULL,
    source_on TEXT NOT NULL,          -- ISO 8601 date: of which day the source is
    added_by TEXT NOT NULL REFERENCES users (id),
    added_at BIGINT NOT NULL,
    signed_by TEXT REFERENCES users (id),
    signed_at BIGINT,
    withdrawn_by TEXT REFERENCES users (id),
    withdrawn_at BIGINT,
    CONSTRAINT dose_limits_age_check CHECK (0 <= from_months AND from_months < to_months),
    CONSTRAINT dose_limits_dose_check CHECK (mg_per_kg_day > 0),
    CONSTRAINT dose_limits_signed_check CHECK ((signed_by IS NULL) = (signed_at IS NULL)),
    CONSTRAINT dose_limits_withdrawn_check CHECK ((withdrawn_by IS NULL) = (withdrawn_at IS NULL))
);
CREATE INDEX dose_limits_of ON dose_limits (dci_key) WHERE withdrawn_at IS NULL;
CREATE TRIGGER dose_limits_are_kept BEFORE DELETE ON dose_limits
BEGIN SELECT RAISE(ABORT, 'doses are withdrawn, never deleted'); END;
CREATE TRIGGER dose_limits_are_final
BEFORE UPDATE OF dci, dci_key, from_months, to_months, mg_per_kg_day, source, source_on, added_by, added_at ON dose_limits
BEGIN SELECT RAISE(ABORT, 'a dose is withdrawn and written anew, never changed'); END;
