-- Medical records; what they say is in insert-only versions.
CREATE TABLE records (
    id TEXT PRIMARY KEY,
    patient_id TEXT NOT NULL REFERENCES users (id),
    type TEXT NOT NULL CHECK (type IN ('consultation', 'test_result', 'vaccination', 'allergy', 'prescription')),
    author_id TEXT NOT NULL REFERENCES users (id),
    status TEXT NOT NULL DEFAULT 'current' CHECK (status IN ('current', 'entered_in_error')),
    occurred_on TEXT NOT NULL,  -- ISO 8601 date
    created_at BIGINT NOT NULL,
    version INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX records_patient ON records (patient_id, occurred_on, id);
CREATE TRIGGER records_are_kept BEFORE DELETE ON records
BEGIN SELECT RAISE(ABORT, 'records are never deleted'); END;
CREATE TRIGGER records_belong BEFORE UPDATE OF patient_id, author_id, type ON records
BEGIN SELECT RAISE(ABORT, 'whose record it is never changes'); END;
CREATE TRIGGER records_transitions BEFORE UPDATE OF status ON records WHEN OLD.status = 'entered_in_error'
BEGIN SELECT RAISE(ABORT, 'what was entered in error stays so'); END;

CREATE TABLE record_versions (
    record_id TEXT NOT NULL REFERENCES records (id),
    version INTEGER NOT NULL,
    author_id TEXT NOT NULL REFERENCES users (id),
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    reason TEXT,  -- why it was corrected; NULL for the first version
    created_at BIGINT NOT NULL,
    PRIMARY KEY (record_id, version),
    CHECK (version = 1 OR reason IS NOT NULL)
);
CREATE TRIGGER record_versions_are_kept BEFORE DELETE ON record_versions
BEGIN SELECT RAISE(ABORT, 'versions are never deleted'); END;
CREATE TRIGGER record_versions_are_final BEFORE UPDATE ON record_versions
BEGIN SELECT RAISE(ABORT, 'versions are never changed'); END;
