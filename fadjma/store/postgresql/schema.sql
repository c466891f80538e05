-- after: 0046_own_places
-- What the files of store/migrations/ make of an empty SQLite up to the one above, as PostgreSQL: an empty database gets
-- this, then what is in migrations/ beside it (docs/migrations.md). Once landed it is never edited;
-- tests/store/test_both_schemas.py compares the two.
--
-- Every TEXT is compared byte by byte, as SQLite does, whatever the database's own collation is.

-- What every trigger here does. The store knows the refusal by the name of the trigger.
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING
        MESSAGE = TG_ARGV[0], ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
END
$$;

-- The store itself.

CREATE TABLE schema_migrations (
    name TEXT COLLATE "C" PRIMARY KEY,
    applied_at BIGINT NOT NULL,
    checksum TEXT COLLATE "C"
);

CREATE TABLE settings (
    key TEXT COLLATE "C" PRIMARY KEY,
    value TEXT COLLATE "C" NOT NULL
);

-- People, where they work, their sessions, who acts for whom.

CREATE TABLE organizations (
    id TEXT COLLATE "C" PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL CONSTRAINT organizations_kind_check CHECK (kind IN ('clinic', 'pharmacy')),
    name TEXT COLLATE "C" NOT NULL,
    address TEXT COLLATE "C" NOT NULL,
    city TEXT COLLATE "C" NOT NULL,
    phone TEXT COLLATE "C" NOT NULL,
    hours TEXT COLLATE "C" NOT NULL DEFAULT '',
    night_duty BIGINT NOT NULL DEFAULT 0
        CONSTRAINT organizations_night_duty_check CHECK (night_duty IN (0, 1)),
    responsible TEXT COLLATE "C" NOT NULL DEFAULT '',
    version BIGINT NOT NULL DEFAULT 1,
    part_of TEXT COLLATE "C" REFERENCES organizations (id)
        CONSTRAINT organizations_part_of_check CHECK (part_of <> id)
);
CREATE INDEX organizations_parts ON organizations (part_of) WHERE part_of IS NOT NULL;

CREATE TABLE users (
    id TEXT COLLATE "C" PRIMARY KEY,
    role TEXT COLLATE "C" NOT NULL CONSTRAINT users_role_check
        CHECK (role IN ('patient', 'doctor', 'pharmacist', 'receptionist', 'nurse', 'admin')),
    status TEXT COLLATE "C" NOT NULL CONSTRAINT users_status_check CHECK (status IN ('pending', 'active', 'deactivated')),
    email TEXT COLLATE "C",
    phone TEXT COLLATE "C",  -- E.164; shared by families, therefore not unique
    password_hash TEXT COLLATE "C" NOT NULL,  -- empty: a patient without an account, as whom nobody signs in
    given_name TEXT COLLATE "C" NOT NULL,
    family_name TEXT COLLATE "C" NOT NULL,  -- empty: a patient of one name
    language TEXT COLLATE "C" NOT NULL DEFAULT 'fr' CONSTRAINT users_language_check CHECK (language IN ('fr', 'en')),
    created_at BIGINT NOT NULL,
    verified_at BIGINT,
    verified_by TEXT COLLATE "C" REFERENCES users (id),
    submission TEXT COLLATE "C" UNIQUE,  -- keyed hash of the form that made it: the same form sent twice makes one account
    version BIGINT NOT NULL DEFAULT 1,
    refusal TEXT COLLATE "C" NOT NULL DEFAULT '',
    signed_in_at BIGINT,
    CONSTRAINT users_contact_check CHECK (role = 'patient' OR email IS NOT NULL OR phone IS NOT NULL),
    CONSTRAINT users_names_check CHECK (role = 'patient' OR family_name <> '')
);
CREATE INDEX users_phone ON users (phone, created_at, id) WHERE phone IS NOT NULL;
CREATE INDEX users_waiting ON users (created_at, id) WHERE status = 'pending';
CREATE INDEX users_known ON users (created_at, id) WHERE status <> 'pending';
CREATE INDEX users_role ON users (role, status);
CREATE INDEX users_in_use ON users (created_at, id) WHERE status = 'active';
CREATE INDEX users_of_role ON users (role, created_at, id) WHERE status = 'active';
CREATE INDEX users_email ON users (email) WHERE email IS NOT NULL;
CREATE UNIQUE INDEX users_staff_email ON users (email)
    WHERE email IS NOT NULL AND role <> 'patient' AND status = 'active';

CREATE TABLE practitioners (
    user_id TEXT COLLATE "C" PRIMARY KEY REFERENCES users (id),
    licence_number TEXT COLLATE "C" NOT NULL,
    specialty TEXT COLLATE "C" NOT NULL DEFAULT '',
    organization_id TEXT COLLATE "C" NOT NULL REFERENCES organizations (id),
    profession TEXT COLLATE "C" NOT NULL DEFAULT ''
        CONSTRAINT practitioners_profession_check CHECK (profession IN ('', 'physician', 'dentist', 'midwife'))
);
CREATE INDEX practitioners_organization ON practitioners (organization_id);

CREATE TABLE account_words (
    word TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    named BIGINT NOT NULL DEFAULT 0
        CONSTRAINT account_words_named_check CHECK (named IN (0, 1)),
    PRIMARY KEY (word, user_id)
);
CREATE INDEX account_words_of ON account_words (user_id, word, named);

CREATE TABLE slips (
    id TEXT COLLATE "C" PRIMARY KEY,
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    purpose TEXT COLLATE "C" NOT NULL CONSTRAINT slips_purpose_check CHECK (purpose IN ('activation', 'reset')),
    code_hash TEXT COLLATE "C" NOT NULL,  -- keyed
    document TEXT COLLATE "C" NOT NULL DEFAULT '',  -- of a reset: what the admin saw of the person's identity
    former_hash TEXT COLLATE "C" NOT NULL DEFAULT '',  -- of a reset: the password that is not to be chosen again; empty when used
    issued_by TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    end_reason TEXT COLLATE "C" CONSTRAINT slips_end_reason_check CHECK (end_reason IN ('used', 'withdrawn')),
    submission TEXT COLLATE "C",  -- keyed hash of the form that used it: the same form sent twice is one use
    CONSTRAINT slips_ended_check CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);
CREATE UNIQUE INDEX slips_code ON slips (code_hash);
CREATE UNIQUE INDEX slips_open ON slips (user_id) WHERE ended_at IS NULL;
CREATE INDEX slips_of ON slips (user_id, issued_at, id);

CREATE TABLE unlock_pins (
    user_id TEXT COLLATE "C" PRIMARY KEY REFERENCES users (id),
    pin_hash TEXT COLLATE "C" NOT NULL,  -- argon2id, as of passwords
    changed_at BIGINT NOT NULL
);

CREATE TABLE identity_corrections (
    patient_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    version BIGINT NOT NULL,  -- that it was corrected to
    corrected_by TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    corrected_at BIGINT NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    was TEXT COLLATE "C" NOT NULL,  -- JSON
    PRIMARY KEY (patient_id, version)
);
CREATE TRIGGER identity_corrections_are_kept BEFORE DELETE ON identity_corrections FOR EACH ROW
    EXECUTE FUNCTION refuse('corrections of an identity are never deleted');
CREATE TRIGGER identity_corrections_are_not_emptied BEFORE TRUNCATE ON identity_corrections
    EXECUTE FUNCTION refuse('corrections of an identity are never deleted');
CREATE TRIGGER identity_corrections_are_final BEFORE UPDATE ON identity_corrections FOR EACH ROW
    EXECUTE FUNCTION refuse('corrections of an identity are never changed');

CREATE TABLE patient_pins (
    patient_id TEXT COLLATE "C" PRIMARY KEY REFERENCES users (id),
    salt TEXT COLLATE "C" NOT NULL,
    hash TEXT COLLATE "C" NOT NULL,
    chosen BIGINT NOT NULL CONSTRAINT patient_pins_chosen_check CHECK (chosen IN (0, 1)),
    failures BIGINT NOT NULL DEFAULT 0 CONSTRAINT patient_pins_failures_check CHECK (failures BETWEEN 0 AND 5),
    document TEXT COLLATE "C" NOT NULL,  -- by what the desk knew who stood there
    set_by TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    set_at BIGINT NOT NULL
);

