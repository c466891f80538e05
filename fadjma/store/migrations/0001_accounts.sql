-- People, where they work, their sessions. Times are integers: milliseconds UTC. Ids are text made by the program.

CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- FHIR Organization: a clinic or a pharmacy.
CREATE TABLE organizations (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('clinic', 'pharmacy')),
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    city TEXT NOT NULL,
    phone TEXT NOT NULL
);

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    role TEXT NOT NULL CHECK (role IN ('patient', 'doctor', 'pharmacist', 'admin')),
    status TEXT NOT NULL CHECK (status IN ('pending', 'active', 'deactivated')),
    email TEXT,
    phone TEXT,  -- E.164; shared by families, therefore not unique
    password_hash TEXT NOT NULL,
    given_name TEXT NOT NULL,
    family_name TEXT NOT NULL,
    language TEXT NOT NULL DEFAULT 'fr' CHECK (language IN ('fr', 'en')),
    created_at BIGINT NOT NULL,
    verified_at BIGINT,
    verified_by TEXT REFERENCES users (id),
    submission TEXT UNIQUE,  -- keyed hash of the form that made it: the same form sent twice makes one account
    version INTEGER NOT NULL DEFAULT 1,
    CHECK (email IS NOT NULL OR phone IS NOT NULL)
);
CREATE UNIQUE INDEX users_email ON users (email) WHERE email IS NOT NULL;
CREATE INDEX users_phone ON users (phone) WHERE phone IS NOT NULL;
CREATE INDEX users_waiting ON users (created_at) WHERE status = 'pending';
CREATE INDEX users_role ON users (role, status);

CREATE TABLE patients (
    user_id TEXT PRIMARY KEY REFERENCES users (id),
    identifier TEXT NOT NULL UNIQUE,
    birth_date TEXT NOT NULL,  -- ISO 8601 date
    sex TEXT NOT NULL CHECK (sex IN ('female', 'male')),
    city TEXT NOT NULL DEFAULT '',
    weight_kg INTEGER CHECK (weight_kg BETWEEN 1 AND 400),
    pharmacy_id TEXT REFERENCES organizations (id)
);

-- FHIR PractitionerRole: the quality in which a doctor or a pharmacist acts.
CREATE TABLE practitioners (
    user_id TEXT PRIMARY KEY REFERENCES users (id),
    licence_number TEXT NOT NULL,
    specialty TEXT NOT NULL DEFAULT '',
    organization_id TEXT NOT NULL REFERENCES organizations (id)
);
CREATE INDEX practitioners_organization ON practitioners (organization_id);

-- `id` is the SHA-256 of the secret that the cookie or the bearer token carries: the table alone opens nothing.
CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL CHECK (kind IN ('browser', 'token')),
    created_at BIGINT NOT NULL,
    last_active_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    end_reason TEXT CHECK (end_reason IN ('signed_out', 'expired', 'deactivated')),
    address TEXT NOT NULL,
    agent TEXT NOT NULL,
    CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);
CREATE INDEX sessions_open ON sessions (user_id) WHERE ended_at IS NULL;

-- The first answer to an unsafe request, given again to a second submission of the same key.
CREATE TABLE idempotency_keys (
    user_id TEXT NOT NULL REFERENCES users (id),
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,  -- keyed hash of method, path and body
    answer TEXT NOT NULL,  -- JSON
    created_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
