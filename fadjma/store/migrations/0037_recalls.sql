-- Who was told that a lot which they received is recalled, once each: by a notice, or by telephone where there is no account.
CREATE TABLE recall_notices (
    id TEXT PRIMARY KEY,
    lot_id TEXT NOT NULL REFERENCES lots (id),
    pharmacy_id TEXT NOT NULL REFERENCES organizations (id),
    medicine_id TEXT NOT NULL REFERENCES medicines (id),
    patient_id TEXT NOT NULL REFERENCES users (id),
    way TEXT NOT NULL CONSTRAINT recall_notices_way_check CHECK (way IN ('notice', 'phone')),
    told_by TEXT NOT NULL REFERENCES users (id),
    told_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX recall_notices_once ON recall_notices (lot_id, patient_id);
CREATE TRIGGER recall_notices_are_kept BEFORE DELETE ON recall_notices
BEGIN SELECT RAISE(ABORT, 'who was told of a recall is never deleted'); END;
CREATE TRIGGER recall_notices_are_final BEFORE UPDATE ON recall_notices
BEGIN SELECT RAISE(ABORT, 'who was told of a recall never changes'); END;
CREATE TRIGGER recall_notices_are_not_replaced BEFORE INSERT ON recall_notices
WHEN EXISTS (SELECT 1 FROM recall_notices WHERE id = NEW.id OR (lot_id = NEW.lot_id AND patient_id = NEW.patient_id))
BEGIN SELECT RAISE(ABORT, 'who was told of a recall is never told twice'); END;
