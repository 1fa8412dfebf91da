"""What is written into a journal's file, inside a transaction of the one who writes it."""

from collections.abc import Iterator, Mapping, Sequence

import apsw

from daemon.journal.cut import proof
from daemon.journal.line import Line
from daemon.journal.link import link
from daemon.journal.salvage import Known, Row, Saved
from daemon.journal.schema import create
from daemon.journal.sizes import count

_INSERT = "INSERT INTO events (number, hash, at, kind, subject, severity, body) VALUES (?, ?, ?, ?, ?, ?, ?)"
_STAND = "INSERT OR REPLACE INTO standing (alarm, state) VALUES (?, ?)"
_FALL = "DELETE FROM standing WHERE alarm = ?"
_KEEP = "INSERT OR REPLACE INTO kept (key, state) VALUES (?, ?)"
_FORGET = "DELETE FROM kept WHERE key = ?"
_MOVE = "INSERT OR REPLACE INTO cursors (subscriber, number) VALUES (?, ?)"
_HEAD = "UPDATE chain SET head_number = ?, head_hash = ?"


def insert(database: apsw.Connection, known: Known, lines: Sequence[Line]) -> tuple[int, bytes]:
    """Write lines behind the head; the number and the hash of the last."""
    number, digest = known.head, known.hash

    def rows() -> Iterator[Row]:
        nonlocal number, digest
        for line in lines:
            number += 1
            digest = link(digest, number, line.body)
            yield number, digest, *line.columns, line.body.decode()

    database.executemany(_INSERT, rows())
    count(database, ((line.kind, len(line.body)) for line in lines))
    return number, digest


def put_head(database: apsw.Connection, number: int, digest: bytes) -> None:
    """Note the newest line."""
    database.execute(_HEAD, (number, digest))


def put_alarms(database: apsw.Connection, alarms: Mapping[str, bytes | None]) -> None:
    """Note how these alarms stand; None: no more."""
    texts = {alarm: None if state is None else state.decode() for alarm, state in alarms.items()}
    _put(database, texts, _STAND, _FALL)


def put_kept(database: apsw.Connection, states: Mapping[str, bytes | None]) -> None:
    """Keep these states; None forgets one."""
    _put(database, states, _KEEP, _FORGET)


def put_cursors(database: apsw.Connection, moves: Mapping[str, int]) -> None:
    """Note how far these subscribers have confirmed."""
    database.executemany(_MOVE, moves.items())


def begin(database: apsw.Connection, known: Known, saved: Saved, told: Sequence[Line]) -> tuple[int, bytes]:
    """Make the tables and fill them with all that was saved; the last line told vouches for what is not there."""
    create(database)
    database.execute(
        "INSERT INTO chain (one, epoch, base_number, base_hash, head_number, head_hash) VALUES (1, ?, ?, ?, ?, ?)",
        (known.epoch, known.base, known.base_hash, known.base, known.base_hash),
    )
    database.executemany(_INSERT, saved.rows)
    count(database, ((row[3], len(row[6].encode())) for row in saved.rows))
    put_cursors(database, known.cursors)
    put_alarms(database, known.standing)
    put_kept(database, known.kept)
    head, digest = insert(database, known, told)
    database.executemany(
        "INSERT INTO cuts (first, last, hash, told) VALUES (?, ?, ?, ?)",
        ((run.first, run.last, run.hash, head) for run in saved.runs),
    )
    put_head(database, head, digest)
    return head, digest


def vouching(known: Known, saved: Saved) -> dict[str, object]:
    """What the line that tells of a new journal vouches for."""
    return {"epoch": known.epoch, "hash": known.base_hash.hex(), "runs": len(saved.runs), "proof": proof(saved.runs)}


def _put(database: apsw.Connection, changes: Mapping[str, object], put: str, take: str) -> None:
    database.executemany(put, [(name, state) for name, state in changes.items() if state is not None])
    database.executemany(take, [(name,) for name, state in changes.items() if state is None])
