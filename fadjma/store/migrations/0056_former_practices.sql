-- Where and as what somebody of the staff acted until then: what they signed, wrote, read or handed over before says so
-- still. A place that gets another name or address ends a row of everybody who works there, too.
CREATE TABLE former_practices (
    user_id TEXT NOT NULL REFERENCES users (id),
    until BIGINT NOT NULL,  -- from then on it is as the next row says, or practitioners
    licence_number TEXT NOT NULL,
    specialty TEXT NOT NULL,
    profession TEXT NOT NULL,
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    place TEXT NOT NULL,
    address TEXT NOT NULL,
    city TEXT NOT NULL,
    phone TEXT NOT NULL,
    PRIMARY KEY (user_id, until)
);
CREATE TRIGGER former_practices_are_kept BEFORE DELETE ON former_practices
BEGIN SELECT RAISE(ABORT, 'former practices are never deleted'); END;
CREATE TRIGGER former_practices_are_final BEFORE UPDATE ON former_practices
BEGIN SELECT RAISE(ABORT, 'former practices are never changed'); END;
CREATE TRIGGER former_practices_are_not_replaced BEFORE INSERT ON former_practices
WHEN EXISTS (SELECT 1 FROM former_practices WHERE user_id = NEW.user_id AND until = NEW.until)
BEGIN SELECT RAISE(ABORT, 'former practices are never replaced'); END;

-- For the other domains, as `people` has it of today.
CREATE VIEW practices_before AS
SELECT user_id, until, specialty, profession, organization_id, place AS organization, city FROM former_practices;
