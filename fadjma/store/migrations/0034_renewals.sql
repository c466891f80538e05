-- How many times its prescriber has expressly written that a line may be renewed.
ALTER TABLE prescription_lines ADD COLUMN renewals INTEGER NOT NULL DEFAULT 0
    CONSTRAINT prescription_lines_renewals_check CHECK (renewals BETWEEN 0 AND 12);

-- What a patient has asked of the prescriber: that a prescription be written anew. Accepted is what was signed.
CREATE TABLE renewals (
    id TEXT PRIMARY KEY,
    prescription_id TEXT NOT NULL REFERENCES prescriptions (id),
    prescriber_id TEXT NOT NULL REFERENCES users (id),  -- of the prescription, who answers
    status TEXT NOT NULL
        CONSTRAINT renewals_status_check CHECK (status IN ('pending', 'accepted', 'declined', 'withdrawn', 'lapsed')),
    note TEXT NOT NULL,    -- what the patient has written with it
    by_id TEXT REFERENCES users (id),  -- who asked for the patient; NULL: the patient
    asked_at BIGINT NOT NULL,
    lapses_at BIGINT NOT NULL,
    ended_at BIGINT,
    reason TEXT NOT NULL,  -- of what was declined; empty else
    renewed_id TEXT REFERENCES prescriptions (id),  -- what was signed
    CONSTRAINT renewals_ended_check CHECK ((status = 'pending') = (ended_at IS NULL)),
    CONSTRAINT renewals_reason_check CHECK ((status = 'declined') = (reason <> '')),
    CONSTRAINT renewals_renewed_check CHECK ((status = 'accepted') = (renewed_id IS NOT NULL))
);
CREATE UNIQUE INDEX renewals_one_pending ON renewals (prescription_id) WHERE status = 'pending';
CREATE UNIQUE INDEX renewals_signed_once ON renewals (renewed_id) WHERE renewed_id IS NOT NULL;
CREATE INDEX renewals_of ON renewals (prescription_id, asked_at, id);
CREATE INDEX renewals_to_answer ON renewals (prescriber_id, lapses_at) WHERE status = 'pending';
CREATE INDEX renewals_lapsing ON renewals (lapses_at) WHERE status = 'pending';
CREATE TRIGGER renewals_are_kept BEFORE DELETE ON renewals
BEGIN SELECT RAISE(ABORT, 'renewals are never deleted'); END;
CREATE TRIGGER renewals_are_not_replaced BEFORE INSERT ON renewals
WHEN EXISTS (SELECT 1 FROM renewals WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'renewals are never replaced'); END;
CREATE TRIGGER renewals_are_answered_once BEFORE UPDATE ON renewals
WHEN OLD.status <> 'pending'
BEGIN SELECT RAISE(ABORT, 'a renewal is answered once'); END;
CREATE TRIGGER renewals_belong BEFORE UPDATE OF id, prescription_id, prescriber_id, note, by_id, asked_at, lapses_at ON renewals
BEGIN SELECT RAISE(ABORT, 'what was asked never changes'); END;

-- What the pharmacy has answered to who wants the medicines brought. What is on its way, or was brought, was accepted.
ALTER TABLE delivery_requests ADD COLUMN status TEXT NOT NULL DEFAULT 'asked'
    CONSTRAINT delivery_requests_status_check CHECK (status IN ('asked', 'accepted', 'declined'));
ALTER TABLE delivery_requests ADD COLUMN answered_at BIGINT;
ALTER TABLE delivery_requests ADD COLUMN answered_by TEXT REFERENCES users (id);
ALTER TABLE delivery_requests ADD COLUMN reason TEXT NOT NULL DEFAULT ''  -- of what was declined; empty else
    CONSTRAINT delivery_requests_reason_check CHECK ((status = 'declined') = (reason <> ''));
UPDATE delivery_requests SET status = 'accepted' WHERE EXISTS (
    SELECT 1 FROM prescription_acts a
    WHERE a.prescription_id = delivery_requests.prescription_id AND a.to_status = 'in_delivery');
