-- A medicine that its prescriber has ended, because no pharmacy has it or it is not wanted any more: nothing more of it is owed,
-- what was handed over of it stays. Another line of the same prescription may be in its place.
CREATE TABLE ended_lines (
    line_id TEXT PRIMARY KEY REFERENCES prescription_lines (id),
    at BIGINT NOT NULL,
    actor_id TEXT NOT NULL REFERENCES users (id),
    reason TEXT NOT NULL,  -- empty where another is in its place, and nothing more is to be said
    replaced_by TEXT REFERENCES prescription_lines (id),
    CONSTRAINT ended_lines_reason_check CHECK (replaced_by IS NOT NULL OR reason <> '')
);
CREATE UNIQUE INDEX ended_lines_replaced_by ON ended_lines (replaced_by) WHERE replaced_by IS NOT NULL;
CREATE TRIGGER ended_lines_are_kept BEFORE DELETE ON ended_lines
BEGIN SELECT RAISE(ABORT, 'the end of a line is never deleted'); END;
CREATE TRIGGER ended_lines_are_final BEFORE UPDATE ON ended_lines
BEGIN SELECT RAISE(ABORT, 'the end of a line is never changed'); END;
CREATE TRIGGER ended_lines_are_not_replaced BEFORE INSERT ON ended_lines
WHEN EXISTS (SELECT 1 FROM ended_lines WHERE line_id = NEW.line_id)
BEGIN SELECT RAISE(ABORT, 'the end of a line is never replaced'); END;

-- As in 0032; of a line that was ended, what was handed over is all there is, and nothing where that is nothing.
DROP VIEW prescribed_lines;
CREATE VIEW prescribed_lines AS
SELECT l.id, l.medicine_id, CASE WHEN e.line_id IS NULL THEN l.quantity ELSE l.delivered END AS quantity, l.delivered,
       l.duration_days, p.id AS prescription_id, p.patient_id, p.status, p.issued_at, p.valid_until, p.replaces_id,
       (SELECT max(d.at) FROM dispense_lines h JOIN dispenses d ON d.id = h.dispense_id
        WHERE h.line_id = l.id AND d.undone_at IS NULL) AS handed_over_at
FROM prescriptions p JOIN prescription_lines l ON l.prescription_id = p.id
LEFT JOIN ended_lines e ON e.line_id = l.id WHERE e.line_id IS NULL OR l.delivered > 0;

-- What is prepared may be prepared anew, and is to be prepared again where all that was put aside for it was replaced.
DROP TRIGGER prescriptions_transitions;
CREATE TRIGGER prescriptions_transitions BEFORE UPDATE OF status ON prescriptions
WHEN NOT (
    (OLD.status = 'issued' AND NEW.status IN ('issued', 'validated', 'cancelled', 'expired', 'entered_in_error'))
    OR (OLD.status = 'validated' AND NEW.status IN (
        'prepared', 'issued', 'on_hold', 'refused', 'cancelled', 'expired', 'entered_in_error'))
    OR (OLD.status = 'prepared' AND NEW.status IN (
        'prepared', 'ready', 'validated', 'issued', 'on_hold', 'refused', 'cancelled', 'expired', 'entered_in_error'))
    OR (OLD.status = 'on_hold' AND NEW.status IN (
        'validated', 'prepared', 'issued', 'refused', 'cancelled', 'expired', 'entered_in_error'))
    OR (OLD.status = 'ready' AND NEW.status IN (
        'delivered', 'part_delivered', 'in_delivery', 'prepared', 'validated', 'issued', 'cancelled', 'expired',
        'entered_in_error'))
    OR (OLD.status = 'in_delivery' AND NEW.status IN ('delivered', 'part_delivered', 'ready', 'entered_in_error'))
    OR (OLD.status = 'part_delivered' AND NEW.status IN (
        'ready', 'delivered', 'part_delivered', 'issued', 'cancelled', 'expired', 'entered_in_error'))
    OR (OLD.status = 'delivered' AND NEW.status = 'ready')
    OR (OLD.status = 'refused' AND NEW.status IN ('cancelled', 'expired', 'entered_in_error'))
)
BEGIN SELECT RAISE(ABORT, 'this prescription cannot change so'); END;
