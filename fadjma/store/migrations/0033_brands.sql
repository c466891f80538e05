-- Of inventory, for the other domains, as in 0029; with the names of products: an allergy is often noted by one of them.
DROP VIEW medicine_classes;
CREATE VIEW medicine_classes AS SELECT id AS medicine_id, dci, strength, form, unit, atc, brands FROM medicines;
