"""The journal: every event in order, on the disk before anybody is told, and the outbox of every subscriber.

Appending never waits. One thread writes and syncs all that has gathered since it last did (group commit), another reads
for the feeds, a third searches. When the disk fails, events wait in memory, bounded, and are written in order later.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from logging import ERROR, INFO
from pathlib import Path
from typing import Any

import apsw
import structlog

from daemon.clock import Clock
from daemon.journal.file import JournalError, check_sqlite, explain, is_damage
from daemon.journal.kept import Kept, Pending
from daemon.journal.line import Line, write
from daemon.journal.query import Filter, ReadFile
from daemon.journal.queue import Dropped, Queue
from daemon.journal.room import Room
from daemon.journal.salvage import Known
from daemon.journal.store import Remark, Store
from daemon.journal.trim import Trimmer
from daemon.journal.worker import Worker
from gatehouse.events import Event

__all__ = ["Filter", "Journal", "JournalError"]

log = structlog.get_logger()

_BATCH = 1000
_IDLE = 1.0
"""Seconds after which moved cursors are written even if nothing happens."""
_RETRY = 1.0
_HANGS = 5.0
"""Seconds without an answer from the disk that count as trouble."""
_CLOSE = 0.8
"""Seconds that `close` grants to the disk."""
_RESTORE = 5.0
_LOOK = 10.0
"""Seconds after which it is looked again whether lines must go."""
_STEP = 0.05
"""Seconds between two steps of cutting while there is more to cut; as long as events come without a pause:"""
_BUSY = 1.0

_Trouble = (apsw.Error, OSError, JournalError, UnicodeDecodeError)


class Journal:
    """The journal of one site. Everything but `run` may be called at any time, from the loop's thread."""

    def __init__(self, path: Path, clock: Clock, on_trouble: Callable[[str], None]) -> None:
        """`on_trouble` is told once what is wrong, and "" when all is well again. JournalError on an unsafe SQLite."""
        check_sqlite(apsw.sqlite_lib_version())
        self.head = 0
        """Number of the newest durable event."""
        self.head_hash = ""
        self.found, self.written = 0, 0
        """The newest line when it was opened; and the newest that had been written by then, as far as is known."""
        self.epoch = ""
        """Random, made with the journal; empty until it is open. Another epoch: the numbers began anew."""
        self.trouble = ""
        self.progress = 0
        self.trimmer = Trimmer(clock)
        """Retention: what the site wants kept, and whose cursors count."""
        self.on_room: Callable[[Room, Sequence[str]], None] = _ignore
        """Told every ten seconds of the room on the disk, and of classes that do not fit into their size."""
        self._trim_at = clock.monotonic() + _LOOK
        self._path, self._clock, self._on_trouble = path, clock, on_trouble
        self._store = Store(path, clock.utc)
        self._writer, self._reader, self._searcher = Worker("journal"), Worker("journal-read"), Worker("journal-search")
        self._queue = Queue()
        self._notes: list[Line] = []  # what the journal has to say about itself, ahead of all that waits
        self._moves: dict[str, int] = {}
        self._cursors: dict[str, int] = {}
        self._kept = Kept()
        self._mark, self._noted = secrets.token_hex(6), 0
        self._job: tuple[asyncio.Future[Any], Callable[[Any], None]] | None = None  # what the disk does, and what then
        self._doubt = ""  # damage that a reader met
        self._writing, self._reading = "", ""  # trouble of either
        self._generation = 0  # grows when readers must open the file anew
        self._wake, self._bell = asyncio.Event(), asyncio.Event()
        self._settled = asyncio.Event()  # opened, or found that it cannot be
        self._turns, self._closing = asyncio.Lock(), asyncio.Event()
        self._feeds_file, self._search_file = ReadFile(path), ReadFile(path)

    def append(self, event: Event) -> None:
        """Take an event. Never waits, never fails."""
        self._queue.push(write(event))
        self._wake.set()
        if self.trouble:
            self._ring()

    def waiting(self, after: str = "") -> Sequence[Event]:
        """Events that are not durable yet, oldest first; only those behind the one of this id, where it is there."""
        return self._queue.events(after)

    def cursor(self, subscriber: str) -> int:
        """The newest event that a subscriber has confirmed. 0 for a new one, and as long as `epoch` is empty."""
        if self.epoch and subscriber not in self._cursors:
            self._moves.setdefault(subscriber, 0)  # known from now on: what it is owed is saved from a bad file
        return self._moves.get(subscriber, self._cursors.get(subscriber, 0))

    def move(self, subscriber: str, number: int) -> None:
        """A subscriber has confirmed all up to this number; on the disk with the next commit, at most 1 s later."""
        number = min(number, self.head)
        if self.epoch and number != self.cursor(subscriber):
            self._moves[subscriber] = number

    def keep(self, key: str, state: bytes | None) -> None:
        """Remember a small state beside the events, durable with the next commit; None forgets it. Never waits.

        It never gets ahead of the events that were appended before it. ValueError above 64 KiB.
        """
        self._kept.put(key, state, self._queue.newest)
        self._wake.set()

    async def kept(self, prefix: str = "") -> dict[str, bytes]:
        """All that is kept under keys that begin so, as of the last `keep`.

        Waits for the journal to open, at most 5 s; OSError when it cannot be opened.
        """
        return self._kept.over(dict((await self._restored()).kept), prefix)

    async def read(self, after: int, limit: int = 256) -> list[Event]:
        """Durable events above a number, oldest first; none, after a second, when the disk cannot be read."""
        upto, generation = self.head, self._generation
        if after >= upto or not self.epoch:
            return []
        try:
            found = await self._reader.do(partial(self._feeds_file.read, generation, after, upto, limit))
        except _Trouble as error:
            self._reading = explain(error, self._path)
            if is_damage(error) and generation == self._generation:
                self._doubt = self._reading
                self._wake.set()
            self._say()
            await asyncio.sleep(_RETRY)
            return []
        if self._reading:
            self._reading = ""
            self._say()
        return found

    async def query(
        self, after: int = 0, limit: int = 256, wanted: Filter | None = None, *, newest: bool = False
    ) -> list[Event]:
        """Durable events above a number that are wanted, oldest first: the first `limit`, or the newest.

        JournalError when the file cannot be read.
        """
        if not self.epoch:
            raise JournalError(self.trouble or f"{self._path} is not open yet")
        found: list[Event] = []
        upto, wanted = self.head, wanted or Filter()
        try:
            begin = partial(self._search_file.search, self._generation, after, upto, wanted, limit, newest=newest)
            parts = await self._searcher.do(begin)
            while (part := await self._searcher.do(lambda: next(parts, None))) is not None:
                found = part + found if newest else found + part
        except _Trouble as error:
            raise JournalError(explain(error, self._path)) from error
        return found

    async def wait_beyond(self, number: int, timeout: float) -> None:  # noqa: ASYNC109 - callers wait in a loop and want no exception each time
        """Return when there is a durable event above `number`, when trouble or what waits in it changed, or in time."""
        if self.head > number:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                trouble = self.trouble
                while self.head <= number:
                    await self._bell.wait()
                    if trouble or self.trouble:
                        return

    async def standing(self) -> list[bytes]:
        """Every alarm that is not back to normal, as JSON, as of the newest durable event.

        Waits for the journal to open, at most 5 s; OSError when it cannot be opened.
        """
        return list((await self._restored()).standing.values())

    async def _restored(self) -> Known:
        await _within(_RESTORE, self._settled.wait())
        known = self._store.known
        if known is None:
            raise OSError(self.trouble or f"{self._path}: the disk does not answer")
        return known

    async def run(self) -> None:
        """Write for ever. No trouble of the disk ends it; after `close` it only waits to be cancelled."""
        log.info("journal", path=str(self._path), sqlite=apsw.sqlite_lib_version(), apsw=apsw.apsw_version())
        while not self._closing.is_set():
            self.progress += 1
            if not await self._turn():
                await _within(_RETRY, self._closing.wait())
        await asyncio.Event().wait()

    async def close(self) -> None:
        """Write and sync what can be, and let go of the file; at most 1 s."""
        self._closing.set()
        self._wake.set()
        await _within(_CLOSE, self._flush())
        if left := len(self._queue) + len(self._notes):
            log.error("events were not written before the end", events=left, why=self.trouble or "the disk is slow")
        ends = [self._reader.do(self._feeds_file.close), self._searcher.do(self._search_file.close)]
        await asyncio.wait(ends, timeout=_CLOSE / 8)
        await asyncio.wait([self._writer.do(self._store.close)], timeout=_CLOSE / 8)
        for worker in (self._reader, self._searcher, self._writer):
            worker.stop()

    async def _flush(self) -> None:
        """Write all that waits, unless the disk fails."""
        while self._job is not None or self._queue or self._notes or self._moves or self._kept:
            if not await self._turn():
                break

    async def _turn(self) -> bool:
        """Do what there is to do with the disk, or wait a second for something; False when the disk fails."""
        try:
            async with self._turns:
                if self._job is None:
                    await self._gather()
                    self._begin()
                await self._finish()
        except _Trouble as error:
            self._writing = explain(error, self._path)
            self._say()
            self._settled.set()
            return False
        self._say()
        return True

    async def _gather(self) -> None:
        """Wait until there is something to write, at the latest until moved cursors are due."""
        if self._is_wanted() or not self._store.opened or self._doubt or self._closing.is_set():
            return
        self._wake.clear()
        rest = max(0.0, self._trim_at - self._clock.monotonic())
        await _within(min(_IDLE, rest), self._wake.wait())

    def _is_wanted(self) -> bool:
        """Events wait; or, after trouble, one commit must prove that all is well."""
        return bool(self._queue or self._notes or self._kept or self._writing)

    def _begin(self) -> None:
        """Give the writing thread its next job, if there is one."""
        if self._doubt:
            why, self._doubt = self._doubt, ""
            self._job = self._writer.do(partial(self._store.condemn, why)), lambda _: None
        elif not self._store.opened:
            self._job = self._writer.do(self._store.open), self._opened
        elif self._trim_is_due():
            self._trim_at = self._clock.monotonic() + _LOOK  # also when it fails
            self._job = self._writer.do(partial(self._store.trim, self.trimmer, self._line)), self._trimmed
        elif self._is_wanted() or self._moves:
            notes, moves = len(self._notes), dict(self._moves)
            lines = self._notes + self._queue.take(_BATCH)
            keeps = self._kept.due(self._queue.covered)
            states = {key: state for key, (_, state) in keeps.items()}
            commit = partial(self._store.commit, lines, self._queue.standing(), moves, states)
            self._job = self._writer.do(commit), lambda _: self._wrote(notes, moves, keeps)

    def _trim_is_due(self) -> bool:
        """At once when nothing is to be written; else events go first, but not for ever."""
        late = self._clock.monotonic() - self._trim_at
        return late >= (_BUSY if self._is_wanted() or self._moves else 0.0) and not self._closing.is_set()

    def _trimmed(self, done: bool) -> None:
        self._trim_at = self._clock.monotonic() + (_STEP if done else _LOOK)
        self._publish()
        if self._store.untidy:
            self._writer.do(self._store.tidy)
        if self.trimmer.room is not None:
            self.on_room(self.trimmer.room, self.trimmer.short)

    async def _finish(self) -> None:
        """Wait for the job, however long it takes: a disk that hangs is trouble, not an end."""
        if self._job is None:
            return
        future, then = self._job
        began = self._clock.monotonic()
        while not future.done():
            await asyncio.wait([future], timeout=_RETRY)
            self.progress += 1
            if not future.done() and self._clock.monotonic() - began >= _HANGS:
                self._writing = f"the disk of {self._path} does not answer; see the kernel's log, it may be dying"
                self._say()
                self._settled.set()
        self._job = None
        then(future.result())

    def _opened(self, remarks: Sequence[Remark]) -> None:
        known = self._known()
        self._generation += 1
        if known.epoch != self.epoch:
            self._moves = {}
        self.epoch, self._cursors = known.epoch, dict(known.cursors)
        self.found, self.written = self._store.found or 0, self._store.written
        self._reading = ""
        self._publish()
        self._settled.set()
        for remark in remarks:
            if not remark.written:
                self._note(remark.kind, remark.content)
            self._writing = remark.why
            self._say()

    def _wrote(self, notes: int, moves: dict[str, int], keeps: Pending) -> None:
        self._queue.settle()
        del self._notes[:notes]
        self._cursors.update(moves)
        self._moves = {name: number for name, number in self._moves.items() if moves.get(name) != number}
        self._kept.settle(keeps)
        if self._queue.dropped.count:
            self._note("journal.dropped", self._queue.dropped.told())
            self._queue.dropped = Dropped()
        self._writing = ""
        self._publish()
        if self._store.untidy:
            self._writer.do(self._store.tidy)

    def _known(self) -> Known:
        if self._store.known is None:
            raise JournalError(f"{self._path} is not open")
        return self._store.known

    def _publish(self) -> None:
        """What the disk has confirmed may now be seen."""
        known = self._known()
        if known.head != self.head or not self.head_hash:
            self.head, self.head_hash = known.head, known.hash.hex()
            self._ring()

    def _note(self, kind: str, content: Mapping[str, object]) -> None:
        self._notes.append(self._line(kind, content))

    def _line(self, kind: str, content: Mapping[str, object]) -> Line:
        """One of the journal's own; also called in the writing thread, while no other is made here."""
        self._noted += 1
        event = Event(
            id=f"{self._mark}-{self._noted}",
            at=self._clock.utc(),
            kind=kind,
            subject="journal",
            content=dict(content),
        )
        return write(event)

    def _say(self) -> None:
        """Tell of trouble, and of its end, once."""
        trouble = self._writing or self._reading
        if trouble != self.trouble:
            self.trouble = trouble
            log.log(ERROR if trouble else INFO, "journal in trouble" if trouble else "journal is well", why=trouble)
            self._ring()
            self._on_trouble(trouble)

    def _ring(self) -> None:
        self._bell.set()
        self._bell = asyncio.Event()


def _ignore(room: Room, short: Sequence[str]) -> None:
    """Nobody asks."""


async def _within(seconds: float, what: Awaitable[object]) -> None:
    """Wait for it, but not longer."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await what
