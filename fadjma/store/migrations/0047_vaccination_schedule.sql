-- rebuild: safety_entries
-- The schedule of vaccinations, as rows of a third kind in the clinic's own tables (0038); and since when somebody waits for a
-- dose, as rows, so that the front desk's list reads no more than its page.

CREATE TABLE safety_entries_new (
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
    dose INTEGER NOT NULL DEFAULT 0,     -- of a vaccine: the how many-eth (0: the one at birth)
    from_age TEXT NOT NULL DEFAULT '',   -- the age at which it is due, and from which it is not given any more (ISO 8601: P6W, P9M)
    to_age TEXT NOT NULL DEFAULT '',
    apart TEXT NOT NULL DEFAULT '',      -- how long after the dose before at least; empty: nothing is said
    also TEXT NOT NULL DEFAULT '',       -- its other names, with commas between
    sex TEXT NOT NULL DEFAULT '',        -- for whom alone; empty: for all
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
    CONSTRAINT safety_entries_kind_check CHECK (kind IN ('dose', 'interaction', 'vaccine')),
    CONSTRAINT safety_entries_dose_check CHECK (
        kind <> 'dose' OR (0 <= from_months AND from_months < to_months AND mg_per_kg_day > 0 AND other = '' AND effect = '')
    ),
    CONSTRAINT safety_entries_interaction_check CHECK (
        kind <> 'interaction' OR (from_months = 0 AND to_months = 0 AND mg_per_kg_day = 0 AND effect <> '' AND dci_key <> other_key)
    ),
    CONSTRAINT safety_entries_vaccine_check CHECK (
        (kind = 'vaccine' AND from_months = 0 AND to_months = 0 AND mg_per_kg_day = 0 AND other = '' AND effect = ''
         AND from_age <> '' AND to_age <> '' AND dose BETWEEN 0 AND 20 AND sex IN ('', 'female', 'male'))
        OR (kind <> 'vaccine' AND dose = 0 AND from_age = '' AND to_age = '' AND apart = '' AND also = '' AND sex = '')
    ),
    CONSTRAINT safety_entries_source_check CHECK (source <> '' AND source_on <> ''),
    CONSTRAINT safety_entries_signed_check CHECK ((signed_by IS NULL) = (signed_at IS NULL)),
    CONSTRAINT safety_entries_withdrawn_check CHECK (
        (withdrawn_by IS NULL) = (withdrawn_at IS NULL) AND (withdrawn_by IS NULL) = (withdrawal_reason = '')
    )
);
INSERT INTO safety_entries_new (
    id, kind, dci, dci_key, other, other_key, effect, from_months, to_months, mg_per_kg_day, source, source_on,
    added_by, added_at, signed_by, signed_at, withdrawn_by, withdrawn_at, withdrawal_reason, version
)
SELECT
    id, kind, dci, dci_key, other, other_key, effect, from_months, to_months, mg_per_kg_day, source, source_on,
    added_by, added_at, signed_by, signed_at, withdrawn_by, withdrawn_at, withdrawal_reason, version
FROM safety_entries;
DROP TABLE safety_entries;
ALTER TABLE safety_entries_new RENAME TO safety_entries;
CREATE INDEX safety_entries_listed ON safety_entries (dci_key, id);
-- Of what is in use, one row for the same: two would say two things.
CREATE UNIQUE INDEX safety_entries_in_use ON safety_entries (kind, dci_key, other_key, from_months, dose, sex)
WHERE signed_at IS NOT NULL AND withdrawn_at IS NULL;
CREATE TRIGGER safety_entries_are_kept BEFORE DELETE ON safety_entries
BEGIN SELECT RAISE(ABORT, 'a row of a safety table is withdrawn, never deleted'); END;
CREATE TRIGGER safety_entries_are_final
BEFORE UPDATE OF kind, dci, dci_key, other, other_key, effect, from_months, to_months, mg_per_kg_day, dose, from_age,
                 to_age, apart, also, sex, source, source_on, added_by, added_at ON safety_entries
BEGIN SELECT RAISE(ABORT, 'a row of a safety table is withdrawn and written anew, never changed'); END;
CREATE TRIGGER safety_entries_are_signed_once BEFORE UPDATE OF signed_by, signed_at ON safety_entries
WHEN OLD.signed_at IS NOT NULL OR OLD.withdrawn_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a row of a safety table is signed once, and not after it was withdrawn'); END;
CREATE TRIGGER safety_entries_are_withdrawn_once BEFORE UPDATE OF withdrawn_by, withdrawn_at, withdrawal_reason ON safety_entries
WHEN OLD.withdrawn_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a row of a safety table that was withdrawn stays so'); END;

-- Every row of the schedule that was ever signed.
CREATE VIEW vaccine_schedule AS
SELECT id, dci AS vaccine, dci_key AS vaccine_key, also, dose, from_age, to_age, apart, sex, source, source_on, signed_by,
       signed_at, withdrawn_at
FROM safety_entries WHERE kind = 'vaccine' AND signed_at IS NOT NULL;

-- Whoever has had a vaccination with its fields: from when on they are to have the next dose. Worked out of the file, of the birth
-- date and of the schedule, and again whenever one of them changes.
CREATE TABLE vaccination_calls (
    patient_id TEXT PRIMARY KEY REFERENCES users (id),
    due_on TEXT NOT NULL,      -- ISO 8601 date; empty: nothing is
    check_on TEXT NOT NULL,    -- the day from which it says something else by itself; empty: none
    listed INTEGER NOT NULL,   -- whether the front desk was told that it has them on its list
    schedule INTEGER NOT NULL, -- how often the schedule had changed by then (records/schedule.py)
    CONSTRAINT vaccination_calls_listed_check CHECK (listed IN (0, 1))
);
CREATE INDEX vaccination_calls_due ON vaccination_calls (due_on, patient_id) WHERE due_on <> '';
CREATE INDEX vaccination_calls_check ON vaccination_calls (check_on) WHERE check_on <> '';
CREATE INDEX vaccination_calls_schedule ON vaccination_calls (schedule);
-- What was written before, by what was written; the program looks at each at its first round.
INSERT INTO vaccination_calls (patient_id, due_on, check_on, listed, schedule)
SELECT r.patient_id, coalesce(min(CASE WHEN NOT EXISTS (
    SELECT 1 FROM records n JOIN vaccination_facts g ON g.record_id = n.id AND g.version = n.version
    WHERE n.patient_id = r.patient_id AND n.type = 'vaccination' AND n.status = 'current'
    AND g.vaccine_key = f.vaccine_key AND (n.occurred_on, n.created_at) > (r.occurred_on, r.created_at)
) AND r.status = 'current' AND f.next_due <> '' THEN f.next_due END), ''), '', 0, -1
FROM records r JOIN vaccination_facts f ON f.record_id = r.id AND f.version = r.version
GROUP BY r.patient_id;
