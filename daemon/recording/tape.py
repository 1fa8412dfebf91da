"""Takes note of what the engine has heard, in its thread and in a microsecond; a thread of its own writes it down.

Nothing waits for it. When the disk is slow, full or gone, changes are lost and counted, and nothing else suffers.
"""

import asyncio
import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from daemon.clock import Clock
from daemon.config.recording import Recording
from daemon.config.references import sort_of
from daemon.image import LiveImage
from daemon.recording.segment import MAGIC, SUFFIX, Block, Change, began, columns, files, packed, size
from gatehouse.points import Reading, Value

EVERY = 5.0
"""Seconds between two blocks: so much is missing from a recording whose process was killed."""
MOST = 50_000
"""Changes that may wait for the disk."""
SPAN = 3600.0
"""Seconds after which another file is begun."""
BIGGEST = 16 << 20
"""Bytes after which it is, too."""
HELD = 60.0
"""Seconds after which a measure that moved within its deadband is written all the same."""


SOON, SOON_MORE = 10.0, 5.0
"""Seconds after it was written in which a measure must move by so many times its deadband to be written again."""


class Tape:
    """One recording. `hear` is called in the engine's thread, `run` is a part of the daemon."""

    def __init__(
        self, folder: Path, image: LiveImage, clock: Clock, boot: str, tell: Callable[[str], object] = str
    ) -> None:
        """Nothing is opened. `tell` hears why nothing can be written, and the empty text when it can again."""
        self.settings = Recording(points="none")
        self.lost = 0
        """Changes that could not be written, since the start."""
        self.written = 0
        """Bytes, since the start."""
        self._folder, self._image, self._clock, self._boot, self._tell = folder, image, clock, boot, tell
        self._wanted: Collection[str] = frozenset()
        self._waiting: list[_Waiting] = []
        self._measures: Collection[str] = frozenset()
        self._last: dict[str, _Last] = {}
        """Point -> what was written of it last, and when."""
        self._dropped = 0
        self._file: Path | None = None
        self._size, self._begun = 0, 0.0
        self._places: dict[str, int] = {}
        self._trouble = ""

    def settle(self, settings: Recording, watched: Collection[str]) -> None:
        """Keep to these settings from now on; `watched`: points that some rule looks at."""
        self.settings = settings
        every = self._image.points
        wanted = {"rules": watched, "all": every, "none": ()}[settings.points]
        self._wanted = frozenset(wanted)
        self._measures = frozenset(name for name in wanted if sort_of(every[name]) and not every[name].momentary)
        self._last = {name: last for name, last in self._last.items() if name in self._wanted}

    def hear(self, points: Collection[str], now: float) -> None:
        """These have just changed, or have grown stale, or are fresh again."""
        for name in points:
            if name in self._wanted:
                reading = self._image.latest(name)
                if reading.at != now:  # it was not put just now: its age has turned it
                    reading = self._image.read(name, now)
                last = self._last.get(name)
                if last is None or name not in self._measures or not self._same(reading, last, now):
                    self._take(name, reading, now)

    def _same(self, reading: Reading, last: "_Last", now: float) -> bool:
        """A measure that has not moved enough to be written again: soon after the last time it must move more."""
        before, quality, at = last
        value, age = reading.value, now - at
        if quality != reading.quality or age >= HELD:
            return False
        if not isinstance(value, _NUMBERS) or not isinstance(before, _NUMBERS):
            return value == before
        share = self.settings.deadband if age >= SOON else self.settings.deadband * SOON_MORE
        return abs(value - before) <= share * abs(before)

    def _take(self, name: str, reading: Reading, now: float) -> None:
        value, quality = reading.value, int(reading.quality)
        if len(self._waiting) >= MOST:
            self._dropped += 1
            return
        if not self._image.points[name].momentary:
            self._last[name] = value, quality, now
        elif not self.settings.cards:
            value = None  # that there was one is nobody's secret
        self._waiting.append((now, name, value, quality))

    # Writing

    async def run(self) -> None:
        """Write what was heard, every few seconds, for ever."""
        try:
            while True:
                await asyncio.sleep(EVERY)
                await self.flush()
        finally:
            self.write(ended=True)

    async def flush(self) -> None:
        """Write what waits, in another thread."""
        batch, before = self._batch(), self._trouble
        if batch.waiting or batch.known:
            await asyncio.to_thread(self._write, batch)
        if self._trouble != before:
            self._tell(self._trouble)

    def write(self, *, ended: bool = False) -> None:
        """Write what waits, here and now; `ended`: nothing more will be heard in this run."""
        self._write(self._batch(), ended=ended)

    def _batch(self) -> "_Batch":
        """What waits, and all that was known before it, where a file is to be begun: of this very instant."""
        offset = self._clock.utc().timestamp() - self._clock.monotonic()
        waiting, self._waiting = self._waiting, []
        dropped, self._dropped = self._dropped, 0
        self.lost += dropped
        known = dict(self._last) if self._due(offset + self._clock.monotonic()) else {}
        return _Batch(offset, offset + self._clock.monotonic(), waiting, known, dropped)

    def _due(self, wall: float) -> bool:
        """It is time for another file."""
        most = min(BIGGEST, self.settings.megabytes * 1_000_000 // 8)
        return self._file is None or not 0 <= wall - self._begun < SPAN or self._size >= most

    def _write(self, batch: "_Batch", *, ended: bool = False) -> None:
        """In any thread, one at a time."""
        try:
            if self._due(batch.wall):
                self._begin(batch)
            if batch.waiting or ended:
                self._append(batch.offset, batch.waiting, batch.dropped, ended=ended)
        except OSError as error:
            self._file = None
            self.lost += len(batch.waiting)
            self._trouble = error.strerror or str(error)
        else:
            self._trouble = ""

    def _begin(self, batch: "_Batch") -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        at = batch.offset + batch.waiting[0][0] if batch.waiting else batch.wall
        first = datetime.fromtimestamp(at, UTC)
        file = self._folder / f"{first:%Y%m%dT%H%M%S.%f}Z{SUFFIX}"
        fresh = {(name, at) for at, name, _, _ in batch.waiting}
        known = {name: its for name, its in batch.known.items() if (name, its[2]) not in fresh}
        names = list(known)
        changes: list[Change] = [(0, place, known[name][0], known[name][1]) for place, name in enumerate(names)]
        data = MAGIC + packed(Block(at, names, changes, self._boot))
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            with open(handle, "wb") as stream:  # noqa: PTH123 - a path would not keep others from reading it
                stream.write(data)
        except OSError:
            file.unlink(missing_ok=True)  # there will be another try
            raise
        self._file, self._size, self._begun = file, len(data), batch.wall
        self._places = {name: place for place, name in enumerate(names)}
        self.written += len(data)
        self._trim(batch.wall)

    def _append(self, offset: float, waiting: Sequence["_Waiting"], dropped: int, *, ended: bool) -> None:
        assert self._file is not None  # noqa: S101 - begun by the caller
        names: list[str] = []
        now = offset + self._clock.monotonic()
        at = offset + waiting[0][0] if waiting else now
        changes: list[Change] = []
        numbers: list[tuple[int, int, float, int]] = []
        for noted, name, value, quality in waiting:
            place = self._places.get(name)
            if place is None:
                place = self._places[name] = len(self._places)
                names.append(name)
            after = max(0, round((offset + noted - at) * 1000))
            if type(value) is float:
                numbers.append((after, place, value, quality))
            else:
                changes.append((after, place, value, quality))
        data = packed(Block(at, names, changes, measures=columns(numbers), lost=dropped))
        if ended:  # at an instant of its own: what people did since the last reading was before it
            data += packed(Block(now, [], [], ended=True))
        with self._file.open("ab") as stream:
            stream.write(data)
        self._size += len(data)
        self.written += len(data)

    def _trim(self, wall: float) -> None:
        """Drop what is older than it may be, and the oldest of what is too much."""
        kept = files(self._folder)[:-1]  # the one that was just begun stays
        oldest = datetime.fromtimestamp(wall - self.settings.keep, UTC)
        room = self.settings.megabytes * 1_000_000 - BIGGEST // 4
        for number, file in enumerate(kept):
            later = kept[number + 1 :]
            over = bool(later) and began(later[0]) <= oldest  # its last reading is older than that
            if over or size([file, *later]) > room:
                file.unlink(missing_ok=True)


_NUMBERS = (int, float)
_Waiting = tuple[float, str, Value | None, int]
_Last = tuple[Value | None, int, float]


@dataclass(frozen=True, slots=True)
class _Batch:
    """What is handed to the thread that writes."""

    offset: float
    """What the wall clock is ahead of the monotonic one."""
    wall: float
    waiting: list[_Waiting]
    known: dict[str, _Last]
    dropped: int
