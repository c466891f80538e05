-- When its prescriber last said that they have read what a pharmacy cannot supply, and wait for it (prescriptions/shortages.py).
-- NULL: not, or not of the pharmacy that has it now.
ALTER TABLE prescriptions ADD COLUMN awaited_at BIGINT;
