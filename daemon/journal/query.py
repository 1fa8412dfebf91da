"""Finding lines of the journal: by kind, subject, time, severity and text, in a living journal or in a file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

import apsw
import msgspec

from daemon.journal.file import JournalError, explain, reader
from daemon.journal.line import columns, microseconds, read
from gatehouse.events import Event

STAGED = ("drill.", "walk.")
"""How the kinds of all lines begin that belong to a drill or a walk test."""
WINDOW = 10_000
"""Lines looked through in one go, so that no search holds up the journal's log or another reader."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which lines are wanted; all that is said must hold. An empty field says nothing."""

    kinds: tuple[str, ...] = ()
    """Patterns, any of them: `alarm.*`, `access.denied`."""
    subject: str = ""
    """A pattern: `doors.north`, `zones.*`."""
    since: datetime | None = None
    until: datetime | None = None
    """The first instant that is not wanted any more."""
    severity: int = 0
    """Alarms of this severity or a graver one: 1 is the gravest."""
    text: str = ""
    """Words anywhere in the line, upper or lower case."""
    drill: Literal["", "only", "without"] = ""
    """Lines of drills and walk tests: they alone, all but they, or both."""

    @classmethod
    def parse(cls, words: Mapping[str, str], zone: tzinfo | None = None) -> "Filter":
        """Out of the words of a command or a URL: kinds (separated by commas), subject, since, until (ISO 8601;
        without a zone: in `zone`, or this machine's), severity, text, drill (only, without). ValueError says what is
        wrong."""
        known = {"kinds", "subject", "since", "until", "severity", "text", "drill"}
        if unknown := sorted(set(words) - known):
            raise ValueError(f"unknown filter {unknown[0]!r}; known are {', '.join(sorted(known))}")
        severity = words.get("severity", "") or "0"
        if severity not in {"0", "1", "2", "3", "4"}:
            raise ValueError(f"severity {severity!r} must be 1 (gravest) to 4")
        drill = words.get("drill", "")
        if drill not in ("", "only", "without"):
            raise ValueError(f"drill {drill!r} must be only or without")
        return cls(
            kinds=tuple(kind for kind in words.get("kinds", "").replace(" ", "").split(",") if kind),
            subject=words.get("subject", ""),
            since=_instant("since", words.get("since", ""), zone),
            until=_instant("until", words.get("until", ""), zone),
            severity=int(severity),
            text=words.get("text", ""),
            drill=drill,  # type: ignore[arg-type] # one of the three
        )

    def admits(self, event: Event) -> bool:
        """Whether an event at hand is wanted: the same answer that a search gives."""
        at, kind, subject, severity = columns(event)
        return (
            (not self.kinds or any(fnmatchcase(kind, pattern) for pattern in self.kinds))
            and (not self.drill or kind.startswith(STAGED) == (self.drill == "only"))
            and (not self.subject or fnmatchcase(subject, self.subject))
            and (self.since is None or at >= microseconds(self.since))
            and (self.until is None or at < microseconds(self.until))
            and (not self.severity or 1 <= severity <= self.severity)
        )


def query(
    path: Path, after: int = 0, limit: int = 256, wanted: Filter | None = None, *, newest: bool = False
) -> list[Event]:
    """Lines of a journal's file with numbers above `after`, oldest first: the first `limit`, or the newest.

    OSError or JournalError with what to do about it.
    """
    database = reader(path)
    try:
        found: list[Event] = []
        for part in Search(database, after, None, wanted or Filter(), newest=newest).parts(limit):
            found = part + found if newest else found + part
        return found
    except apsw.Error as error:
        raise JournalError(explain(error, path)) from error
    finally:
        database.close()


class ReadFile:
    """The journal's file as one thread reads it: opened when it is needed, and again when it has become another one."""

    def __init__(self, path: Path) -> None:
        """Nothing is opened yet."""
        self._path = path
        self._database: apsw.Connection | None = None
        self._generation = 0

    def read(self, generation: int, after: int, upto: int, limit: int) -> list[Event]:
        """Lines above `after` up to `upto`, oldest first."""
        try:
            rows: Any = self._open(generation).execute(
                "SELECT number, CAST(body AS BLOB) FROM events"
                " WHERE number > ? AND number <= ? ORDER BY number LIMIT ?",
                (after, upto, limit),
            )
            return [read(number, body) for number, body in rows]
        except BaseException:
            self.close()
            raise

    def search(
        self, generation: int, after: int, upto: int, wanted: Filter, limit: int, *, newest: bool
    ) -> Iterator[list[Event]]:
        """Begin a search; each step of the iterator looks through one window."""
        return Search(self._open(generation), after, upto, wanted, newest=newest).parts(limit)

    def close(self) -> None:
        """Let go of the file."""
        if self._database is not None:
            self._database.close(force=True)
            self._database = None

    def _open(self, generation: int) -> apsw.Connection:
        if self._database is None or generation != self._generation:
            self.close()
            self._database, self._generation = reader(self._path), generation
        return self._database


