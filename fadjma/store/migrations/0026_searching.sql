-- Searching what is one's own (docs/decisions/23-searching.md): a person's prescriptions by whose they are, a file by its words, a
-- pharmacy's stock by what it is called. All by the keys of fadjma/writing.py; search_words() and text_key() are lent to
-- SQL by the runner of migrations (store/folding.py).

-- The words of an account, now also by account: among one's own, each is looked at by itself. Those of its name are told
-- from those of its e-mail address and telephone, which a pharmacy does not look for.
ALTER TABLE account_words ADD COLUMN named INTEGER NOT NULL DEFAULT 0
    CONSTRAINT account_words_named_check CHECK (named IN (0, 1));
UPDATE account_words SET named = 1
FROM (SELECT DISTINCT u.id, w.value AS word FROM users u, json_each(search_words(u.given_name, u.family_name)) w) AS names
WHERE names.id = account_words.user_id AND names.word = account_words.word;
DROP INDEX account_words_of;
CREATE INDEX account_words_of ON account_words (user_id, word, named);
DROP VIEW words_of_accounts;
CREATE VIEW words_of_accounts AS
SELECT user_id AS account_id, word, named FROM account_words;

-- Whose prescriptions a pharmacy and a prescriber have, each patient's together.
CREATE INDEX prescriptions_patients_of_pharmacy ON prescriptions (pharmacy_id, patient_id, updated_at, id)
    WHERE pharmacy_id IS NOT NULL;
CREATE INDEX prescriptions_patients_addressed ON prescriptions (addressed_to, patient_id, updated_at, id)
    WHERE pharmacy_id IS NULL AND addressed_to IS NOT NULL;
CREATE INDEX prescriptions_patients_of_prescriber ON prescriptions (prescriber_id, patient_id, updated_at, id);

-- Of prescriptions, for the other domains (0007): for whom somebody has prescribed.
CREATE VIEW prescribed AS SELECT prescriber_id, patient_id, status, updated_at FROM prescriptions;

-- Of inventory, for the other domains (0007): the words by which a medicine is found, each after a space.
CREATE VIEW words_of_medicines AS
SELECT id AS medicine_id, ' ' || search_key || ' ' || brands_key AS words FROM medicines;

-- The words of a record as it is now, each after a space: a file is searched by them.
ALTER TABLE records ADD COLUMN words TEXT NOT NULL DEFAULT '';
UPDATE records SET words = text_key(v.title, v.body)
FROM record_versions v WHERE v.record_id = records.id AND v.version = records.version;
CREATE INDEX records_authors ON records (patient_id, status, type, author_id);

-- The inbox is kept for twelve months: how far a person's has been forgotten, and by what is found to forget.
ALTER TABLE inboxes ADD COLUMN forgotten BIGINT NOT NULL DEFAULT 0;
CREATE INDEX notifications_age ON notifications (created_at);
