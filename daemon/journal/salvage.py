"""What is saved when a journal's file goes bad: the file itself, under another name, and all that is still owed."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import apsw

from daemon.journal.cut import Run
from daemon.journal.file import JournalError, cursors, kept, outline, reader, standing
from daemon.journal.link import genesis, link

MOST_ROWS = 100_000
LEAST_ROWS = 10_000
"""Kept even if nobody waits for them: the guard's latest days stay in sight."""
FORGOT = "journal/forgot"
"""Kept where the alarms that stood could not be read: whoever remembers them is to say so, and forgets this then."""
_COMPANIONS = ("", "-wal", "-shm")

Row = tuple[int, bytes, int, str, str, int, str]
"""number, hash, at, kind, subject, severity, body"""


@dataclass(slots=True)
class Known:
    """All of a journal that is kept in memory, as of its newest durable line."""

    epoch: str
    base: int
    base_hash: bytes
    head: int
    hash: bytes
    cursors: dict[str, int] = field(default_factory=dict)
    standing: dict[str, bytes] = field(default_factory=dict)
    kept: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def fresh(cls, epoch: str) -> "Known":
        """A journal without any line."""
        start = genesis(epoch)
        return cls(epoch, 0, start, 0, start)


def set_aside(path: Path, now: datetime) -> Path:
    """Give the file and its companions a new name, and return it. OSError."""
    stem = f"{path.name}.bad-{now:%Y%m%dT%H%M%SZ}"
    for attempt in range(1, 1000):
        aside = path.with_name(stem if attempt == 1 else f"{stem}-{attempt}")
        if not any(aside.with_name(aside.name + end).exists() for end in _COMPANIONS):
            break
    for end in reversed(_COMPANIONS):  # the file itself last: as long as it is there, this is tried again
        source = path.with_name(path.name + end)
        if source.exists():
            source.rename(aside.with_name(aside.name + end))
    return aside


@dataclass(frozen=True, slots=True)
class Saved:
    """What the new journal begins with."""

    known: Known | None
    """None: nothing is known, a new chain must begin."""
    rows: Sequence[Row] = ()
    runs: Sequence[Run] = ()
    """The gaps between the rows."""


def salvage(source: Path | apsw.Connection, known: Known | None) -> Saved:
    """What the new journal goes on from, and the lines that subscribers still want, verified against the chain.

    `known` is what memory knows, and goes before anything read.
    """
    rows: list[Row] = []
    runs: list[Run] = []
    with suppress(apsw.Error, OSError, ValueError, JournalError):
        database = source if isinstance(source, apsw.Connection) else reader(source)
        try:
            if known is None:
                known = _read_known(database, Path(database.filename))
            rows, runs = _owed(database, known)
        finally:
            if database is not source:
                database.close()
    if known is None:
        return Saved(None)
    if rows:
        base, base_hash = rows[0][0], rows[0][1]
        return Saved(replace(known, base=base, base_hash=base_hash), rows[1:], runs)
    return Saved(replace(known, base=known.head, base_hash=known.hash))


def _read_known(database: apsw.Connection, path: Path) -> Known:
    """Outline, cursors and alarms; an exception when the outline itself cannot be read."""
    known = Known(*outline(database, path))
    with suppress(apsw.Error, ValueError):
        known.cursors = cursors(database)
    with suppress(apsw.Error, ValueError):
        known.kept = kept(database)
    try:
        known.standing = standing(database)
    except (apsw.Error, ValueError):
        known.kept[FORGOT] = b"1"
    return known


def _owed(database: apsw.Connection, known: Known) -> tuple[list[Row], list[Run]]:
    """The latest lines and all after the slowest subscriber's cursor, preceded by the one that their chain hangs on.

    Walked back from the head for as long as each line fits the one before it, over the gaps that retention left.
    """
    wanted = min([known.head - LEAST_ROWS, *known.cursors.values()])
    oldest = max(wanted, known.head - MOST_ROWS, known.base)
    kept: list[Row] = []
    runs: list[Run] = []
    with suppress(apsw.Error, ValueError, TypeError, AttributeError):
        rows: Any = database.execute(
            "SELECT number, hash, at, kind, subject, severity, body FROM events NOT INDEXED"
            " WHERE number <= ? AND number >= ? ORDER BY number DESC",
            (known.head, oldest),
        )
        for row in rows:
            if not kept and row[:2] != (known.head, known.hash):
                return [], []
            between = _join(database, row[0], row[1], kept[-1]) if kept else []
            if between is None:
                break
            runs += between
            kept.append(row)
        else:
            if oldest == known.base and kept:
                between = _join(database, known.base, known.base_hash, kept[-1])
                if between is not None:
                    runs += between
                    kept.append((known.base, known.base_hash, 0, "", "", 0, ""))
    kept.reverse()
    return kept, sorted(runs, key=lambda run: run.first)


def _join(database: apsw.Connection, number: int, digest: bytes, row: Row) -> list[Run] | None:
    """The runs between a line and the next one that is there, when that one follows from them; else None."""
    runs: list[Run] = []
    if row[0] > number + 1:
        found: Any = database.execute(
            "SELECT first, last, hash FROM cuts WHERE first > ? AND first < ? ORDER BY first", (number, row[0])
        )
        for first, last, its in found:
            if first != number + 1:
                return None
            runs.append(Run(first, last, digest, its))
            number, digest = last, its
    return runs if number + 1 == row[0] and link(digest, row[0], row[6].encode()) == row[1] else None
