-- By what a hand-over was proved. `card_pin`: in the place of the code the patient typed the PIN of their card, which nobody
-- else knows either. Without both: which document was seen; its number is the pharmacy's and the audit's to read.
ALTER TABLE dispenses ADD COLUMN card_pin INTEGER NOT NULL DEFAULT 0
    CONSTRAINT dispenses_card_pin_check CHECK (card_pin = 0 OR (card_pin = 1 AND proof = 'code'));
ALTER TABLE dispenses ADD COLUMN identity_kind TEXT
    CONSTRAINT dispenses_identity_kind_check CHECK (identity_kind IN (
        'national_id', 'passport', 'driving_licence', 'consular_card', 'fadjma_card', 'other'));
ALTER TABLE dispenses ADD COLUMN identity_number TEXT
    CONSTRAINT dispenses_identity_number_check CHECK (
        (identity_number IS NULL) = (identity_kind IS NULL) AND (identity_number IS NULL OR proof = 'identity'));
CREATE INDEX dispenses_without_code ON dispenses (at, id) WHERE proof = 'identity';
CREATE INDEX dispenses_without_code_of ON dispenses (pharmacy_id, at, id) WHERE proof = 'identity';
CREATE TRIGGER dispenses_proofs_are_final BEFORE UPDATE OF card_pin, identity_kind, identity_number ON dispenses
BEGIN SELECT RAISE(ABORT, 'the proof of a dispense never changes'); END;

-- Why a medicine was not to be replaced was said of a patient: of a set nobody reads it (0031).
UPDATE prescription_set_lines SET substitution_reason = NULL WHERE substitution_reason IS NOT NULL;
