-- Papers of several pages, by whom else than a doctor: a nurse by delegation, and a patient, whose papers are a type of record of
-- their own, so that nobody takes one for a result of the clinic.
ALTER TABLE records
    DROP CONSTRAINT records_type_check,
    ADD CONSTRAINT records_type_check CHECK (
        type IN ('consultation', 'test_result', 'vaccination', 'allergy', 'problem', 'prescription', 'document')
    ),
    -- « document »: what a patient has brought; nobody else writes one, and patients write nothing else.
    ADD CONSTRAINT records_brought_check CHECK ((type = 'document') = (author_id = patient_id));

-- Which page of its record it is, from 1; and for a nurse, under whose access.
ALTER TABLE papers
    ADD COLUMN position BIGINT NOT NULL DEFAULT 1
        CONSTRAINT papers_position_check CHECK (position BETWEEN 1 AND 20),
    ADD COLUMN delegated_by TEXT COLLATE "C" REFERENCES users (id);
DROP INDEX papers_record;
CREATE UNIQUE INDEX papers_pages ON papers (record_id, position);

-- A file that will be one page more of a paper that is there.
ALTER TABLE uploads ADD COLUMN page_of TEXT COLLATE "C" REFERENCES papers (id);
