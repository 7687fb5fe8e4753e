-- Titles that a person does not want to be synced: nothing is written about them anywhere.
CREATE TABLE ignored (
    person_id INTEGER NOT NULL REFERENCES people (id),
    title_id  INTEGER NOT NULL REFERENCES titles (id) ON DELETE CASCADE,
    PRIMARY KEY (person_id, title_id)
) STRICT, WITHOUT ROWID;
