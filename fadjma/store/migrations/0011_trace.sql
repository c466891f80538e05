-- The trace that patients read: which part, and repeated readings as one line.

-- What of a file it was: a scope of access ('full') or a type of record ('allergy'); a code, never what it says.
ALTER TABLE audit_events ADD COLUMN part TEXT NOT NULL DEFAULT '';
-- The first line of that day that says the same: the patient sees one, with how many times. NULL: it is that line.
ALTER TABLE audit_events ADD COLUMN repeats TEXT REFERENCES audit_events (id);
CREATE INDEX audit_events_lines ON audit_events (patient_id, at, id)
    WHERE patient_id IS NOT NULL AND repeats IS NULL AND actor_id <> patient_id;
CREATE INDEX audit_events_repeated ON audit_events (repeats, at) WHERE repeats IS NOT NULL;

DROP VIEW trace;
CREATE VIEW trace AS
    SELECT id, at, actor_id, action, subject_kind, subject_id, patient_id, ground, outcome, part, repeats
    FROM audit_events WHERE patient_id IS NOT NULL;

-- INSERT OR REPLACE deletes what is in its way, and SQLite calls no trigger of that deletion, unless a connection has
-- asked for it (recursive_triggers, as this program does; others may not). What is only ever added, and nothing refers to, meets a guard.
CREATE TRIGGER audit_events_are_not_replaced BEFORE INSERT ON audit_events
WHEN EXISTS (SELECT 1 FROM audit_events WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'audit events are never replaced'); END;
CREATE TRIGGER security_events_are_not_replaced BEFORE INSERT ON security_events
WHEN EXISTS (SELECT 1 FROM security_events WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'security events are never replaced'); END;
CREATE TRIGGER record_versions_are_not_replaced BEFORE INSERT ON record_versions
WHEN EXISTS (SELECT 1 FROM record_versions WHERE record_id = NEW.record_id AND version = NEW.version)
BEGIN SELECT RAISE(ABORT, 'versions are never replaced'); END;
CREATE TRIGGER movements_are_not_replaced BEFORE INSERT ON movements
WHEN EXISTS (SELECT 1 FROM movements WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'movements are never replaced'); END;
CREATE TRIGGER prescription_acts_are_not_replaced BEFORE INSERT ON prescription_acts
WHEN EXISTS (SELECT 1 FROM prescription_acts WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'acts are never replaced'); END;

-- The patient takes a prescription that was put on hold to another pharmacy: from there, too, it can be issued again.
DROP TRIGGER prescriptions_transitions;
CREATE TRIGGER prescriptions_transitions BEFORE UPDATE OF status ON prescriptions
WHEN NOT (
    (OLD.status = 'issued' AND NEW.status IN ('validated', 'cancelled', 'expired', 'entered_in_error'))
    OR (OLD.status = 'validated' AND NEW.status IN (
        'prepared', 'issued', 'on_hold', 'refused', 'cancelled', 'expired', 'entered_in_error'))
    OR (OLD.status = 'prepared' AND NEW.status IN (
        'ready', 'on_hold', 'refused', 'cancelled', 'expired', 'entered_in_error'))
    OR (OLD.status = 'on_hold' AND NEW.status IN (
        'validated', 'prepared', 'issued', 'refused', 'cancelled', 'expired', 'entered_in_error'))
    OR (OLD.status = 'ready' AND NEW.status IN (
        'delivered', 'part_delivered', 'in_delivery', 'issued', 'cancelled', 'expired', 'entered_in_error'))
    OR (OLD.status = 'in_delivery' AND NEW.status IN (
        'delivered', 'part_delivered', 'ready', 'expired', 'entered_in_error'))
    OR (OLD.status = 'part_delivered' AND NEW.status IN (
        'ready', 'delivered', 'part_delivered', 'expired', 'entered_in_error'))
    OR (OLD.status = 'refused' AND NEW.status IN ('cancelled', 'expired', 'entered_in_error'))
)
BEGIN SELECT RAISE(ABORT, 'this prescription cannot change so'); END;
