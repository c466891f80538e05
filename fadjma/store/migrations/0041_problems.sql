-- rebuild: records
-- A patient's problems: a type of record, each version of which has fields of its own.
CREATE TABLE records_new (
    id TEXT PRIMARY KEY,
    patient_id TEXT NOT NULL REFERENCES users (id),
    type TEXT NOT NULL CONSTRAINT records_type_check
        CHECK (type IN ('consultation', 'test_result', 'vaccination', 'allergy', 'problem', 'prescription')),
    author_id TEXT NOT NULL REFERENCES users (id),
    status TEXT NOT NULL DEFAULT 'current'
        CONSTRAINT records_status_check CHECK (status IN ('current', 'entered_in_error')),
    occurred_on TEXT NOT NULL,  -- ISO 8601 date
    created_at BIGINT NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    words TEXT NOT NULL DEFAULT ''  -- by which it is found (0026)
);
INSERT INTO records_new (id, patient_id, type, author_id, status, occurred_on, created_at, version, words)
SELECT id, patient_id, type, author_id, status, occurred_on, created_at, version, words FROM records;
DROP TABLE records;
ALTER TABLE records_new RENAME TO records;
CREATE INDEX records_patient ON records (patient_id, occurred_on, id);
CREATE INDEX records_types ON records (patient_id, type, occurred_on, id);
CREATE INDEX records_authors ON records (patient_id, status, type, author_id);
CREATE TRIGGER records_are_kept BEFORE DELETE ON records
BEGIN SELECT RAISE(ABORT, 'records are never deleted'); END;
CREATE TRIGGER records_belong BEFORE UPDATE OF patient_id, author_id, type ON records
BEGIN SELECT RAISE(ABORT, 'whose record it is never changes'); END;
CREATE TRIGGER records_transitions BEFORE UPDATE OF status ON records WHEN OLD.status = 'entered_in_error'
BEGIN SELECT RAISE(ABORT, 'what was entered in error stays so'); END;

-- What a version of a problem says in its fields; its title and text say the same in words.
CREATE TABLE problem_facts (
    record_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    words TEXT NOT NULL,     -- of its doctor, whatever its code
    icd TEXT NOT NULL,     -- a code of ICD-10; empty: none
    since TEXT NOT NULL,     -- as much of an ISO 8601 date as is known; empty: nothing
    status TEXT NOT NULL,
    ended_on TEXT NOT NULL,  -- ISO 8601 date; empty: it goes on, or nobody knows when it ended
    note TEXT NOT NULL,
    PRIMARY KEY (record_id, version),
    FOREIGN KEY (record_id, version) REFERENCES record_versions (record_id, version),
    CONSTRAINT problem_facts_words_check CHECK (words <> ''),
    CONSTRAINT problem_facts_status_check CHECK (status IN ('active', 'past')),
    CONSTRAINT problem_facts_ended_check CHECK (status = 'past' OR ended_on = '')
);
CREATE TRIGGER problem_facts_are_kept BEFORE DELETE ON problem_facts
BEGIN SELECT RAISE(ABORT, 'what was said of a problem is never deleted'); END;
CREATE TRIGGER problem_facts_are_final BEFORE UPDATE ON problem_facts
BEGIN SELECT RAISE(ABORT, 'what was said of a problem is never changed'); END;
CREATE TRIGGER problem_facts_are_not_replaced BEFORE INSERT ON problem_facts
WHEN EXISTS (SELECT 1 FROM problem_facts WHERE record_id = NEW.record_id AND version = NEW.version)
BEGIN SELECT RAISE(ABORT, 'what was said of a problem is never replaced'); END;
