-- The times at which the database was found damaged and made anew from a copy, or from nothing. A line stays
-- before a person's eyes until they have put it away.
CREATE TABLE mended (
    id      INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    -- What was found, in words.
    why     TEXT    NOT NULL,
    -- The name of the damaged file, beside the database.
    aside   TEXT    NOT NULL,
    -- When the copy was made that this one comes from; nothing where there was no good one.
    copy_at INTEGER,
    seen    INTEGER NOT NULL DEFAULT 0 CHECK (seen IN (0, 1))
) STRICT;

-- Who answered in place of the server or the user that a backend is known by, until a person has said what
-- that means, or the one that is known answers again. Nothing is read from them and nothing is written.
CREATE TABLE strangers (
    backend_id  INTEGER PRIMARY KEY REFERENCES backends (id) ON DELETE CASCADE,
    server_id   TEXT    NOT NULL,
    server_name TEXT    NOT NULL,
    user_id     TEXT    NOT NULL,
    user_name   TEXT    NOT NULL,
    seen_at     INTEGER NOT NULL
) STRICT;