CREATE TABLE patient_links (
    id TEXT COLLATE "C" PRIMARY KEY,
    one_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    other_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    linked_by TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    linked_at BIGINT NOT NULL,
    ended_by TEXT COLLATE "C" REFERENCES users (id),
    ended_at BIGINT,
    version BIGINT NOT NULL DEFAULT 1,
    CONSTRAINT patient_links_itself_check CHECK (one_id <> other_id),
    CONSTRAINT patient_links_ended_check CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
CREATE UNIQUE INDEX patient_links_open ON patient_links (one_id, other_id) WHERE ended_at IS NULL;
CREATE INDEX patient_links_other ON patient_links (other_id) WHERE ended_at IS NULL;
CREATE INDEX patient_links_at ON patient_links (linked_at, id);
CREATE TRIGGER patient_links_are_kept BEFORE DELETE ON patient_links FOR EACH ROW
    EXECUTE FUNCTION refuse('links are never deleted');
CREATE TRIGGER patient_links_are_not_emptied BEFORE TRUNCATE ON patient_links
    EXECUTE FUNCTION refuse('links are never deleted');
CREATE TRIGGER patient_links_parties BEFORE UPDATE OF one_id, other_id, linked_by, linked_at ON patient_links FOR EACH ROW
    EXECUTE FUNCTION refuse('what a link links never changes');

CREATE TABLE totp_keys (
    user_id TEXT COLLATE "C" PRIMARY KEY REFERENCES users (id),
    sealed TEXT COLLATE "C" NOT NULL,  -- with the program's key
    confirmed_at BIGINT NOT NULL,
    last_step BIGINT NOT NULL  -- of 30 seconds, of the last code that was taken: none is taken twice
);

CREATE TABLE totp_enrolments (
    user_id TEXT COLLATE "C" PRIMARY KEY REFERENCES users (id),
    sealed TEXT COLLATE "C" NOT NULL,
    made_at BIGINT NOT NULL
);

CREATE TABLE recovery_codes (
    id TEXT COLLATE "C" PRIMARY KEY,
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    hash TEXT COLLATE "C" NOT NULL,
    made_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX recovery_codes_user ON recovery_codes (user_id, used_at);

CREATE TABLE passkeys (
    id TEXT COLLATE "C" PRIMARY KEY,
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    credential TEXT COLLATE "C" NOT NULL CONSTRAINT passkeys_credential UNIQUE,  -- its id as the authenticator says it, base64url
    host TEXT COLLATE "C" NOT NULL,  -- the name of the site that it belongs to
    name TEXT COLLATE "C" NOT NULL,
    public_key TEXT COLLATE "C" NOT NULL,  -- base64url
    sign_count BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX passkeys_user ON passkeys (user_id);

CREATE TABLE factor_removals (
    id TEXT COLLATE "C" PRIMARY KEY,
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    reason TEXT COLLATE "C" NOT NULL,
    document TEXT COLLATE "C" NOT NULL,  -- by what the first knew who stood there
    asked_by TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    asked_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    confirmed_by TEXT COLLATE "C" REFERENCES users (id),
    confirmed_at BIGINT,
    CONSTRAINT factor_removals_two_check CHECK (confirmed_by <> asked_by),
    CONSTRAINT factor_removals_others_check CHECK (asked_by <> user_id AND confirmed_by <> user_id),
    CONSTRAINT factor_removals_confirmed_check CHECK ((confirmed_by IS NULL) = (confirmed_at IS NULL))
);
CREATE INDEX factor_removals_user ON factor_removals (user_id, asked_at, id);
CREATE TRIGGER factor_removals_are_kept BEFORE DELETE ON factor_removals FOR EACH ROW
    EXECUTE FUNCTION refuse('removals of a second factor are never deleted');
CREATE TRIGGER factor_removals_are_not_emptied BEFORE TRUNCATE ON factor_removals
    EXECUTE FUNCTION refuse('removals of a second factor are never deleted');

CREATE TABLE proxies (
    id TEXT COLLATE "C" PRIMARY KEY,
    proxy_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),  -- who acts: somebody who can sign in
    patient_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),  -- for whom
    relationship TEXT COLLATE "C" NOT NULL CONSTRAINT proxies_relationship_check
        CHECK (relationship IN ('parent', 'child', 'spouse', 'sibling', 'guardian', 'other')),  -- of the one to the other
    of_age BIGINT NOT NULL CONSTRAINT proxies_of_age_check CHECK (of_age IN (0, 1)),  -- for a child: it ends at an age
    given_by TEXT COLLATE "C" NOT NULL REFERENCES users (id),  -- the patient, or somebody of the front desk
    given_at BIGINT NOT NULL,
    seen TEXT COLLATE "C" NOT NULL CONSTRAINT proxies_seen_check CHECK (seen IN ('', 'document', 'pin')),  -- by the desk
    document TEXT COLLATE "C" NOT NULL DEFAULT '',
    accepted_at BIGINT,  -- what a patient gives, the other must want
    until BIGINT,
    ended_at BIGINT,
    ended_by TEXT COLLATE "C" REFERENCES users (id),  -- NULL: time itself
    version BIGINT NOT NULL DEFAULT 1,
    CONSTRAINT proxies_itself_check CHECK (proxy_id <> patient_id),
    CONSTRAINT proxies_document_check CHECK ((seen = 'document') = (document <> '')),
    CONSTRAINT proxies_ended_check CHECK (ended_by IS NULL OR ended_at IS NOT NULL)
);
CREATE UNIQUE INDEX proxies_open ON proxies (proxy_id, patient_id) WHERE ended_at IS NULL;
CREATE INDEX proxies_patient ON proxies (patient_id, given_at, id);
CREATE INDEX proxies_ending ON proxies (until) WHERE ended_at IS NULL AND until IS NOT NULL;
CREATE INDEX proxies_of_children ON proxies (patient_id) WHERE ended_at IS NULL AND of_age = 1;
CREATE TRIGGER proxies_are_kept BEFORE DELETE ON proxies FOR EACH ROW
    EXECUTE FUNCTION refuse('who acted for whom is never deleted');
CREATE TRIGGER proxies_are_not_emptied BEFORE TRUNCATE ON proxies
    EXECUTE FUNCTION refuse('who acted for whom is never deleted');
CREATE TRIGGER proxies_parties BEFORE UPDATE OF proxy_id, patient_id, given_by, given_at ON proxies FOR EACH ROW
    EXECUTE FUNCTION refuse('the parties of a proxy never change');
CREATE TRIGGER proxies_end_once BEFORE UPDATE ON proxies FOR EACH ROW
    WHEN (OLD.ended_at IS NOT NULL)
    EXECUTE FUNCTION refuse('a proxy that has ended never begins again');

CREATE TABLE sessions (
    id TEXT COLLATE "C" PRIMARY KEY,
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    kind TEXT COLLATE "C" NOT NULL CONSTRAINT sessions_kind_check CHECK (kind IN ('browser', 'token')),
    name TEXT COLLATE "C" NOT NULL DEFAULT '',  -- what its person calls a program
    created_at BIGINT NOT NULL,
    last_active_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    end_reason TEXT COLLATE "C" CONSTRAINT sessions_end_reason_check
        CHECK (end_reason IN ('signed_out', 'expired', 'deactivated', 'renewed')),
    address TEXT COLLATE "C" NOT NULL,
    agent TEXT COLLATE "C" NOT NULL,
    locked_at BIGINT,
    half TEXT COLLATE "C" NOT NULL DEFAULT ''
        CONSTRAINT sessions_half_check CHECK (half IN ('', 'factor', 'enrolment')),
    proxy_id TEXT COLLATE "C" REFERENCES proxies (id),
    CONSTRAINT sessions_ended_check CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);
CREATE INDEX sessions_open ON sessions (user_id, created_at, id) WHERE ended_at IS NULL;
CREATE INDEX sessions_named ON sessions (user_id, created_at, id) WHERE ended_at IS NULL AND name <> '';
CREATE INDEX sessions_addresses ON sessions (user_id, address);
CREATE INDEX sessions_at ON sessions (address, created_at);
CREATE INDEX sessions_proxy ON sessions (proxy_id) WHERE proxy_id IS NOT NULL;
CREATE INDEX sessions_screens ON sessions (last_active_at) WHERE kind = 'browser' AND ended_at IS NULL AND locked_at IS NULL;

CREATE TABLE passkey_challenges (
    session_id TEXT COLLATE "C" NOT NULL REFERENCES sessions (id),
    purpose TEXT COLLATE "C" NOT NULL CONSTRAINT passkey_challenges_purpose_check CHECK (purpose IN ('registration', 'sign_in', 'unlock')),
    challenge TEXT COLLATE "C" NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (session_id, purpose)
);

CREATE TABLE patients (
    user_id TEXT COLLATE "C" PRIMARY KEY REFERENCES users (id),
    identifier TEXT COLLATE "C" NOT NULL UNIQUE,
    birth_date TEXT COLLATE "C" NOT NULL,  -- as much of an ISO 8601 date as is known
    sex TEXT COLLATE "C" NOT NULL CONSTRAINT patients_sex_check CHECK (sex IN ('female', 'male')),
    city TEXT COLLATE "C" NOT NULL DEFAULT '',
    pharmacy_id TEXT COLLATE "C" REFERENCES organizations (id)
);

-- What happened, and what each person is to see of it.

CREATE TABLE audit_events (
    id TEXT COLLATE "C" PRIMARY KEY,
    at BIGINT NOT NULL,
    actor_id TEXT COLLATE "C" REFERENCES users (id),  -- NULL: the program itself (time passing)
    action TEXT COLLATE "C" NOT NULL,
    subject_kind TEXT COLLATE "C" NOT NULL,
    subject_id TEXT COLLATE "C" NOT NULL,
    patient_id TEXT COLLATE "C" REFERENCES users (id),
    ground TEXT COLLATE "C",  -- the access request (grant) that a reading rests on
    outcome TEXT COLLATE "C" NOT NULL DEFAULT 'success' CONSTRAINT audit_events_outcome_check CHECK (outcome IN ('success', 'refused')),
    detail TEXT COLLATE "C" NOT NULL DEFAULT '{}',
    part TEXT COLLATE "C" NOT NULL DEFAULT '',
    repeats TEXT COLLATE "C" REFERENCES audit_events (id),
    by_id TEXT COLLATE "C" REFERENCES users (id)
);
CREATE INDEX audit_events_repeated ON audit_events (repeats, at) WHERE repeats IS NOT NULL;
CREATE INDEX audit_events_of ON audit_events (subject_kind, subject_id, at, id) WHERE patient_id IS NULL;
CREATE INDEX audit_events_at ON audit_events (at, id);
CREATE INDEX audit_events_actions ON audit_events (action, at, id);
CREATE INDEX audit_events_by ON audit_events (actor_id, at, id) WHERE actor_id IS NOT NULL;
CREATE INDEX audit_events_patient ON audit_events (patient_id, at, id) WHERE patient_id IS NOT NULL;
CREATE INDEX audit_events_for ON audit_events (by_id, at, id) WHERE by_id IS NOT NULL;
CREATE INDEX audit_events_lines ON audit_events (patient_id, at, id)
    WHERE patient_id IS NOT NULL AND repeats IS NULL AND (actor_id <> patient_id OR by_id IS NOT NULL);
CREATE TRIGGER audit_events_are_kept BEFORE DELETE ON audit_events FOR EACH ROW
    EXECUTE FUNCTION refuse('audit events are never deleted');
CREATE TRIGGER audit_events_are_not_emptied BEFORE TRUNCATE ON audit_events
    EXECUTE FUNCTION refuse('audit events are never deleted');
CREATE TRIGGER audit_events_are_final BEFORE UPDATE ON audit_events FOR EACH ROW
    EXECUTE FUNCTION refuse('audit events are never changed');

CREATE TABLE inboxes (
    user_id TEXT COLLATE "C" PRIMARY KEY REFERENCES users (id),
    last_seq BIGINT NOT NULL DEFAULT 0,
    forgotten BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE notifications (
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    seq BIGINT NOT NULL,
    type TEXT COLLATE "C" NOT NULL CONSTRAINT notifications_type_check CHECK (type IN (
        'new_access_request', 'access_request_status_changed', 'prescription_status_changed',
        'medical_record_updated', 'notification')),
    message TEXT COLLATE "C",  -- key in the catalogue; NULL: the page follows, but nobody is told (one's own act, read state)
    subject_kind TEXT COLLATE "C" NOT NULL,
    subject_id TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    read_at BIGINT,
    folded BIGINT NOT NULL DEFAULT 0,
    times BIGINT NOT NULL DEFAULT 1,
    for_id TEXT COLLATE "C" REFERENCES users (id),
    PRIMARY KEY (user_id, seq)
);
CREATE INDEX notifications_folded ON notifications (user_id, seq) WHERE read_at IS NULL AND folded = 1;
CREATE INDEX notifications_lines ON notifications (user_id, seq) WHERE message IS NOT NULL AND folded = 0;
CREATE UNIQUE INDEX notifications_unread ON notifications (user_id, subject_kind, subject_id)
    WHERE read_at IS NULL AND message IS NOT NULL AND folded = 0;
CREATE INDEX notifications_age ON notifications (created_at);

CREATE TABLE security_events (
    id TEXT COLLATE "C" PRIMARY KEY,
    at BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL CONSTRAINT security_events_kind_check CHECK (kind IN (
        'sign_in_failed', 'sign_in_locked', 'password_changed', 'right_refused', 'export', 'backup',
        'activation_issued', 'reset_issued', 'code_refused',
        'factor_failed', 'factor_added', 'factor_removed', 'factor_removal_asked')),
    account_id TEXT COLLATE "C" REFERENCES users (id),  -- whose door it was, or who was refused; NULL: nobody known
    actor_id TEXT COLLATE "C" REFERENCES users (id),  -- the admin who did it to that account; NULL: nobody else
    address TEXT COLLATE "C" NOT NULL,
    detail TEXT COLLATE "C" NOT NULL DEFAULT ''  -- a route's pattern, a file's name, the document that was seen: nothing else that is typed
);
CREATE INDEX security_events_at ON security_events (at, id);
CREATE INDEX security_events_by ON security_events (actor_id, at, id) WHERE actor_id IS NOT NULL;
CREATE TRIGGER security_events_are_final BEFORE UPDATE ON security_events FOR EACH ROW
    EXECUTE FUNCTION refuse('security events are never changed');
CREATE TRIGGER security_events_are_kept BEFORE DELETE ON security_events FOR EACH ROW
    EXECUTE FUNCTION refuse('security events are never deleted');
CREATE TRIGGER security_events_are_not_emptied BEFORE TRUNCATE ON security_events
    EXECUTE FUNCTION refuse('security events are never deleted');

-- Requests sent twice, what is being typed.

CREATE TABLE idempotency_keys (
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    key TEXT COLLATE "C" NOT NULL,
    fingerprint TEXT COLLATE "C" NOT NULL,  -- keyed hash of method, path and body
    answer TEXT COLLATE "C" NOT NULL,  -- JSON
    created_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

CREATE TABLE drafts (
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    form TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,  -- what the form is about: a patient, a prescription
    sealed TEXT COLLATE "C" NOT NULL,  -- AES-256-GCM, in base64
    saved_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, form, subject)
);
CREATE INDEX drafts_saved ON drafts (saved_at);

-- Copies of the database.

CREATE TABLE backup_runs (
    id TEXT COLLATE "C" PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL CONSTRAINT backup_runs_kind_check CHECK (kind IN ('copy', 'drill')),
    begun_at BIGINT NOT NULL,
    ended_at BIGINT NOT NULL,
    file TEXT COLLATE "C" NOT NULL DEFAULT '',  -- its name in the folder
    size BIGINT NOT NULL DEFAULT 0,  -- bytes
    counted TEXT COLLATE "C" NOT NULL DEFAULT '{}',  -- JSON: how many rows each table of a copy has
    failure TEXT COLLATE "C" NOT NULL DEFAULT ''  -- one line for whoever runs the machine; empty: it succeeded
);
CREATE INDEX backup_runs_at ON backup_runs (kind, begun_at, id);

-- Lists of places that are brought.

CREATE TABLE place_imports (
    id TEXT COLLATE "C" PRIMARY KEY,
    made_by TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    made_at BIGINT NOT NULL,
    content TEXT COLLATE "C" NOT NULL,  -- JSON: the lines; empty once they are taken
    added BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    unchanged BIGINT NOT NULL,
    applied_at BIGINT,
    version BIGINT NOT NULL DEFAULT 1
);

-- What admins tell everybody.

CREATE TABLE announcements (
    id TEXT COLLATE "C" PRIMARY KEY,
    audience TEXT COLLATE "C" NOT NULL CONSTRAINT announcements_audience_check
        CHECK (audience IN ('everybody', 'patients', 'doctors', 'nurses', 'receptionists', 'pharmacists')),
    title TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL DEFAULT 'published' CONSTRAINT announcements_status_check
        CHECK (status IN ('published', 'withdrawn')),
    published_by TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    published_at BIGINT NOT NULL,
    withdrawn_by TEXT COLLATE "C" REFERENCES users (id),
    withdrawn_at BIGINT,
    told BIGINT NOT NULL DEFAULT 0,  -- how many people it was told
    told_at BIGINT NOT NULL DEFAULT 0,
    told_id TEXT COLLATE "C" NOT NULL DEFAULT '',
    until_at BIGINT NOT NULL,  -- the account after which nobody is to be told any more
    until_id TEXT COLLATE "C" NOT NULL DEFAULT '',
    done BIGINT NOT NULL DEFAULT 0 CONSTRAINT announcements_done_check CHECK (done IN (0, 1)),
    version BIGINT NOT NULL DEFAULT 1,
    CONSTRAINT announcements_withdrawn_check CHECK ((status = 'withdrawn') = (withdrawn_at IS NOT NULL))
);
CREATE INDEX announcements_all ON announcements (published_at, id);
CREATE INDEX announcements_for ON announcements (audience, published_at, id);
CREATE INDEX announcements_telling ON announcements (published_at, id) WHERE done = 0;
CREATE TRIGGER announcements_are_kept BEFORE DELETE ON announcements FOR EACH ROW
    EXECUTE FUNCTION refuse('announcements are never deleted');
CREATE TRIGGER announcements_are_not_emptied BEFORE TRUNCATE ON announcements
    EXECUTE FUNCTION refuse('announcements are never deleted');
CREATE TRIGGER announcements_are_final BEFORE UPDATE OF audience, title, body, published_by, published_at ON announcements FOR EACH ROW
    EXECUTE FUNCTION refuse('what was announced is never changed');
CREATE TRIGGER announcements_transitions BEFORE UPDATE OF status ON announcements FOR EACH ROW
    WHEN (NOT (OLD.status = 'published' AND NEW.status = 'withdrawn'))
    EXECUTE FUNCTION refuse('this announcement cannot change so');

-- What shows that nothing was changed.

CREATE TABLE chain_links (
    chain TEXT COLLATE "C" NOT NULL,  -- the id of a patient or a place, or « clinic »
    number BIGINT NOT NULL,  -- from 1, without holes
    made TEXT COLLATE "C" NOT NULL CONSTRAINT chain_links_made_check CHECK (made IN ('act', 'before')),  -- before: what was there before the chain
    at BIGINT NOT NULL,
    seal BIGINT NOT NULL,  -- the number of the seal that is the first to hold it
    form BIGINT NOT NULL,  -- how the rows were read (fadjma/chain/covering.py)
    salt TEXT COLLATE "C" NOT NULL,
    covered TEXT COLLATE "C" NOT NULL,  -- « kind:key », parted by spaces
    digest TEXT COLLATE "C" NOT NULL,  -- SHA-256 over all of it, the rows, and the digest of the link before
    PRIMARY KEY (chain, number)
);
CREATE TRIGGER chain_links_are_kept BEFORE DELETE ON chain_links FOR EACH ROW
    EXECUTE FUNCTION refuse('links of a chain are never deleted');
CREATE TRIGGER chain_links_are_not_emptied BEFORE TRUNCATE ON chain_links
    EXECUTE FUNCTION refuse('links of a chain are never deleted');
CREATE TRIGGER chain_links_are_final BEFORE UPDATE ON chain_links FOR EACH ROW
    EXECUTE FUNCTION refuse('links of a chain are never changed');

CREATE TABLE chain_heads (
    chain TEXT COLLATE "C" PRIMARY KEY,
    number BIGINT NOT NULL,
    digest TEXT COLLATE "C" NOT NULL,
    seal BIGINT NOT NULL,  -- the seal that will hold it
    since BIGINT NOT NULL  -- the number of its first link that this seal will hold
);

CREATE TABLE chain_keys (
    fingerprint TEXT COLLATE "C" PRIMARY KEY,
    public_key TEXT COLLATE "C" NOT NULL,  -- Ed25519, 32 bytes in hexadecimal
    position BIGINT NOT NULL CONSTRAINT chain_keys_position_check CHECK (position > 0),
    since BIGINT NOT NULL
);
CREATE UNIQUE INDEX chain_keys_position ON chain_keys (position);
CREATE TRIGGER chain_keys_are_kept BEFORE DELETE ON chain_keys FOR EACH ROW
    EXECUTE FUNCTION refuse('keys are never deleted');
CREATE TRIGGER chain_keys_are_not_emptied BEFORE TRUNCATE ON chain_keys
    EXECUTE FUNCTION refuse('keys are never deleted');
CREATE TRIGGER chain_keys_are_final BEFORE UPDATE ON chain_keys FOR EACH ROW
    EXECUTE FUNCTION refuse('keys are never changed');

CREATE TABLE chain_seals (
    number BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    links BIGINT NOT NULL,  -- how many there are in all chains by then
    heads TEXT COLLATE "C" NOT NULL,  -- « chain:number:first signs of its digest », parted by spaces
    digest TEXT COLLATE "C" NOT NULL,  -- SHA-256 of what is signed
    fingerprint TEXT COLLATE "C" NOT NULL REFERENCES chain_keys (fingerprint),
    signature TEXT COLLATE "C" NOT NULL
);
CREATE TRIGGER chain_seals_are_kept BEFORE DELETE ON chain_seals FOR EACH ROW
    EXECUTE FUNCTION refuse('seals are never deleted');
CREATE TRIGGER chain_seals_are_not_emptied BEFORE TRUNCATE ON chain_seals
    EXECUTE FUNCTION refuse('seals are never deleted');
CREATE TRIGGER chain_seals_are_final BEFORE UPDATE ON chain_seals FOR EACH ROW
    EXECUTE FUNCTION refuse('seals are never changed');

CREATE TABLE chain_before (
    chain TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (chain, kind, key)
);

-- Access requests and the grants they become.

CREATE TABLE contests (
    line_id TEXT COLLATE "C" PRIMARY KEY REFERENCES audit_events (id),
    patient_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    status TEXT COLLATE "C" NOT NULL DEFAULT 'open' CONSTRAINT contests_status_check CHECK (status IN ('open', 'answered')),
    text TEXT COLLATE "C" NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    answer TEXT COLLATE "C" NOT NULL DEFAULT '',
    answered_by TEXT COLLATE "C" REFERENCES users (id),
    answered_at BIGINT,
    version BIGINT NOT NULL DEFAULT 1,
    CONSTRAINT contests_answered_check CHECK ((status = 'answered') = (answered_at IS NOT NULL) AND (status = 'open' OR answer <> ''))
);
CREATE INDEX contests_states ON contests (status, created_at, line_id);
CREATE INDEX contests_patient ON contests (patient_id, created_at, line_id);
CREATE TRIGGER contests_are_kept BEFORE DELETE ON contests FOR EACH ROW
    EXECUTE FUNCTION refuse('contests are never deleted');
CREATE TRIGGER contests_are_not_emptied BEFORE TRUNCATE ON contests
    EXECUTE FUNCTION refuse('contests are never deleted');
CREATE TRIGGER contests_transitions BEFORE UPDATE OF status ON contests FOR EACH ROW
    WHEN (NOT (OLD.status = 'open' AND NEW.status = 'answered'))
    EXECUTE FUNCTION refuse('this contest cannot change so');

CREATE TABLE access_requests (
    id TEXT COLLATE "C" PRIMARY KEY,
    patient_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    doctor_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    status TEXT COLLATE "C" NOT NULL CONSTRAINT access_requests_status_check CHECK (status IN (
        'pending', 'approved', 'rejected', 'withdrawn', 'lapsed', 'expired', 'revoked', 'replaced', 'emergency')),
    reason TEXT COLLATE "C" NOT NULL,
    proposed_scope TEXT COLLATE "C" CONSTRAINT access_requests_proposed_scope_check
        CHECK (proposed_scope IN ('summary', 'prescriptions', 'full')),
    proposed_duration TEXT COLLATE "C" CONSTRAINT access_requests_proposed_duration_check
        CHECK (proposed_duration IN ('24h', '7d', '30d', '12m')),
    scope TEXT COLLATE "C" CONSTRAINT access_requests_scope_check CHECK (scope IN ('summary', 'prescriptions', 'full')),
    emergency_code TEXT COLLATE "C" CONSTRAINT access_requests_emergency_code_check
        CHECK (emergency_code IN ('unconscious', 'life_threat', 'identity_unknown')),
    created_at BIGINT NOT NULL,
    lapses_at BIGINT NOT NULL,
    decided_at BIGINT,
    decision_reason TEXT COLLATE "C",
    in_person TEXT COLLATE "C" NOT NULL DEFAULT ''
        CONSTRAINT access_requests_in_person_check CHECK (in_person IN ('', 'pin', 'witness')),
    witness_id TEXT COLLATE "C" REFERENCES users (id),
    witnessed_document TEXT COLLATE "C" NOT NULL DEFAULT '',  -- by what the witness knew who stood there
    expires_at BIGINT,
    ended_at BIGINT,
    version BIGINT NOT NULL DEFAULT 1,
    by_id TEXT COLLATE "C" REFERENCES users (id),
    CONSTRAINT access_requests_approved_check
        CHECK (status <> 'approved' OR (scope IS NOT NULL AND expires_at IS NOT NULL AND decided_at IS NOT NULL)),
    CONSTRAINT access_requests_emergency_check
        CHECK (status <> 'emergency' OR (emergency_code IS NOT NULL AND expires_at IS NOT NULL)),
    CONSTRAINT access_requests_witness_check CHECK ((in_person = 'witness') = (witness_id IS NOT NULL))
);
CREATE UNIQUE INDEX access_requests_one_pending ON access_requests (patient_id, doctor_id) WHERE status = 'pending';
CREATE UNIQUE INDEX access_requests_one_grant ON access_requests (doctor_id, patient_id) WHERE status = 'approved';
CREATE INDEX access_requests_patient ON access_requests (patient_id, status, created_at, id);
CREATE INDEX access_requests_doctor ON access_requests (doctor_id, status, created_at, id);
CREATE INDEX access_requests_lapsing ON access_requests (lapses_at) WHERE status = 'pending';
CREATE INDEX access_requests_expiring ON access_requests (expires_at) WHERE status IN ('approved', 'emergency');
CREATE INDEX access_requests_witnessed ON access_requests (decided_at) WHERE in_person = 'witness';
CREATE TRIGGER access_requests_are_kept BEFORE DELETE ON access_requests FOR EACH ROW
    EXECUTE FUNCTION refuse('access requests are never deleted');
CREATE TRIGGER access_requests_are_not_emptied BEFORE TRUNCATE ON access_requests
    EXECUTE FUNCTION refuse('access requests are never deleted');
CREATE TRIGGER access_requests_transitions BEFORE UPDATE OF status ON access_requests FOR EACH ROW
    WHEN (NOT (
        (OLD.status = 'pending' AND NEW.status IN ('approved', 'rejected', 'withdrawn', 'lapsed'))
        OR (OLD.status = 'approved' AND NEW.status IN ('approved', 'replaced', 'revoked', 'expired'))
        OR (OLD.status = 'emergency' AND NEW.status IN ('revoked', 'expired'))
    ))
    EXECUTE FUNCTION refuse('this access request cannot change so');
CREATE TRIGGER access_requests_parties BEFORE UPDATE OF patient_id, doctor_id ON access_requests FOR EACH ROW
    EXECUTE FUNCTION refuse('the parties of an access request never change');

CREATE TABLE emergency_reviews (
    request_id TEXT COLLATE "C" PRIMARY KEY REFERENCES access_requests (id),
    status TEXT COLLATE "C" NOT NULL DEFAULT 'to_review' CONSTRAINT emergency_reviews_status_check
        CHECK (status IN ('to_review', 'to_explain', 'explained', 'justified', 'abusive')),
    against BIGINT NOT NULL DEFAULT 0 CONSTRAINT emergency_reviews_against_check CHECK (against IN (0, 1)),
    opened_at BIGINT NOT NULL,
    question TEXT COLLATE "C" NOT NULL DEFAULT '',  -- what the admin asks the doctor
    explanation TEXT COLLATE "C" NOT NULL DEFAULT '',  -- what the doctor answers
    explained_at BIGINT,
    text TEXT COLLATE "C" NOT NULL DEFAULT '',  -- what the admin says of it, to the patient and to the doctor
    reviewer_id TEXT COLLATE "C" REFERENCES users (id),
    decided_at BIGINT,
    version BIGINT NOT NULL DEFAULT 1,
    CONSTRAINT emergency_reviews_decided_check
        CHECK ((status IN ('justified', 'abusive')) = (decided_at IS NOT NULL) AND (status <> 'abusive' OR text <> '')),
    CONSTRAINT emergency_reviews_question_check CHECK (status <> 'to_explain' OR question <> ''),
    CONSTRAINT emergency_reviews_explained_check CHECK (status <> 'explained' OR explanation <> '')
);
CREATE INDEX emergency_reviews_states ON emergency_reviews (status, opened_at, request_id);
CREATE TRIGGER emergency_reviews_are_kept BEFORE DELETE ON emergency_reviews FOR EACH ROW
    EXECUTE FUNCTION refuse('reviews are never deleted');
CREATE TRIGGER emergency_reviews_are_not_emptied BEFORE TRUNCATE ON emergency_reviews
    EXECUTE FUNCTION refuse('reviews are never deleted');
CREATE TRIGGER emergency_reviews_transitions BEFORE UPDATE OF status ON emergency_reviews FOR EACH ROW
    WHEN (NOT (
        (OLD.status = 'to_review' AND NEW.status IN ('to_explain', 'justified', 'abusive'))
        OR (OLD.status = 'to_explain' AND NEW.status IN ('explained', 'justified', 'abusive'))
        OR (OLD.status = 'explained' AND NEW.status IN ('justified', 'abusive'))
        OR (OLD.status = 'justified' AND NEW.status = 'abusive')
        OR (OLD.status = 'abusive' AND NEW.status = 'justified')
    ))
    EXECUTE FUNCTION refuse('this review cannot change so');

-- Medical records; what they say is in insert-only versions.

CREATE TABLE records (
    id TEXT COLLATE "C" PRIMARY KEY,
    patient_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    type TEXT COLLATE "C" NOT NULL CONSTRAINT records_type_check
        CHECK (type IN ('consultation', 'test_result', 'vaccination', 'allergy', 'problem', 'prescription')),
    author_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    status TEXT COLLATE "C" NOT NULL DEFAULT 'current'
        CONSTRAINT records_status_check CHECK (status IN ('current', 'entered_in_error')),
    occurred_on TEXT COLLATE "C" NOT NULL,  -- ISO 8601 date
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    words TEXT COLLATE "C" NOT NULL DEFAULT ''  -- by which it is found (0026)
);
CREATE INDEX records_patient ON records (patient_id, occurred_on, id);
CREATE INDEX records_types ON records (patient_id, type, occurred_on, id);
CREATE INDEX records_authors ON records (patient_id, status, type, author_id);
CREATE TRIGGER records_are_kept BEFORE DELETE ON records FOR EACH ROW
    EXECUTE FUNCTION refuse('records are never deleted');
CREATE TRIGGER records_are_not_emptied BEFORE TRUNCATE ON records
    EXECUTE FUNCTION refuse('records are never deleted');
CREATE TRIGGER records_belong BEFORE UPDATE OF patient_id, author_id, type ON records FOR EACH ROW
    EXECUTE FUNCTION refuse('whose record it is never changes');
CREATE TRIGGER records_transitions BEFORE UPDATE OF status ON records FOR EACH ROW
    WHEN (OLD.status = 'entered_in_error')
    EXECUTE FUNCTION refuse('what was entered in error stays so');

CREATE TABLE record_versions (
    record_id TEXT COLLATE "C" NOT NULL REFERENCES records (id),
    version BIGINT NOT NULL,
    author_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    title TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C",  -- why it was corrected; NULL for the first version
    created_at BIGINT NOT NULL,
    PRIMARY KEY (record_id, version),
    CONSTRAINT record_versions_reason_check CHECK (version = 1 OR reason IS NOT NULL)
);
CREATE TRIGGER record_versions_are_kept BEFORE DELETE ON record_versions FOR EACH ROW
    EXECUTE FUNCTION refuse('versions are never deleted');
CREATE TRIGGER record_versions_are_not_emptied BEFORE TRUNCATE ON record_versions
    EXECUTE FUNCTION refuse('versions are never deleted');
CREATE TRIGGER record_versions_are_final BEFORE UPDATE ON record_versions FOR EACH ROW
    EXECUTE FUNCTION refuse('versions are never changed');

CREATE TABLE allergy_facts (
    record_id TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    substance TEXT COLLATE "C" NOT NULL,  -- in words: a DCI, the name of a family, a food; empty where none is known
    atc TEXT COLLATE "C" NOT NULL,  -- codes and beginnings of codes, each after a space; empty: compared by its name alone
    reaction TEXT COLLATE "C" NOT NULL,
    severity TEXT COLLATE "C" NOT NULL,  -- empty: not known
    status TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (record_id, version),
    FOREIGN KEY (record_id, version) REFERENCES record_versions (record_id, version),
    CONSTRAINT allergy_facts_kind_check CHECK (kind IN ('medicine', 'class', 'food', 'other', 'none_known')),
    CONSTRAINT allergy_facts_severity_check CHECK (severity IN ('', 'mild', 'moderate', 'severe')),
    CONSTRAINT allergy_facts_status_check CHECK (status IN ('active', 'refuted')),
    CONSTRAINT allergy_facts_substance_check CHECK ((kind = 'none_known') = (substance = '')),
    CONSTRAINT allergy_facts_class_check CHECK (kind <> 'class' OR atc <> '')
);
CREATE TRIGGER allergy_facts_are_kept BEFORE DELETE ON allergy_facts FOR EACH ROW
    EXECUTE FUNCTION refuse('what a version says is never deleted');
CREATE TRIGGER allergy_facts_are_not_emptied BEFORE TRUNCATE ON allergy_facts
    EXECUTE FUNCTION refuse('what a version says is never deleted');
CREATE TRIGGER allergy_facts_are_final BEFORE UPDATE ON allergy_facts FOR EACH ROW
    EXECUTE FUNCTION refuse('what a version says is never changed');

CREATE TABLE measurements (
    id TEXT COLLATE "C" PRIMARY KEY,
    patient_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    round_id TEXT COLLATE "C" NOT NULL,  -- what was measured in one go has the id of the first of it
    record_id TEXT COLLATE "C" REFERENCES records (id),  -- the consultation in which it was; NULL: by itself
    code TEXT COLLATE "C" NOT NULL,
    value BIGINT NOT NULL,
    diastolic BIGINT,  -- of a blood pressure, the lower one
    measured_on TEXT COLLATE "C" NOT NULL,  -- ISO 8601 date
    author_id TEXT COLLATE "C" REFERENCES users (id),  -- NULL: not known, of what was there before there were authors
    delegated_by TEXT COLLATE "C" REFERENCES users (id),  -- the doctor under whose access a nurse measured; NULL: the author's own
    created_at BIGINT NOT NULL,
    CONSTRAINT measurements_value_check CHECK (
        code = 'body_weight' AND value BETWEEN 300 AND 400000
        OR code = 'blood_pressure' AND value BETWEEN 31 AND 300
        OR code = 'pulse' AND value BETWEEN 10 AND 300
        OR code = 'temperature' AND value BETWEEN 250 AND 450
        OR code = 'respiratory_rate' AND value BETWEEN 2 AND 120
        OR code = 'oxygen_saturation' AND value BETWEEN 30 AND 100
        OR code = 'body_height' AND value BETWEEN 200 AND 2500
        OR code = 'head_circumference' AND value BETWEEN 150 AND 800
        OR code = 'glucose' AND value BETWEEN 5 AND 1500
        OR code = 'pain' AND value BETWEEN 0 AND 10
    ),
    CONSTRAINT measurements_diastolic_check CHECK ((code = 'blood_pressure') = (diastolic IS NOT NULL)),
    CONSTRAINT measurements_pressures_check CHECK (diastolic IS NULL OR diastolic BETWEEN 10 AND value - 1),
    CONSTRAINT measurements_delegated_check CHECK (delegated_by IS NULL OR author_id IS NOT NULL)
);
CREATE INDEX measurements_patient ON measurements (patient_id, code, measured_on, created_at, id);
CREATE INDEX measurements_latest ON measurements (patient_id, measured_on, created_at, id);
CREATE INDEX measurements_round ON measurements (round_id);
CREATE INDEX measurements_record ON measurements (record_id) WHERE record_id IS NOT NULL;
CREATE TRIGGER measurements_are_kept BEFORE DELETE ON measurements FOR EACH ROW
    EXECUTE FUNCTION refuse('measurements are never deleted');
CREATE TRIGGER measurements_are_not_emptied BEFORE TRUNCATE ON measurements
    EXECUTE FUNCTION refuse('measurements are never deleted');
CREATE TRIGGER measurements_are_final BEFORE UPDATE ON measurements FOR EACH ROW
    EXECUTE FUNCTION refuse('measurements are never changed');

CREATE TABLE measurement_errors (
    measurement_id TEXT COLLATE "C" PRIMARY KEY REFERENCES measurements (id),
    reason TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL
);
CREATE TRIGGER measurement_errors_are_kept BEFORE DELETE ON measurement_errors FOR EACH ROW
    EXECUTE FUNCTION refuse('what was measured in error stays so');
CREATE TRIGGER measurement_errors_are_not_emptied BEFORE TRUNCATE ON measurement_errors
    EXECUTE FUNCTION refuse('what was measured in error stays so');
CREATE TRIGGER measurement_errors_are_final BEFORE UPDATE ON measurement_errors FOR EACH ROW
    EXECUTE FUNCTION refuse('why it was entered in error is never changed');

CREATE TABLE consultation_facts (
    record_id TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    motive TEXT COLLATE "C" NOT NULL,
    observation TEXT COLLATE "C" NOT NULL,  -- empty: none
    conclusion TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (record_id, version),
    FOREIGN KEY (record_id, version) REFERENCES record_versions (record_id, version),
    CONSTRAINT consultation_facts_motive_check CHECK (motive <> '')
);
CREATE TRIGGER consultation_facts_are_kept BEFORE DELETE ON consultation_facts FOR EACH ROW
    EXECUTE FUNCTION refuse('what a consultation said is never deleted');
CREATE TRIGGER consultation_facts_are_not_emptied BEFORE TRUNCATE ON consultation_facts
    EXECUTE FUNCTION refuse('what a consultation said is never deleted');
CREATE TRIGGER consultation_facts_are_final BEFORE UPDATE ON consultation_facts FOR EACH ROW
    EXECUTE FUNCTION refuse('what a consultation said is never changed');

CREATE TABLE problem_facts (
    record_id TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    words TEXT COLLATE "C" NOT NULL,  -- of its doctor, whatever its code
    icd TEXT COLLATE "C" NOT NULL,  -- a code of ICD-10; empty: none
    since TEXT COLLATE "C" NOT NULL,  -- as much of an ISO 8601 date as is known; empty: nothing
    status TEXT COLLATE "C" NOT NULL,
    ended_on TEXT COLLATE "C" NOT NULL,  -- ISO 8601 date; empty: it goes on, or nobody knows when it ended
    note TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (record_id, version),
    FOREIGN KEY (record_id, version) REFERENCES record_versions (record_id, version),
    CONSTRAINT problem_facts_words_check CHECK (words <> ''),
    CONSTRAINT problem_facts_status_check CHECK (status IN ('active', 'past')),
    CONSTRAINT problem_facts_ended_check CHECK (status = 'past' OR ended_on = '')
);
CREATE TRIGGER problem_facts_are_kept BEFORE DELETE ON problem_facts FOR EACH ROW
    EXECUTE FUNCTION refuse('what was said of a problem is never deleted');
CREATE TRIGGER problem_facts_are_not_emptied BEFORE TRUNCATE ON problem_facts
    EXECUTE FUNCTION refuse('what was said of a problem is never deleted');
CREATE TRIGGER problem_facts_are_final BEFORE UPDATE ON problem_facts FOR EACH ROW
    EXECUTE FUNCTION refuse('what was said of a problem is never changed');

CREATE TABLE vaccination_facts (
    record_id TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    vaccine TEXT COLLATE "C" NOT NULL,
    vaccine_key TEXT COLLATE "C" NOT NULL,  -- as it is compared with others (fadjma/writing.py, fold)
    dose BIGINT,  -- NULL: not known
    lot TEXT COLLATE "C" NOT NULL,  -- empty, as below: not known
    site TEXT COLLATE "C" NOT NULL,
    next_due TEXT COLLATE "C" NOT NULL,  -- ISO 8601 date
    note TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (record_id, version),
    FOREIGN KEY (record_id, version) REFERENCES record_versions (record_id, version),
    CONSTRAINT vaccination_facts_vaccine_check CHECK (vaccine <> '' AND vaccine_key <> ''),
    CONSTRAINT vaccination_facts_dose_check CHECK (dose BETWEEN 0 AND 20)
);
CREATE INDEX vaccination_facts_due ON vaccination_facts (next_due) WHERE next_due <> '';
CREATE TRIGGER vaccination_facts_are_kept BEFORE DELETE ON vaccination_facts FOR EACH ROW
    EXECUTE FUNCTION refuse('what was said of a vaccination is never deleted');
CREATE TRIGGER vaccination_facts_are_not_emptied BEFORE TRUNCATE ON vaccination_facts
    EXECUTE FUNCTION refuse('what was said of a vaccination is never deleted');
CREATE TRIGGER vaccination_facts_are_final BEFORE UPDATE ON vaccination_facts FOR EACH ROW
    EXECUTE FUNCTION refuse('what was said of a vaccination is never changed');

CREATE TABLE result_facts (
    record_id TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    exam TEXT COLLATE "C" NOT NULL,  -- what it is called as a whole; empty: by its analyses
    note TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (record_id, version),
    FOREIGN KEY (record_id, version) REFERENCES record_versions (record_id, version)
);
CREATE TRIGGER result_facts_are_kept BEFORE DELETE ON result_facts FOR EACH ROW
    EXECUTE FUNCTION refuse('what a result said is never deleted');
CREATE TRIGGER result_facts_are_not_emptied BEFORE TRUNCATE ON result_facts
    EXECUTE FUNCTION refuse('what a result said is never deleted');
CREATE TRIGGER result_facts_are_final BEFORE UPDATE ON result_facts FOR EACH ROW
    EXECUTE FUNCTION refuse('what a result said is never changed');

CREATE TABLE result_values (
    record_id TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    position BIGINT NOT NULL,
    analysis TEXT COLLATE "C" NOT NULL,
    comparator TEXT COLLATE "C" NOT NULL,  -- FHIR Quantity.comparator; empty: the value itself
    number TEXT COLLATE "C" NOT NULL,
    unit TEXT COLLATE "C" NOT NULL,  -- UCUM; empty: none
    low TEXT COLLATE "C" NOT NULL,  -- of the reference range; empty: no such bound
    high TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (record_id, version, position),
    FOREIGN KEY (record_id, version) REFERENCES result_facts (record_id, version),
    CONSTRAINT result_values_position_check CHECK (position BETWEEN 0 AND 19),
    CONSTRAINT result_values_said_check CHECK (analysis <> '' AND number <> ''),
    CONSTRAINT result_values_comparator_check CHECK (comparator IN ('', '<', '<=', '>=', '>'))
);
CREATE TRIGGER result_values_are_kept BEFORE DELETE ON result_values FOR EACH ROW
    EXECUTE FUNCTION refuse('a value of a result is never deleted');
CREATE TRIGGER result_values_are_not_emptied BEFORE TRUNCATE ON result_values
    EXECUTE FUNCTION refuse('a value of a result is never deleted');
CREATE TRIGGER result_values_are_final BEFORE UPDATE ON result_values FOR EACH ROW
    EXECUTE FUNCTION refuse('a value of a result is never changed');

-- Papers and pictures.

CREATE TABLE papers (
    id TEXT COLLATE "C" PRIMARY KEY,
    record_id TEXT COLLATE "C" NOT NULL REFERENCES records (id),
    patient_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    kind TEXT COLLATE "C" NOT NULL,  -- its media type
    sha256 TEXT COLLATE "C" NOT NULL,  -- of what is kept, which is the name of its file
    size BIGINT NOT NULL,  -- bytes of it
    width BIGINT,  -- of a picture, in points
    height BIGINT,
    pages BIGINT,  -- of a PDF
    thumbnail TEXT COLLATE "C",  -- the SHA-256 of a small JPEG of a picture
    author_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    CONSTRAINT papers_kind_check CHECK (kind IN ('application/pdf', 'image/jpeg', 'image/png')),
    CONSTRAINT papers_size_check CHECK (size > 0),
    CONSTRAINT papers_sha256_check CHECK (length(sha256) = 64 AND (thumbnail IS NULL OR length(thumbnail) = 64)),
    CONSTRAINT papers_shape_check CHECK (
        (kind = 'application/pdf') = (pages IS NOT NULL) AND (kind <> 'application/pdf') = (thumbnail IS NOT NULL)
        AND (width IS NULL) = (pages IS NOT NULL) AND (height IS NULL) = (pages IS NOT NULL)
    )
);
CREATE INDEX papers_record ON papers (record_id, created_at, id);
CREATE INDEX papers_patient ON papers (patient_id, created_at, id);
CREATE TRIGGER papers_are_kept BEFORE DELETE ON papers FOR EACH ROW
    EXECUTE FUNCTION refuse('papers are never deleted');
CREATE TRIGGER papers_are_not_emptied BEFORE TRUNCATE ON papers
    EXECUTE FUNCTION refuse('papers are never deleted');
CREATE TRIGGER papers_are_final BEFORE UPDATE ON papers FOR EACH ROW
    EXECUTE FUNCTION refuse('papers are never changed');

CREATE TABLE uploads (
    id TEXT COLLATE "C" PRIMARY KEY,
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    patient_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    type TEXT COLLATE "C" NOT NULL,
    title TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    occurred_on TEXT COLLATE "C" NOT NULL,
    size BIGINT NOT NULL,  -- bytes
    sha256 TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    paper_id TEXT COLLATE "C" REFERENCES papers (id),  -- once it is whole
    CONSTRAINT uploads_size_check CHECK (size > 0)
);
CREATE UNIQUE INDEX uploads_open ON uploads (user_id, patient_id, sha256) WHERE paper_id IS NULL;
CREATE INDEX uploads_age ON uploads (created_at);

-- A file taken away, or shown by a link.

CREATE TABLE exports (
    id TEXT COLLATE "C" PRIMARY KEY,
    patient_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    owner_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),  -- who has asked for it: the patient, or who acts for them
    parts TEXT COLLATE "C" NOT NULL,  -- codes (taking/scope.py), with spaces between
    since TEXT COLLATE "C",  -- the first day, and the last, of what is dated
    until TEXT COLLATE "C",
    language TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL DEFAULT 'making',
    done BIGINT NOT NULL DEFAULT 0,  -- entries so far
    total BIGINT NOT NULL DEFAULT 0,  -- 0: it waits for its turn
    size BIGINT,  -- bytes, once it is ready
    failure TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    expires_at BIGINT,  -- it is removed then
    fetched_at BIGINT,  -- when somebody first began to fetch it
    version BIGINT NOT NULL DEFAULT 1,
    CONSTRAINT exports_status_check CHECK (status IN ('making', 'ready', 'failed', 'removed')),
    CONSTRAINT exports_failure_check CHECK (
        (status = 'failed') = (failure IS NOT NULL) AND (failure IS NULL OR failure IN ('full', 'interrupted', 'broken'))
    ),
    CONSTRAINT exports_ready_check CHECK (status <> 'ready' OR (size IS NOT NULL AND expires_at IS NOT NULL)),
    CONSTRAINT exports_done_check CHECK (done >= 0 AND total >= 0)
);
CREATE UNIQUE INDEX exports_making ON exports (owner_id) WHERE status = 'making';
CREATE INDEX exports_owned ON exports (patient_id, owner_id, created_at);
CREATE INDEX exports_standing ON exports (status, changed_at);

CREATE TABLE shares (
    id TEXT COLLATE "C" PRIMARY KEY,
    patient_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    by_id TEXT COLLATE "C" REFERENCES users (id),  -- who made it for the patient, where somebody did
    whom TEXT COLLATE "C" NOT NULL,  -- for whom, in the patient's words; empty: not said
    parts TEXT COLLATE "C" NOT NULL,
    since TEXT COLLATE "C",
    until TEXT COLLATE "C",
    link_hash TEXT COLLATE "C" NOT NULL CONSTRAINT shares_link UNIQUE,
    failures BIGINT NOT NULL DEFAULT 0,  -- wrong codes
    last_wrong TEXT COLLATE "C",  -- the submission of the last of them: a form sent twice is one error
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,  -- unopened, it ends then
    opened_at BIGINT,
    closes_at BIGINT,  -- opened, it ends then
    session_hash TEXT COLLATE "C",  -- of the cookie of the browser that opened it
    submission TEXT COLLATE "C",  -- that opened it
    ended_at BIGINT,  -- taken back by the patient, closed by the reader, or locked by wrong codes
    ended_why TEXT COLLATE "C",
    version BIGINT NOT NULL DEFAULT 1,
    CONSTRAINT shares_failures_check CHECK (failures BETWEEN 0 AND 5),
    CONSTRAINT shares_opened_check CHECK (
        (opened_at IS NULL) = (closes_at IS NULL) AND (opened_at IS NULL) = (session_hash IS NULL)
    ),
    CONSTRAINT shares_ended_check CHECK (
        (ended_at IS NULL) = (ended_why IS NULL) AND (ended_why IS NULL OR ended_why IN ('revoked', 'closed', 'locked'))
    )
);
CREATE INDEX shares_patient ON shares (patient_id, created_at, id);
CREATE TRIGGER shares_are_kept BEFORE DELETE ON shares FOR EACH ROW
    EXECUTE FUNCTION refuse('shares are never deleted');
CREATE TRIGGER shares_are_not_emptied BEFORE TRUNCATE ON shares
    EXECUTE FUNCTION refuse('shares are never deleted');
CREATE TRIGGER shares_stay_ended BEFORE UPDATE ON shares FOR EACH ROW
    WHEN (OLD.ended_at IS NOT NULL AND (NEW.ended_at IS NULL OR coalesce(NEW.opened_at, 0) <> coalesce(OLD.opened_at, 0)))
    EXECUTE FUNCTION refuse('a share that has ended stays so');
CREATE TRIGGER shares_are_opened_once BEFORE UPDATE ON shares FOR EACH ROW
    WHEN (OLD.opened_at IS NOT NULL AND (
        NEW.opened_at IS NULL OR NEW.opened_at <> OLD.opened_at OR NEW.session_hash <> OLD.session_hash
        OR NEW.closes_at <> OLD.closes_at
    ))
    EXECUTE FUNCTION refuse('a share is opened once');

CREATE TABLE share_papers (
    share_id TEXT COLLATE "C" NOT NULL REFERENCES shares (id),
    paper_id TEXT COLLATE "C" NOT NULL REFERENCES papers (id),
    at BIGINT NOT NULL,
    PRIMARY KEY (share_id, paper_id)
);

-- Medicines by DCI/INN, and what each pharmacy has of them.

CREATE TABLE medicines (
    id TEXT COLLATE "C" PRIMARY KEY,
    dci TEXT COLLATE "C" NOT NULL,  -- dénomination commune internationale, French
    form TEXT COLLATE "C" NOT NULL,
    strength TEXT COLLATE "C" NOT NULL,
    unit TEXT COLLATE "C" NOT NULL,  -- what is counted: comprimé, flacon…
    atc TEXT COLLATE "C" NOT NULL DEFAULT '',
    search_key TEXT COLLATE "C" NOT NULL,  -- dci, strength and form in lower case without accents
    name_key TEXT COLLATE "C",
    brands TEXT COLLATE "C" NOT NULL DEFAULT '',
    brands_key TEXT COLLATE "C" NOT NULL DEFAULT '',
    schedule TEXT COLLATE "C" NOT NULL DEFAULT 'none'
        CONSTRAINT medicines_schedule_check CHECK (schedule IN ('none', 'list_1', 'list_2', 'narcotic')),
    source TEXT COLLATE "C" NOT NULL DEFAULT ''
        CONSTRAINT medicines_source_check CHECK (source IN ('', 'starter')),
    reviewed_at BIGINT,
    reviewed_by TEXT COLLATE "C" REFERENCES users (id),
    retired_at BIGINT,
    version BIGINT NOT NULL DEFAULT 1,
    UNIQUE (dci, form, strength)
);
CREATE INDEX medicines_name_key ON medicines (name_key);
CREATE INDEX medicines_search ON medicines (search_key, id);
CREATE INDEX medicines_to_review ON medicines (id) WHERE source <> '' AND reviewed_at IS NULL;
CREATE TRIGGER medicines_are_kept BEFORE DELETE ON medicines FOR EACH ROW
    EXECUTE FUNCTION refuse('medicines are never deleted');
CREATE TRIGGER medicines_are_not_emptied BEFORE TRUNCATE ON medicines
    EXECUTE FUNCTION refuse('medicines are never deleted');
CREATE FUNCTION refuse_of_medicine_in_use() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM prescription_lines WHERE medicine_id = OLD.id)
        OR EXISTS (SELECT 1 FROM products WHERE medicine_id = OLD.id)
    THEN
        RAISE EXCEPTION USING
            MESSAGE = TG_ARGV[0], ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER medicines_in_use_keep_their_name BEFORE UPDATE OF dci, form, strength, unit ON medicines FOR EACH ROW
    WHEN (OLD.dci <> NEW.dci OR OLD.form <> NEW.form OR OLD.strength <> NEW.strength OR OLD.unit <> NEW.unit)
    EXECUTE FUNCTION refuse_of_medicine_in_use('a medicine in use keeps its name');

CREATE TABLE products (
    id TEXT COLLATE "C" PRIMARY KEY,
    pharmacy_id TEXT COLLATE "C" NOT NULL REFERENCES organizations (id),
    medicine_id TEXT COLLATE "C" NOT NULL REFERENCES medicines (id),
    threshold BIGINT NOT NULL DEFAULT 0 CONSTRAINT products_threshold_check CHECK (threshold >= 0),
    UNIQUE (pharmacy_id, medicine_id)
);
CREATE INDEX products_medicine ON products (medicine_id);

CREATE TABLE lots (
    id TEXT COLLATE "C" PRIMARY KEY,
    product_id TEXT COLLATE "C" NOT NULL REFERENCES products (id),
    number TEXT COLLATE "C" NOT NULL,
    expires_on TEXT COLLATE "C" NOT NULL,  -- ISO 8601 date, the last day of use
    on_hand BIGINT NOT NULL CONSTRAINT lots_on_hand_check CHECK (on_hand >= 0),
    reserved BIGINT NOT NULL DEFAULT 0 CONSTRAINT lots_reserved_check CHECK (reserved >= 0 AND reserved <= on_hand),
    expiry_told_at BIGINT,  -- when its pharmacy was told that it expires soon: once
    version BIGINT NOT NULL DEFAULT 1,
    number_key TEXT COLLATE "C",
    counted_at BIGINT,
    expired_told_at BIGINT,
    withheld_at BIGINT,
    withheld_by TEXT COLLATE "C" REFERENCES users (id),
    withheld_reason TEXT COLLATE "C" NOT NULL DEFAULT ''
        CONSTRAINT lots_withheld_check
        CHECK ((withheld_at IS NULL) = (withheld_by IS NULL) AND (withheld_at IS NULL) = (withheld_reason = '')),
    UNIQUE (product_id, number)
);
CREATE INDEX lots_expiring ON lots (expires_on) WHERE on_hand > 0 AND expiry_told_at IS NULL;
CREATE INDEX lots_first_expired ON lots (product_id, expires_on) WHERE on_hand > 0;
CREATE UNIQUE INDEX lots_number_key ON lots (product_id, number_key) WHERE number_key IS NOT NULL;
CREATE INDEX lots_expired ON lots (expires_on) WHERE on_hand > 0 AND expired_told_at IS NULL;

CREATE TABLE medicine_imports (
    id TEXT COLLATE "C" PRIMARY KEY,
    made_by TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    made_at BIGINT NOT NULL,
    content TEXT COLLATE "C" NOT NULL,  -- JSON: the lines; empty once they are taken
    added BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    unchanged BIGINT NOT NULL,
    applied_at BIGINT,
    version BIGINT NOT NULL DEFAULT 1
);

CREATE TABLE receipts (
    id TEXT COLLATE "C" PRIMARY KEY,
    pharmacy_id TEXT COLLATE "C" NOT NULL REFERENCES organizations (id),
    made_by TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    made_at BIGINT NOT NULL,
    content TEXT COLLATE "C" NOT NULL,  -- JSON: the lines
    lines BIGINT NOT NULL,
    units BIGINT NOT NULL,
    applied_at BIGINT,
    applied_by TEXT COLLATE "C" REFERENCES users (id),
    undone_at BIGINT,
    undone_by TEXT COLLATE "C" REFERENCES users (id),
    version BIGINT NOT NULL DEFAULT 1,
    CONSTRAINT receipts_undone_check CHECK (undone_at IS NULL OR applied_at IS NOT NULL)
);
CREATE INDEX receipts_of ON receipts (pharmacy_id, made_at, id);
CREATE INDEX receipts_not_taken ON receipts (made_at) WHERE applied_at IS NULL;

CREATE TABLE counts (
    id TEXT COLLATE "C" PRIMARY KEY,
    pharmacy_id TEXT COLLATE "C" NOT NULL REFERENCES organizations (id),
    made_by TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    made_at BIGINT NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    lots BIGINT NOT NULL,
    changed BIGINT NOT NULL CONSTRAINT counts_changed_check CHECK (changed BETWEEN 0 AND lots)
);
CREATE INDEX counts_of ON counts (pharmacy_id, made_at, id);
CREATE TRIGGER counts_are_kept BEFORE DELETE ON counts FOR EACH ROW
    EXECUTE FUNCTION refuse('counts are never deleted');
CREATE TRIGGER counts_are_not_emptied BEFORE TRUNCATE ON counts
    EXECUTE FUNCTION refuse('counts are never deleted');
CREATE TRIGGER counts_are_final BEFORE UPDATE ON counts FOR EACH ROW
    EXECUTE FUNCTION refuse('counts are never changed');

CREATE TABLE gtins (
    pharmacy_id TEXT COLLATE "C" NOT NULL REFERENCES organizations (id),
    gtin TEXT COLLATE "C" NOT NULL CONSTRAINT gtins_gtin_check CHECK (length(gtin) = 14),
    medicine_id TEXT COLLATE "C" NOT NULL REFERENCES medicines (id),
    made_by TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    made_at BIGINT NOT NULL,
    PRIMARY KEY (pharmacy_id, gtin)
);

CREATE TABLE pharmacy_choices (
    pharmacy_id TEXT COLLATE "C" PRIMARY KEY REFERENCES organizations (id),
    shows_cover BIGINT NOT NULL DEFAULT 0 CONSTRAINT pharmacy_choices_cover_check CHECK (shows_cover IN (0, 1)),
    duty_from TEXT COLLATE "C",  -- ISO 8601 dates, both or none: the first and the last day
    duty_to TEXT COLLATE "C",
    version BIGINT NOT NULL DEFAULT 1,
    CONSTRAINT pharmacy_choices_duty_check CHECK ((duty_from IS NULL) = (duty_to IS NULL) AND (duty_from IS NULL OR duty_from <= duty_to))
);

CREATE TABLE transfers (
    id TEXT COLLATE "C" PRIMARY KEY,
    from_id TEXT COLLATE "C" NOT NULL REFERENCES organizations (id),
    to_id TEXT COLLATE "C" NOT NULL REFERENCES organizations (id),
    lot_id TEXT COLLATE "C" NOT NULL REFERENCES lots (id),  -- of the sender
    quantity BIGINT NOT NULL CONSTRAINT transfers_quantity_check CHECK (quantity > 0),
    sent_by TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    sent_at BIGINT NOT NULL,
    received_lot_id TEXT COLLATE "C" REFERENCES lots (id),  -- of the receiver
    received_by TEXT COLLATE "C" REFERENCES users (id),
    received_at BIGINT,
    undone_by TEXT COLLATE "C" REFERENCES users (id),
    undone_at BIGINT,
    version BIGINT NOT NULL DEFAULT 1,
    CONSTRAINT transfers_places_check CHECK (from_id <> to_id),
    CONSTRAINT transfers_received_check CHECK (
        (received_at IS NULL) = (received_by IS NULL) AND (received_at IS NULL) = (received_lot_id IS NULL)),
    CONSTRAINT transfers_undone_check CHECK ((undone_at IS NULL) = (undone_by IS NULL)),
    CONSTRAINT transfers_end_check CHECK (received_at IS NULL OR undone_at IS NULL)
);
CREATE INDEX transfers_sent ON transfers (from_id, sent_at, id);
CREATE INDEX transfers_to_receive ON transfers (to_id, sent_at, id);
CREATE INDEX transfers_of_lot ON transfers (lot_id);
CREATE TRIGGER transfers_are_kept BEFORE DELETE ON transfers FOR EACH ROW
    EXECUTE FUNCTION refuse('transfers are never deleted');
CREATE TRIGGER transfers_are_not_emptied BEFORE TRUNCATE ON transfers
    EXECUTE FUNCTION refuse('transfers are never deleted');
CREATE TRIGGER transfers_end_once BEFORE UPDATE ON transfers FOR EACH ROW
    WHEN (OLD.received_at IS NOT NULL OR OLD.undone_at IS NOT NULL)
    EXECUTE FUNCTION refuse('a transfer ends once');
CREATE TRIGGER transfers_stay_what_they_are BEFORE UPDATE OF id, from_id, to_id, lot_id, quantity, sent_by, sent_at ON transfers FOR EACH ROW
    EXECUTE FUNCTION refuse('what was sent never changes');

CREATE TABLE movements (
    id TEXT COLLATE "C" PRIMARY KEY,
    lot_id TEXT COLLATE "C" NOT NULL REFERENCES lots (id),
    kind TEXT COLLATE "C" NOT NULL CONSTRAINT movements_kind_check CHECK (kind IN ('received', 'delivered', 'adjusted', 'transferred')),
    quantity BIGINT NOT NULL CONSTRAINT movements_quantity_check CHECK (quantity <> 0),  -- signed change of on_hand
    reason TEXT COLLATE "C" NOT NULL DEFAULT '',
    actor_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    prescription_id TEXT COLLATE "C",
    at BIGINT NOT NULL,
    receipt_id TEXT COLLATE "C" REFERENCES receipts (id),
    count_id TEXT COLLATE "C" REFERENCES counts (id),
    transfer_id TEXT COLLATE "C" REFERENCES transfers (id),
    CONSTRAINT movements_transfer_check CHECK ((kind = 'transferred') = (transfer_id IS NOT NULL))
);
CREATE INDEX movements_lot ON movements (lot_id, at, id);
CREATE INDEX movements_receipt ON movements (receipt_id) WHERE receipt_id IS NOT NULL;
CREATE INDEX movements_count ON movements (count_id) WHERE count_id IS NOT NULL;
CREATE INDEX movements_transfer ON movements (transfer_id) WHERE transfer_id IS NOT NULL;
CREATE INDEX movements_time ON movements (at, id);
CREATE TRIGGER movements_are_kept BEFORE DELETE ON movements FOR EACH ROW
    EXECUTE FUNCTION refuse('movements are never deleted');
CREATE TRIGGER movements_are_not_emptied BEFORE TRUNCATE ON movements
    EXECUTE FUNCTION refuse('movements are never deleted');
CREATE TRIGGER movements_are_final BEFORE UPDATE ON movements FOR EACH ROW
    EXECUTE FUNCTION refuse('movements are never changed');

-- Prescriptions, their lines and acts; what was handed over.

CREATE TABLE prescriptions (
    id TEXT COLLATE "C" PRIMARY KEY,
    patient_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    prescriber_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    addressed_to TEXT COLLATE "C" REFERENCES organizations (id),  -- NULL: open to any pharmacy
    pharmacy_id TEXT COLLATE "C" REFERENCES organizations (id),  -- the one that claimed it, by validating
    replaces_id TEXT COLLATE "C" REFERENCES prescriptions (id),
    status TEXT COLLATE "C" NOT NULL CONSTRAINT prescriptions_status_check CHECK (status IN (
        'issued', 'validated', 'prepared', 'ready', 'in_delivery', 'delivered', 'part_delivered', 'on_hold',
        'refused', 'cancelled', 'expired', 'entered_in_error')),
    status_reason TEXT COLLATE "C" NOT NULL DEFAULT '',
    issued_at BIGINT NOT NULL,
    valid_until BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    code_round BIGINT NOT NULL DEFAULT 1,  -- raising it makes a new hand-over code (prescriptions/handover.py)
    code_failures BIGINT NOT NULL DEFAULT 0,
    version BIGINT NOT NULL DEFAULT 1,
    acknowledge_by TEXT COLLATE "C" REFERENCES organizations (id),
    acknowledged_at BIGINT,
    acknowledged_by TEXT COLLATE "C" REFERENCES users (id),
    short_code TEXT COLLATE "C",
    code_printed_round BIGINT,
    CONSTRAINT prescriptions_pharmacy_check CHECK (status IN ('issued', 'cancelled', 'expired', 'entered_in_error') OR pharmacy_id IS NOT NULL),
    CONSTRAINT prescriptions_reason_check CHECK (status NOT IN ('refused', 'on_hold', 'cancelled', 'entered_in_error') OR status_reason <> '')
);
CREATE INDEX prescriptions_patient ON prescriptions (patient_id, updated_at, id);
CREATE UNIQUE INDEX prescriptions_replaced_once ON prescriptions (replaces_id) WHERE replaces_id IS NOT NULL;
CREATE INDEX prescriptions_patient_states ON prescriptions (patient_id, status, updated_at, id);
CREATE INDEX prescriptions_prescriber ON prescriptions (prescriber_id, status, updated_at, id);
CREATE INDEX prescriptions_pharmacy ON prescriptions (pharmacy_id, status, updated_at, id);
CREATE INDEX prescriptions_unclaimed ON prescriptions (addressed_to, status, updated_at, id) WHERE pharmacy_id IS NULL;
CREATE INDEX prescriptions_patients_of_pharmacy ON prescriptions (pharmacy_id, patient_id, updated_at, id)
    WHERE pharmacy_id IS NOT NULL;
CREATE INDEX prescriptions_patients_addressed ON prescriptions (addressed_to, patient_id, updated_at, id)
    WHERE pharmacy_id IS NULL AND addressed_to IS NOT NULL;
CREATE INDEX prescriptions_patients_of_prescriber ON prescriptions (prescriber_id, patient_id, updated_at, id);
CREATE INDEX prescriptions_to_acknowledge ON prescriptions (acknowledge_by, status, updated_at, id)
    WHERE acknowledge_by IS NOT NULL;
CREATE INDEX prescriptions_expiring ON prescriptions (valid_until)
    WHERE status IN ('issued', 'validated', 'prepared', 'ready', 'part_delivered', 'on_hold', 'refused');
CREATE UNIQUE INDEX prescriptions_short_code ON prescriptions (short_code);
CREATE TRIGGER prescriptions_are_kept BEFORE DELETE ON prescriptions FOR EACH ROW
    EXECUTE FUNCTION refuse('prescriptions are never deleted');
CREATE TRIGGER prescriptions_are_not_emptied BEFORE TRUNCATE ON prescriptions
    EXECUTE FUNCTION refuse('prescriptions are never deleted');
CREATE TRIGGER prescriptions_belong BEFORE UPDATE OF patient_id, prescriber_id ON prescriptions FOR EACH ROW
    EXECUTE FUNCTION refuse('the parties of a prescription never change');
CREATE TRIGGER prescriptions_keep_their_short_code BEFORE UPDATE OF short_code ON prescriptions FOR EACH ROW
    WHEN (NEW.short_code <> OLD.short_code)
    EXECUTE FUNCTION refuse('the short code of a prescription never changes');
CREATE TRIGGER prescriptions_transitions BEFORE UPDATE OF status ON prescriptions FOR EACH ROW
    WHEN (NOT (
        (OLD.status = 'issued' AND NEW.status IN ('issued', 'validated', 'cancelled', 'expired', 'entered_in_error'))
        OR (OLD.status = 'validated' AND NEW.status IN (
            'prepared', 'issued', 'on_hold', 'refused', 'cancelled', 'expired', 'entered_in_error'))
        OR (OLD.status = 'prepared' AND NEW.status IN (
            'prepared', 'ready', 'validated', 'issued', 'on_hold', 'refused', 'cancelled', 'expired', 'entered_in_error'))
        OR (OLD.status = 'on_hold' AND NEW.status IN (
            'validated', 'prepared', 'issued', 'refused', 'cancelled', 'expired', 'entered_in_error'))
        OR (OLD.status = 'ready' AND NEW.status IN (
            'delivered', 'part_delivered', 'in_delivery', 'prepared', 'validated', 'issued', 'cancelled', 'expired',
            'entered_in_error'))
        OR (OLD.status = 'in_delivery' AND NEW.status IN ('delivered', 'part_delivered', 'ready', 'entered_in_error'))
        OR (OLD.status = 'part_delivered' AND NEW.status IN (
            'ready', 'delivered', 'part_delivered', 'issued', 'cancelled', 'expired', 'entered_in_error'))
        OR (OLD.status = 'delivered' AND NEW.status = 'ready')
        OR (OLD.status = 'refused' AND NEW.status IN ('cancelled', 'expired', 'entered_in_error'))
    ))
    EXECUTE FUNCTION refuse('this prescription cannot change so');

CREATE TABLE prescription_lines (
    id TEXT COLLATE "C" PRIMARY KEY,
    prescription_id TEXT COLLATE "C" NOT NULL REFERENCES prescriptions (id),
    position BIGINT NOT NULL,
    medicine_id TEXT COLLATE "C" NOT NULL REFERENCES medicines (id),
    dosage TEXT COLLATE "C" NOT NULL,  -- posologie et mode d'emploi
    quantity BIGINT NOT NULL CONSTRAINT prescription_lines_quantity_check CHECK (quantity BETWEEN 1 AND 1000),
    duration_days BIGINT NOT NULL CONSTRAINT prescription_lines_duration_days_check CHECK (duration_days BETWEEN 1 AND 365),
    substitution_reason TEXT COLLATE "C",  -- NULL: substitution allowed; else why not
    delivered BIGINT NOT NULL DEFAULT 0 CONSTRAINT prescription_lines_delivered_check CHECK (delivered BETWEEN 0 AND quantity),
    renewals BIGINT NOT NULL DEFAULT 0
        CONSTRAINT prescription_lines_renewals_check CHECK (renewals BETWEEN 0 AND 12),
    UNIQUE (prescription_id, position)
);
CREATE INDEX prescription_lines_medicine ON prescription_lines (medicine_id);

-- Medicines by DCI/INN, and what each pharmacy has of them (rest).

CREATE TABLE reservations (
    prescription_id TEXT COLLATE "C" NOT NULL REFERENCES prescriptions (id),
    line_id TEXT COLLATE "C" NOT NULL REFERENCES prescription_lines (id),
    lot_id TEXT COLLATE "C" NOT NULL REFERENCES lots (id),
    quantity BIGINT NOT NULL CONSTRAINT reservations_quantity_check CHECK (quantity > 0),
    PRIMARY KEY (line_id, lot_id)
);
CREATE INDEX reservations_of ON reservations (prescription_id);

-- Prescriptions, their lines and acts; what was handed over (rest).

CREATE TABLE prescription_acts (
    id TEXT COLLATE "C" PRIMARY KEY,
    prescription_id TEXT COLLATE "C" NOT NULL REFERENCES prescriptions (id),
    at BIGINT NOT NULL,
    actor_id TEXT COLLATE "C" REFERENCES users (id),  -- NULL: time
    from_status TEXT COLLATE "C",
    to_status TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C" NOT NULL DEFAULT '',
    by_id TEXT COLLATE "C" REFERENCES users (id)
);
CREATE INDEX prescription_acts_of ON prescription_acts (prescription_id, at);
CREATE TRIGGER prescription_acts_are_kept BEFORE DELETE ON prescription_acts FOR EACH ROW
    EXECUTE FUNCTION refuse('acts are never deleted');
CREATE TRIGGER prescription_acts_are_not_emptied BEFORE TRUNCATE ON prescription_acts
    EXECUTE FUNCTION refuse('acts are never deleted');
CREATE TRIGGER prescription_acts_are_final BEFORE UPDATE ON prescription_acts FOR EACH ROW
    EXECUTE FUNCTION refuse('acts are never changed');

CREATE TABLE dispenses (
    id TEXT COLLATE "C" PRIMARY KEY,
    prescription_id TEXT COLLATE "C" NOT NULL REFERENCES prescriptions (id),
    pharmacy_id TEXT COLLATE "C" NOT NULL REFERENCES organizations (id),
    actor_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    at BIGINT NOT NULL,
    proof TEXT COLLATE "C" NOT NULL CONSTRAINT dispenses_proof_check CHECK (proof IN ('code', 'identity')),
    reason TEXT COLLATE "C" NOT NULL DEFAULT '',  -- with the document that was seen, where there was no code
    undone_at BIGINT,
    undone_by TEXT COLLATE "C" REFERENCES users (id),
    undo_reason TEXT COLLATE "C",
    card_pin BIGINT NOT NULL DEFAULT 0
        CONSTRAINT dispenses_card_pin_check CHECK (card_pin = 0 OR (card_pin = 1 AND proof = 'code')),
    identity_kind TEXT COLLATE "C"
        CONSTRAINT dispenses_identity_kind_check CHECK (identity_kind IN (
        'national_id', 'passport', 'driving_licence', 'consular_card', 'fadjma_card', 'other')),
    identity_number TEXT COLLATE "C"
        CONSTRAINT dispenses_identity_number_check CHECK (
        (identity_number IS NULL) = (identity_kind IS NULL) AND (identity_number IS NULL OR proof = 'identity')),
    CONSTRAINT dispenses_identity_check CHECK (proof = 'code' OR reason <> ''),
    CONSTRAINT dispenses_undone_check CHECK (
        (undone_at IS NULL AND undone_by IS NULL AND undo_reason IS NULL)
        OR (undone_at IS NOT NULL AND undone_by IS NOT NULL AND undo_reason <> ''))
);
CREATE INDEX dispenses_of ON dispenses (prescription_id, at, id);
CREATE INDEX dispenses_without_code ON dispenses (at, id) WHERE proof = 'identity';
CREATE INDEX dispenses_without_code_of ON dispenses (pharmacy_id, at, id) WHERE proof = 'identity';
CREATE TRIGGER dispenses_are_kept BEFORE DELETE ON dispenses FOR EACH ROW
    EXECUTE FUNCTION refuse('dispenses are never deleted');
CREATE TRIGGER dispenses_are_not_emptied BEFORE TRUNCATE ON dispenses
    EXECUTE FUNCTION refuse('dispenses are never deleted');
CREATE TRIGGER dispenses_are_final BEFORE UPDATE OF id, prescription_id, pharmacy_id, actor_id, at, proof, reason ON dispenses FOR EACH ROW
    EXECUTE FUNCTION refuse('dispenses are never changed');
CREATE TRIGGER dispenses_are_undone_once BEFORE UPDATE ON dispenses FOR EACH ROW
    WHEN (OLD.undone_at IS NOT NULL)
    EXECUTE FUNCTION refuse('dispenses are never undone twice');
CREATE TRIGGER dispenses_proofs_are_final BEFORE UPDATE OF card_pin, identity_kind, identity_number ON dispenses FOR EACH ROW
    EXECUTE FUNCTION refuse('the proof of a dispense never changes');

CREATE TABLE dispense_lines (
    dispense_id TEXT COLLATE "C" NOT NULL REFERENCES dispenses (id),
    line_id TEXT COLLATE "C" NOT NULL REFERENCES prescription_lines (id),
    lot_id TEXT COLLATE "C" REFERENCES lots (id),  -- NULL: handed over before this table was, and the lot is not certain
    quantity BIGINT NOT NULL CONSTRAINT dispense_lines_quantity_check CHECK (quantity > 0)
);
CREATE UNIQUE INDEX dispense_lines_once ON dispense_lines (dispense_id, line_id, lot_id);
CREATE INDEX dispense_lines_of_line ON dispense_lines (line_id);
CREATE INDEX dispense_lines_of_lot ON dispense_lines (lot_id) WHERE lot_id IS NOT NULL;
CREATE TRIGGER dispense_lines_are_kept BEFORE DELETE ON dispense_lines FOR EACH ROW
    EXECUTE FUNCTION refuse('lines of a dispense are never deleted');
CREATE TRIGGER dispense_lines_are_not_emptied BEFORE TRUNCATE ON dispense_lines
    EXECUTE FUNCTION refuse('lines of a dispense are never deleted');
CREATE TRIGGER dispense_lines_are_final BEFORE UPDATE ON dispense_lines FOR EACH ROW
    EXECUTE FUNCTION refuse('lines of a dispense are never changed');

CREATE TABLE unsupplied_lines (
    id TEXT COLLATE "C" PRIMARY KEY,
    line_id TEXT COLLATE "C" NOT NULL REFERENCES prescription_lines (id),
    pharmacy_id TEXT COLLATE "C" NOT NULL REFERENCES organizations (id),
    actor_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    at BIGINT NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    text TEXT COLLATE "C" NOT NULL
);
CREATE INDEX unsupplied_lines_of ON unsupplied_lines (line_id, at, id);
CREATE TRIGGER unsupplied_lines_are_kept BEFORE DELETE ON unsupplied_lines FOR EACH ROW
    EXECUTE FUNCTION refuse('what cannot be supplied is never deleted');
CREATE TRIGGER unsupplied_lines_are_not_emptied BEFORE TRUNCATE ON unsupplied_lines
    EXECUTE FUNCTION refuse('what cannot be supplied is never deleted');
CREATE TRIGGER unsupplied_lines_are_final BEFORE UPDATE ON unsupplied_lines FOR EACH ROW
    EXECUTE FUNCTION refuse('what cannot be supplied is never changed');

CREATE TABLE register_entries (
    pharmacy_id TEXT COLLATE "C" NOT NULL REFERENCES organizations (id),
    number BIGINT NOT NULL CONSTRAINT register_entries_number_check CHECK (number > 0),
    dispense_id TEXT COLLATE "C" NOT NULL REFERENCES dispenses (id),
    line_id TEXT COLLATE "C" NOT NULL REFERENCES prescription_lines (id),
    schedule TEXT COLLATE "C" NOT NULL CONSTRAINT register_entries_schedule_check
        CHECK (schedule IN ('list_1', 'list_2', 'narcotic')),
    at BIGINT NOT NULL,
    PRIMARY KEY (pharmacy_id, number)
);
CREATE UNIQUE INDEX register_entries_once ON register_entries (dispense_id, line_id);
CREATE INDEX register_entries_at ON register_entries (pharmacy_id, at, number);
CREATE TRIGGER register_entries_are_kept BEFORE DELETE ON register_entries FOR EACH ROW
    EXECUTE FUNCTION refuse('entries of the register are never deleted');
CREATE TRIGGER register_entries_are_not_emptied BEFORE TRUNCATE ON register_entries
    EXECUTE FUNCTION refuse('entries of the register are never deleted');
CREATE TRIGGER register_entries_are_final BEFORE UPDATE ON register_entries FOR EACH ROW
    EXECUTE FUNCTION refuse('entries of the register are never changed');

CREATE TABLE prescription_sets (
    id TEXT COLLATE "C" PRIMARY KEY,
    doctor_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    name TEXT COLLATE "C" NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    removed_at BIGINT
);
CREATE UNIQUE INDEX prescription_sets_names ON prescription_sets (doctor_id, name_key) WHERE removed_at IS NULL;

CREATE TABLE prescription_set_lines (
    set_id TEXT COLLATE "C" NOT NULL REFERENCES prescription_sets (id),
    position BIGINT NOT NULL,
    medicine_id TEXT COLLATE "C" NOT NULL REFERENCES medicines (id),
    dosage TEXT COLLATE "C" NOT NULL,
    quantity BIGINT NOT NULL CONSTRAINT prescription_set_lines_quantity_check CHECK (quantity BETWEEN 1 AND 1000),
    duration_days BIGINT NOT NULL
        CONSTRAINT prescription_set_lines_duration_check CHECK (duration_days BETWEEN 1 AND 365),
    substitution_reason TEXT COLLATE "C",
    PRIMARY KEY (set_id, position)
);

CREATE TABLE renewals (
    id TEXT COLLATE "C" PRIMARY KEY,
    prescription_id TEXT COLLATE "C" NOT NULL REFERENCES prescriptions (id),
    prescriber_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),  -- of the prescription, who answers
    status TEXT COLLATE "C" NOT NULL
        CONSTRAINT renewals_status_check CHECK (status IN ('pending', 'accepted', 'declined', 'withdrawn', 'lapsed')),
    note TEXT COLLATE "C" NOT NULL,  -- what the patient has written with it
    by_id TEXT COLLATE "C" REFERENCES users (id),  -- who asked for the patient; NULL: the patient
    asked_at BIGINT NOT NULL,
    lapses_at BIGINT NOT NULL,
    ended_at BIGINT,
    reason TEXT COLLATE "C" NOT NULL,  -- of what was declined; empty else
    renewed_id TEXT COLLATE "C" REFERENCES prescriptions (id),  -- what was signed
    CONSTRAINT renewals_ended_check CHECK ((status = 'pending') = (ended_at IS NULL)),
    CONSTRAINT renewals_reason_check CHECK ((status = 'declined') = (reason <> '')),
    CONSTRAINT renewals_renewed_check CHECK ((status = 'accepted') = (renewed_id IS NOT NULL))
);
CREATE UNIQUE INDEX renewals_one_pending ON renewals (prescription_id) WHERE status = 'pending';
CREATE UNIQUE INDEX renewals_signed_once ON renewals (renewed_id) WHERE renewed_id IS NOT NULL;
CREATE INDEX renewals_of ON renewals (prescription_id, asked_at, id);
CREATE INDEX renewals_to_answer ON renewals (prescriber_id, lapses_at) WHERE status = 'pending';
CREATE INDEX renewals_lapsing ON renewals (lapses_at) WHERE status = 'pending';
CREATE TRIGGER renewals_are_kept BEFORE DELETE ON renewals FOR EACH ROW
    EXECUTE FUNCTION refuse('renewals are never deleted');
