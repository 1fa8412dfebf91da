"""A second memory of what latches, in a file beside the journal: a damaged journal must not lock the doors of a fire.

The file says which alarms stand until a person resets them, with the events that told of them, and how far the journal
was written at that moment. It is believed only where the journal has been begun anew, ends before that number, or could
not be read for what stood: then the journal has lost something, and gets the very same events again. A subscriber knows
them by their ids.
"""

import asyncio
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import msgspec
import structlog

from daemon.alarms.annunciator import Annunciator
from daemon.config.lastgood import sync
from daemon.journal.line import read, write
from daemon.journal.salvage import FORGOT
from gatehouse.alarms import Alarm, AlarmState
from gatehouse.events import Event

log = structlog.get_logger()

_EVERY = 5.0
"""Seconds after which it is written anew where only the journal has grown."""
_SOON = 0.5
"""The same after an alarm has changed, whose event may not have been durable yet."""
_LOOK = 0.05
_CLOSE = 0.5
_MOST = 1000
"""Alarms that are kept; a thousand that latch at once are a city on fire."""
_LARGEST = 8192
"""Bytes of the largest event that is kept; the alarm itself is kept all the same."""
_GONE = 100
"""Alarms that were let go lately, whose last event is kept: a reset must not be asked for twice."""


class Record(Protocol):
    """What is needed of the journal."""

    @property
    def epoch(self) -> str:
        """Which journal it is; empty until it is open."""

    @property
    def head(self) -> int:
        """Number of its newest durable line."""

    @property
    def found(self) -> int:
        """The same as it was when it was opened."""

    @property
    def written(self) -> int:
        """The newest line of it that had been written by then, as far as is known; 0 when nothing is."""

    def append(self, event: Event) -> None:
        """Take an event."""

    def keep(self, key: str, state: bytes | None) -> None:
        """Remember a small state behind all that was appended; None forgets it."""

    async def kept(self, prefix: str = "") -> dict[str, bytes]:
        """What is kept under keys that begin so."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What the file says."""

    epoch: str
    head: int
    alarms: list[Alarm]
    events: list[msgspec.Raw] = []
    """Of each alarm the one that it began with, and the newest, as the journal writes them; none in a file of an older
    gatehouse."""
    gone: list[msgspec.Raw] = []
    """The newest event of each that was let go lately."""


