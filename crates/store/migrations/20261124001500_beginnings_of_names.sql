-- A search as one types begins with one letter, and a letter begins a hundred thousand names: an index of
-- the beginnings themselves answers in half the time.
DROP TABLE title_names;
CREATE VIRTUAL TABLE title_names USING fts5 (
    name, show,
    content = '', contentless_delete = 1, detail = 'column', prefix = '1 2',
    tokenize = 'unicode61 remove_diacritics 2'
);
INSERT INTO title_names (rowid, name, show)
SELECT t.id, t.name, coalesce(s.name, '') FROM titles t LEFT JOIN shows s ON s.id = t.show_id;
