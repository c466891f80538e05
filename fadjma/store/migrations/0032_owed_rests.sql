-- Of prescriptions, as in 0029; with how much was prescribed: what is owed of a line is not handed over yet, though
-- something of it was.
DROP VIEW prescribed_lines;
CREATE VIEW prescribed_lines AS
SELECT l.id, l.medicine_id, l.quantity, l.delivered, l.duration_days, p.id AS prescription_id, p.patient_id, p.status,
       p.issued_at, p.valid_until, p.replaces_id,
       (SELECT max(d.at) FROM dispense_lines h JOIN dispenses d ON d.id = h.dispense_id
        WHERE h.line_id = l.id AND d.undone_at IS NULL) AS handed_over_at
FROM prescriptions p JOIN prescription_lines l ON l.prescription_id = p.id;
