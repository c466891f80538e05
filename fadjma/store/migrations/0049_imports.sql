-- A file that was read and found good, until somebody says that it is to be taken: medicines, places, rows of the
-- safety tables. Each had a table of its own (0012, 0014, 0038), and all three said the same.
CREATE TABLE imports (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CONSTRAINT imports_kind_check CHECK (kind IN ('medicine', 'place', 'safety')),
    made_by TEXT NOT NULL REFERENCES users (id),
    made_at BIGINT NOT NULL,
    content TEXT NOT NULL,  -- JSON: the lines; empty once they are taken
    added INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    unchanged INTEGER NOT NULL,
    applied_at BIGINT,
    version INTEGER NOT NULL DEFAULT 1
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
