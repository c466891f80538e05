-- The schedule of vaccinations, as rows of a third kind in the clinic's own tables (0038); and since when somebody waits for a
-- dose, as rows, so that the front desk's list reads no more than its page.

ALTER TABLE safety_entries
    ADD COLUMN dose BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN from_age TEXT COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN to_age TEXT COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN apart TEXT COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN also TEXT COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN sex TEXT COLLATE "C" NOT NULL DEFAULT '',
    DROP CONSTRAINT safety_entries_kind_check,
    ADD CONSTRAINT safety_entries_kind_check CHECK (kind IN ('dose', 'interaction', 'vaccine')),
    ADD CONSTRAINT safety_entries_vaccine_check CHECK (
        (kind = 'vaccine' AND from_months = 0 AND to_months = 0 AND mg_per_kg_day = 0 AND other = '' AND effect = ''
         AND from_age <> '' AND to_age <> '' AND dose BETWEEN 0 AND 20 AND sex IN ('', 'female', 'male'))
        OR (kind <> 'vaccine' AND dose = 0 AND from_age = '' AND to_age = '' AND apart = '' AND also = '' AND sex = '')
    );
DROP INDEX safety_entries_in_use;
-- Of what is in use, one row for the same: two would say two things.
CREATE UNIQUE INDEX safety_entries_in_use ON safety_entries (kind, dci_key, other_key, from_months, dose, sex)
WHERE signed_at IS NOT NULL AND withdrawn_at IS NULL;
DROP TRIGGER safety_entries_are_final ON safety_entries;
CREATE TRIGGER safety_entries_are_final
    BEFORE UPDATE OF kind, dci, dci_key, other, other_key, effect, from_months, to_months, mg_per_kg_day, dose, from_age,
                     to_age, apart, also, sex, source, source_on, added_by, added_at ON safety_entries FOR EACH ROW
    EXECUTE FUNCTION refuse('a row of a safety table is withdrawn and written anew, never changed');

-- Every row of the schedule that was ever signed.
CREATE VIEW vaccine_schedule AS
SELECT id, dci AS vaccine, dci_key AS vaccine_key, also, dose, from_age, to_age, apart, sex, source, source_on, signed_by,
       signed_at, withdrawn_at
FROM safety_entries WHERE kind = 'vaccine' AND signed_at IS NOT NULL;

-- Whoever has had a vaccination with its fields: from when on they are to have the next dose. Worked out of the file, of the birth
-- date and of the schedule, and again whenever one of them changes.
CREATE TABLE vaccination_calls (
    patient_id TEXT COLLATE "C" PRIMARY KEY REFERENCES users (id),
    due_on TEXT COLLATE "C" NOT NULL,
    check_on TEXT COLLATE "C" NOT NULL,
    listed BIGINT NOT NULL,
    schedule BIGINT NOT NULL,
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
