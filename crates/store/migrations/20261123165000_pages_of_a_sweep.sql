-- What a whole page of a sweep looked like when every item on it was as last decided on: a sweep that finds
-- the same page passes on with one look instead of one an item. Only a shortcut: without a row, and whenever
-- one of its items is written, the page is compared item by item.
CREATE TABLE pages (
    backend_id INTEGER NOT NULL REFERENCES backends (id) ON DELETE CASCADE,
    -- Fingerprint of the keys and marks on it, in their order.
    print      INTEGER NOT NULL,
    -- The items on it, as a bitmap, and the first and last of them.
    items      BLOB    NOT NULL,
    first_item INTEGER NOT NULL,
    last_item  INTEGER NOT NULL,
    -- How many of them wait for review.
    in_review  INTEGER NOT NULL,
    PRIMARY KEY (backend_id, print)
) STRICT, WITHOUT ROWID;
