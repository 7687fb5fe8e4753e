-- What was changed, exactly, so that it can be taken back: each write with what the copy showed before it and
-- what was read back, and each change of what we hold with what was held before it. Kept by age.
CREATE TABLE changes (
    -- In the order in which they were committed: what came of a change has a higher number.
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    at         INTEGER NOT NULL,
    -- 0 for what happened outside of any.
    run_id     INTEGER NOT NULL,
    person_id  INTEGER NOT NULL,
    title_id   INTEGER NOT NULL,
    -- 'took': what we hold of the title changed. 'told': a copy was written.
    what       TEXT    NOT NULL CHECK (what IN ('took', 'told')),
    -- The copy that was written, or on which a person did something; nothing for the window.
    backend_id INTEGER,
    item_id    INTEGER,
    -- What that copy showed before and after, the dates on its server's clock.
    showed     TEXT,
    shows      TEXT,
    -- What the write was to make it show, the date on our clock.
    meant      TEXT,
    -- What we held before and after.
    held       TEXT,
    holds      TEXT,
    because    TEXT    NOT NULL,
    -- The run that took it back.
    undone_by  INTEGER,
    CHECK ((what = 'told' AND item_id IS NOT NULL AND showed IS NOT NULL AND shows IS NOT NULL)
        OR (what = 'took' AND held IS NOT NULL AND holds IS NOT NULL))
) STRICT;

CREATE INDEX changes_by_run ON changes (run_id, title_id);
CREATE INDEX changes_by_title ON changes (title_id);
CREATE INDEX changes_by_item ON changes (item_id) WHERE item_id IS NOT NULL;

-- Copies that are to show something else than the others, because a person took a change back there: for as
-- long as what we hold of the title is what we held then.
CREATE TABLE kept_apart (
    item_id    INTEGER PRIMARY KEY REFERENCES items (id) ON DELETE CASCADE,
    shows      TEXT    NOT NULL,
    held       TEXT    NOT NULL,
    told       INTEGER NOT NULL DEFAULT 0 CHECK (told IN (0, 1)),
    because    TEXT    NOT NULL,
    made_at    INTEGER NOT NULL
) STRICT;

-- Which tasks there are is for the code to know: the table was made anew for an undo, and need not be again.
CREATE TABLE runs_of_any_task (
    id         INTEGER PRIMARY KEY,
    task       TEXT    NOT NULL CHECK (task <> ''),
    backend_id INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER,
    mode       TEXT,
    ok         INTEGER CHECK (ok IN (0, 1)),
    -- The first number counts what was looked at, the others what became of it.
    seen       INTEGER NOT NULL DEFAULT 0,
    added      INTEGER NOT NULL DEFAULT 0,
    changed    INTEGER NOT NULL DEFAULT 0,
    unchanged  INTEGER NOT NULL DEFAULT 0,
    unmatched  INTEGER NOT NULL DEFAULT 0,
    planned    INTEGER NOT NULL DEFAULT 0,
    written    INTEGER NOT NULL DEFAULT 0,
    already    INTEGER NOT NULL DEFAULT 0,
    held       INTEGER NOT NULL DEFAULT 0,
    failed     INTEGER NOT NULL DEFAULT 0,
    requests   INTEGER NOT NULL DEFAULT 0,
    bytes      INTEGER NOT NULL DEFAULT 0,
    ms         INTEGER NOT NULL DEFAULT 0,
    error      TEXT
) STRICT;
INSERT INTO runs_of_any_task
SELECT id, task, backend_id, started_at, ended_at, mode, ok, seen, added, changed, unchanged, unmatched,
       planned, written, already, held, failed, requests, bytes, ms, error
FROM runs;
DROP TABLE runs;
ALTER TABLE runs_of_any_task RENAME TO runs;

-- What an account showed before something was written to it. The marks of its items are kept in pieces of a
-- fixed range of items each; pieces that are the same, of whatever snapshot, are kept once.
CREATE TABLE snapshot_pieces (
    id     INTEGER PRIMARY KEY,
    print  INTEGER NOT NULL,
    marks  BLOB    NOT NULL
) STRICT;

CREATE INDEX snapshot_pieces_by_print ON snapshot_pieces (print);

CREATE TABLE snapshots (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    backend_id INTEGER NOT NULL REFERENCES backends (id) ON DELETE CASCADE,
    -- The run whose first write it was taken before; 0 outside of any.
    run_id     INTEGER NOT NULL,
    taken_at   INTEGER NOT NULL,
    items      INTEGER NOT NULL,
    -- How many bytes its pieces have, those that it shares with others included.
    bytes      INTEGER NOT NULL,
    UNIQUE (backend_id, run_id, taken_at)
) STRICT;

CREATE TABLE snapshot_parts (
    snapshot_id INTEGER NOT NULL REFERENCES snapshots (id) ON DELETE CASCADE,
    place       INTEGER NOT NULL,
    piece_id    INTEGER NOT NULL REFERENCES snapshot_pieces (id),
    PRIMARY KEY (snapshot_id, place)
) STRICT, WITHOUT ROWID;

CREATE INDEX snapshot_parts_by_piece ON snapshot_parts (piece_id);
