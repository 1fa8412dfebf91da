"""The proof that no line of the journal was changed, removed, put in or moved.

Whoever can write the file can also compute the chain of hashes anew from any line on; only a head that was kept
elsewhere (`known`) proves that this was not done, and that nothing was cut off the end.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any

import apsw

from daemon.journal.cut import hash_of, run_over
from daemon.journal.file import JournalError, explain, outline, reader
from daemon.journal.gaps import VOUCHING, Gaps
from daemon.journal.line import columns, from_microseconds, read
from daemon.journal.link import genesis, link

_PAGE = 1000
_LISTED = 20
_QUIET = 2.0

Row = tuple[int, object, object, object, object, object, object]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with the journal."""

    number: int
    kind: str  # of the event; empty where there is no line any more
    at: datetime | None
    what: str

    def __str__(self) -> str:
        line = f"line {self.number}"
        if self.at is not None:
            line += f" ({self.kind}, {self.at.isoformat(timespec='milliseconds')})"
        return f"{line}: {self.what}"


@dataclass(slots=True)
class Verdict:
    """What was found."""

    epoch: str
    first: int  # number of the first line that was looked at
    last: int = 0
    head_hash: str = ""
    checked: int = 0
    faults: int = 0
    findings: list[Finding] = field(default_factory=list)  # the first of them
    proved: bool = False  # a known head was given and agrees
    gone: int = 0  # lines before the first that the journal has
    cut: int = 0  # lines that retention took out of the middle
    rules: Counter[tuple[str, str]] = field(default_factory=Counter)  # (rule, class) -> lines, as lines tell it
    hashes: dict[int, str] = field(default_factory=dict)  # of those lines that were asked for and are there
    cuts: dict[int, int] = field(default_factory=dict)  # asked for and cut -> number of the line that vouches
    first_fault: int | None = None  # number of the first line that is not as it was

    @property
    def clean(self) -> bool:
        """Nothing is wrong."""
        return not self.faults

    def add(self, finding: Finding) -> None:
        """Count a fault; the first few are kept."""
        self.faults += 1
        self.first_fault = finding.number if self.first_fault is None else min(self.first_fault, finding.number)
        if len(self.findings) < _LISTED:
            self.findings.append(finding)


def parse_head(text: str) -> tuple[int, str]:
    """NUMBER:HASH as kept from a heartbeat or `gatehouse status`; ValueError."""
    number, _, digest = text.partition(":")
    if not number.isdecimal() or len(digest) != 64 or set(digest.lower()) - set("0123456789abcdef"):
        raise ValueError(
            f"{text!r} 不是链头，应写成 编号:哈希，哈希为 64 位十六进制。 "
            f"{text!r} is no head of a journal; one is written NUMBER:HASH, the hash in 64 hex digits"
        )
    return int(number), digest.lower()


def verify(
    path: Path,
    from_number: int = 1,
    known: tuple[int, str] | None = None,
    progress: Callable[[int, int], None] | None = None,
    wanted: Collection[int] = (),
) -> Verdict:
    """Check every line from a number on, in a living or a finished journal, in bounded memory. OSError, JournalError.

    `known` is a number and its hash (hex) kept elsewhere; of the lines `wanted` the verdict says what their hashes are
    now, or that they were cut. `progress(number, last)` is called about every two seconds.
    """
    database = reader(path)
    try:
        return _Walk(database, path, from_number, known, wanted).run(progress)
    except apsw.Error as error:
        raise JournalError(explain(error, path)) from error
    finally:
        database.close(force=True)


