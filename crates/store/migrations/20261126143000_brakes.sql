-- Why an un-watch waits for a person; nothing for one that does not, and for what waited before this was kept.
ALTER TABLE unwatches ADD COLUMN because TEXT;

-- A brake that a person wants for all of a person's accounts, or for one of them, instead of the usual one.
CREATE TABLE brakes (
    id         INTEGER PRIMARY KEY,
    person_id  INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    -- Nothing: all of the person's accounts that have no rule of their own.
    backend_id INTEGER REFERENCES backends (id) ON DELETE CASCADE,
    is_off     INTEGER NOT NULL CHECK (is_off IN (0, 1)),
    at_least   INTEGER NOT NULL CHECK (at_least >= 0),
    percent    INTEGER NOT NULL CHECK (percent BETWEEN 0 AND 100),
    latest     INTEGER NOT NULL CHECK (latest >= 0)
) STRICT;

CREATE UNIQUE INDEX brakes_by_whom ON brakes (person_id, coalesce(backend_id, 0));
