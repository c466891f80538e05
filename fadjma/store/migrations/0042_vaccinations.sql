-- What a version of a vaccination says in its fields; its title and text say the same in words. A version without a row here is
-- one in words only, of which nothing is known to be due.
CREATE TABLE vaccination_facts (
    record_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    vaccine TEXT NOT NULL,
    vaccine_key TEXT NOT NULL,  -- as it is compared with others (fadjma/writing.py, fold)
    dose INTEGER,               -- NULL: not known
    lot TEXT NOT NULL,          -- empty, as below: not known
    site TEXT NOT NULL,
    next_due TEXT NOT NULL,     -- ISO 8601 date
    note TEXT NOT NULL,
    PRIMARY KEY (record_id, version),
    FOREIGN KEY (record_id, version) REFERENCES record_versions (record_id, version),
    CONSTRAINT vaccination_facts_vaccine_check CHECK (vaccine <> '' AND vaccine_key <> ''),
    CONSTRAINT vaccination_facts_dose_check CHECK (dose BETWEEN 0 AND 20)
);
CREATE INDEX vaccination_facts_due ON vaccination_facts (next_due) WHERE next_due <> '';
CREATE TRIGGER vaccination_facts_are_kept BEFORE DELETE ON vaccination_facts
BEGIN SELECT RAISE(ABORT, 'what was said of a vaccination is never deleted'); END;
CREATE TRIGGER vaccination_facts_are_final BEFORE UPDATE ON vaccination_facts
BEGIN SELECT RAISE(ABORT, 'what was said of a vaccination is never changed'); END;
CREATE TRIGGER vaccination_facts_are_not_replaced BEFORE INSERT ON vaccination_facts
WHEN EXISTS (SELECT 1 FROM vaccination_facts WHERE record_id = NEW.record_id AND version = NEW.version)
BEGIN SELECT RAISE(ABORT, 'what was said of a vaccination is never replaced'); END;