class _Walk:
    """One way along the chain."""

    def __init__(
        self,
        database: apsw.Connection,
        path: Path,
        start: int,
        known: tuple[int, str] | None,
        wanted: Collection[int],
    ) -> None:
        self._database, self._path, self._known = database, path, known
        self._wanted, self._sorted = frozenset(wanted), sorted(wanted)
        epoch, self._base, base_hash, self._target, _ = outline(database, path)
        self._number, self._before = self._base, base_hash
        self._gaps = Gaps(database, epoch, self._base, base_hash, self._note_cut)
        self._last: Row | None = None
        self._verdict = Verdict(epoch=epoch, first=max(start, self._base + 1), gone=self._base)
        if start > self._base + 1:
            self._begin_at(start)
        elif self._base == 0 and base_hash != genesis(epoch):
            self._verdict.add(Finding(0, "", None, "the journal's epoch or the hash of its beginning was changed"))
        (early,) = database.execute("SELECT min(number) FROM events").fetchone() or (None,)
        if early is not None and early <= self._base:
            self._verdict.add(Finding(early, "", None, f"it was put in before the first line, {self._base + 1}"))

    def run(self, progress: Callable[[int, int], None] | None) -> Verdict:
        """Walk to the end."""
        cursors = self._database.execute("SELECT subscriber, number FROM cursors").fetchall()
        self._compare_known(self._number, self._before)
        said = monotonic()
        try:
            for row in self._rows():
                self._check(row)
                if progress is not None and monotonic() - said >= _QUIET:
                    said = monotonic()
                    progress(self._number, self._target)
        except (apsw.CorruptError, apsw.NotADBError):
            self._add(
                self._number + 1, None, f"the file is damaged after line {self._number}; no later line was checked"
            )
            return self._verdict
        self._check_end(cursors)
        return self._verdict

    def _begin_at(self, start: int) -> None:
        """Trust the hash that the line before bears."""
        self._number, before = start - 1, hash_of(self._database, start - 1)
        if before is None and (run := run_over(self._database, start - 1)) is not None:
            self._number, before = run
        if before is not None:
            self._before = before
        else:
            self._verdict.add(Finding(start - 1, "", None, "there is no such line; nothing after it can be checked"))

    def _rows(self) -> Iterator[Row]:
        """All lines in order; page by page, so that a living journal's log is never held up for long."""
        start = -1
        while start != self._number:
            start = self._number
            page: Any = self._database.execute(
                "SELECT number, hash, at, CAST(kind AS BLOB), CAST(subject AS BLOB), severity, CAST(body AS BLOB)"
                " FROM events NOT INDEXED WHERE number > ? ORDER BY number LIMIT ?",
                (start, _PAGE),
            )
            yield from page

    def _check(self, row: Row) -> None:
        number, stored, body = row[0], row[1], row[6]
        follows = self._cross(number, row)
        if not isinstance(body, bytes) or not isinstance(stored, bytes):
            self._add(number, row, "it was changed: its hash or its body is empty or of the wrong type")
        elif link(self._before, number, body) != stored:
            if follows:
                self._add(number, row, self._accuse(number))
        else:
            self._read(row, body)
        self._verdict.checked += 1
        self._number, self._last = number, row
        self._before = stored if isinstance(stored, bytes) else b""
        self._compare_known(number, self._before)

    def _read(self, row: Row, body: bytes) -> None:
        """Look at a line whose hash fits."""
        if (wrong := _differs(row, body)) != "":
            self._add(row[0], row, f"it was changed: its column {wrong} is not what its body says")
        if row[3] in VOUCHING and (wrong := self._gaps.hear(row[0], body)) != "":
            self._add(row[0], row, wrong)

    def _cross(self, number: int, row: Row) -> bool:
        """Go over what lies between the last line and this one; whether its hash must fit what came before."""
        expected, whole = self._number + 1, True
        if number == expected:
            return True
        for first, last, digest in self._gaps.cross(expected, number):
            if first > expected:
                self._missing(expected, first - 1, row)
            if last >= number:
                self._add(number, row, f"it was put in: all lines up to {last} were cut")
                return False
            expected, whole, self._before, self._last = last + 1, True, digest, None
        if expected < number:
            self._missing(expected, number - 1, row)
            whole = False
        return whole

    def _missing(self, first: int, last: int, row: Row) -> None:
        gone = f"line {first} was" if first == last else f"lines {first} to {last} were"
        self._add(first, None, f"{gone} removed, before line {row[0]} ({_name(row)})")

    def _accuse(self, number: int) -> str:
        what = "it was changed, put in or moved: its hash does not fit"
        if self._last is not None:
            what += f"; or line {number - 1} ({_name(self._last)}) was written anew with a fresh hash"
        return what

    def _check_end(self, cursors: Iterable[tuple[object, ...]]) -> None:
        for gap, what in self._gaps.settle(whole=self._verdict.first == self._base + 1):
            self._add(gap, None, what)
        self._verdict.cut, self._verdict.rules = self._gaps.lines, self._gaps.rules
        end, target = self._number, self._target
        self._verdict.last, self._verdict.head_hash = end, self._before.hex()
        if target > end:
            self._add(end + 1, None, f"the end was removed: the journal's own note says that line {target} existed")
            return
        for subscriber, number in cursors:
            if isinstance(number, int) and number > end:
                self._add(end + 1, None, f"the end was removed: {subscriber} has confirmed line {number}")
        self._compare_note(end)
        if self._known is not None and self._known[0] > end:
            self._add(end + 1, None, f"the end was removed: line {self._known[0]} is known to have existed")

    def _compare_note(self, end: int) -> None:
        """The note of the head must fit the line it names. Both may have moved on since; they move together."""
        row: Any = self._database.execute(
            "SELECT c.head_number, c.head_hash, c.base_number, c.base_hash, e.hash FROM chain AS c"
            " LEFT JOIN events AS e ON e.number = c.head_number"
        ).fetchone()
        number, noted, base, base_hash, stored = row
        if number < end:
            self._add(end, self._last, f"lines after {number} were put in: the journal's own note ends there")
        elif noted != (base_hash if number == base else stored):
            self._add(int(number), None, "its hash is not the one in the journal's own note of its head")

    def _note_cut(self, first: int, last: int, digest: bytes, told: int) -> None:
        """Lines that were asked for may lie in a run; of its last one even the hash is there."""
        for number in self._sorted[bisect_left(self._sorted, first) : bisect_right(self._sorted, last)]:
            self._verdict.cuts[number] = told
        if last in self._wanted:
            self._verdict.hashes[last] = digest.hex()

    def _compare_known(self, number: int, digest: bytes) -> None:
        if number in self._wanted:
            self._verdict.hashes[number] = digest.hex()
        if self._known is None or self._known[0] != number:
            return
        if digest.hex() == self._known[1]:
            self._verdict.proved = True
        else:
            self._add(number, self._last, "history was written anew: its hash is not the known one")

    def _add(self, number: int, row: Row | None, what: str) -> None:
        kind = _text(row[3]) if row is not None else ""
        at = _instant(row) if row is not None else None
        self._verdict.add(Finding(number, kind, at, what))


def _differs(row: Row, body: bytes) -> str:
    """The column that says something else than the body."""
    told = columns(read(row[0], body))
    for name, column, said in zip(("at", "kind", "subject", "severity"), row[2:6], told, strict=True):
        said_raw = said.encode() if isinstance(said, str) else said
        if type(column) is not type(said_raw) or column != said_raw:
            return name
    return ""


def _name(row: Row) -> str:
    at = _instant(row)
    return f"{_text(row[3])}, {at.isoformat(timespec='milliseconds') if at else 'time unreadable'}"


def _instant(row: Row) -> datetime | None:
    """The time in the body, or else the one beside it."""
    return from_microseconds(row[2]) if isinstance(row[2], int) else None


def _text(value: object) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
