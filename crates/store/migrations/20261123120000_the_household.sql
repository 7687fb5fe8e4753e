-- Times are unix seconds. Columns named *_played_at and *_added_at of items are on the server's own clock,
-- all others on ours. Positions are milliseconds. Flags are 0 or 1.

-- A human of the household. A fresh install has one.
CREATE TABLE people (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

INSERT INTO people (id, name) VALUES (1, 'main');

-- One account on one media server, as the user added it. Its token is in the keyring, never here.
CREATE TABLE backends (
    id                 INTEGER PRIMARY KEY,
    person_id          INTEGER NOT NULL REFERENCES people (id),
    name               TEXT    NOT NULL UNIQUE COLLATE NOCASE,
    kind               TEXT    NOT NULL CHECK (kind IN ('plex', 'jellyfin', 'emby', 'kodi')),
    url                TEXT    NOT NULL,
    -- What the server calls itself and the user; learned at the first check.
    server_id          TEXT,
    user_id            TEXT,
    user_name          TEXT,
    -- Whether its marks are taken ('on'), only its items and ids ('metadata'), or nothing ('off').
    import             TEXT    NOT NULL DEFAULT 'on' CHECK (import IN ('on', 'metadata', 'off')),
    export             INTEGER NOT NULL DEFAULT 1 CHECK (export IN (0, 1)),
    -- What its server could be told when it was last asked. Another answer, from another version of the
    -- server, has all its titles planned anew; it stands when the server is out of reach. Nothing before
    -- the first answer.
    abilities          TEXT,
    -- When a person said yes to the first export.
    approved_at        INTEGER,
    -- The run that last saw all of its libraries to the end.
    swept_at           INTEGER,
    imported_at        INTEGER,
    exported_at        INTEGER,
    -- What went wrong last, in a sentence for people; nothing when all is well.
    trouble            TEXT,
    added_at           INTEGER NOT NULL
) STRICT;

-- A library of a backend, and the run that last saw it to the end: after success only.
CREATE TABLE libraries (
    backend_id INTEGER NOT NULL REFERENCES backends (id) ON DELETE CASCADE,
    key        TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    swept_at   INTEGER,
    PRIMARY KEY (backend_id, key)
) STRICT, WITHOUT ROWID;

-- A series, whatever the number of servers that have it.
CREATE TABLE shows (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    year INTEGER
) STRICT;

-- Which series an external id means. Providers are numbered in crates/store/src/rows.rs.
CREATE TABLE show_ids (
    provider INTEGER NOT NULL,
    value    TEXT    NOT NULL,
    show_id  INTEGER NOT NULL REFERENCES shows (id) ON DELETE CASCADE,
    PRIMARY KEY (provider, value, show_id)
) STRICT, WITHOUT ROWID;

-- One backend's copy of a series: what its episodes are identified by.
CREATE TABLE backend_shows (
    backend_id INTEGER NOT NULL REFERENCES backends (id) ON DELETE CASCADE,
    key        TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    -- The ids as this backend gives them: `imdb:tt0903747 tvdb:81189`.
    ids        TEXT    NOT NULL,
    -- Nothing where it could not be identified.
    show_id    INTEGER REFERENCES shows (id),
    PRIMARY KEY (backend_id, key)
) STRICT, WITHOUT ROWID;

-- One movie or one episode, whatever the number of servers that have it. A movie has no place.
CREATE TABLE titles (
    id         INTEGER PRIMARY KEY,
    show_id    INTEGER REFERENCES shows (id),
    season     INTEGER,
    episode    INTEGER,
    name       TEXT    NOT NULL,
    year       INTEGER,
    -- The run in which it was first seen anywhere.
    appeared_at INTEGER NOT NULL,
    CHECK ((season IS NULL) = (episode IS NULL))
) STRICT;

CREATE UNIQUE INDEX titles_by_place ON titles (show_id, season, episode) WHERE show_id IS NOT NULL;

-- Which title an external id means. Movies and episodes are numbered apart by tmdb and others.
CREATE TABLE title_ids (
    is_episode INTEGER NOT NULL CHECK (is_episode IN (0, 1)),
    provider   INTEGER NOT NULL,
    value      TEXT    NOT NULL,
    title_id   INTEGER NOT NULL REFERENCES titles (id) ON DELETE CASCADE,
    PRIMARY KEY (is_episode, provider, value, title_id)
) STRICT, WITHOUT ROWID;

-- Names, for the search as you type. The row id is the title's.
CREATE VIRTUAL TABLE title_names USING fts5 (
    name, show,
    content = '', contentless_delete = 1, detail = 'column',
    tokenize = 'unicode61 remove_diacritics 2'
);

-- One backend's copy of a title: what it says it is, what it last showed, what was agreed on.
CREATE TABLE items (
    id               INTEGER PRIMARY KEY,
    backend_id       INTEGER NOT NULL REFERENCES backends (id) ON DELETE CASCADE,
    key              TEXT    NOT NULL,
    -- Nothing while it waits for review.
    title_id         INTEGER REFERENCES titles (id),
    review           TEXT,
    ids              TEXT    NOT NULL,
    path             TEXT,
    duration_ms      INTEGER,
    -- Fingerprint of the facts above, as the server told them.
    facts_print      INTEGER NOT NULL,
    -- Whether the last complete sweep saw it.
    present          INTEGER NOT NULL DEFAULT 1 CHECK (present IN (0, 1)),
    added_at         INTEGER,
    -- What it last showed.
    seen_watched     INTEGER NOT NULL CHECK (seen_watched IN (0, 1)),
    seen_position    INTEGER,
    seen_plays       INTEGER NOT NULL,
    seen_played_at   INTEGER,
    -- The baseline: what this account and we last agreed on, and in which run. Nothing before the first
    -- agreement, and for accounts whose marks are not taken.
    agreed_at        INTEGER,
    agreed_watched   INTEGER CHECK (agreed_watched IN (0, 1)),
    agreed_position  INTEGER,
    agreed_plays     INTEGER,
    agreed_played_at INTEGER,
    -- Fingerprint of the marks that were last *decided on*: a sweep that finds the same passes on. 0 while
    -- a decision is open, so that the next look decides again.
    print            INTEGER NOT NULL,
    -- Why the last observation was decided as it was.
    because          TEXT    NOT NULL
) STRICT;

CREATE UNIQUE INDEX items_by_key ON items (backend_id, key);
CREATE INDEX items_by_title ON items (title_id, backend_id) WHERE title_id IS NOT NULL;
CREATE INDEX items_gone ON items (backend_id) WHERE present = 0;

-- The second and further episodes of an item whose file holds several; the first is in items.
CREATE TABLE also_covers (
    item_id  INTEGER NOT NULL REFERENCES items (id) ON DELETE CASCADE,
    title_id INTEGER NOT NULL REFERENCES titles (id),
    PRIMARY KEY (item_id, title_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX also_covers_by_title ON also_covers (title_id);

-- What we hold to be true. A title without a row was never touched by that person.
CREATE TABLE states (
    person_id  INTEGER NOT NULL REFERENCES people (id),
    title_id   INTEGER NOT NULL REFERENCES titles (id),
    watched    INTEGER NOT NULL CHECK (watched IN (0, 1)),
    position   INTEGER,
    plays      INTEGER NOT NULL,
    played_at  INTEGER,
    decided_at INTEGER NOT NULL,
    -- Who made the change; nothing for the window.
    by_backend INTEGER REFERENCES backends (id) ON DELETE SET NULL,
    because    TEXT    NOT NULL,
    PRIMARY KEY (person_id, title_id)
) STRICT, WITHOUT ROWID;

-- Titles whose state or copies changed since their copies were last compared: what the planning works off.
CREATE TABLE touched (
    person_id INTEGER NOT NULL REFERENCES people (id),
    title_id  INTEGER NOT NULL REFERENCES titles (id),
    -- Whether it was watched again: the one case in which a newer date alone is told.
    again     INTEGER NOT NULL DEFAULT 0 CHECK (again IN (0, 1)),
    PRIMARY KEY (person_id, title_id)
) STRICT, WITHOUT ROWID;

-- Writes still owed, at most one an item: a newer wish replaces an older one.
CREATE TABLE outbox (
    item_id    INTEGER PRIMARY KEY REFERENCES items (id) ON DELETE CASCADE,
    backend_id INTEGER NOT NULL REFERENCES backends (id) ON DELETE CASCADE,
    watched    INTEGER NOT NULL CHECK (watched IN (0, 1)),
    position   INTEGER,
    plays      INTEGER NOT NULL,
    played_at  INTEGER,
    because    TEXT    NOT NULL,
    planned_at INTEGER NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0,
    -- Whether a write may be on its way: set before it is sent.
    attempted  INTEGER NOT NULL DEFAULT 0 CHECK (attempted IN (0, 1)),
    -- Not before this time: when the server asked for patience, or somebody is watching.
    next_at    INTEGER NOT NULL DEFAULT 0,
    -- Why it waits, or why it is not tried any more.
    waiting    TEXT,
    parked     INTEGER NOT NULL DEFAULT 0 CHECK (parked IN (0, 1))
) STRICT;

CREATE INDEX outbox_by_backend ON outbox (backend_id, parked);

-- Watched marks that a person seems to have taken away, until the run's brake has counted them.
CREATE TABLE unwatches (
    item_id    INTEGER PRIMARY KEY REFERENCES items (id) ON DELETE CASCADE,
    backend_id INTEGER NOT NULL REFERENCES backends (id) ON DELETE CASCADE,
    seen_at    INTEGER NOT NULL,
    -- The last run before that in which the mark was still there: it went after it.
    since      INTEGER NOT NULL,
    -- Whether the brake held it: it waits for a person.
    held       INTEGER NOT NULL DEFAULT 0 CHECK (held IN (0, 1))
) STRICT;

-- Every change: who, what, from, to, why, in which run. Rows are only ever added.
CREATE TABLE journal (
    id         INTEGER PRIMARY KEY,
    at         INTEGER NOT NULL,
    run_id     INTEGER NOT NULL,
    person_id  INTEGER NOT NULL,
    title_id   INTEGER NOT NULL,
    -- The account that caused it ('took', 'kept') or was told ('told', 'parked', 'gone').
    backend_id INTEGER,
    what       TEXT    NOT NULL CHECK (what IN ('took', 'kept', 'held', 'told', 'parked', 'gone')),
    was        TEXT    NOT NULL,
    became     TEXT    NOT NULL,
    because    TEXT    NOT NULL
) STRICT;

CREATE INDEX journal_by_title ON journal (title_id);

-- One execution of a task on one backend, with its counters; readable while it goes on.
CREATE TABLE runs (
    id         INTEGER PRIMARY KEY,
    task       TEXT    NOT NULL CHECK (task IN ('import', 'export')),
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
