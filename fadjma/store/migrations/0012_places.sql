-- What an admin says of a clinic or a pharmacy beside its name and address; hours as people say them: « 8h–20h sauf dimanche ».
ALTER TABLE organizations ADD COLUMN hours TEXT NOT NULL DEFAULT '';
ALTER TABLE organizations ADD COLUMN night_duty INTEGER NOT NULL DEFAULT 0
    CONSTRAINT organizations_night_duty_check CHECK (night_duty IN (0, 1));
ALTER TABLE organizations ADD COLUMN responsible TEXT NOT NULL DEFAULT '';
ALTER TABLE organizations ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
