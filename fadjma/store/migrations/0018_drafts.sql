-- What somebody is typing, kept until it is sent or for seven days: sealed with the program's key, for its person alone.
CREATE TABLE drafts (
    user_id TEXT NOT NULL REFERENCES users (id),
    form TEXT NOT NULL,
    subject TEXT NOT NULL,  -- what the form is about: a patient, a prescription
    sealed TEXT NOT NULL,  -- AES-256-GCM, in base64
    saved_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, form, subject)
);
CREATE INDEX drafts_saved ON drafts (saved_at);
