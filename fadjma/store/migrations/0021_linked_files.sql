-- Two files of one person, which an admin has linked (FHIR Patient.link, seealso). Nothing else refers to it: no row moves
-- and no grant widens. Undone by ending it.
CREATE TABLE patient_links (
    id TEXT PRIMARY KEY,
    one_id TEXT NOT NULL REFERENCES users (id),
    other_id TEXT NOT NULL REFERENCES users (id),
    linked_by TEXT NOT NULL REFERENCES users (id),
    linked_at BIGINT NOT NULL,
    ended_by TEXT REFERENCES users (id),
    ended_at BIGINT,
    version INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT patient_links_itself_check CHECK (one_id <> other_id),
    CONSTRAINT patient_links_ended_check CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
CREATE UNIQUE INDEX patient_links_open ON patient_links (one_id, other_id) WHERE ended_at IS NULL;
CREATE INDEX patient_links_other ON patient_links (other_id) WHERE ended_at IS NULL;
CREATE INDEX patient_links_at ON patient_links (linked_at, id);
CREATE TRIGGER patient_links_are_kept BEFORE DELETE ON patient_links
BEGIN SELECT RAISE(ABORT, 'links are never deleted'); END;
CREATE TRIGGER patient_links_parties BEFORE UPDATE OF one_id, other_id, linked_by, linked_at ON patient_links
BEGIN SELECT RAISE(ABORT, 'what a link links never changes'); END;
