"""The one connection that writes the journal and checkpoints its log. All calls come from one thread, one at a time."""

import fcntl
import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import apsw
import structlog

from daemon.journal.ballast import Ballast
from daemon.journal.chain import verify
from daemon.journal.cut import Write, move_front, remove
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
from daemon.journal.gaps import REPLACED
from daemon.journal.insert import begin, insert, put_alarms, put_cursors, put_head, put_kept, vouching
from daemon.journal.line import Line, write
from daemon.journal.salvage import Known, Saved, salvage, set_aside
from daemon.journal.schema import upgrade
from daemon.journal.trim import Trimmer
from gatehouse.events import Event

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


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about the journal itself that belongs into the journal."""

    kind: str
    why: str
    content: Mapping[str, object]
    written: bool = False
    """It is in the journal already."""


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
        self._ballast = Ballast(path)
        self._lock: int | None = None
        self._place: tuple[int, int] | None = None  # device and inode of the file that is open
        self.found: int | None = None
        """The newest line that the file had when it was opened first."""
        self.written = 0
        """The newest line of it that had been written by then, as far as is known."""
        self._ended = ("", 0)  # epoch and head as the last run left them
        self._condemned = ""
        self._legacy: Saved | None = None  # and not in a file yet
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
            lines = [line for line in lines if line.id not in self._recovered] if self._recovered else lines
            head, digest = insert(database, known, lines)
            put_alarms(database, alarms)
            put_kept(database, keeps)
            put_cursors(database, moves)
            put_head(database, head, digest)
        self._recovered = frozenset()
        known.head, known.hash = head, digest
        self._note_end(known)
        known.cursors.update(moves)
        _apply(known.standing, alarms)
        _apply(known.kept, keeps)

    def trim(self, trimmer: Trimmer, line: Write) -> bool:
        """Do the next step of retention and write the line that tells of it; False when there is nothing to do now.

        apsw.Error, OSError, JournalError.
        """
        with self._transaction() as (database, known):
            deed = trimmer.next(database, known, self.path)
            if trimmer.room is not None and trimmer.room.fullest < trimmer.retention.alarm_at:
                self._ballast.lay(trimmer.room.free)
            if deed is None:
                return False
            head, digest = known.head, known.hash
            if deed.content:
                head, digest = insert(database, known, [line(deed.kind, deed.content)])
            if deed.found is not None:
                remove(database, deed.found, head)
            if deed.front is not None:
                move_front(database, deed.front, head)
            put_kept(database, deed.keeps)
            put_head(database, head, digest)
        known.head, known.hash = head, digest
        self._note_end(known)
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
        self._ballast.drop()
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
            self._create(database, Saved(None))
            return []
        return self._create_from_legacy(database, f"{self.path} was removed", "")

    def _replace(self, why: str) -> list[Remark]:
        """Set the file aside and begin a new one that goes on where the old one ended."""
        aside = set_aside(self.path, self._now())
        if self._legacy is None:
            self._legacy = salvage(aside, self.known)
        return self._create_from_legacy(self._attach(), why, aside.name)

    def _create_from_legacy(self, database: apsw.Connection, why: str, aside: str) -> list[Remark]:
        saved = self._legacy or Saved(None)
        if saved.known is None:
            saved = Saved(Known.fresh(secrets.token_hex(16)))
        base = saved.known.base if saved.known else 0
        content: dict[str, object] = {"why": why, "file": aside, "after": base, "kept": len(saved.rows)}
        self._create(database, saved, content)
        self._legacy, self._condemned = None, ""
        log.error("a new journal was begun", why=why, old=aside, after=base, kept=len(saved.rows))
        return [Remark("journal.replaced", f"{why}; a new journal was begun", content, written=True)]

    def _attach(self) -> apsw.Connection:
        database = writer(self.path)
        database.set_wal_hook(self._committed)
        self._database = database
        stat = self.path.stat()
        self._place = stat.st_dev, stat.st_ino
        return database

    def _create(
        self, database: apsw.Connection, saved: Saved, replaced: Mapping[str, object] = MappingProxyType({})
    ) -> None:
        known = saved.known or Known.fresh(secrets.token_hex(16))
        self._compare(known)
        told = [self._line(REPLACED, {**replaced, **vouching(known, saved)})] if replaced else []
        try:
            database.execute("BEGIN IMMEDIATE")
            head, digest = begin(database, known, saved, told)
            database.execute("COMMIT")
        except BaseException as error:
            self._roll_back(database, error)
            raise
        self.known = replace(known, head=head, hash=digest)
        self._note_end(self.known)

    def _line(self, kind: str, content: Mapping[str, object]) -> Line:
        name = f"{secrets.token_hex(6)}-1"
        return write(Event(id=name, at=self._now(), kind=kind, subject="journal", content=dict(content)))

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
        self._compare(loaded)
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
        if isinstance(error, apsw.FullError) and self._ballast.drop():
            log.error("the disk is full; the room that was held for the journal is given up")
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
        self._ended = _read_end(os.pread(lock, 100, 0))

    def _compare(self, known: Known) -> None:
        """Where the file ends, and where the last run has said that it does: once, before anything is written."""
        if self.found is None:
            epoch, head = self._ended
            self.found, self.written = known.head, head if epoch == known.epoch else 0

    def _note_end(self, known: Known) -> None:
        """Say beside the file how far it has been written: its log can be spoilt, and then ends earlier without a word.

        Not synced: after a power cut it may say less, never more.
        """
        if self._lock is not None:
            with suppress(OSError):  # it is overwritten in place; should there be no room, less is known
                os.pwrite(self._lock, f"{known.epoch} {known.head:020d}\n".encode(), 0)

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


def _apply(states: dict[str, bytes], changes: Mapping[str, bytes | None]) -> None:
    for name, state in changes.items():
        if state is None:
            states.pop(name, None)
        else:
            states[name] = state


def _read_end(said: bytes) -> tuple[str, int]:
    """Epoch and number of the newest line; nothing where it cannot be read."""
    epoch, _, number = said.decode("ascii", "replace").partition(" ")
    return (epoch, int(number)) if number.strip().isdecimal() else ("", 0)
