-- What is counted against guesses, of a database that several processes serve: a row for each bound of each person,
-- address or session, under a digest. On a file there are none: its one process counts in memory.
CREATE TABLE attempts (
    key TEXT COLLATE "C" PRIMARY KEY,
    hits BIGINT NOT NULL CONSTRAINT attempts_hits_check CHECK (hits > 0),
    ends_at BIGINT NOT NULL
);
CREATE INDEX attempts_over ON attempts (ends_at);
