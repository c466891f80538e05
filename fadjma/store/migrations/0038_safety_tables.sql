-- rebuild: alert_overrides
-- Tables of doses and of interactions: entered or imported, signed, withdrawn, for ever; and alerts that come of them.

-- dose_limits had no code and so no rows: one table of both kinds takes its place.
DROP TRIGGER dose_limits_are_kept;
DROP TRIGGER dose_limits_are_final;
DROP INDEX dose_limits_of;
DROP TABLE dose_limits;

-- What a child may be given by weight (dose), or what two substances do to each other (interaction). A row counts for nothing
-- until a doctor or pharmacist has signed it. It is never changed: it is withdrawn, and another one is written.
CREATE TABLE safety_entries (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    dci TEXT NOT NULL,
    dci_key TEXT NOT NULL,           -- as it is compared (records/allergens.py)
    other TEXT NOT NULL,             -- of an interaction the other substance, else empty
    other_key TEXT NOT NULL,
    effect TEXT NOT NULL,            -- of an interaction what it does, else empty
    from_months INTEGER NOT NULL,    -- of a dose the age from which it is meant, and before which it is not any more; else 0
    to_months INTEGER NOT NULL,
    mg_per_kg_day INTEGER NOT NULL,  -- of a dose at most, in hundredths of a milligram; else 0
    source TEXT NOT NULL,
    source_on TEXT NOT NULL,         -- of when the source is: a year, a month or a day, ISO 8601
    added_by TEXT NOT NULL REFERENCES users (id),
    added_at BIGINT NOT NULL,
    signed_by TEXT REFERENCES users (id),
    signed_at BIGINT,
    withdrawn_by TEXT REFERENCES users (id),
    withdrawn_at BIGINT,
    withdrawal_reason TEXT NOT NULL DEFAULT '',
    version INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT safety_entries_kind_check CHECK (kind IN ('dose', 'interaction')),
    CONSTRAINT safety_entries_dose_check CHECK (
        kind <> 'dose' OR (0 <= from_months AND from_months < to_months AND mg_per_kg_day > 0 AND other = '' AND effect = '')
    ),
    CONSTRAINT safety_entries_interaction_check CHECK (
        kind <> 'interaction' OR (from_months = 0 AND to_months = 0 AND mg_per_kg_day = 0 AND effect <> '' AND dci_key <> other_key)
    ),
    CONSTRAINT safety_entries_source_check CHECK (source <> '' AND source_on <> ''),
    CONSTRAINT safety_entries_signed_check CHECK ((signed_by IS NULL) = (signed_at IS NULL)),
    CONSTRAINT safety_entries_withdrawn_check CHECK (
        (withdrawn_by IS NULL) = (withdrawn_at IS NULL) AND (withdrawn_by IS NULL) = (withdrawal_reason = '')
    )
);
CREATE INDEX safety_entries_listed ON safety_entries (dci_key, id);
-- Of what is in use, one row for the same: two would say two things.
CREATE UNIQUE INDEX safety_entries_in_use ON safety_entries (kind, dci_key, other_key, from_months)
WHERE signed_at IS NOT NULL AND withdrawn_at IS NULL;
CREATE TRIGGER safety_entries_are_kept BEFORE DELETE ON safety_entries
BEGIN SELECT RAISE(ABORT, 'a row of a safety table is withdrawn, never deleted'); END;
CREATE TRIGGER safety_entries_are_final
BEFORE UPDATE OF kind, dci, dci_key, other, other_key, effect, from_months, to_months, mg_per_kg_day, source, source_on,
                 added_by, added_at ON safety_entries
BEGIN SELECT RAISE(ABORT, 'a row of a safety table is withdrawn and written anew, never changed'); END;
CREATE TRIGGER safety_entries_are_signed_once BEFORE UPDATE OF signed_by, signed_at ON safety_entries
WHEN OLD.signed_at IS NOT NULL OR OLD.withdrawn_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a row of a safety table is signed once, and not after it was withdrawn'); END;
CREATE TRIGGER safety_entries_are_withdrawn_once BEFORE UPDATE OF withdrawn_by, withdrawn_at, withdrawal_reason ON safety_entries
WHEN OLD.withdrawn_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a row of a safety table that was withdrawn stays so'); END;

-- Files of such rows, as place_imports (0014): kept for a day where nobody took them.
CREATE TABLE safety_imports (
    id TEXT PRIMARY KEY,
    made_by TEXT NOT NULL REFERENCES users (id),
    made_at BIGINT NOT NULL,
    content TEXT NOT NULL,  -- what each line says, a JSON list; empty once it was taken
    added INTEGER NOT NULL,
    changed INTEGER NOT NULL DEFAULT 0,
    unchanged INTEGER NOT NULL,
    applied_at BIGINT,
    version INTEGER NOT NULL DEFAULT 1
);

-- As in 0029, with the kind `interaction`.
CREATE TABLE alert_overrides_new (
    id TEXT PRIMARY KEY,
    prescription_id TEXT NOT NULL REFERENCES prescriptions (id),
    line INTEGER NOT NULL,
    alert TEXT NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    said TEXT NOT NULL,
    reason TEXT NOT NULL,
    actor_id TEXT NOT NULL REFERENCES users (id),
    at BIGINT NOT NULL,
    CONSTRAINT alert_overrides_kind_check
    CHECK (kind IN ('allergy', 'duplicate', 'same_class', 'dose', 'interaction', 'posology')),
    CONSTRAINT alert_overrides_reason_check CHECK (kind NOT IN ('allergy', 'duplicate') OR reason <> '')
);
INSERT INTO alert_overrides_new (id, prescription_id, line, alert, kind, text, said, reason, actor_id, at)
SELECT id, prescription_id, line, alert, kind, text, said, reason, actor_id, at FROM alert_overrides;
DROP TABLE alert_overrides;
ALTER TABLE alert_overrides_new RENAME TO alert_overrides;
CREATE INDEX alert_overrides_of ON alert_overrides (prescription_id, at, id);
CREATE TRIGGER alert_overrides_are_kept BEFORE DELETE ON alert_overrides
BEGIN SELECT RAISE(ABORT, 'what was answered is never deleted'); END;
CREATE TRIGGER alert_overrides_are_final BEFORE UPDATE ON alert_overrides
BEGIN SELECT RAISE(ABORT, 'what was answered is never changed'); END;
