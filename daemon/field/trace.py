"""The last minute of everything on a line, always kept: what was asked, what came back, and what else was heard."""

import asyncio
import struct
from collections import deque
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from math import inf

from daemon.clock import Clock

KEPT = 60.0
"""Seconds that are always there."""
_SPAN = 10.0
"""Seconds of one segment: what is too old goes a segment at a time."""
_MOST = 1 << 20
"""Bytes kept at most: a line that is never silent has less than a minute."""
_FULL = _MOST // 6
"""Bytes of one segment."""
_LABELS = 1 << 15
_LOOK = 0.05
"""Seconds between two looks of a follower."""
_HEAD = struct.Struct("<fHH")
"""Seconds since the segment began, number of the label, bytes that follow."""
_BOTH = struct.Struct("<fHHfH")
"""The same of a request whose label says `exchange`; then the seconds until its answer came, and the bytes of that."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened on a line."""

    at: float
    """Monotonic seconds."""
    kind: str
    """`sent`, `answer`, `noise`, `foreign`, `echo`, `crc`, `half`, `late`, `stray`, `miss` and `learnt` of an exchange;
    `open` and `lost` of the line; `skipped` tells a slow follower how many entries it has not seen, `quiet` that
    nothing happened."""
    device: str
    """Whom it is about; empty for the line, and for a technician's visit."""
    scan: str
    """What was asked: a scan's name, or `write` and the channel. For `skipped`, how many."""
    data: bytes


@dataclass(slots=True)
class _Segment:
    began: float
    first: int
    """Number of its first entry, counted since the line began."""
    last: int
    data: bytearray = field(default_factory=bytearray)


class Ring:
    """Written by one line, read by whoever wants to know."""

    def __init__(self, clock: Clock) -> None:
        """Nothing has happened yet."""
        self._clock = clock
        self._labels: dict[tuple[str, str, str], int] = {}
        self._whom: dict[tuple[str, str], int] = {}
        self._names: list[tuple[str, str, str]] = []
        self._segments: deque[_Segment] = deque([_Segment(0.0, 0, 0)])

    def note(self, kind: str, device: str, data: bytes, now: float, scan: str = "") -> None:
        """Keep it, for a minute."""
        segment = self._segments[-1]
        past = now - segment.began
        if past >= _SPAN or len(segment.data) > _FULL:
            segment, past = self._begin(now), 0.0
        label = self._labels.get((kind, device, scan))
        if label is None:
            label = self._label(kind, device, scan)
            segment = self._segments[-1]
        data = data[:0xFFFF]
        segment.data += _HEAD.pack(max(0.0, past), label, len(data)) + data
        segment.last += 1

    def exchange(self, whom: tuple[str, str], sent: float, request: bytes, now: float, answer: bytes) -> None:
        """What nearly always happens: a device was asked, and answered."""
        label, segment = self._whom.get(whom), self._segments[-1]
        data, past = segment.data, sent - segment.began
        if label is None or not 0.0 <= past < _SPAN or len(data) > _FULL:
            self._rarely(whom, sent, request, now, answer)
            return
        data += _BOTH.pack(past, label, len(request), now - sent, len(answer)) + request + answer
        segment.last += 2

    def _rarely(self, whom: tuple[str, str], sent: float, request: bytes, now: float, answer: bytes) -> None:
        """The first time, and where one segment ends and the next begins."""
        device, scan = whom
        self.note("sent", device, request, sent, scan)
        self.note("answer", device, answer, now, scan)
        if whom not in self._whom:
            self._whom[whom] = self._label("exchange", device, scan)

    def entries(self, since: float = -inf) -> list[Entry]:
        """What is kept, oldest first; `since` is monotonic."""
        oldest = max(since, self._clock.monotonic() - KEPT)
        return [entry for segment in self._segments for entry in self._read(segment) if entry.at >= oldest]

    def copy(self) -> "Ring":
        """As it is now, and stays: another thread may read it at leisure."""
        other = Ring(self._clock)
        other._names = list(self._names)
        other._segments = deque(_Segment(each.began, each.first, each.last, each.data[:]) for each in self._segments)
        return other

    @property
    def size(self) -> int:
        """Bytes in use."""
        return sum(len(segment.data) for segment in self._segments)

    def follow(self, quiet: float = inf) -> AsyncIterator[Entry]:
        """What happens from now on, for ever. The ring is its buffer: who is slower than that is told what is gone, and
        who wants a sign of life after so many quiet seconds gets one."""
        newest = self._segments[-1]
        return self._follow(newest, len(newest.data), newest.last, quiet)

    async def _follow(self, segment: _Segment, offset: int, number: int, quiet: float) -> AsyncIterator[Entry]:
        told = self._clock.monotonic()
        while True:
            await asyncio.sleep(_LOOK)
            now = self._clock.monotonic()
            if now - told >= quiet:
                yield Entry(now, "quiet", "", "", b"")
                told = now
            for current in list(self._segments):
                if current.last <= number:
                    continue
                if current.first > number:
                    yield Entry(current.began, "skipped", "", str(current.first - number), b"")
                begin = offset if current is segment else 0
                segment, offset, number, told = current, len(current.data), current.last, now
                for entry in list(self._read(current, begin)):
                    yield entry

    def _begin(self, now: float) -> _Segment:
        """A new segment; what is older than a minute, or too much, goes."""
        last = self._segments[-1]
        if last.last == last.first:
            last.began = now
            return last
        fresh = _Segment(now, last.last, last.last)
        self._segments.append(fresh)
        while self._segments[1].began < now - KEPT or self.size > _MOST:
            self._segments.popleft()
        return fresh

    def _label(self, kind: str, device: str, scan: str) -> int:
        if len(self._names) >= _LABELS:  # devices came and went for years: their old names go with all they did
            self._labels.clear()
            self._whom.clear()
            self._names.clear()
            last = self._segments[-1]
            self._segments = deque([_Segment(last.began, last.last, last.last)])
        name = kind, device, scan
        self._names.append(name)
        self._labels[name] = len(self._names) - 1
        return len(self._names) - 1

    def _read(self, segment: _Segment, offset: int = 0) -> Iterator[Entry]:
        data, began = segment.data, segment.began
        while offset < len(data):
            past, label, size = _HEAD.unpack_from(data, offset)
            kind, device, scan = self._names[label]
            if kind != "exchange":
                offset += _HEAD.size + size
                yield Entry(began + past, kind, device, scan, bytes(data[offset - size : offset]))
                continue
            *_, took, more = _BOTH.unpack_from(data, offset)
            offset += _BOTH.size + size + more
            middle = offset - more
            yield Entry(began + past, "sent", device, scan, bytes(data[middle - size : middle]))
            yield Entry(began + past + took, "answer", device, scan, bytes(data[middle:offset]))
