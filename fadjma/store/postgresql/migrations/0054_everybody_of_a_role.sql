-- What is still to be told to everybody of a role, where they are too many for the transaction of the act: a row for each,
-- taken away when the last of them has been told (docs/decisions/31-everybody-of-a-role.md).
CREATE TABLE tellings (
    number BIGINT PRIMARY KEY,  -- in whose order it was put off
    at BIGINT NOT NULL,  -- of the act
    role TEXT COLLATE "C" NOT NULL CONSTRAINT tellings_role_check
        CHECK (role IN ('patient', 'doctor', 'pharmacist', 'receptionist', 'nurse', 'admin')),
    type TEXT COLLATE "C" NOT NULL CONSTRAINT tellings_type_check CHECK (type IN (
        'new_access_request', 'access_request_status_changed', 'prescription_status_changed',
        'medical_record_updated', 'notification')),
    message TEXT COLLATE "C",  -- as in notifications
    subject_kind TEXT COLLATE "C" NOT NULL,
    subject_id TEXT COLLATE "C" NOT NULL,
    is_new BIGINT NOT NULL CONSTRAINT tellings_is_new_check CHECK (is_new IN (0, 1)),
    but TEXT COLLATE "C" NOT NULL,  -- JSON: the ids of those who have heard of it in the act
    after_at BIGINT NOT NULL DEFAULT 0,  -- whom it has come to, in the order of their accounts
    after_id TEXT COLLATE "C" NOT NULL DEFAULT ''
);
CREATE INDEX tellings_about ON tellings (subject_kind, subject_id, role);
