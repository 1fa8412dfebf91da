"""The tables of a journal's file, and how a file of an older gatehouse is brought up to them."""

import apsw

APPLICATION = 0x67686A31
"""`ghj1`, in the file's header: this is a journal of gatehouse."""
VERSION = 2
READABLE = frozenset({1, 2})
"""Versions that can be read as they are: tables that an old file lacks count as empty."""

_TABLES = """
CREATE TABLE chain (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    epoch TEXT NOT NULL,              -- random, made with the journal: no two journals can be confused
    base_number INTEGER NOT NULL,     -- lines up to this one are not kept here ...
    base_hash BLOB NOT NULL,          -- ... and this is the hash of the last of them; without any: hash of the epoch
    head_number INTEGER NOT NULL,     -- the newest line, moved in the transaction that wrote it
    head_hash BLOB NOT NULL
) STRICT;
CREATE TABLE events (
    number INTEGER PRIMARY KEY,       -- from 1 without gaps but those in `cuts`
    hash BLOB NOT NULL,               -- SHA-256(hash before || number, 8 bytes || length of body, 4 bytes || body)
    at INTEGER NOT NULL,              -- microseconds since 1970 UTC; this and the next three repeat the body
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    severity INTEGER NOT NULL,
    body TEXT NOT NULL                -- JSON with sorted keys
) STRICT;
CREATE INDEX events_kind ON events (kind);          -- every index ends in the number by itself
CREATE INDEX events_subject ON events (subject);
CREATE INDEX events_at ON events (at);
CREATE TABLE standing (alarm TEXT PRIMARY KEY, state TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE cursors (subscriber TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TRIGGER events_never_change BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'a line of the journal is never changed'); END;
CREATE TRIGGER events_only_follow BEFORE INSERT ON events WHEN new.number <= (SELECT head_number FROM chain)
    BEGIN SELECT RAISE(ABORT, 'a line of the journal is never replaced'); END;
"""

_SECOND = """
CREATE TABLE kept (key TEXT PRIMARY KEY, state BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE cuts (                   -- runs of lines that retention took out of the middle
    first INTEGER PRIMARY KEY,
    last INTEGER NOT NULL,
    hash BLOB NOT NULL,               -- of the line `last`: the chain goes on from it
    told INTEGER NOT NULL             -- number of the line journal.cut that vouches for the run
) STRICT;
CREATE INDEX cuts_told ON cuts (told);
CREATE TABLE sizes (kind TEXT PRIMARY KEY, lines INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TRIGGER events_never_go BEFORE DELETE ON events
    WHEN old.number > (SELECT base_number FROM chain) AND old.number >
        coalesce((SELECT last FROM cuts WHERE first <= old.number ORDER BY first DESC LIMIT 1), -1)
    BEGIN SELECT RAISE(ABORT, 'a line of the journal is never deleted'); END;
"""

_SIZES = "INSERT INTO sizes SELECT kind, count(*), sum(length(CAST(body AS BLOB))) FROM events GROUP BY kind"


def create(database: apsw.Connection) -> None:
    """Make all tables, inside the caller's transaction."""
    database.execute(_TABLES + _SECOND)
    database.pragma("application_id", APPLICATION)
    database.pragma("user_version", VERSION)


def upgrade(database: apsw.Connection) -> None:
    """Bring a sound file of an older version up to this one, or leave it as it was. apsw.Error."""
    if database.pragma("user_version") == VERSION:
        return
    with database:
        database.execute("DROP TRIGGER events_never_go")
        database.execute(_SECOND)
        database.execute(_SIZES)
        database.pragma("user_version", VERSION)


def has_second(database: apsw.Connection) -> bool:
    """Whether the file has the tables of version 2."""
    return int(database.pragma("user_version")) >= VERSION
