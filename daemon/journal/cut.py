"""Takes lines out of the journal so that the rest stays provable.

A run of lines is cut only after its own chain was checked. Its last hash stays, so that the chain goes on; and a line
`journal.cut`, written in the same transaction and chained like all, vouches for each run: first and last number, the
hash before it and its last hash. Whoever removes lines without such a line, or claims a run that it does not vouch for,
is found by `verify`. When the oldest lines are all gone, the front moves up behind them; a line says so, too.
"""

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

import apsw

from daemon.journal.line import Line, from_microseconds
from daemon.journal.link import link
from daemon.journal.schema import has_second
from daemon.journal.sizes import count

CUT = "journal.cut"
MOST_RUNS = 2000
"""Runs that one step of the front leaves behind."""
MOST_SPARED = 500
"""Lines that may not go which one look passes by."""
_RUN = struct.Struct(">QQ")
_ROW = "SELECT hash, at, CAST(kind AS TEXT), CAST(body AS BLOB) FROM events WHERE number = ?"
_RUN_BEFORE = "SELECT first, last, hash FROM cuts WHERE first <= ? ORDER BY first DESC LIMIT 1"

Write = Callable[[str, Mapping[str, object]], Line]
"""Makes the line of an event about the journal, of a kind and with a content."""


@dataclass(slots=True)
class Run:
    """Lines without a gap."""

    first: int
    last: int
    before: bytes
    """Hash of the line before the first."""
    hash: bytes
    """Hash of the last."""


@dataclass(slots=True)
class Found:
    """Lines that may go, looked at one by one."""

    runs: list[Run] = field(default_factory=list)
    kinds: list[tuple[str, int]] = field(default_factory=list)
    oldest: datetime | None = None
    newest: datetime | None = None
    bad: list[int] = field(default_factory=list)
    """Lines whose hash does not fit: evidence, which stays."""


def proof(runs: Iterable[Run]) -> str:
    """What stands in the line that vouches for these runs."""
    digest = sha256()
    for run in runs:
        digest.update(_RUN.pack(run.first, run.last) + run.before + run.hash)
    return digest.hexdigest()


def hash_of(database: apsw.Connection, number: int) -> bytes | None:
    """The hash of a line that is there, ends a run, or is the one before the front; None for any other."""
    row: Any = database.execute("SELECT hash FROM events WHERE number = ?", (number,)).fetchone()
    if row is None:
        run = run_over(database, number)
        if run is not None and run[0] == number:
            row = run[1:]
        else:
            row = database.execute("SELECT base_hash FROM chain WHERE base_number = ?", (number,)).fetchone()
    return row[0] if row is not None and isinstance(row[0], bytes) else None


def run_over(database: apsw.Connection, number: int) -> tuple[int, bytes] | None:
    """Last number and hash of the run in which a line went."""
    run: Any = database.execute(_RUN_BEFORE, (number,)).fetchone() if has_second(database) else None
    return (run[1], run[2]) if run is not None and run[1] >= number else None


def told_by(database: apsw.Connection, told: int) -> list[Run]:
    """The runs that a line vouches for, in order."""
    rows: Any = database.execute("SELECT first, last, hash FROM cuts WHERE told = ? ORDER BY first", (told,))
    return [Run(first, last, hash_of(database, first - 1) or b"", digest) for first, last, digest in rows.fetchall()]


def examine(database: apsw.Connection, numbers: Iterable[int]) -> Found:
    """Look at lines, in order of their numbers, and check each against the one before it."""
    found = Found()
    for number in numbers:
        row: Any = database.execute(_ROW, (number,)).fetchone()
        joins = bool(found.runs) and found.runs[-1].last == number - 1
        before = found.runs[-1].hash if joins else hash_of(database, number - 1)
        if row is None or before is None or link(before, number, row[3]) != row[0]:
            found.bad.append(number)
            continue
        if joins:
            found.runs[-1].last, found.runs[-1].hash = number, row[0]
        else:
            found.runs.append(Run(number, number, before, row[0]))
        at = from_microseconds(row[1])
        found.oldest = min(found.oldest or at, at)
        found.newest = max(found.newest or at, at)
        found.kinds.append((row[2], len(row[3])))
    return found


def remove(database: apsw.Connection, found: Found, told: int) -> None:
    """Take the lines out and leave their runs, inside the caller's transaction; line `told` will vouch for them."""
    rows = [(run.first, run.last, run.hash, told) for run in found.runs]
    database.executemany("INSERT INTO cuts (first, last, hash, told) VALUES (?, ?, ?, ?)", rows)
    ranges = [(run.first, run.last) for run in found.runs]
    database.executemany("DELETE FROM events WHERE number BETWEEN ? AND ?", ranges)
    count(database, found.kinds, -1)


@dataclass(frozen=True, slots=True)
class Front:
    """Where the journal may begin, once the runs before it are forgotten."""

    base: int
    hash: bytes
    forgotten: int
    """Runs."""
    kept: Sequence[Run]
    """Runs behind the front whose line vouches also for forgotten ones: they need another."""


def find_front(database: apsw.Connection, base: int) -> Front | None:
    """How far the front may move in one step; None where it stands well."""
    ends: Any = database.execute(
        "SELECT last, hash FROM cuts WHERE first < (SELECT min(number) FROM events) ORDER BY first LIMIT ?",
        (MOST_RUNS,),
    ).fetchall()
    if not ends or ends[-1][0] <= base:
        return None
    last, digest = ends[-1]
    lines: Any = database.execute("SELECT DISTINCT told FROM cuts WHERE first <= ?", (last,)).fetchall()
    kept = [run for (told,) in lines for run in told_by(database, told) if run.first > last]
    return Front(last, digest, len(ends), sorted(kept, key=lambda run: run.first))


def move_front(database: apsw.Connection, front: Front, told: int) -> None:
    """Forget the runs before it, inside the caller's transaction; line `told` will vouch for it."""
    database.execute("UPDATE chain SET base_number = ?, base_hash = ?", (front.base, front.hash))
    database.execute("DELETE FROM cuts WHERE first <= ?", (front.base,))
    database.executemany("UPDATE cuts SET told = ? WHERE first = ?", ((told, run.first) for run in front.kept))


@dataclass(slots=True)
class Looked:
    """What one look along a kind brought."""

    numbers: list[int]
    """Of lines that may go."""
    resume: int
    """Where the next look begins: behind the lines that are spared, or, when all were seen, at 0."""


def look_along(
    database: apsw.Connection, kind: str, bounds: tuple[int, int], limit: int, spared: Callable[[int, str], bool]
) -> Looked:
    """The oldest lines of a kind between two numbers that are not spared, at most `limit`, in order.

    At most `MOST_SPARED` spared ones are passed by in one go: the next look goes on from there.
    """
    rows: Any = database.execute(
        "SELECT number FROM events INDEXED BY events_kind"
        " WHERE kind = ? AND number > ? AND number <= ? ORDER BY number",
        (kind, *bounds),
    )
    found, passed = list[int](), 0
    for (number,) in rows:
        if not spared(number, kind):
            found.append(number)
        elif (passed := passed + 1) >= MOST_SPARED:
            return Looked(found, number)
        if len(found) >= limit:
            return Looked(found, bounds[0])
    return Looked(found, 0)
