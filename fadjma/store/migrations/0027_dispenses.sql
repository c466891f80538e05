-- What was handed over, each time (FHIR MedicationDispense): who, where, how it was proved, what out of which lot. What is
-- owed of a line is what was prescribed less what was handed over.
CREATE TABLE dispenses (
    id TEXT PRIMARY KEY,
    prescription_id TEXT NOT NULL REFERENCES prescriptions (id),
    pharmacy_id TEXT NOT NULL REFERENCES organizations (id),
    actor_id TEXT NOT NULL REFERENCES users (id),
    at BIGINT NOT NULL,
    proof TEXT NOT NULL CONSTRAINT dispenses_proof_check CHECK (proof IN ('code', 'identity')),
    reason TEXT NOT NULL DEFAULT '',  -- with the document that was seen, where there was no code
    undone_at BIGINT,
    undone_by TEXT REFERENCES users (id),
    undo_reason TEXT,
    CONSTRAINT dispenses_identity_check CHECK (proof = 'code' OR reason <> ''),
    CONSTRAINT dispenses_undone_check CHECK (
        (undone_at IS NULL AND undone_by IS NULL AND undo_reason IS NULL)
        OR (undone_at IS NOT NULL AND undone_by IS NOT NULL AND undo_reason <> ''))
);
CREATE INDEX dispenses_of ON dispenses (prescription_id, at, id);
CREATE TABLE dispense_lines (
    dispense_id TEXT NOT NULL REFERENCES dispenses (id),
    line_id TEXT NOT NULL REFERENCES prescription_lines (id),
    lot_id TEXT REFERENCES lots (id),  -- NULL: handed over before this table was, and the lot is not certain
    quantity INTEGER NOT NULL CONSTRAINT dispense_lines_quantity_check CHECK (quantity > 0)
);
CREATE UNIQUE INDEX dispense_lines_once ON dispense_lines (dispense_id, line_id, lot_id);
CREATE INDEX dispense_lines_of_line ON dispense_lines (line_id);
CREATE INDEX dispense_lines_of_lot ON dispense_lines (lot_id) WHERE lot_id IS NOT NULL;

-- What was delivered until now was delivered whole. Its lots are in the movements; of two lines with the same medicine
-- nobody knows any more which lot was for which.
INSERT INTO dispenses (id, prescription_id, pharmacy_id, actor_id, at, proof, reason)
    SELECT a.id, a.prescription_id, p.pharmacy_id, a.actor_id, a.at,
           CASE a.reason WHEN '' THEN 'code' ELSE 'identity' END, a.reason
    FROM prescription_acts a JOIN prescriptions p ON p.id = a.prescription_id
    WHERE a.to_status = 'delivered' AND a.actor_id IS NOT NULL AND p.pharmacy_id IS NOT NULL;
INSERT INTO dispense_lines (dispense_id, line_id, lot_id, quantity)
    SELECT d.id, l.id, k.id, -sum(m.quantity)
    FROM movements m JOIN dispenses d ON d.prescription_id = m.prescription_id
    JOIN lots k ON k.id = m.lot_id JOIN products q ON q.id = k.product_id
    JOIN prescription_lines l ON l.prescription_id = d.prescription_id AND l.medicine_id = q.medicine_id
    WHERE m.kind = 'delivered' AND NOT EXISTS (
        SELECT 1 FROM prescription_lines o
        WHERE o.prescription_id = l.prescription_id AND o.medicine_id = l.medicine_id AND o.id <> l.id)
    GROUP BY d.id, l.id, k.id HAVING sum(m.quantity) < 0;
INSERT INTO dispense_lines (dispense_id, line_id, lot_id, quantity)
    SELECT d.id, l.id, NULL, l.delivered
    FROM dispenses d JOIN prescription_lines l ON l.prescription_id = d.prescription_id
    WHERE l.delivered > 0 AND NOT EXISTS (SELECT 1 FROM dispense_lines h WHERE h.dispense_id = d.id AND h.line_id = l.id);

CREATE TRIGGER dispenses_are_kept BEFORE DELETE ON dispenses
BEGIN SELECT RAISE(ABORT, 'dispenses are never deleted'); END;
CREATE TRIGGER dispenses_are_not_replaced BEFORE INSERT ON dispenses
WHEN EXISTS (SELECT 1 FROM dispenses WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'dispenses are never replaced'); END;
CREATE TRIGGER dispenses_are_final BEFORE UPDATE OF id, prescription_id, pharmacy_id, actor_id, at, proof, reason ON dispenses
BEGIN SELECT RAISE(ABORT, 'dispenses are never changed'); END;
CREATE TRIGGER dispenses_are_undone_once BEFORE UPDATE ON dispenses
WHEN OLD.undone_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'dispenses are never undone twice'); END;
CREATE TRIGGER dispense_lines_are_kept BEFORE DELETE ON dispense_lines
BEGIN SELECT RAISE(ABORT, 'lines of a dispense are never deleted'); END;
CREATE TRIGGER dispense_lines_are_final BEFORE UPDATE ON dispense_lines
BEGIN SELECT RAISE(ABORT, 'lines of a dispense are never changed'); END;
CREATE TRIGGER dispense_lines_are_not_replaced BEFORE INSERT ON dispense_lines
WHEN EXISTS (
    SELECT 1 FROM dispense_lines
    WHERE dispense_id = NEW.dispense_id AND line_id = NEW.line_id AND lot_id = NEW.lot_id)
