-- Where and as what somebody of the staff acted until then: what they signed, wrote, read or handed over before says so
-- still. A place that gets another name or address ends a row of everybody who works there, too.
CREATE TABLE former_practices (
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    until BIGINT NOT NULL,  -- from then on it is as the next row says, or practitioners
    licence_number TEXT COLLATE "C" NOT NULL,
    specialty TEXT COLLATE "C" NOT NULL,
    profession TEXT COLLATE "C" NOT NULL,
    organization_id TEXT COLLATE "C" NOT NULL REFERENCES organizations (id),
    place TEXT COLLATE "C" NOT NULL,
    address TEXT COLLATE "C" NOT NULL,
    city TEXT COLLATE "C" NOT NULL,
    phone TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (user_id, until)
);
CREATE TRIGGER former_practices_are_kept BEFORE DELETE ON former_practices FOR EACH ROW
    EXECUTE FUNCTION refuse('former practices are never deleted');
CREATE TRIGGER former_practices_are_not_emptied BEFORE TRUNCATE ON former_practices
    EXECUTE FUNCTION refuse('former practices are never deleted');
CREATE TRIGGER former_practices_are_final BEFORE UPDATE ON former_practices FOR EACH ROW
    EXECUTE FUNCTION refuse('former practices are never changed');

-- For the other domains, as `people` has it of today.
CREATE VIEW practices_before AS
SELECT user_id, until, specialty, profession, organization_id, place AS organization, city FROM former_practices;
