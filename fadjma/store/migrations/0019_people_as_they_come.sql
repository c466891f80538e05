-- rebuild: users
-- Reception and nurses; patients of whom there is one name, no phone, no e-mail address and no password.
CREATE TABLE users_new (
    id TEXT PRIMARY KEY,
    role TEXT NOT NULL CONSTRAINT users_role_check
        CHECK (role IN ('patient', 'doctor', 'pharmacist', 'receptionist', 'nurse', 'admin')),
    status TEXT NOT NULL CONSTRAINT users_status_check CHECK (status IN ('pending', 'active', 'deactivated')),
    email TEXT,
    phone TEXT,  -- E.164; shared by families, therefore not unique
    password_hash TEXT NOT NULL,  -- empty: a patient without an account, as whom nobody signs in
    given_name TEXT NOT NULL,
    family_name TEXT NOT NULL,  -- empty: a patient of one name
    language TEXT NOT NULL DEFAULT 'fr' CONSTRAINT users_language_check CHECK (language IN ('fr', 'en')),
    created_at BIGINT NOT NULL,
    verified_at BIGINT,
    verified_by TEXT REFERENCES users (id),
    submission TEXT UNIQUE,  -- keyed hash of the form that made it: the same form sent twice makes one account
    version INTEGER NOT NULL DEFAULT 1,
    refusal TEXT NOT NULL DEFAULT '',
    signed_in_at BIGINT,
    CONSTRAINT users_contact_check CHECK (role = 'patient' OR email IS NOT NULL OR phone IS NOT NULL),
    CONSTRAINT users_names_check CHECK (role = 'patient' OR family_name <> '')
);
INSERT INTO users_new (id, role, status, email, phone, password_hash, given_name, family_name, language, created_at,
                       verified_at, verified_by, submission, version, refusal, signed_in_at)
SELECT id, role, status, email, phone, password_hash, given_name, family_name, language, created_at,
       verified_at, verified_by, submission, version, refusal, signed_in_at FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;
CREATE INDEX users_phone ON users (phone, created_at, id) WHERE phone IS NOT NULL;
CREATE INDEX users_waiting ON users (created_at, id) WHERE status = 'pending';
CREATE INDEX users_known ON users (created_at, id) WHERE status <> 'pending';
CREATE INDEX users_role ON users (role, status);
CREATE INDEX users_in_use ON users (created_at, id) WHERE status = 'active';
CREATE INDEX users_of_role ON users (role, created_at, id) WHERE status = 'active';
CREATE INDEX users_email ON users (email) WHERE email IS NOT NULL;
CREATE UNIQUE INDEX users_staff_email ON users (email)
    WHERE email IS NOT NULL AND role <> 'patient' AND status = 'active';

-- patients.birth_date is from now on as much of a date as is known: 1958-05-03, 1958-05 or 1958 (FHIR's date).

-- What a patient was called before it was put right, and by whom. Only what has changed is in `was`.
CREATE TABLE identity_corrections (
    patient_id TEXT NOT NULL REFERENCES users (id),
    version INTEGER NOT NULL,  -- that it was corrected to
    corrected_by TEXT NOT NULL REFERENCES users (id),
    corrected_at BIGINT NOT NULL,
    reason TEXT NOT NULL,
    was TEXT NOT NULL,  -- JSON
    PRIMARY KEY (patient_id, version)
);
CREATE TRIGGER identity_corrections_are_kept BEFORE DELETE ON identity_corrections
BEGIN SELECT RAISE(ABORT, 'corrections of an identity are never deleted'); END;
CREATE TRIGGER identity_corrections_are_final BEFORE UPDATE ON identity_corrections
BEGIN SELECT RAISE(ABORT, 'corrections of an identity are never changed'); END;
CREATE TRIGGER identity_corrections_are_not_replaced BEFORE INSERT ON identity_corrections
WHEN EXISTS (SELECT 1 FROM identity_corrections WHERE patient_id = NEW.patient_id AND version = NEW.version)
BEGIN SELECT RAISE(ABORT, 'corrections of an identity are never replaced'); END;

DROP VIEW people;
CREATE VIEW people AS
    SELECT u.id, u.role, u.status, trim(u.given_name || ' ' || u.family_name) AS name, p.organization_id,
           coalesce(p.specialty, '') AS specialty, coalesce(p.profession, '') AS profession,
           coalesce(o.name, '') AS organization, coalesce(o.city, '') AS city
    FROM users u LEFT JOIN practitioners p ON p.user_id = u.id LEFT JOIN organizations o ON o.id = p.organization_id;
