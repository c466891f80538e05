-- rebuild: records
-- Papers of several pages, by whom else than a doctor: a nurse by delegation, and a patient, whose papers are a type of record of
-- their own, so that nobody takes one for a result of the clinic.
CREATE TABLE records_new (
    id TEXT PRIMARY KEY,
    patient_id TEXT NOT NULL REFERENCES users (id),
    type TEXT NOT NULL CONSTRAINT records_type_check
        CHECK (type IN ('consultation', 'test_result', 'vaccination', 'allergy', 'problem', 'prescription', 'document')),
    author_id TEXT NOT NULL REFERENCES users (id),
    status TEXT NOT NULL DEFAULT 'current'
        CONSTRAINT records_status_check CHECK (status IN ('current', 'entered_in_error')),
    occurred_on TEXT NOT NULL,  -- ISO 8601 date
    created_at BIGINT NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    words TEXT NOT NULL DEFAULT '',  -- by which it is found (0026)
    -- « document »: what a patient has brought; nobody else writes one, and patients write nothing else.
    CONSTRAINT records_brought_check CHECK ((type = 'document') = (author_id = patient_id))
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

-- Which page of its record it is, from 1; and for a nurse, under whose access.
ALTER TABLE papers ADD COLUMN position INTEGER NOT NULL DEFAULT 1
    CONSTRAINT papers_position_check CHECK (position BETWEEN 1 AND 20);
ALTER TABLE papers ADD COLUMN delegated_by TEXT REFERENCES users (id);
DROP INDEX papers_record;
CREATE UNIQUE INDEX papers_pages ON papers (record_id, position);

-- A file that will be one page more of a paper that is there.
ALTER TABLE uploads ADD COLUMN page_of TEXT REFERENCES papers (id);
