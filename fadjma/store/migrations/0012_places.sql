-- What an admin says of a clinic or a pharmacy beside its name and address; hours as people say them: « 8h–20h sauf dimanche ».
ALTER TABLE organizations ADD COLUMN hours TEXT NOT NULL DEFAULT '';
ALTER TABLE organizations ADD COLUMN night_duty INTEGER NOT NULL DEFAULT 0
    CONSTRAINT organizations_night_duty_check CHECK (night_duty IN (0, 1));
ALTER TABLE organizations ADD COLUMN responsible TEXT NOT NULL DEFAULT '';
ALTER TABLE organizations ADD COLUMN version INTEGER NOT NULL DEFAULT 1;

-- The list of medicines is kept by an admin. Nothing is deleted: a retired one is no longer prescribed or received, and
-- what was prescribed and received goes on showing it.
ALTER TABLE medicines ADD COLUMN name_key TEXT;  -- by which one that is written differently is known: not unique, old lists have twins
UPDATE medicines SET name_key = name_key(dci, form, strength);
CREATE INDEX medicines_name_key ON medicines (name_key);
ALTER TABLE medicines ADD COLUMN brands TEXT NOT NULL DEFAULT '';  -- « Doliprane, Efferalgan »
ALTER TABLE medicines ADD COLUMN brands_key TEXT NOT NULL DEFAULT '';  -- search_words() of them, parted by spaces
ALTER TABLE medicines ADD COLUMN schedule TEXT NOT NULL DEFAULT 'none'
    CONSTRAINT medicines_schedule_check CHECK (schedule IN ('none', 'list_1', 'list_2', 'narcotic'));
ALTER TABLE medicines ADD COLUMN source TEXT NOT NULL DEFAULT ''
    CONSTRAINT medicines_source_check CHECK (source IN ('', 'starter'));
ALTER TABLE medicines ADD COLUMN reviewed_at BIGINT;  -- when a pharmacist has signed what the starter list says of it
ALTER TABLE medicines ADD COLUMN reviewed_by TEXT REFERENCES users (id);
ALTER TABLE medicines ADD COLUMN retired_at BIGINT;
ALTER TABLE medicines ADD COLUMN version INTEGER NOT NULL DEFAULT 1;

DROP INDEX medicines_search;
CREATE INDEX medicines_search ON medicines (search_key, id);
CREATE INDEX medicines_to_review ON medicines (id) WHERE source <> '' AND reviewed_at IS NULL;
CREATE INDEX prescription_lines_medicine ON prescription_lines (medicine_id);
CREATE INDEX products_medicine ON products (medicine_id);

CREATE TRIGGER medicines_are_kept BEFORE DELETE ON medicines
BEGIN SELECT RAISE(ABORT, 'medicines are never deleted'); END;
-- Another strength would make another prescription of an old one.
CREATE TRIGGER medicines_in_use_keep_their_name BEFORE UPDATE OF dci, form, strength, unit ON medicines
WHEN (OLD.dci <> NEW.dci OR OLD.form <> NEW.form OR OLD.strength <> NEW.strength OR OLD.unit <> NEW.unit)
    AND (EXISTS (SELECT 1 FROM prescription_lines WHERE medicine_id = OLD.id)
        OR EXISTS (SELECT 1 FROM products WHERE medicine_id = OLD.id))
BEGIN SELECT RAISE(ABORT, 'a medicine in use keeps its name'); END;

-- A file of medicines that was read and found good, until an admin says that it is to be taken.
CREATE TABLE medicine_imports (
    id TEXT PRIMARY KEY,
    made_by TEXT NOT NULL REFERENCES users (id),
    made_at BIGINT NOT NULL,
    content TEXT NOT NULL,  -- JSON: the lines; empty once they are taken
    added INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    unchanged INTEGER NOT NULL,
    applied_at BIGINT,
    version INTEGER NOT NULL DEFAULT 1
);