BEGIN SELECT RAISE(ABORT, 'lines of a dispense are never replaced'); END;

-- What a pharmacy has said that it cannot supply, and why; news to the prescriber.
CREATE TABLE unsupplied_lines (
    id TEXT PRIMARY KEY,
    line_id TEXT NOT NULL REFERENCES prescription_lines (id),
    pharmacy_id TEXT NOT NULL REFERENCES organizations (id),
    actor_id TEXT NOT NULL REFERENCES users (id),
    at BIGINT NOT NULL,
    code TEXT NOT NULL,
    text TEXT NOT NULL
);
CREATE INDEX unsupplied_lines_of ON unsupplied_lines (line_id, at, id);
CREATE TRIGGER unsupplied_lines_are_kept BEFORE DELETE ON unsupplied_lines
BEGIN SELECT RAISE(ABORT, 'what cannot be supplied is never deleted'); END;
CREATE TRIGGER unsupplied_lines_are_final BEFORE UPDATE ON unsupplied_lines
BEGIN SELECT RAISE(ABORT, 'what cannot be supplied is never changed'); END;
CREATE TRIGGER unsupplied_lines_are_not_replaced BEFORE INSERT ON unsupplied_lines
WHEN EXISTS (SELECT 1 FROM unsupplied_lines WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'what cannot be supplied is never replaced'); END;

-- The pharmacy that had prepared what was ended, until it has said that it knows; and who there said so.
ALTER TABLE prescriptions ADD COLUMN acknowledge_by TEXT REFERENCES organizations (id);
ALTER TABLE prescriptions ADD COLUMN acknowledged_at BIGINT;
ALTER TABLE prescriptions ADD COLUMN acknowledged_by TEXT REFERENCES users (id);
CREATE INDEX prescriptions_to_acknowledge ON prescriptions (acknowledge_by, status, updated_at, id)
    WHERE acknowledge_by IS NOT NULL;

-- Time ends what is owed, too.
DROP INDEX prescriptions_expiring;
CREATE INDEX prescriptions_expiring ON prescriptions (valid_until)
    WHERE status IN ('issued', 'validated', 'prepared', 'ready', 'part_delivered', 'on_hold', 'refused');
DROP TRIGGER prescriptions_transitions;
CREATE TRIGGER prescriptions_transitions BEFORE UPDATE OF status ON prescriptions
WHEN NOT (
    (OLD.status = 'issued' AND NEW.status IN ('issued', 'validated', 'cancelled', 'expired', 'entered_in_error'))
    OR (OLD.status = 'validated' AND NEW.status IN (
        'prepared', 'issued', 'on_hold', 'refused', 'cancelled', 'expired', 'entered_in_error'))
    OR (OLD.status = 'prepared' AND NEW.status IN (
        'ready', 'issued', 'on_hold', 'refused', 'cancelled', 'expired', 'entered_in_error'))
    OR (OLD.status = 'on_hold' AND NEW.status IN (
        'validated', 'prepared', 'issued', 'refused', 'cancelled', 'expired', 'entered_in_error'))
    OR (OLD.status = 'ready' AND NEW.status IN (
        'delivered', 'part_delivered', 'in_delivery', 'prepared', 'issued', 'cancelled', 'expired', 'entered_in_error'))
    OR (OLD.status = 'in_delivery' AND NEW.status IN ('delivered', 'part_delivered', 'ready', 'entered_in_error'))
    OR (OLD.status = 'part_delivered' AND NEW.status IN (
        'ready', 'delivered', 'part_delivered', 'issued', 'cancelled', 'expired', 'entered_in_error'))
    OR (OLD.status = 'delivered' AND NEW.status = 'ready')
    OR (OLD.status = 'refused' AND NEW.status IN ('cancelled', 'expired', 'entered_in_error'))
)
BEGIN SELECT RAISE(ABORT, 'this prescription cannot change so'); END;

-- Of inventory: what stands on the box.
CREATE VIEW lot_numbers AS SELECT id, number, expires_on FROM lots;
