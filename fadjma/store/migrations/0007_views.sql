-- What one domain lets the others read: a domain reads and writes its own tables, and of the others' only these views
-- (tests/store/test_ownership.py). Every one is plain enough for the planner to look through it.

-- Of identity. Everybody, by name and where they act; no password, no address to reach them by.
CREATE VIEW people AS
    SELECT u.id, u.role, u.status, u.given_name || ' ' || u.family_name AS name, p.organization_id,
           coalesce(p.specialty, '') AS specialty, coalesce(o.name, '') AS organization, coalesce(o.city, '') AS city
    FROM users u LEFT JOIN practitioners p ON p.user_id = u.id LEFT JOIN organizations o ON o.id = p.organization_id;
-- What must stand beside a patient's name wherever somebody acts on it.
CREATE VIEW patient_identities AS
    SELECT u.id, u.given_name, u.family_name, p.identifier, p.birth_date, p.sex, p.city, p.weight_kg, u.phone,
           p.pharmacy_id
    FROM users u JOIN patients p ON p.user_id = u.id;
-- Accounts as an admin sees them.
CREATE VIEW accounts AS
    SELECT u.id, u.role, u.status, u.given_name, u.family_name, u.email, u.phone, u.created_at, u.verified_at,
           p.licence_number, p.specialty, o.name AS organization, u.version
    FROM users u LEFT JOIN practitioners p ON p.user_id = u.id LEFT JOIN organizations o ON o.id = p.organization_id;
-- Clinics and pharmacies.
CREATE VIEW places AS SELECT id, kind, name, city FROM organizations;

-- Of events. What concerns a patient's file: the trace that the patient reads.
CREATE VIEW trace AS
    SELECT id, at, actor_id, action, subject_kind, subject_id, patient_id, ground, outcome
    FROM audit_events WHERE patient_id IS NOT NULL;

-- Of inventory. The list of medicines, without how it is searched.
CREATE VIEW medicine_names AS SELECT id, dci, form, strength, unit FROM medicines;

-- SQLite names a unique index by its columns in their order: no two indexes of a table may have the same.
DROP INDEX access_requests_one_grant;
CREATE UNIQUE INDEX access_requests_one_grant ON access_requests (doctor_id, patient_id) WHERE status = 'approved';
