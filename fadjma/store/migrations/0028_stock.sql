-- What a pharmacy receives by a file or a scanner, what it counts sheet by sheet, and what it lets others know of its stock.

-- A file that was read and found good; taken by somebody of the pharmacy it is a receipt, which can be undone as a whole.
CREATE TABLE receipts (
    id TEXT PRIMARY KEY,
    pharmacy_id TEXT NOT NULL REFERENCES organizations (id),
    made_by TEXT NOT NULL REFERENCES users (id),
    made_at BIGINT NOT NULL,
    content TEXT NOT NULL,  -- JSON: the lines
    lines INTEGER NOT NULL,
    units INTEGER NOT NULL,
    applied_at BIGINT,
    applied_by TEXT REFERENCES users (id),
    undone_at BIGINT,
    undone_by TEXT REFERENCES users (id),
    version INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT receipts_undone_check CHECK (undone_at IS NULL OR applied_at IS NOT NULL)
);
CREATE INDEX receipts_of ON receipts (pharmacy_id, made_at, id);
CREATE INDEX receipts_not_taken ON receipts (made_at) WHERE applied_at IS NULL;

-- A sheet of lots that was counted, with one reason for all its differences.
CREATE TABLE counts (
    id TEXT PRIMARY KEY,
    pharmacy_id TEXT NOT NULL REFERENCES organizations (id),
    made_by TEXT NOT NULL REFERENCES users (id),
    made_at BIGINT NOT NULL,
    reason TEXT NOT NULL,
    lots INTEGER NOT NULL,
    changed INTEGER NOT NULL CONSTRAINT counts_changed_check CHECK (changed BETWEEN 0 AND lots)
);
CREATE INDEX counts_of ON counts (pharmacy_id, made_at, id);
CREATE TRIGGER counts_are_kept BEFORE DELETE ON counts
BEGIN SELECT RAISE(ABORT, 'counts are never deleted'); END;
CREATE TRIGGER counts_are_final BEFORE UPDATE ON counts
BEGIN SELECT RAISE(ABORT, 'counts are never changed'); END;

ALTER TABLE movements ADD COLUMN receipt_id TEXT REFERENCES receipts (id);
ALTER TABLE movements ADD COLUMN count_id TEXT REFERENCES counts (id);
CREATE INDEX movements_receipt ON movements (receipt_id) WHERE receipt_id IS NOT NULL;
CREATE INDEX movements_count ON movements (count_id) WHERE count_id IS NOT NULL;
CREATE INDEX movements_time ON movements (at, id);

ALTER TABLE lots ADD COLUMN counted_at BIGINT;  -- when it was last counted, whatever was found
ALTER TABLE lots ADD COLUMN expired_told_at BIGINT;  -- when it was looked at whether its expiry has left too little
CREATE INDEX lots_expired ON lots (expires_on) WHERE on_hand > 0 AND expired_told_at IS NULL;

-- Which medicine is in a box with this code (GS1's GTIN, in fourteen digits), as the pharmacy has learned it.
CREATE TABLE gtins (
    pharmacy_id TEXT NOT NULL REFERENCES organizations (id),
    gtin TEXT NOT NULL CONSTRAINT gtins_gtin_check CHECK (length(gtin) = 14),
    medicine_id TEXT NOT NULL REFERENCES medicines (id),
    made_by TEXT NOT NULL REFERENCES users (id),
    made_at BIGINT NOT NULL,
    PRIMARY KEY (pharmacy_id, gtin)
);

-- What a pharmacy has chosen: whether others learn that it has all of a prescription (never how much), and when it is on duty.
CREATE TABLE pharmacy_choices (
    pharmacy_id TEXT PRIMARY KEY REFERENCES organizations (id),
    shows_cover INTEGER NOT NULL DEFAULT 0 CONSTRAINT pharmacy_choices_cover_check CHECK (shows_cover IN (0, 1)),
    duty_from TEXT,  -- ISO 8601 dates, both or none: the first and the last day
    duty_to TEXT,
    version INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT pharmacy_choices_duty_check CHECK ((duty_from IS NULL) = (duty_to IS NULL) AND (duty_from IS NULL OR duty_from <= duty_to))
);
