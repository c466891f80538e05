-- What a version of a test result says in its fields; its title and text say the same in words. A version without a row here is
-- one in words only, or a paper.
CREATE TABLE result_facts (
    record_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    exam TEXT NOT NULL,  -- what it is called as a whole; empty: by its analyses
    note TEXT NOT NULL,
    PRIMARY KEY (record_id, version),
    FOREIGN KEY (record_id, version) REFERENCES record_versions (record_id, version)
);
CREATE TRIGGER result_facts_are_kept BEFORE DELETE ON result_facts
BEGIN SELECT RAISE(ABORT, 'what a result said is never deleted'); END;
CREATE TRIGGER result_facts_are_final BEFORE UPDATE ON result_facts
BEGIN SELECT RAISE(ABORT, 'what a result said is never changed'); END;
CREATE TRIGGER result_facts_are_not_replaced BEFORE INSERT ON result_facts
WHEN EXISTS (SELECT 1 FROM result_facts WHERE record_id = NEW.record_id AND version = NEW.version)
BEGIN SELECT RAISE(ABORT, 'what a result said is never replaced'); END;

-- Its values, in their order. Numbers are text, with a point, so that every digit stays that was written. Whether one is high or
-- low is worked out of these, never written.
CREATE TABLE result_values (
    record_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    position INTEGER NOT NULL,
    analysis TEXT NOT NULL,
    comparator TEXT NOT NULL,  -- FHIR Quantity.comparator; empty: the value itself
    number TEXT NOT NULL,
    unit TEXT NOT NULL,        -- UCUM; empty: none
    low TEXT NOT NULL,         -- of the reference range; empty: no such bound
    high TEXT NOT NULL,
    PRIMARY KEY (record_id, version, position),
    FOREIGN KEY (record_id, version) REFERENCES result_facts (record_id, version),
    CONSTRAINT result_values_position_check CHECK (position BETWEEN 0 AND 19),
    CONSTRAINT result_values_said_check CHECK (analysis <> '' AND number <> ''),
    CONSTRAINT result_values_comparator_check CHECK (comparator IN ('', '<', '<=', '>=', '>'))
);
CREATE TRIGGER result_values_are_kept BEFORE DELETE ON result_values
BEGIN SELECT RAISE(ABORT, 'a value of a result is never deleted'); END;
CREATE TRIGGER result_values_are_final BEFORE UPDATE ON result_values
BEGIN SELECT RAISE(ABORT, 'a value of a result is never changed'); END;
CREATE TRIGGER result_values_are_not_replaced BEFORE INSERT ON result_values
WHEN EXISTS (SELECT 1 FROM result_values
             WHERE record_id = NEW.record_id AND version = NEW.version AND position = NEW.position)
BEGIN SELECT RAISE(ABORT, 'a value of a result is never replaced'); END;
