-- Copies that were made on the schedule, and the drills in which one was restored aside: what came of each.
CREATE TABLE backup_runs (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CONSTRAINT backup_runs_kind_check CHECK (kind IN ('copy', 'drill')),
    begun_at BIGINT NOT NULL,
    ended_at BIGINT NOT NULL,
    file TEXT NOT NULL DEFAULT '',  -- its name in the folder
    size BIGINT NOT NULL DEFAULT 0,  -- bytes
    counted TEXT NOT NULL DEFAULT '{}',  -- JSON: how many rows each table of a copy has
    failure TEXT NOT NULL DEFAULT ''  -- one line for whoever runs the machine; empty: it succeeded
);
CREATE INDEX backup_runs_at ON backup_runs (kind, begun_at, id);

-- A file of clinics and pharmacies that was read and found good, until an admin says that it is to be taken.
CREATE TABLE place_imports (
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

-- What was changed of the clinic's own settings, by whom.
CREATE INDEX audit_events_of ON audit_events (subject_kind, subject_id, at, id) WHERE patient_id IS NULL;
