-- Numbers of what is gone are not given again: changes, snapshots and the journal go on naming it, and would name
-- something else. SQLite gives the highest number of a table plus one, so that only the highest one that is gone
-- has to be kept. Nothing is kept while rows are added: an import is as fast as before.
CREATE TABLE numbers (
    -- The table.
    things  TEXT    PRIMARY KEY,
    -- No row that is added gets this number or a lower one.
    highest INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What was gone before this was kept is known by what names it. A snapshot names the items of whole ranges.
INSERT INTO numbers (things, highest) VALUES
    ('backends', max(coalesce((SELECT max(backend_id) FROM journal), 0),
                     coalesce((SELECT max(backend_id) FROM changes), 0),
                     coalesce((SELECT max(backend_id) FROM runs), 0))),
    ('items', max(coalesce((SELECT max(item_id) FROM changes), 0),
                  coalesce((SELECT max(place) * 1024 + 1023 FROM snapshot_parts), 0))),
    ('titles', max(coalesce((SELECT max(title_id) FROM journal), 0),
                   coalesce((SELECT max(title_id) FROM changes), 0))),
    ('runs', max(coalesce((SELECT max(run_id) FROM journal), 0),
                 coalesce((SELECT max(run_id) FROM changes), 0),
                 coalesce((SELECT max(undone_by) FROM changes), 0),
                 coalesce((SELECT max(run_id) FROM snapshots), 0)));

-- Whatever way a row goes: by name, or with what it belongs to.
CREATE TRIGGER backends_go AFTER DELETE ON backends
WHEN old.id > (SELECT highest FROM numbers WHERE things = 'backends')
BEGIN
    UPDATE numbers SET highest = old.id WHERE things = 'backends';
END;

CREATE TRIGGER items_go AFTER DELETE ON items
WHEN old.id > (SELECT highest FROM numbers WHERE things = 'items')
BEGIN
    UPDATE numbers SET highest = old.id WHERE things = 'items';
END;

CREATE TRIGGER titles_go AFTER DELETE ON titles
WHEN old.id > (SELECT highest FROM numbers WHERE things = 'titles')
BEGIN
    UPDATE numbers SET highest = old.id WHERE things = 'titles';
END;

CREATE TRIGGER runs_go AFTER DELETE ON runs
WHEN old.id > (SELECT highest FROM numbers WHERE things = 'runs')
BEGIN
    UPDATE numbers SET highest = old.id WHERE things = 'runs';
END;
