-- By what the paper of a prescription finds it at a counter; it opens and proves nothing (fadjma/short_codes.py).
ALTER TABLE prescriptions ADD COLUMN short_code TEXT;
UPDATE prescriptions SET short_code = new_short_code(id);
CREATE UNIQUE INDEX prescriptions_short_code ON prescriptions (short_code);
CREATE TRIGGER prescriptions_keep_their_short_code BEFORE UPDATE OF short_code ON prescriptions
WHEN NEW.short_code <> OLD.short_code
BEGIN SELECT RAISE(ABORT, 'the short code of a prescription never changes'); END;
-- Of which round the hand-over code stands on the copy of a patient who has no account.
ALTER TABLE prescriptions ADD COLUMN code_printed_round INTEGER;

-- Of inventory: which rules a medicine is under.
CREATE VIEW medicine_schedules AS SELECT id, schedule FROM medicines;

-- The ordonnancier of each pharmacy: what it handed over of medicines that are under rules, in order, as they were then.
CREATE TABLE register_entries (
    pharmacy_id TEXT NOT NULL REFERENCES organizations (id),
    number INTEGER NOT NULL CONSTRAINT register_entries_number_check CHECK (number > 0),
    dispense_id TEXT NOT NULL REFERENCES dispenses (id),
    line_id TEXT NOT NULL REFERENCES prescription_lines (id),
    schedule TEXT NOT NULL CONSTRAINT register_entries_schedule_check
        CHECK (schedule IN ('list_1', 'list_2', 'narcotic')),
    at BIGINT NOT NULL,
    PRIMARY KEY (pharmacy_id, number)
);
CREATE UNIQUE INDEX register_entries_once ON register_entries (dispense_id, line_id);
CREATE INDEX register_entries_at ON register_entries (pharmacy_id, at, number);
INSERT INTO register_entries (pharmacy_id, number, dispense_id, line_id, schedule, at)
    SELECT d.pharmacy_id, row_number() OVER (PARTITION BY d.pharmacy_id ORDER BY d.at, d.id, l.position),
           d.id, l.id, s.schedule, d.at
    FROM dispenses d JOIN prescription_lines l ON l.prescription_id = d.prescription_id
    JOIN medicine_schedules s ON s.id = l.medicine_id
    WHERE s.schedule <> 'none'
        AND EXISTS (SELECT 1 FROM dispense_lines h WHERE h.dispense_id = d.id AND h.line_id = l.id);
CREATE TRIGGER register_entries_are_kept BEFORE DELETE ON register_entries
BEGIN SELECT RAISE(ABORT, 'entries of the register are never deleted'); END;
CREATE TRIGGER register_entries_are_final BEFORE UPDATE ON register_entries
BEGIN SELECT RAISE(ABORT, 'entries of the register are never changed'); END;
CREATE TRIGGER register_entries_are_not_replaced BEFORE INSERT ON register_entries
WHEN EXISTS (SELECT 1 FROM register_entries WHERE pharmacy_id = NEW.pharmacy_id AND number = NEW.number)
    OR EXISTS (SELECT 1 FROM register_entries WHERE dispense_id = NEW.dispense_id AND line_id = NEW.line_id)
BEGIN SELECT RAISE(ABORT, 'entries of the register are never replaced'); END;