class Keepsake:
    """Writes the file whenever something begins or ceases to latch, and reads it after a start."""

    def __init__(self, file: Path, journal: Record, book: Annunciator) -> None:
        """Nothing is read or written yet."""
        self._file, self._journal, self._book = file, journal, book
        self._begun, self._stirred = asyncio.Event(), asyncio.Event()
        self._told, self._writing = "", Lock()  # `close` may come while a write of `run` is not over
        self._events: dict[str, tuple[msgspec.Raw, ...]] = {}  # by occurrence, as in the file
        self._gone: dict[str, msgspec.Raw] = {}
        self._said: set[str] = set()  # occurrences of which this run has written an event
        self._kept: Kept | None = None
        self._forgot = False
        book.wrote = self._note
        book.watch(lambda _kind, _alarm: self._stirred.set())

    async def missing(self, states: list[bytes] | None) -> list[bytes]:
        """Alarms of which the journal has lost that they stood, or how they do by now; `states` is all that it knows,
        None: it cannot be read at all."""
        kept = await self._remembered()
        if states is not None:
            with suppress(OSError):  # told as trouble of the journal
                self._forgot = bool(await self._journal.kept(FORGOT))
        if kept is None:
            return []
        journal = self._journal
        if states is not None and not self._lacks(kept) and not self._forgot:
            return []
        known = {_occurrence(state): state for state in states or ()}
        lost = [alarm for alarm in kept.alarms if alarm.occurrence not in known]
        if journal.epoch == kept.epoch and journal.found < kept.head:  # the file is the newer of both
            newer = [*kept.alarms, *filter(None, map(_alarm, map(_event, kept.gone)))]
            lost += [
                alarm for alarm in newer if alarm.occurrence in known and not _same(known[alarm.occurrence], alarm)
            ]
        log.error("the journal has lost what stood", epoch=journal.epoch, head=journal.found, was=kept.head,
                  alarms=[alarm.condition.alarm for alarm in lost])  # fmt: skip
        return [msgspec.json.encode(alarm) for alarm in lost]

    def rewrite(self, lost: list[bytes]) -> None:
        """Have the journal write down again, word for word, what it has lost; before anything new is said of it."""
        for state in lost:
            alarm = msgspec.json.decode(state, type=Alarm)
            gone = self._gone.get(alarm.occurrence)
            events = [_event(each) for each in self._events.get(alarm.occurrence, (gone,) if gone else ())]
            if alarm.occurrence not in self._said and events and _same(_alarm(events[-1]), alarm):
                for event in events:
                    self._journal.append(event)
                self._said.add(alarm.occurrence)

    def tell(self, lost: list[bytes]) -> None:
        """Have people called who had not answered; and what could not be written down again is written down anew."""
        for occurrence in map(_occurrence, lost):
            for alarm in [each for each in self._book.standing.values() if each.occurrence == occurrence]:
                kind = "alarm.acknowledged" if alarm.acknowledged_by else "alarm.raised"
                if occurrence in self._said:
                    self._book.tell(kind, alarm)
                else:
                    self._book.change(alarm, kind, "daemon")

    async def shortened(self) -> str:
        """What the journal has lost that was in it; empty when it has lost nothing."""
        kept = await self._remembered()
        journal = self._journal
        if kept is None or not self._lacks(kept):
            return ""
        if kept.epoch != journal.epoch:
            return f"it was begun anew; the one before had {kept.head} lines"
        return f"it ends at line {journal.found}; line {max(kept.head, journal.written)} had been written"

    def begin(self) -> None:
        """What the last run knew is taken back: from now on the file may be written."""
        if self._forgot:
            self._journal.keep(FORGOT, None)
        self._kept, cases = None, self._book.cases
        self._gone = {name: event for name, event in self._gone.items()
                      if name not in cases or _same(_alarm(_event(event)), cases[name])}  # fmt: skip
        self._begun.set()

    async def run(self) -> None:
        """Keep the file as things are, for ever."""
        written: Kept | None = None
        await self._begun.wait()
        while True:
            self._stirred.clear()
            now = self._now()
            stirred = written is None or now.alarms != written.alarms
            if now != written and now.epoch:
                await asyncio.to_thread(self._write, msgspec.json.encode(now, enc_hook=repr))
                written = now
            await asyncio.sleep(_LOOK)  # the first is written at once, what comes right after it together
            with suppress(TimeoutError):
                async with asyncio.timeout(_SOON if stirred else _EVERY):
                    await self._stirred.wait()

    async def close(self) -> None:
        """Write how things are at the end, at most half a second; `run` is over, and the journal closed."""
        if self._begun.is_set() and self._journal.epoch:
            with suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE):
                    await asyncio.to_thread(self._write, msgspec.json.encode(self._now(), enc_hook=repr))

    def _now(self) -> Kept:
        latched = [alarm for alarm in self._book.standing.values() if alarm.condition.latch][:_MOST]
        self._events = {alarm.occurrence: self._events.get(alarm.occurrence, ()) for alarm in latched}
        self._said &= self._events.keys()
        events = [event for told in self._events.values() for event in told]
        gone = list(self._gone.values())
        return Kept(epoch=self._journal.epoch, head=self._journal.head, alarms=latched, events=events, gone=gone)

    def _note(self, alarm: Alarm, event: object) -> None:
        """Keep an event of what latches, as it will be read again: nobody can change it any more."""
        occurrence = alarm.occurrence
        if not isinstance(event, Event) or not alarm.condition.latch:
            return
        self._said.add(occurrence)
        body = write(event).body
        its = (msgspec.Raw(body),) if len(body) <= _LARGEST else ()
        if alarm.state is not AlarmState.NORMAL:
            self._events[occurrence] = self._events.get(occurrence, ())[:1] + its if its else ()
            return
        self._gone.pop(occurrence, None)
        for one in its:
            self._gone[occurrence] = one
        while len(self._gone) > _GONE:
            del self._gone[next(iter(self._gone))]

    def _lacks(self, kept: Kept) -> bool:
        """Whether the journal is another one, or ended before a line that had been written."""
        journal = self._journal
        return journal.epoch != kept.epoch or journal.found < max(kept.head, journal.written)

    async def _remembered(self) -> Kept | None:
        """What the file said at the start: nothing is written into it before `begin`."""
        if self._kept is None and not self._begun.is_set():
            self._kept = kept = await asyncio.to_thread(self._read)
            for event in kept.events if kept else ():
                if (name := _told(event)) not in self._said:
                    self._events[name] = (*self._events.get(name, ()), event)
            self._gone = {_told(event): event for event in (kept.gone if kept else ())} | self._gone
        return self._kept

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
            with self._writing:
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


def newest(states: list[bytes], lost: list[bytes]) -> list[bytes]:
    """All that is known, where what the journal has lost goes before what it still knows of the same."""
    newer = set(map(_occurrence, lost))
    return [*(state for state in states if _occurrence(state) not in newer), *lost]


def _event(raw: msgspec.Raw) -> Event:
    return read(0, bytes(raw))


def _told(raw: msgspec.Raw) -> str:
    """Of which occurrence an event tells; empty where it tells of none."""
    alarm = _alarm(_event(raw))
    return alarm.occurrence if alarm else ""


def _alarm(event: Event) -> Alarm | None:
    """The alarm as the event tells it."""
    try:
        return msgspec.convert(event.content.get("alarm_state"), type=Alarm)
    except msgspec.ValidationError:
        return None


def _same(one: Alarm | bytes | None, other: Alarm) -> bool:
    """Whether both tell of the alarm alike, but for whether its condition can be judged at present."""
    if isinstance(one, bytes):
        try:
            one = msgspec.json.decode(one, type=Alarm)
        except msgspec.DecodeError:
            return False
    return one is not None and replace(one, known=True) == replace(other, known=True)
