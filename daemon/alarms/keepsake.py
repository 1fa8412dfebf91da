"""A second memory of what latches, in a file beside the journal: a damaged journal must not lock the doors of a fire.

The file says which alarms stand until a person resets them, and how far the journal was written at that moment. It is
believed only where the journal has been begun anew, or ends before that number: then the journal has lost something.
"""

import asyncio
from pathlib import Path
from typing import Any, Protocol

import msgspec
import structlog

from daemon.alarms.annunciator import Annunciator
from daemon.config.lastgood import sync
from gatehouse.alarms import Alarm

log = structlog.get_logger()

_EVERY = 5.0
"""Seconds after which it is written anew where only the journal has grown."""
_LOOK = 0.05
_MOST = 1000
"""Alarms that are kept; a thousand that latch at once are a city on fire."""


class Record(Protocol):
    """What is needed of the journal."""

    @property
    def epoch(self) -> str:
        """Which journal it is; empty until it is open."""

    @property
    def head(self) -> int:
        """Number of its newest durable line."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What the file says."""

    epoch: str
    head: int
    alarms: list[Alarm]


class Keepsake:
    """Writes the file whenever something begins or ceases to latch, and reads it after a start."""

    def __init__(self, file: Path, journal: Record, book: Annunciator) -> None:
        """Nothing is read or written yet."""
        self._file, self._journal, self._book = file, journal, book
        self._begun, self._stirred = asyncio.Event(), asyncio.Event()
        self._told = ""
        book.watch(lambda _kind, _alarm: self._stirred.set())

    async def missing(self, states: list[bytes] | None) -> list[bytes]:
        """Alarms that stood and that the journal has lost, of which `states` is all that it knows; None: it cannot be
        read at all."""
        kept = await asyncio.to_thread(self._read)
        if kept is None:
            return []
        journal = self._journal
        if states is not None and journal.epoch == kept.epoch and journal.head >= kept.head:
            return []
        known = {_occurrence(state) for state in states or ()}
        lost = [alarm for alarm in kept.alarms if alarm.occurrence not in known]
        log.error("the journal has lost what stood", epoch=journal.epoch, head=journal.head, was=kept.head,
                  alarms=[alarm.condition.alarm for alarm in lost])  # fmt: skip
        return [msgspec.json.encode(alarm) for alarm in lost]

    def tell(self, lost: list[bytes]) -> None:
        """Have the journal write down what it has lost, and people called who had not answered."""
        for occurrence in map(_occurrence, lost):
            for alarm in [each for each in self._book.standing.values() if each.occurrence == occurrence]:
                self._book.change(alarm, "alarm.acknowledged" if alarm.acknowledged_by else "alarm.raised", "daemon")

    async def shortened(self) -> str:
        """What the journal has lost that was in it; empty when it has lost nothing."""
        kept = await asyncio.to_thread(self._read)
        if kept is None or (kept.epoch == self._journal.epoch and self._journal.head >= kept.head):
            return ""
        if kept.epoch != self._journal.epoch:
            return f"it was begun anew; the one before had {kept.head} lines"
        return f"it ends at line {self._journal.head}; line {kept.head} had been written"

    def begin(self) -> None:
        """What the last run knew is taken back: from now on the file may be written."""
        self._begun.set()

    async def run(self) -> None:
        """Keep the file as things are, for ever."""
        written: Kept | None = None
        await self._begun.wait()
        while True:
            self._stirred.clear()
            latched = [alarm for alarm in self._book.standing.values() if alarm.condition.latch][:_MOST]
            now = Kept(epoch=self._journal.epoch, head=self._journal.head, alarms=latched)
            if now != written and now.epoch:
                await asyncio.to_thread(self._write, msgspec.json.encode(now, enc_hook=repr))
                written = now
            try:
                async with asyncio.timeout(_EVERY):
                    await self._stirred.wait()
                    await asyncio.sleep(_LOOK)  # what comes together is written together
            except TimeoutError:
                continue

    def _read(self) -> Kept | None:
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=Kept)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            log.error("the second memory of alarms cannot be read", file=str(self._file), why=str(error))
            return None

    def _write(self, content: bytes) -> None:
        try:
            fresh = self._file.with_suffix(".new")
            fresh.write_bytes(content)
            sync(fresh)
            fresh.replace(self._file)
            sync(self._file.parent)
        except OSError as error:  # the journal says that there is no room, or no disk
            if str(error) != self._told:
                log.error("the second memory of alarms cannot be written", file=str(self._file), why=str(error))
            self._told = str(error)
        else:
            self._told = ""


def _occurrence(state: bytes) -> str:
    """An older occurrence of the same alarm, whose case is open still, is another one."""
    try:
        return str(msgspec.json.decode(state, type=dict[str, Any]).get("occurrence", ""))
    except msgspec.DecodeError:  # whoever takes it back says so
        return ""
