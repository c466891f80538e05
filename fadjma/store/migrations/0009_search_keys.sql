-- Keys that make one of what people write differently. search_words(), search_key() and code_key() are those of
-- fadjma/writing.py: the runner of migrations lends them to SQL, which cannot fold by itself (store/folding.py).

-- The words by which an account is found: name, e-mail address, digits of the telephone. Looked for at their beginnings.
CREATE TABLE account_words (
    word TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id),
    PRIMARY KEY (word, user_id)
);
CREATE INDEX account_words_of ON account_words (user_id);
INSERT INTO account_words (word, user_id)
SELECT DISTINCT w.value, u.id
FROM users u, json_each(search_words(u.given_name, u.family_name, coalesce(u.email, ''), coalesce(u.phone, ''))) w;

-- What identity offers of them to the other domains (0007).
CREATE VIEW words_of_accounts AS
SELECT user_id AS account_id, word FROM account_words;

UPDATE medicines SET search_key = search_key(dci, strength, form);

-- A lot's number as it is compared. One that was entered twice before, in two spellings, keeps both rows, for movements
-- never change; the one that expires last has the key.
ALTER TABLE lots ADD COLUMN number_key TEXT;
UPDATE lots SET number_key = code_key(number);
UPDATE lots SET number_key = NULL WHERE id IN (
    SELECT id FROM (
        SELECT id, row_number() OVER (PARTITION BY product_id, number_key ORDER BY expires_on DESC, id) AS place
        FROM lots
    ) AS same WHERE place > 1
);
CREATE UNIQUE INDEX lots_number_key ON lots (product_id, number_key) WHERE number_key IS NOT NULL;
