-- A file that was read and found good, until somebody says that it is to be taken: medicines, places, rows of the
-- safety tables. Each had a table of its own (0012, 0014, 0038), and all three said the same.
CREATE TABLE imports (
    id TEXT COLLATE "C" PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL CONSTRAINT imports_kind_check CHECK (kind IN ('medicine', 'place', 'safety')),
    made_by TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    made_at BIGINT NOT NULL,
    content TEXT COLLATE "C" NOT NULL,  -- JSON: the lines; empty once they are taken
    added BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    unchanged BIGINT NOT NULL,
    applied_at BIGINT,
    version BIGINT NOT NULL DEFAULT 1
);
INSERT INTO imports (id, kind, made_by, made_at, content, added, changed, unchanged, applied_at, version)
SELECT id, 'medicine', made_by, made_at, content, added, changed, unchanged, applied_at, version FROM medicine_imports;
INSERT INTO imports (id, kind, made_by, made_at, content, added, changed, unchanged, applied_at, version)
SELECT id, 'place', made_by, made_at, content, added, changed, unchanged, applied_at, version FROM place_imports;
INSERT INTO imports (id, kind, made_by, made_at, content, added, changed, unchanged, applied_at, version)
SELECT id, 'safety', made_by, made_at, content, added, changed, unchanged, applied_at, version FROM safety_imports;
DROP TABLE medicine_imports;
DROP TABLE place_imports;
DROP TABLE safety_imports;