class Search:
    """One search through a journal."""

    def __init__(
        self, database: apsw.Connection, after: int, upto: int | None, wanted: Filter, *, newest: bool
    ) -> None:
        """Look at lines above `after`, up to `upto` (None: all there are)."""
        self._database, self._newest = database, newest
        self._where, self._values = _conditions(database, wanted)
        self._low, self._high = self._bounds(wanted, after, upto)

    def parts(self, limit: int) -> Iterator[list[Event]]:
        """At most `limit` lines, window by window; empty where a window has none. Each part is oldest first."""
        order = "DESC" if self._newest else "ASC"
        low, high = self._low, self._high
        while low < high and limit > 0:
            start, end = (max(low, high - WINDOW), high) if self._newest else (low, min(high, low + WINDOW))
            rows: list[Any] = self._database.execute(
                f"SELECT number, CAST(body AS BLOB) FROM events WHERE number > ? AND number <= ?{self._where}"  # noqa: S608 - made of our own words
                f" ORDER BY number {order} LIMIT ?",
                (start, end, *self._values, limit),
            ).fetchall()
            found = [read(number, body) for number, body in rows]
            limit -= len(found)
            low, high = (low, start) if self._newest else (end, high)
            yield found[::-1] if self._newest else found

    @property
    def bounds(self) -> tuple[int, int]:
        """All that is found lies above the first of these numbers, up to the second."""
        return self._low, self._high

    def rows(self) -> Iterator[list[tuple[int, bytes, bytes]]]:
        """Number, hash and body of all lines, oldest first, window by window."""
        low = self._low
        while low < self._high:
            end = min(self._high, low + WINDOW)
            found: Any = self._database.execute(
                f"SELECT number, hash, CAST(body AS BLOB) FROM events WHERE number > ? AND number <= ?{self._where}"  # noqa: S608 - made of our own words
                " ORDER BY number",
                (low, end, *self._values),
            )
            yield found.fetchall()
            low = end

    def _bounds(self, wanted: Filter, after: int, upto: int | None) -> tuple[int, int]:
        """Numbers between which all wanted lines lie. The clock may have been set back, so instants are no order."""
        row: Any = self._database.execute("SELECT base_number, head_number FROM chain").fetchone() or (0, 0)
        low, high = max(after, row[0]), row[1] if upto is None else min(upto, row[1])
        if wanted.since is None and wanted.until is None:
            return low, high
        since = microseconds(wanted.since) if wanted.since else -(2**63)
        until = microseconds(wanted.until) if wanted.until else 2**63 - 1
        extent: Any = self._database.execute(
            "SELECT min(number), max(number) FROM events INDEXED BY events_at WHERE at >= ? AND at < ?", (since, until)
        ).fetchone()
        first, last = extent
        return (max(low, first - 1), min(high, last)) if first is not None else (0, 0)


def _conditions(database: apsw.Connection, wanted: Filter) -> tuple[str, list[str | int]]:
    where, values = "", list[str | int]()
    for column, patterns in (("kind", wanted.kinds), ("subject", (wanted.subject,) if wanted.subject else ())):
        if patterns:
            words = _expand(database, column, patterns)
            where += f" AND {column} IN ({', '.join('?' * len(words))})"
            values += words
    if wanted.drill:
        words = _expand(database, "kind", tuple(f"{start}*" for start in STAGED))
        where += f" AND kind {'' if wanted.drill == 'only' else 'NOT '}IN ({', '.join('?' * len(words))})"
        values += words
    if wanted.since is not None:
        where += " AND at >= ?"
        values.append(microseconds(wanted.since))
    if wanted.until is not None:
        where += " AND at < ?"
        values.append(microseconds(wanted.until))
    if wanted.severity:
        where += " AND severity BETWEEN 1 AND ?"
        values.append(wanted.severity)
    if wanted.text:
        quoted = msgspec.json.encode(wanted.text).decode()[1:-1]
        escaped = quoted.replace("^", "^^").replace("%", "^%").replace("_", "^_")
        where += " AND body LIKE ? ESCAPE '^'"
        values.append(f"%{escaped}%")
    return where, values


def _expand(database: apsw.Connection, column: str, patterns: tuple[str, ...]) -> list[str]:
    """All words in a column that fit one of the patterns: exact words let the index do the work."""
    words = database.execute(
        f"WITH RECURSIVE word (it) AS (SELECT min({column}) FROM events UNION ALL"  # noqa: S608 - made of our own words
        f" SELECT (SELECT min({column}) FROM events WHERE {column} > it) FROM word WHERE it IS NOT NULL)"
        " SELECT it FROM word WHERE it IS NOT NULL"
    )
    return [word for (word,) in words if any(fnmatchcase(word, pattern) for pattern in patterns)]


def _instant(name: str, text: str, zone: tzinfo | None) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(
            f"{name} {text!r} 不是时刻，请写成 2026-05-01 或 2026-05-01T18:30。 "
            f"{name} {text!r} is no instant; one is written 2026-05-01 or 2026-05-01T18:30"
        ) from error
    return at if at.tzinfo else at.replace(tzinfo=zone) if zone else at.astimezone()
