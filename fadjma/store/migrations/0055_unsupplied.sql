-- That a pharmacy has said of some line of a prescription that it cannot supply it: few are, and what of them waits for its
-- prescriber now is looked for among those alone (prescriptions/shortages.py). It stays true.
ALTER TABLE prescriptions ADD COLUMN was_unsupplied INTEGER NOT NULL DEFAULT 0
    CONSTRAINT prescriptions_was_unsupplied_check CHECK (was_unsupplied IN (0, 1));
UPDATE prescriptions SET was_unsupplied = 1 WHERE id IN (
    SELECT l.prescription_id FROM unsupplied_lines u JOIN prescription_lines l ON l.id = u.line_id);
CREATE INDEX prescriptions_unsupplied ON prescriptions (prescriber_id, status, updated_at, id) WHERE was_unsupplied = 1;

-- What is put aside for prescriptions, lot by lot, for the other domains.
CREATE VIEW lots_put_aside AS
SELECT r.prescription_id, r.line_id, r.quantity, l.expires_on, l.withheld_at
FROM reservations r JOIN lots l ON l.id = r.lot_id;
