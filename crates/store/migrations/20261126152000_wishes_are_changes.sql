-- That a copy is to show something else is a change of its own: it can be taken back before anything was written
-- because of it. Which kinds of changes there are is for the code to know: the table was made anew for this one, and
-- need not be again.
CREATE TABLE changes_of_any_kind (
    -- In the order in which they were committed: what came of a change has a higher number.
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    at         INTEGER NOT NULL,
    -- 0 for what happened outside of any.
    run_id     INTEGER NOT NULL,
    person_id  INTEGER NOT NULL,
    title_id   INTEGER NOT NULL,
    -- 'took': what we hold of the title changed. 'told': a copy was written. 'wished': what a copy is to show
    -- changed, and nothing is written yet.
    what       TEXT    NOT NULL CHECK (what <> ''),
    -- The copy that it is about, or on which a person did something; nothing for the window.
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
    -- What was wished of the copy before and after; nothing for no wish.
    wish_was   TEXT,
    wish_is    TEXT,
    CHECK ((what = 'told' AND item_id IS NOT NULL AND showed IS NOT NULL AND shows IS NOT NULL)
        OR (what = 'took' AND held IS NOT NULL AND holds IS NOT NULL)
        OR what NOT IN ('told', 'took'))
) STRICT;

INSERT INTO changes_of_any_kind (id, at, run_id, person_id, title_id, what, backend_id, item_id, showed, shows,
                                 meant, held, holds, because, undone_by)
SELECT id, at, run_id, person_id, title_id, what, backend_id, item_id, showed, shows, meant, held, holds, because,
       undone_by
FROM changes;
DROP TABLE changes;
ALTER TABLE changes_of_any_kind RENAME TO changes;

CREATE INDEX changes_by_run ON changes (run_id, title_id);
CREATE INDEX changes_by_title ON changes (title_id);
CREATE INDEX changes_by_item ON changes (item_id) WHERE item_id IS NOT NULL;
