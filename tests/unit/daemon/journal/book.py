"""A journal in the hands of one who writes, waits for days, cuts, is killed, and of one who tampers with it."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import apsw

from daemon.journal.line import Line, write
from daemon.journal.query import query
from daemon.journal.retention import Retention
from daemon.journal.store import Store
from daemon.journal.trim import Trimmer
from gatehouse.events import Event

START = datetime(2026, 5, 1, 8, tzinfo=UTC)
KINDS = ("access.granted", "alarm.raised", "output.told", "patrol.point", "feed.lost", "journal.dropped")
SHORT = Retention(days={"alarm": 40, "access": 20, "patrol": 10, "network": 15, "record": 40, "operations": 20})


class Wall:
    """A clock that somebody may set."""

    def __init__(self) -> None:
        self.at, self.ran = START, 0.0

    def utc(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.ran

    def advance(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.ran += seconds


class Book:
    """A journal in the hands of one who writes, waits days, cuts and is killed."""

    def __init__(self, path: Path) -> None:
        self.path, self.clock, self.written, self.told = path, Wall(), 0, 0
        self.trimmer = Trimmer(self.clock)
        self.trimmer.retention = SHORT
        self.open()

    def open(self) -> None:
        self.store = Store(self.path, self.clock.utc)
        assert self.store.open() == []

    def line(self, kind: str, content: dict[str, object], severity: int = 0) -> Line:
        self.told += 1
        event = Event(
            id=f"a-{self.told}", at=self.clock.utc(), kind=kind, subject="s", severity=severity, content=content
        )
        return write(event)

    def write(self, *kinds: str, **more: object) -> None:
        lines = [
            self.line(kind, {"n": i, **more}, 2 if kind.startswith("alarm") else 0) for i, kind in enumerate(kinds)
        ]
        self.written += len(lines)
        self.store.commit(lines, {}, {})

    def day(self, days: int = 1) -> None:
        for _ in range(days):
            self.clock.advance(86400)
            self.trim()

    def trim(self, steps: int = 1000) -> None:
        for _ in range(steps):
            if not self.store.trim(self.trimmer, self.line):
                break

    def kill(self) -> None:
        """Copy the files as they are, and go on with the copy."""
        copy = self.path.with_name(f"{self.path.name}x")
        for end in ("", "-wal"):
            copy.with_name(copy.name + end).write_bytes(self.path.with_name(self.path.name + end).read_bytes())
        self.path = copy
        self.store = Store(copy, self.clock.utc)
        assert self.store.open() == []
        self.trimmer = Trimmer(self.clock)
        self.trimmer.retention = SHORT

    def kinds(self) -> list[str]:
        return [event.kind for event in query(self.path, limit=10**6)]

    def numbers(self) -> list[int]:
        return [event.number for event in query(self.path, limit=10**6)]

    def spoil(self, *statements: str) -> None:
        spoil(self.path, *statements)


def spoil(path: Path, *statements: str) -> None:
    """Change a journal behind its back."""
    with closing(apsw.Connection(str(path))) as database:
        for (guard,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {guard}")
        for statement in statements:
            database.execute(statement)
