"""The gaps that retention leaves in the journal: each must be a run that a chained line vouches for."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import apsw

from daemon.journal.cut import CUT, proof, told_by
from daemon.journal.line import read
from daemon.journal.schema import has_second

REPLACED = "journal.replaced"
VOUCHING = frozenset({CUT.encode(), REPLACED.encode()})
"""Kinds of lines that vouch for what is not there."""

_TOLD_EPOCH = (
    "SELECT number, CAST(told AS BLOB) FROM (SELECT number,"
    " CASE WHEN json_valid(body) THEN body ->> '$.content.epoch' END AS told"
    " FROM events INDEXED BY events_kind WHERE kind = ? ORDER BY number DESC) WHERE told IS NOT NULL LIMIT 1"
)
"""In lines that move the front, which are among the newest of their kind."""

OnRun = Callable[[int, int, bytes, int], None]
"""Told of each run that is crossed: its first and last number, its last hash, the number of the line that vouches."""


class Gaps:
    """What is known of them on one walk along the chain."""

    def __init__(
        self, database: apsw.Connection, epoch: str, base: int, base_hash: bytes, on_run: OnRun | None = None
    ) -> None:
        """Of a journal of this epoch whose lines up to `base` are gone."""
        self.lines = 0
        """Lines in the runs that were crossed."""
        self.rules: Counter[tuple[str, str]] = Counter()
        """Lines cut, by rule and class, as the lines that are still there tell it."""
        self._database, self._base, self._base_hash, self._on_run = database, base, base_hash, on_run
        self._epoch, self._other = epoch, ""
        self._owed: dict[int, tuple[int, int]] = {}  # line that must vouch -> the first run it was named by
        self._vouched: set[int] = set()
        self._front = base == 0
        self._has = has_second(database)

    def cross(self, first: int, upto: int) -> Iterator[tuple[int, int, bytes]]:
        """The runs from line `first` to before line `upto`, in order: first, last and last hash of each."""
        if not self._has:
            return
        rows: Any = self._database.execute(
            "SELECT first, last, hash, told FROM cuts WHERE first >= ? AND first < ? ORDER BY first", (first, upto)
        )
        for start, last, digest, told in rows:
            self.lines += last - start + 1
            self._owed.setdefault(told, (start, last))
            if self._on_run is not None:
                self._on_run(start, last, digest, told)
            yield start, last, digest

    def hear(self, number: int, body: bytes) -> str:
        """Take a line that vouches; why it is wrong, or nothing."""
        content = read(number, body).content
        self._hear_front(content)
        self._hear_epoch(number, content)
        self._count(content)
        if not self._has:
            return ""
        with self._database:  # a living journal goes on: what it says and what it has must be of one instant
            runs = told_by(self._database, number)
        if runs and content.get("proof") != proof(runs):
            return (
                f"it vouches for other cuts than there are between lines {runs[0].first} and {runs[-1].last}:"
                " lines were removed there, or the list of cuts was changed"
            )
        self._vouched.add(number)
        return ""

    def settle(self, *, whole: bool) -> Iterator[tuple[int, str]]:
        """At the end of the walk: number and fault of each gap that nothing vouches for, and of another epoch."""
        if not whole:
            self._look_for_epoch()
        if self._other:
            yield self._base, self._other
        if whole and not self._front and self._still_begins():
            yield self._base, f"all lines up to {self._base} were removed, and no line says why"
        for told, (first, last) in sorted(self._owed.items(), key=lambda owed: owed[1]):
            if told not in self._vouched and self._still_claims(first):
                yield first, f"lines {first} to {last} were removed: line {told}, named for it, does not vouch for that"

    def _hear_front(self, content: Mapping[str, Any]) -> None:
        last = content.get("last_line") if content.get("rule") == "front" else content.get("after")
        if last == self._base and content.get("hash", "") in {"", self._base_hash.hex()}:
            self._front = True

    def _hear_epoch(self, number: int, content: Mapping[str, Any]) -> None:
        """Lines of older versions do not name it."""
        epoch = content.get("epoch", self._epoch)
        if epoch != self._epoch:
            self._other = f"the journal's epoch was changed to {self._epoch}; chained line {number} says {epoch}"

    def _look_for_epoch(self) -> None:
        """In the newest line that moved the front, which this walk may not have passed."""
        with suppress(apsw.CorruptError):  # far from where the walk went: whoever goes there tells of it
            row: Any = self._database.execute(_TOLD_EPOCH, (CUT,)).fetchone()
            if row is not None:
                self._hear_epoch(row[0], {"epoch": row[1].decode("utf-8", "backslashreplace")})

    def _count(self, content: Mapping[str, Any]) -> None:
        classes = content.get("classes")
        for name, lines in classes.items() if isinstance(classes, dict) else ():
            self.rules[str(content.get("rule", "")), str(name)] += lines if isinstance(lines, int) else 0

    def _still_begins(self) -> bool:
        """The front did not move on meanwhile."""
        row: Any = self._database.execute("SELECT base_number FROM chain").fetchone()
        return row is None or row[0] == self._base

    def _still_claims(self, first: int) -> bool:
        """The front did not pass the run meanwhile, and no other line, which did vouch, has taken it over."""
        row: Any = self._database.execute("SELECT told FROM cuts WHERE first = ?", (first,)).fetchone()
        return row is not None and row[0] not in self._vouched
