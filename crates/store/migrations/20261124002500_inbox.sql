-- What servers told by a webhook and nobody has looked after yet. It is here before the server is answered.
-- A hint says what is to be read again, and holds no mark.
CREATE TABLE inbox (
    -- Never given twice: a hint that comes again while it is being looked after is another one.
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    backend_id  INTEGER NOT NULL REFERENCES backends (id) ON DELETE CASCADE,
    -- The item; empty where something changed and the server did not say what.
    key         TEXT    NOT NULL,
    how         TEXT    NOT NULL CHECK (how IN ('runs', 'paused', 'stopped', 'changed')),
    received_at INTEGER NOT NULL,
    UNIQUE (backend_id, key, how)
) STRICT;
