-- rebuild: patients
-- What is measured of a patient, with the day on which it was. Never changed: what was wrong is measured again.
-- `value` is a whole number of the code's unit: grams for 'body_weight'.
CREATE TABLE measurements (
    id TEXT PRIMARY KEY,
    patient_id TEXT NOT NULL REFERENCES users (id),
    code TEXT NOT NULL,
    value INTEGER NOT NULL,
    measured_on TEXT NOT NULL,  -- ISO 8601 date
    author_id TEXT REFERENCES users (id),     -- NULL: not known, of what was there before there were authors
    delegated_by TEXT REFERENCES users (id),  -- the doctor under whose access a nurse measured; NULL: the author's own
    created_at BIGINT NOT NULL,
    CONSTRAINT measurements_body_weight_check CHECK (code <> 'body_weight' OR value BETWEEN 300 AND 400000),
    CONSTRAINT measurements_delegated_check CHECK (delegated_by IS NULL OR author_id IS NOT NULL)
);
CREATE INDEX measurements_patient ON measurements (patient_id, code, measured_on, created_at, id);
CREATE TRIGGER measurements_are_kept BEFORE DELETE ON measurements
BEGIN SELECT RAISE(ABORT, 'measurements are never deleted'); END;
CREATE TRIGGER measurements_are_final BEFORE UPDATE ON measurements
BEGIN SELECT RAISE(ABORT, 'measurements are never changed'); END;
CREATE TRIGGER measurements_are_not_replaced BEFORE INSERT ON measurements
WHEN EXISTS (SELECT 1 FROM measurements WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'measurements are never replaced'); END;

-- Weights that stood without a date: of the day (UTC) on which the account was made. The two databases have no function in
-- common that makes a date of a moment; this is the arithmetic of the Gregorian calendar, counted from 1 March of the year 0
-- in eras of 146,097 days (https://howardhinnant.github.io/date_algorithms.html#civil_from_days).
INSERT INTO measurements (id, patient_id, code, value, measured_on, created_at)
SELECT user_id, user_id, 'body_weight', weight_kg * 1000,
       CAST(year_from_march + CASE WHEN month_from_march > 9 THEN 1 ELSE 0 END AS TEXT)
       || CASE WHEN month_from_march BETWEEN 7 AND 9 THEN '-' ELSE '-0' END
       || CAST(month_from_march + CASE WHEN month_from_march > 9 THEN -9 ELSE 3 END AS TEXT)
       || CASE WHEN day_of_year - (153 * month_from_march + 2) / 5 + 1 > 9 THEN '-' ELSE '-0' END
       || CAST(day_of_year - (153 * month_from_march + 2) / 5 + 1 AS TEXT),
       created_at
FROM (
    SELECT user_id, weight_kg, created_at, year_from_march, day_of_year, (5 * day_of_year + 2) / 153 AS month_from_march
    FROM (
        SELECT user_id, weight_kg, created_at, era * 400 + year_of_era AS year_from_march,
               day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100) AS day_of_year
        FROM (
            SELECT user_id, weight_kg, created_at, era, day_of_era,
                   (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365 AS year_of_era
            FROM (
                SELECT user_id, weight_kg, created_at, days / 146097 AS era, days - days / 146097 * 146097 AS day_of_era
                FROM (
                    SELECT p.user_id, p.weight_kg, u.created_at, u.created_at / 86400000 + 719468 AS days
                    FROM patients p JOIN users u ON u.id = p.user_id WHERE p.weight_kg IS NOT NULL
                ) AS counted
            ) AS in_eras
        ) AS in_years
    ) AS in_days
) AS in_months;

-- A weight is a measurement from now on.
DROP VIEW patient_identities;
CREATE TABLE patients_new (
    user_id TEXT PRIMARY KEY REFERENCES users (id),
    identifier TEXT NOT NULL UNIQUE,
    birth_date TEXT NOT NULL,  -- as much of an ISO 8601 date as is known
    sex TEXT NOT NULL CONSTRAINT patients_sex_check CHECK (sex IN ('female', 'male')),
    city TEXT NOT NULL DEFAULT '',
    pharmacy_id TEXT REFERENCES organizations (id)
);
INSERT INTO patients_new (user_id, identifier, birth_date, sex, city, pharmacy_id)
SELECT user_id, identifier, birth_date, sex, city, pharmacy_id FROM patients;
DROP TABLE patients;
ALTER TABLE patients_new RENAME TO patients;
CREATE VIEW patient_identities AS
    SELECT u.id, u.given_name, u.family_name, p.identifier, p.birth_date, p.sex, p.city, u.phone, p.pharmacy_id
    FROM users u JOIN patients p ON p.user_id = u.id;
