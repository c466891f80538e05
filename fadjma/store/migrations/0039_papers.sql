-- Papers and pictures. What they are is here; what they hold are files beside the database, each under its SHA-256.

-- Of records, for the other domains: what each is in its current version.
CREATE VIEW recorded AS
SELECT r.id AS record_id, r.patient_id, r.type, r.status, r.occurred_on, r.author_id, v.title
FROM records r JOIN record_versions v ON v.record_id = r.id AND v.version = r.version;

-- A paper is what a record was made of: who may read the record may see it, and with the record it is hidden.
CREATE TABLE papers (
    id TEXT PRIMARY KEY,
    record_id TEXT NOT NULL REFERENCES records (id),
    patient_id TEXT NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL,      -- its media type
    sha256 TEXT NOT NULL,    -- of what is kept, which is the name of its file
    size INTEGER NOT NULL,   -- bytes of it
    width INTEGER,           -- of a picture, in points
    height INTEGER,
    pages INTEGER,           -- of a PDF
    thumbnail TEXT,          -- the SHA-256 of a small JPEG of a picture
    author_id TEXT NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    CONSTRAINT papers_kind_check CHECK (kind IN ('application/pdf', 'image/jpeg', 'image/png')),
    CONSTRAINT papers_size_check CHECK (size > 0),
    CONSTRAINT papers_sha256_check CHECK (length(sha256) = 64 AND (thumbnail IS NULL OR length(thumbnail) = 64)),
    CONSTRAINT papers_shape_check CHECK (
        (kind = 'application/pdf') = (pages IS NOT NULL) AND (kind <> 'application/pdf') = (thumbnail IS NOT NULL)
        AND (width IS NULL) = (pages IS NOT NULL) AND (height IS NULL) = (pages IS NOT NULL)
    )
);
CREATE INDEX papers_record ON papers (record_id, created_at, id);
CREATE INDEX papers_patient ON papers (patient_id, created_at, id);
CREATE TRIGGER papers_are_kept BEFORE DELETE ON papers
BEGIN SELECT RAISE(ABORT, 'papers are never deleted'); END;
CREATE TRIGGER papers_are_final BEFORE UPDATE ON papers
BEGIN SELECT RAISE(ABORT, 'papers are never changed'); END;
CREATE TRIGGER papers_are_not_replaced BEFORE INSERT ON papers WHEN EXISTS (SELECT 1 FROM papers WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'papers are never replaced'); END;

-- Files that come in parts, with what will be said of them. They go when they are a day old.
CREATE TABLE uploads (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    patient_id TEXT NOT NULL REFERENCES users (id),
    type TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    occurred_on TEXT NOT NULL,
    size INTEGER NOT NULL,   -- bytes
    sha256 TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    paper_id TEXT REFERENCES papers (id),  -- once it is whole
    CONSTRAINT uploads_size_check CHECK (size > 0)
);
CREATE UNIQUE INDEX uploads_open ON uploads (user_id, patient_id, sha256) WHERE paper_id IS NULL;
CREATE INDEX uploads_age ON uploads (created_at);

-- Of papers, for the records that lists show.
CREATE VIEW record_papers AS SELECT record_id, id AS paper_id FROM papers;
