-- Children under five of whom no vaccination is noted in its fields are called for apart (docs/decisions/30-nothing-noted.md).

-- How their vaccinations are noted: one in its fields at least, in words alone, or none.
ALTER TABLE vaccination_calls ADD COLUMN noted TEXT COLLATE "C" NOT NULL DEFAULT 'fields'
    CONSTRAINT vaccination_calls_noted_check CHECK (noted IN ('fields', 'words', 'nothing'));
DROP INDEX vaccination_calls_due;
CREATE INDEX vaccination_calls_due ON vaccination_calls (due_on, patient_id) WHERE noted = 'fields' AND due_on <> '';
CREATE INDEX vaccination_calls_unnoted ON vaccination_calls (due_on, patient_id) WHERE noted <> 'fields' AND due_on <> '';

-- Whoever may be so young (no child born before 2021 was under five when this was written), and whom the front desk has registered
-- or whose file was open to a doctor. The program looks at each at its first round, and at those that are there already.
INSERT INTO vaccination_calls (patient_id, due_on, check_on, listed, schedule, noted)
SELECT p.user_id, '', '', 0, -1, 'nothing' FROM patients p
WHERE p.birth_date >= '2021'
AND NOT EXISTS (SELECT 1 FROM vaccination_calls c WHERE c.patient_id = p.user_id)
AND (
    EXISTS (SELECT 1 FROM access_requests a WHERE a.patient_id = p.user_id
            AND a.status IN ('approved', 'emergency', 'expired', 'revoked', 'replaced'))
    OR EXISTS (SELECT 1 FROM audit_events e WHERE e.patient_id = p.user_id AND e.action = 'identity.registered')
);
UPDATE vaccination_calls SET schedule = -1;
