-- What a doctor prescribes often, under a name of their own; it says nothing of any patient. A favourite is a set of one
-- medicine.
CREATE TABLE prescription_sets (
    id TEXT PRIMARY KEY,
    doctor_id TEXT NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    removed_at BIGINT
);
CREATE UNIQUE INDEX prescription_sets_names ON prescription_sets (doctor_id, name_key) WHERE removed_at IS NULL;
CREATE TABLE prescription_set_lines (
    set_id TEXT NOT NULL REFERENCES prescription_sets (id),
    position INTEGER NOT NULL,
    medicine_id TEXT NOT NULL REFERENCES medicines (id),
    dosage TEXT NOT NULL,
    quantity INTEGER NOT NULL CONSTRAINT prescription_set_lines_quantity_check CHECK (quantity BETWEEN 1 AND 1000),
    duration_days INTEGER NOT NULL
        CONSTRAINT prescription_set_lines_duration_check CHECK (duration_days BETWEEN 1 AND 365),
    substitution_reason TEXT,
    PRIMARY KEY (set_id, position)
);
