-- The ranges of items in which something may be otherwise than in the latest snapshot of the backend: only they are
-- read for the next one. How many items a range has is in crates/store/src/snapshots.rs.
CREATE TABLE snapshot_stale (
    backend_id INTEGER NOT NULL REFERENCES backends (id) ON DELETE CASCADE,
    place      INTEGER NOT NULL,
    PRIMARY KEY (backend_id, place)
) STRICT, WITHOUT ROWID;

-- Of what was written before, nobody knows.
INSERT INTO snapshot_stale (backend_id, place) SELECT DISTINCT backend_id, id / 1024 FROM items;

-- What is looked for by run is what can still be taken back: a run that was undone has nothing of it, and it must not
-- take a look at each of its changes to say so.
CREATE INDEX changes_open_by_run ON changes (run_id, title_id) WHERE undone_by IS NULL;
DROP INDEX changes_by_run;