CREATE TRIGGER renewals_are_not_emptied BEFORE TRUNCATE ON renewals
    EXECUTE FUNCTION refuse('renewals are never deleted');
CREATE TRIGGER renewals_are_answered_once BEFORE UPDATE ON renewals FOR EACH ROW
    WHEN (OLD.status <> 'pending')
    EXECUTE FUNCTION refuse('a renewal is answered once');
CREATE TRIGGER renewals_belong BEFORE UPDATE OF id, prescription_id, prescriber_id, note, by_id, asked_at, lapses_at ON renewals FOR EACH ROW
    EXECUTE FUNCTION refuse('what was asked never changes');

CREATE TABLE ended_lines (
    line_id TEXT COLLATE "C" PRIMARY KEY REFERENCES prescription_lines (id),
    at BIGINT NOT NULL,
    actor_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    reason TEXT COLLATE "C" NOT NULL,  -- empty where another is in its place, and nothing more is to be said
    replaced_by TEXT COLLATE "C" REFERENCES prescription_lines (id),
    CONSTRAINT ended_lines_reason_check CHECK (replaced_by IS NOT NULL OR reason <> '')
);
CREATE UNIQUE INDEX ended_lines_replaced_by ON ended_lines (replaced_by) WHERE replaced_by IS NOT NULL;
CREATE TRIGGER ended_lines_are_kept BEFORE DELETE ON ended_lines FOR EACH ROW
    EXECUTE FUNCTION refuse('the end of a line is never deleted');
