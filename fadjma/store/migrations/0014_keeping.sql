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
