-- What shows that nothing which was written has been changed since: docs/decisions/26-the-chain.md, SECURITY.md.

-- One chain for each patient, each place, and one for the clinic. A link covers what one transaction added of its chain.
CREATE TABLE chain_links (
    chain TEXT NOT NULL,      -- the id of a patient or a place, or « clinic »
    number BIGINT NOT NULL,   -- from 1, without holes
    made TEXT NOT NULL CONSTRAINT chain_links_made_check CHECK (made IN ('act', 'before')),  -- before: what was there before the chain
    at BIGINT NOT NULL,
    seal BIGINT NOT NULL,     -- the number of the seal that is the first to hold it
    form INTEGER NOT NULL,    -- how the rows were read (fadjma/chain/covering.py)
    salt TEXT NOT NULL,
    covered TEXT NOT NULL,    -- « kind:key », parted by spaces
    digest TEXT NOT NULL,     -- SHA-256 over all of it, the rows, and the digest of the link before
    PRIMARY KEY (chain, number)
);
CREATE TRIGGER chain_links_are_kept BEFORE DELETE ON chain_links
BEGIN SELECT RAISE(ABORT, 'links of a chain are never deleted'); END;
CREATE TRIGGER chain_links_are_final BEFORE UPDATE ON chain_links
BEGIN SELECT RAISE(ABORT, 'links of a chain are never changed'); END;

-- The last link of each chain, so that a writer need not look for it. Without an index for the seal, which reads all of
-- them once a minute: every act would pay for it.
CREATE TABLE chain_heads (
    chain TEXT PRIMARY KEY,
    number BIGINT NOT NULL,
    digest TEXT NOT NULL,
    seal BIGINT NOT NULL,     -- the seal that will hold it
    since BIGINT NOT NULL     -- the number of its first link that this seal will hold
);

-- The keys that have signed; the private half of the newest is a file elsewhere.
CREATE TABLE chain_keys (
    fingerprint TEXT PRIMARY KEY,
    public_key TEXT NOT NULL,  -- Ed25519, 32 bytes in hexadecimal
    position INTEGER NOT NULL CONSTRAINT chain_keys_position_check CHECK (position > 0),
    since BIGINT NOT NULL
);
CREATE UNIQUE INDEX chain_keys_position ON chain_keys (position);
CREATE TRIGGER chain_keys_are_kept BEFORE DELETE ON chain_keys
BEGIN SELECT RAISE(ABORT, 'keys are never deleted'); END;
CREATE TRIGGER chain_keys_are_final BEFORE UPDATE ON chain_keys
BEGIN SELECT RAISE(ABORT, 'keys are never changed'); END;
CREATE TRIGGER chain_keys_are_not_replaced BEFORE INSERT ON chain_keys
WHEN EXISTS (SELECT 1 FROM chain_keys WHERE fingerprint = NEW.fingerprint OR position = NEW.position)
BEGIN SELECT RAISE(ABORT, 'keys are never replaced'); END;

-- Every minute the heads that have moved are signed, over the seal before.
CREATE TABLE chain_seals (
    number BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    links BIGINT NOT NULL,     -- how many there are in all chains by then
    heads TEXT NOT NULL,       -- « chain:number:first signs of its digest », parted by spaces
    digest TEXT NOT NULL,      -- SHA-256 of what is signed
    fingerprint TEXT NOT NULL REFERENCES chain_keys (fingerprint),
    signature TEXT NOT NULL
);
CREATE TRIGGER chain_seals_are_kept BEFORE DELETE ON chain_seals
BEGIN SELECT RAISE(ABORT, 'seals are never deleted'); END;
CREATE TRIGGER chain_seals_are_final BEFORE UPDATE ON chain_seals
BEGIN SELECT RAISE(ABORT, 'seals are never changed'); END;
CREATE TRIGGER chain_seals_are_not_replaced BEFORE INSERT ON chain_seals
WHEN EXISTS (SELECT 1 FROM chain_seals WHERE number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'seals are never replaced'); END;

-- What was written before there was a chain, until a link has taken it in: some at a time, while people work.
CREATE TABLE chain_before (
    chain TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (chain, kind, key)
);
INSERT INTO chain_before SELECT coalesce(patient_id, 'clinic'), 'audit', id FROM audit_events;
INSERT INTO chain_before
    SELECT r.patient_id, 'version', v.record_id || '/' || v.version
    FROM record_versions v JOIN records r ON r.id = v.record_id;
INSERT INTO chain_before
    SELECT r.patient_id, 'allergy', f.record_id || '/' || f.version
    FROM allergy_facts f JOIN records r ON r.id = f.record_id;
INSERT INTO chain_before
    SELECT r.patient_id, 'consultation', f.record_id || '/' || f.version
    FROM consultation_facts f JOIN records r ON r.id = f.record_id;
INSERT INTO chain_before
    SELECT r.patient_id, 'problem', f.record_id || '/' || f.version
    FROM problem_facts f JOIN records r ON r.id = f.record_id;
INSERT INTO chain_before
    SELECT r.patient_id, 'vaccination', f.record_id || '/' || f.version
    FROM vaccination_facts f JOIN records r ON r.id = f.record_id;
INSERT INTO chain_before SELECT patient_id, 'measurement', id FROM measurements;
INSERT INTO chain_before
    SELECT m.patient_id, 'measurement_error', e.measurement_id
    FROM measurement_errors e JOIN measurements m ON m.id = e.measurement_id;
INSERT INTO chain_before SELECT patient_id, 'paper', id FROM papers;
INSERT INTO chain_before
    SELECT p.patient_id, 'dispense', d.id FROM dispenses d JOIN prescriptions p ON p.id = d.prescription_id;
INSERT INTO chain_before
    SELECT p.patient_id, 'dispense_lines', d.id FROM dispenses d JOIN prescriptions p ON p.id = d.prescription_id
    WHERE EXISTS (SELECT 1 FROM dispense_lines h WHERE h.dispense_id = d.id);
INSERT INTO chain_before
    SELECT p.patient_id, 'undone', d.id FROM dispenses d JOIN prescriptions p ON p.id = d.prescription_id
    WHERE d.undone_at IS NOT NULL;
INSERT INTO chain_before
    SELECT q.pharmacy_id, 'movement', m.id
    FROM movements m JOIN lots l ON l.id = m.lot_id JOIN products q ON q.id = l.product_id;
