"""The one connection that writes the journal and checkpoints its log. All calls come from one thread, one at a time."""

import fcntl
import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import apsw
import structlog

from daemon.journal.chain import verify
from daemon.journal.cut import CUT, Write, move_front, remove
from daemon.journal.file import (
    DisplacedError,
    ForeignFileError,
    JournalError,
    check_ours,
    cursors,
    explain,
    is_damage,
    is_empty,
    kept,
    outline,
    standing,
    writer,
)
from daemon.journal.line import Line
from daemon.journal.link import link
from daemon.journal.salvage import Known, Row, salvage, set_aside
from daemon.journal.schema import create, upgrade
from daemon.journal.sizes import count
from daemon.journal.trim import Trimmer

log = structlog.get_logger()

_CHECKPOINT = 1000
"""Pages in the log from which it is copied into the file."""
_RESET = 4 * _CHECKPOINT
"""Pages from which readers are waited for, so that the log can start from its beginning again."""
_READERS = 200
"""Milliseconds that readers are waited for."""
_CHECKED_FILE = 64 << 20
"""A file up to this size is checked whole when it is opened: about 0.1 s."""
_CHECKED_LINES = 500

_INSERT = "INSERT INTO events (number, hash, at, kind, subject, severity, body) VALUES (?, ?, ?, ?, ?, ?, ?)"
_STAND = "INSERT OR REPLACE INTO standing (alarm, state) VALUES (?, ?)"
_FALL = "DELETE FROM standing WHERE alarm = ?"
_MOVE = "INSERT OR REPLACE INTO cursors (subscriber, number) VALUES (?, ?)"
_KEEP = "INSERT OR REPLACE INTO kept (key, state) VALUES (?, ?)"
_FORGET = "DELETE FROM kept WHERE key = ?"
_HEAD = "UPDATE chain SET head_number = ?, head_hash = ?"


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about the journal itself that belongs into the journal."""

    kind: str
    why: str
    content: Mapping[str, object]


class Store:
    """The journal's file, open for writing whenever it can be."""

    def __init__(self, path: Path, now: Callable[[], datetime]) -> None:
        """Nothing is opened yet."""
        self.path = path
        self.known: Known | None = None
        self.wal_pages = 0
        self._now = now
        self._database: apsw.Connection | None = None
        self._tidy_at = _CHECKPOINT
        self._lock: int | None = None
        self._place: tuple[int, int] | None = None  # device and inode of the file that is open
        self._condemned = ""
        self._legacy: tuple[Known | None, list[Row]] | None = None  # saved, and not in a file yet
        self._recovered: frozenset[str] = frozenset()  # ids of lines whose commit failed, but which are there

    @property
    def opened(self) -> bool:
        """Whether a commit may be tried."""
        return self._database is not None

    @property
    def untidy(self) -> bool:
        """Whether the log has grown so much that `tidy` has something to do."""
        return self.wal_pages >= self._tidy_at

    def open(self) -> list[Remark]:
        """Open the journal or begin one; what cannot be one is set aside. apsw.Error, OSError, JournalError."""
        try:
            self._take_lock()
            why = self._condemned or self._half_missing()
            if not why:
                try:
                    return self._open()
                except (apsw.Error, JournalError, UnicodeDecodeError) as error:
                    if not is_damage(error):
                        raise
                    why = explain(error, self.path)
            self._condemned = why
            self._leave()
            return self._replace(why)
        except BaseException:
            self.close()
            raise

    def commit(
        self,
        lines: Sequence[Line],
        alarms: Mapping[str, bytes | None],
        moves: Mapping[str, int],
        keeps: Mapping[str, bytes | None] = MappingProxyType({}),
    ) -> None:
        """Write all of it in one transaction and sync it, or nothing of it. apsw.Error, OSError, JournalError."""
        with self._transaction() as (database, known):
            lines = [line for line in lines if line.event.id not in self._recovered] if self._recovered else lines
            head, digest = self._write(database, known, lines)
            texts = {alarm: None if state is None else state.decode() for alarm, state in alarms.items()}
            _put(database, texts, _STAND, _FALL)
            _put(database, keeps, _KEEP, _FORGET)
            database.executemany(_MOVE, moves.items())
            database.execute(_HEAD, (head, digest))
        self._recovered = frozenset()
        known.head, known.hash = head, digest
        known.cursors.update(moves)
        _apply(known.standing, alarms)
        _apply(known.kept, keeps)

    def trim(self, trimmer: Trimmer, write: Write) -> bool:
        """Do the next step of retention and write the line that tells of it; False when there is nothing to do now.

        apsw.Error, OSError, JournalError.
        """
        with self._transaction() as (database, known):
            deed = trimmer.next(database, known, self.path)
            if deed is None:
                return False
            head, digest = known.head, known.hash
            if deed.content:
                head, digest = self._write(database, known, [write(CUT, deed.content)])
            if deed.found is not None:
                remove(database, deed.found, head)
            if deed.front is not None:
                move_front(database, deed.front, head)
            _put(database, deed.keeps, _KEEP, _FORGET)
            database.execute(_HEAD, (head, digest))
        known.head, known.hash = head, digest
        if deed.front is not None:
            known.base, known.base_hash = deed.front.base, deed.front.hash
        _apply(known.kept, deed.keeps)
        return True

    @contextmanager
    def _transaction(self) -> Iterator[tuple[apsw.Connection, Known]]:
        """All of it is written and synced at the end, or nothing of it."""
        database, known = self._database, self.known
        if database is None or known is None:
            raise JournalError(f"{self.path} is not open")
        try:
            self._check_place()
            database.execute("BEGIN IMMEDIATE")
            yield database, known
            database.execute("COMMIT")
        except BaseException as error:
            self._roll_back(database, error)
            raise

    def tidy(self) -> None:
        """Copy the log into the file when it has grown. The log is bounded as long as no reader stays in it."""
        if self._database is None or not self.untidy:
            return
        self._tidy_at = self.wal_pages + _CHECKPOINT  # not with every commit, as long as a reader stays
        mode = apsw.SQLITE_CHECKPOINT_PASSIVE if self.wal_pages < _RESET else apsw.SQLITE_CHECKPOINT_RESTART
        try:
            self._database.set_busy_timeout(_READERS)
            self._database.wal_checkpoint("main", mode)
        except (apsw.BusyError, apsw.LockedError):
            log.warning("a reader keeps the journal's log from being emptied", pages=self.wal_pages)
        except apsw.Error as error:
            log.warning("checkpoint of the journal failed", why=explain(error, self.path))
            if is_damage(error):
                self.condemn(explain(error, self.path))

    def condemn(self, why: str) -> None:
        """The file was found damaged: the next `open` sets it aside."""
        self._condemned = why
        self._leave()

    def close(self) -> None:
        """Copy the log into the file, so that it is whole by itself, and let go of it."""
        self._leave()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _open(self) -> list[Remark]:
        if self.known is not None and self._legacy is None and not self.path.exists():
            self._legacy = salvage(self.path, self.known)
        database = self._attach()
        if not is_empty(database):
            check_ours(database, self.path)
            self._legacy = None
            return self._load(database)
        if self._legacy is None:
            self._create(database, None, [])
            return []
        return self._create_from_legacy(database, f"{self.path} was removed", "")

    def _replace(self, why: str) -> list[Remark]:
        """Set the file aside and begin a new one that goes on where the old one ended."""
        aside = set_aside(self.path, self._now())
        if self._legacy is None:
            self._legacy = salvage(aside, self.known)
        return self._create_from_legacy(self._attach(), why, aside.name)

    def _create_from_legacy(self, database: apsw.Connection, why: str, aside: str) -> list[Remark]:
        known, rows = self._legacy or (None, [])
        known = self._create(database, known, rows)
        self._legacy, self._condemned = None, ""
        log.error("a new journal was begun", why=why, old=aside, after=known.base, kept=len(rows))
        content = {"why": why, "file": aside, "after": known.base, "kept": len(rows)}
        return [Remark("journal.replaced", f"{why}; a new journal was begun", content)]

    def _attach(self) -> apsw.Connection:
        database = writer(self.path)
        database.set_wal_hook(self._committed)
        self._database = database
        stat = self.path.stat()
        self._place = stat.st_dev, stat.st_ino
        return database

    def _create(self, database: apsw.Connection, known: Known | None, rows: Sequence[Row]) -> Known:
        known = known or Known.fresh(secrets.token_hex(16))
        try:
            database.execute("BEGIN IMMEDIATE")
            create(database)
            database.execute(
                "INSERT INTO chain (one, epoch, base_number, base_hash, head_number, head_hash)"
                " VALUES (1, ?, ?, ?, ?, ?)",
                (known.epoch, known.base, known.base_hash, known.base, known.base_hash),
            )
            database.executemany(_INSERT, rows)
            count(database, ((row[3], len(row[6].encode())) for row in rows))
            database.execute(_HEAD, (known.head, known.hash))
            database.executemany(_MOVE, known.cursors.items())
            database.executemany(_STAND, ((alarm, state.decode()) for alarm, state in known.standing.items()))
            database.executemany(_KEEP, known.kept.items())
            database.execute("COMMIT")
        except BaseException as error:
            self._roll_back(database, error)
            raise
        self.known = known
        return known

    def _load(self, database: apsw.Connection) -> list[Remark]:
        """Take up a journal that is there, and look at its end."""
        size = database.pragma("page_count") * database.pragma("page_size")
        if size <= _CHECKED_FILE and (fault := database.pragma("quick_check", 1)) != "ok":
            raise ForeignFileError(f"{self.path} is damaged: {str(fault).splitlines()[-1]}")
        upgrade(database)
        loaded = Known(*outline(database, self.path))
        last: Any = database.execute("SELECT number, hash FROM events ORDER BY number DESC LIMIT 1").fetchone()
        if last is not None and last[0] > loaded.head:
            loaded.head, loaded.hash = last
        old, recovered = self.known, self._recovered
        if old is not None and old.epoch == loaded.epoch:
            ids = database.execute("SELECT body ->> 'id' FROM events WHERE number > ?", (old.head,))
            recovered |= {str(name) for (name,) in ids}
            if old.head > loaded.head:  # lines were cut off: their numbers are not given again
                loaded.head, loaded.hash = old.head, old.hash
        loaded.standing, loaded.kept = standing(database), kept(database)
        loaded.cursors = {name: min(number, loaded.head) for name, number in cursors(database).items()}
        remarks = self._look_at_end(loaded)
        self.known, self._recovered = loaded, recovered
        return remarks

    def _look_at_end(self, known: Known) -> list[Remark]:
        verdict = verify(self.path, max(1, known.head - _CHECKED_LINES))
        if verdict.clean:
            return []
        first = verdict.findings[0]
        log.error("the journal was tampered with", finding=str(first), faults=verdict.faults)
        content = {"number": first.number, "why": str(first), "faults": verdict.faults}
        return [Remark("journal.damaged", f"{self.path}: {first}", content)]

    def _write(self, database: apsw.Connection, known: Known, lines: Sequence[Line]) -> tuple[int, bytes]:
        """Insert the lines; the number and the hash of the last."""
        number, digest = known.head, known.hash

        def rows() -> Iterator[Row]:
            nonlocal number, digest
            for line in lines:
                number += 1
                digest = link(digest, number, line.body)
                yield number, digest, *line.columns, line.body.decode()

        database.executemany(_INSERT, rows())
        count(database, ((line.event.kind, len(line.body)) for line in lines))
        return number, digest

    def _committed(self, _database: apsw.Connection, _name: str, pages: int) -> int:
        if pages < self.wal_pages:  # it has begun anew
            self._tidy_at = _CHECKPOINT
        self.wal_pages = pages
        return apsw.SQLITE_OK

    def _check_place(self) -> None:
        """Writing into a file that was removed or exchanged would lose everything without a word."""
        try:
            stat = self.path.stat()
            there = (stat.st_dev, stat.st_ino) == self._place
        except FileNotFoundError:
            there = False
        if not there:
            raise DisplacedError(f"{self.path} was removed or exchanged while it was in use")

    def _roll_back(self, database: apsw.Connection, error: BaseException) -> None:
        """Undo the transaction, and close the file unless trying again in it can help."""
        with suppress(apsw.Error):
            if database.in_transaction:
                database.execute("ROLLBACK")
        if isinstance(error, DisplacedError) and not self.path.exists():
            self._legacy = salvage(database, self.known)
        if is_damage(error):
            self._condemned = explain(error, self.path)
        if not isinstance(error, apsw.FullError | apsw.BusyError | apsw.LockedError | apsw.NoMemError):
            self.close()

    def _half_missing(self) -> str:
        """SQLite would throw away a log whose file is gone; the log may hold the newest lines."""
        with suppress(FileNotFoundError):
            if self.path.stat().st_size:
                return ""
        with suppress(FileNotFoundError):
            if self.path.with_name(self.path.name + "-wal").stat().st_size:
                return f"{self.path} is gone or empty, but its log is not"
        return ""

    def _take_lock(self) -> None:
        if self._lock is not None:
            return
        lock = os.open(f"{self.path}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(lock)
            raise JournalError(f"another gatehouse writes {self.path}; end it first") from error
        self._lock = lock

    def _leave(self) -> None:
        if self._database is None:
            return
        try:
            self._database.close()
        except apsw.Error as error:
            log.warning("the journal could not be closed in order", why=explain(error, self.path))
        finally:
            self._database = None
            self.wal_pages, self._tidy_at = 0, _CHECKPOINT


def _put(database: apsw.Connection, changes: Mapping[str, object], put: str, take: str) -> None:
    database.executemany(put, [(name, state) for name, state in changes.items() if state is not None])
    database.executemany(take, [(name,) for name, state in changes.items() if state is None])


def _apply(states: dict[str, bytes], changes: Mapping[str, bytes | None]) -> None:
    for name, state in changes.items():
        if state is None:
            states.pop(name, None)
        else:
            states[name] = state
