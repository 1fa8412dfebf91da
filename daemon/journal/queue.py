"""The events that are not on the disk yet: in order, bounded, and when there is no more room the least important go."""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice, takewhile
from operator import itemgetter
from typing import overload

from daemon.journal.line import Line, from_microseconds
from daemon.journal.retention import CLASSES, THINNED, Class, class_of
from gatehouse.events import Event

MOST = 100_000
MOST_BYTES = 64 << 20
_PLAIN: tuple[Class, ...] = (*THINNED, *(name for name in reversed(list(CLASSES)) if name not in THINNED))
_LANES = len(_PLAIN) + 4
_LIFE = _LANES - 1
"""Lanes in the order in which they make room: lines without a severity by their class, then alarms of severity 4, 3, 2.
Severity 1, life, never makes room for anything."""
_RESERVE = 2
"""Life safety alone may grow to so many times the bound: past that, memory would end the whole box."""


@dataclass(slots=True)
class Dropped:
    """What found no room."""

    count: int = 0
    first: datetime | None = None
    last: datetime | None = None
    severities: dict[int, int] = field(default_factory=dict)

    classes: Counter[str] = field(default_factory=Counter)

    def add(self, line: Line) -> None:
        """Count one more."""
        at = from_microseconds(line.at)
        self.count += 1
        self.first = at if self.first is None else min(self.first, at)
        self.last = at if self.last is None else max(self.last, at)
        self.severities[line.severity] = self.severities.get(line.severity, 0) + 1
        self.classes[class_of(line.kind)] += 1

    def told(self) -> dict[str, object]:
        """The content of the event that says so."""
        by_severity = {str(severity): count for severity, count in sorted(self.severities.items())}
        return {"count": self.count, "first": self.first, "last": self.last, "severities": by_severity,
                "classes": dict(self.classes)}  # fmt: skip


class _Events(Sequence[Event]):
    """Lines as events, each made when it is looked at: a hundred thousand at once would hold up the doors."""

    def __init__(self, lines: list[Line]) -> None:
        self._lines = lines

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, place: int) -> Event: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Event]: ...
    def __getitem__(self, place: int | slice) -> Event | Sequence[Event]:
        return _Events(self._lines[place]) if isinstance(place, slice) else self._lines[place].event


class Queue:
    """Lines on their way to the disk. A batch is taken, and stays the batch until it is settled."""

    def __init__(self, most: int = MOST, most_bytes: int = MOST_BYTES) -> None:
        """Hold at most so many lines, and bodies of so many bytes in all."""
        self.dropped = Dropped()
        self._most, self._most_bytes = most, most_bytes
        self._bytes = 0
        self._ticket = 0
        self._lines: dict[int, Line] = {}  # by ticket, oldest first
        self._lanes: tuple[deque[int], ...] = tuple(deque() for _ in range(_LANES))  # tickets of each lane
        self._taken: dict[int, Line] = {}  # always older than all in _lines
        self._orphans: dict[str, tuple[int, bytes | None]] = {}  # alarms as dropped events left them
        self._offered = 0  # the newest ticket that `standing` knew of

    def __len__(self) -> int:
        return len(self._lines) + len(self._taken)

    @property
    def newest(self) -> int:
        """Grows with every line that is pushed."""
        return self._ticket

    @property
    def covered(self) -> int:
        """All lines up to this one are in the batch, or older, or dropped."""
        return next(iter(self._lines), self._ticket + 1) - 1

    def push(self, line: Line) -> None:
        """Add the newest line; may drop another one, or this one."""
        self._ticket += 1
        self._lines[self._ticket] = line
        self._lanes[_lane(line)].append(self._ticket)
        self._bytes += len(line.body)
        while self._is_over(1) and self._drop():
            pass

    def take(self, most: int) -> list[Line]:
        """The oldest lines, as a batch: the one not settled yet, filled up."""
        for ticket in list(islice(self._lines, max(0, most - len(self._taken)))):
            line = self._lines.pop(ticket)
            self._lanes[_lane(line)].popleft()
            self._taken[ticket] = line
        return list(self._taken.values())

    def standing(self) -> dict[str, bytes | None]:
        """How the batch leaves the alarms, dropped events included: the whole alarm, None for back to normal."""
        self._offered = self._ticket
        states = {alarm: state for alarm, (_, state) in self._orphans.items()}
        for ticket, line in self._taken.items():
            if line.alarm and ticket > self._orphans.get(line.alarm, (0, None))[0] and (standing := line.standing):
                states[line.alarm] = standing[1]
        return states

    def settle(self) -> None:
        """The batch is on the disk."""
        settled = min(self._offered, next(iter(self._lines), self._offered + 1) - 1)
        self._orphans = {alarm: orphan for alarm, orphan in self._orphans.items() if orphan[0] > settled}
        self._bytes -= sum(len(line.body) for line in self._taken.values())
        self._taken = {}

    def events(self, after: str = "") -> Sequence[Event]:
        """All of them, oldest first; only those behind the one of this id, where it is there: that costs little."""
        newest = (line for lines in (self._lines, self._taken) for line in reversed(lines.values()))
        found = list(takewhile(lambda line: line.id != after, newest))
        return _Events(found[::-1]) if found else ()

    def _is_over(self, times: int) -> bool:
        return len(self) > self._most * times or self._bytes > self._most_bytes * times

    def _drop(self) -> bool:
        for lane in self._lanes[:_LIFE]:
            if lane:
                self._forget(lane.popleft())
                return True
        if self._is_over(_RESERVE) and self._lanes[_LIFE]:
            self._forget(self._lanes[_LIFE].pop())
            return True
        return False

    def _forget(self, ticket: int) -> None:
        line = self._lines.pop(ticket)
        self._bytes -= len(line.body)
        self.dropped.add(line)
        if (standing := line.standing) is not None:
            alarm, state = standing
            self._orphans[alarm] = max((ticket, state), self._orphans.get(alarm, (0, None)), key=itemgetter(0))


def _lane(line: Line) -> int:
    return _LANES - line.severity if line.severity else _PLAIN.index(class_of(line.kind))