CREATE TRIGGER ended_lines_are_not_emptied BEFORE TRUNCATE ON ended_lines
    EXECUTE FUNCTION refuse('the end of a line is never deleted');
CREATE TRIGGER ended_lines_are_final BEFORE UPDATE ON ended_lines FOR EACH ROW
    EXECUTE FUNCTION refuse('the end of a line is never changed');

CREATE TABLE recall_notices (
    id TEXT COLLATE "C" PRIMARY KEY,
    lot_id TEXT COLLATE "C" NOT NULL REFERENCES lots (id),
    pharmacy_id TEXT COLLATE "C" NOT NULL REFERENCES organizations (id),
    medicine_id TEXT COLLATE "C" NOT NULL REFERENCES medicines (id),
    patient_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    way TEXT COLLATE "C" NOT NULL CONSTRAINT recall_notices_way_check CHECK (way IN ('notice', 'phone')),
    told_by TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    told_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX recall_notices_once ON recall_notices (lot_id, patient_id);
CREATE TRIGGER recall_notices_are_kept BEFORE DELETE ON recall_notices FOR EACH ROW
    EXECUTE FUNCTION refuse('who was told of a recall is never deleted');
CREATE TRIGGER recall_notices_are_not_emptied BEFORE TRUNCATE ON recall_notices
    EXECUTE FUNCTION refuse('who was told of a recall is never deleted');
CREATE TRIGGER recall_notices_are_final BEFORE UPDATE ON recall_notices FOR EACH ROW
    EXECUTE FUNCTION refuse('who was told of a recall never changes');

CREATE TABLE delivery_requests (
    prescription_id TEXT COLLATE "C" PRIMARY KEY REFERENCES prescriptions (id),
    address TEXT COLLATE "C" NOT NULL,
    phone TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    status TEXT COLLATE "C" NOT NULL DEFAULT 'asked'
        CONSTRAINT delivery_requests_status_check CHECK (status IN ('asked', 'accepted', 'declined', 'withdrawn')),
    answered_at BIGINT,  -- by the pharmacy; or when it was withdrawn
    answered_by TEXT COLLATE "C" REFERENCES users (id),
    reason TEXT COLLATE "C" NOT NULL DEFAULT ''  
        CONSTRAINT delivery_requests_reason_check CHECK ((status = 'declined') = (reason <> ''))  -- of what was declined; empty else
);

-- The clinic's own safety tables, and what was answered to them.

CREATE TABLE safety_entries (
    id TEXT COLLATE "C" PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL,
    dci TEXT COLLATE "C" NOT NULL,
    dci_key TEXT COLLATE "C" NOT NULL,  -- as it is compared (records/allergens.py)
    other TEXT COLLATE "C" NOT NULL,  -- of an interaction the other substance, else empty
    other_key TEXT COLLATE "C" NOT NULL,
    effect TEXT COLLATE "C" NOT NULL,  -- of an interaction what it does, else empty
    from_months BIGINT NOT NULL,  -- of a dose the age from which it is meant, and before which it is not any more; else 0
    to_months BIGINT NOT NULL,
    mg_per_kg_day BIGINT NOT NULL,  -- of a dose at most, in hundredths of a milligram; else 0
    source TEXT COLLATE "C" NOT NULL,
    source_on TEXT COLLATE "C" NOT NULL,  -- of when the source is: a year, a month or a day, ISO 8601
    added_by TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    added_at BIGINT NOT NULL,
    signed_by TEXT COLLATE "C" REFERENCES users (id),
    signed_at BIGINT,
    withdrawn_by TEXT COLLATE "C" REFERENCES users (id),
    withdrawn_at BIGINT,
    withdrawal_reason TEXT COLLATE "C" NOT NULL DEFAULT '',
    version BIGINT NOT NULL DEFAULT 1,
    CONSTRAINT safety_entries_kind_check CHECK (kind IN ('dose', 'interaction')),
    CONSTRAINT safety_entries_dose_check CHECK (
        kind <> 'dose' OR (0 <= from_months AND from_months < to_months AND mg_per_kg_day > 0 AND other = '' AND effect = '')
    ),
    CONSTRAINT safety_entries_interaction_check CHECK (
        kind <> 'interaction' OR (from_months = 0 AND to_months = 0 AND mg_per_kg_day = 0 AND effect <> '' AND dci_key <> other_key)
    ),
    CONSTRAINT safety_entries_source_check CHECK (source <> '' AND source_on <> ''),
    CONSTRAINT safety_entries_signed_check CHECK ((signed_by IS NULL) = (signed_at IS NULL)),
    CONSTRAINT safety_entries_withdrawn_check CHECK (
        (withdrawn_by IS NULL) = (withdrawn_at IS NULL) AND (withdrawn_by IS NULL) = (withdrawal_reason = '')
    )
);
CREATE INDEX safety_entries_listed ON safety_entries (dci_key, id);
CREATE UNIQUE INDEX safety_entries_in_use ON safety_entries (kind, dci_key, other_key, from_months)
WHERE signed_at IS NOT NULL AND withdrawn_at IS NULL;
CREATE TRIGGER safety_entries_are_kept BEFORE DELETE ON safety_entries FOR EACH ROW
    EXECUTE FUNCTION refuse('a row of a safety table is withdrawn, never deleted');
CREATE TRIGGER safety_entries_are_not_emptied BEFORE TRUNCATE ON safety_entries
    EXECUTE FUNCTION refuse('a row of a safety table is withdrawn, never deleted');
CREATE TRIGGER safety_entries_are_final BEFORE UPDATE OF kind, dci, dci_key, other, other_key, effect, from_months, to_months, mg_per_kg_day, source, source_on,
                 added_by, added_at ON safety_entries FOR EACH ROW
    EXECUTE FUNCTION refuse('a row of a safety table is withdrawn and written anew, never changed');
CREATE TRIGGER safety_entries_are_signed_once BEFORE UPDATE OF signed_by, signed_at ON safety_entries FOR EACH ROW
    WHEN (OLD.signed_at IS NOT NULL OR OLD.withdrawn_at IS NOT NULL)
    EXECUTE FUNCTION refuse('a row of a safety table is signed once, and not after it was withdrawn');
CREATE TRIGGER safety_entries_are_withdrawn_once BEFORE UPDATE OF withdrawn_by, withdrawn_at, withdrawal_reason ON safety_entries FOR EACH ROW
    WHEN (OLD.withdrawn_at IS NOT NULL)
    EXECUTE FUNCTION refuse('a row of a safety table that was withdrawn stays so');

CREATE TABLE safety_imports (
    id TEXT COLLATE "C" PRIMARY KEY,
    made_by TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    made_at BIGINT NOT NULL,
    content TEXT COLLATE "C" NOT NULL,  -- what each line says, a JSON list; empty once it was taken
    added BIGINT NOT NULL,
    changed BIGINT NOT NULL DEFAULT 0,
    unchanged BIGINT NOT NULL,
    applied_at BIGINT,
    version BIGINT NOT NULL DEFAULT 1
);

CREATE TABLE alert_overrides (
    id TEXT COLLATE "C" PRIMARY KEY,
    prescription_id TEXT COLLATE "C" NOT NULL REFERENCES prescriptions (id),
    line BIGINT NOT NULL,
    alert TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    text TEXT COLLATE "C" NOT NULL,
    said TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    actor_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    at BIGINT NOT NULL,
    CONSTRAINT alert_overrides_kind_check
    CHECK (kind IN ('allergy', 'duplicate', 'same_class', 'dose', 'interaction', 'posology')),
    CONSTRAINT alert_overrides_reason_check CHECK (kind NOT IN ('allergy', 'duplicate') OR reason <> '')
);
CREATE INDEX alert_overrides_of ON alert_overrides (prescription_id, at, id);
CREATE TRIGGER alert_overrides_are_kept BEFORE DELETE ON alert_overrides FOR EACH ROW
    EXECUTE FUNCTION refuse('what was answered is never deleted');
CREATE TRIGGER alert_overrides_are_not_emptied BEFORE TRUNCATE ON alert_overrides
    EXECUTE FUNCTION refuse('what was answered is never deleted');
CREATE TRIGGER alert_overrides_are_final BEFORE UPDATE ON alert_overrides FOR EACH ROW
    EXECUTE FUNCTION refuse('what was answered is never changed');

-- What domains show each other

CREATE VIEW places AS SELECT id, kind, name, city FROM organizations;

CREATE VIEW medicine_names AS SELECT id, dci, form, strength, unit FROM medicines;

CREATE VIEW accounts AS
    SELECT u.id, u.role, u.status, u.refusal, u.given_name, u.family_name, u.email, u.phone, u.created_at, u.verified_at,
           u.signed_in_at, p.licence_number, p.specialty, p.profession, p.organization_id, o.name AS organization,
           u.version
    FROM users u LEFT JOIN practitioners p ON p.user_id = u.id LEFT JOIN organizations o ON o.id = p.organization_id;

CREATE VIEW people AS
    SELECT u.id, u.role, u.status, trim(u.given_name || ' ' || u.family_name) AS name, p.organization_id,
           coalesce(p.specialty, '') AS specialty, coalesce(p.profession, '') AS profession,
           coalesce(o.name, '') AS organization, coalesce(o.city, '') AS city
    FROM users u LEFT JOIN practitioners p ON p.user_id = u.id LEFT JOIN organizations o ON o.id = p.organization_id;

CREATE VIEW trace AS
    SELECT id, at, actor_id, by_id, action, subject_kind, subject_id, patient_id, ground, outcome, part, repeats
    FROM audit_events WHERE patient_id IS NOT NULL;

CREATE VIEW patient_identities AS
    SELECT u.id, u.given_name, u.family_name, p.identifier, p.birth_date, p.sex, p.city, u.phone, p.pharmacy_id
    FROM users u JOIN patients p ON p.user_id = u.id;

CREATE VIEW words_of_accounts AS
SELECT user_id AS account_id, word, named FROM account_words;

CREATE VIEW prescribed AS SELECT prescriber_id, patient_id, status, updated_at FROM prescriptions;

CREATE VIEW words_of_medicines AS
SELECT id AS medicine_id, ' ' || search_key || ' ' || brands_key AS words FROM medicines;

CREATE VIEW lot_numbers AS SELECT id, number, expires_on FROM lots;

CREATE VIEW medicine_schedules AS SELECT id, schedule FROM medicines;

CREATE VIEW medicine_classes AS SELECT id AS medicine_id, dci, strength, form, unit, atc, brands FROM medicines;

CREATE VIEW prescribed_lines AS
SELECT l.id, l.medicine_id, CASE WHEN e.line_id IS NULL THEN l.quantity ELSE l.delivered END AS quantity, l.delivered,
       l.duration_days, p.id AS prescription_id, p.patient_id, p.status, p.issued_at, p.valid_until, p.replaces_id,
       (SELECT max(d.at) FROM dispense_lines h JOIN dispenses d ON d.id = h.dispense_id
        WHERE h.line_id = l.id AND d.undone_at IS NULL) AS handed_over_at
FROM prescriptions p JOIN prescription_lines l ON l.prescription_id = p.id
LEFT JOIN ended_lines e ON e.line_id = l.id WHERE e.line_id IS NULL OR l.delivered > 0;

CREATE VIEW recorded AS
SELECT r.id AS record_id, r.patient_id, r.type, r.status, r.occurred_on, r.author_id, v.title
FROM records r JOIN record_versions v ON v.record_id = r.id AND v.version = r.version;

CREATE VIEW record_papers AS SELECT record_id, id AS paper_id FROM papers;
