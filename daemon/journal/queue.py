"""The events that are not on the disk yet: in order, bounded, and when there is no more room the least important go."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice, takewhile
from operator import itemgetter

from daemon.journal.line import IMPORTANCE, Line
from gatehouse.events import Event

MOST = 100_000
MOST_BYTES = 64 << 20
_GO_FIRST = (0, 4, 3, 2)
"""Severities in the order in which they go. Severity 1, life, never makes room for anything."""
_RESERVE = 2
"""Life safety alone may grow to so many times the bound: past that, memory would end the whole box."""


@dataclass(slots=True)
class Dropped:
    """What found no room."""

    count: int = 0
    first: datetime | None = None
    last: datetime | None = None
    severities: dict[int, int] = field(default_factory=dict)

    def add(self, event: Event) -> None:
        """Count one more."""
        self.count += 1
        self.first = event.at if self.first is None else min(self.first, event.at)
        self.last = event.at if self.last is None else max(self.last, event.at)
        self.severities[event.severity] = self.severities.get(event.severity, 0) + 1

    def told(self) -> dict[str, object]:
        """The content of the event that says so."""
        by_severity = {str(severity): count for severity, count in sorted(self.severities.items())}
        return {"count": self.count, "first": self.first, "last": self.last, "severities": by_severity}


class Queue:
    """Lines on their way to the disk. A batch is taken, and stays the batch until it is settled."""

    def __init__(self, most: int = MOST, most_bytes: int = MOST_BYTES) -> None:
        """Hold at most so many lines, and bodies of so many bytes in all."""
        self.dropped = Dropped()
        self._most, self._most_bytes = most, most_bytes
        self._bytes = 0
        self._ticket = 0
        self._lines: dict[int, Line] = {}  # by ticket, oldest first
        self._lanes: tuple[deque[int], ...] = tuple(deque() for _ in IMPORTANCE)  # tickets of each severity
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
        self._lanes[line.event.severity].append(self._ticket)
        self._bytes += len(line.body)
        while self._is_over(1) and self._drop():
            pass

    def take(self, most: int) -> list[Line]:
        """The oldest lines, as a batch: the one not settled yet, filled up."""
        for ticket in list(islice(self._lines, max(0, most - len(self._taken)))):
            line = self._lines.pop(ticket)
            self._lanes[line.event.severity].popleft()
            self._taken[ticket] = line
        return list(self._taken.values())

    def standing(self) -> dict[str, bytes | None]:
        """How the batch leaves the alarms, dropped events included: the whole alarm, None for back to normal."""
        self._offered = self._ticket
        states = {alarm: state for alarm, (_, state) in self._orphans.items()}
        for ticket, line in self._taken.items():
            if line.standing is not None and ticket > self._orphans.get(line.standing[0], (0, None))[0]:
                states[line.standing[0]] = line.standing[1]
        return states

    def settle(self) -> None:
        """The batch is on the disk."""
        settled = min(self._offered, next(iter(self._lines), self._offered + 1) - 1)
        self._orphans = {alarm: orphan for alarm, orphan in self._orphans.items() if orphan[0] > settled}
        self._bytes -= sum(len(line.body) for line in self._taken.values())
        self._taken = {}

    def events(self, after: str = "") -> tuple[Event, ...]:
        """All of them, oldest first; only those behind the one of this id, where it is there: that costs little."""
        newest = (line.event for lines in (self._lines, self._taken) for line in reversed(lines.values()))
        found = list(takewhile(lambda event: event.id != after, newest))
        return tuple(reversed(found))

    def _is_over(self, times: int) -> bool:
        return len(self) > self._most * times or self._bytes > self._most_bytes * times

    def _drop(self) -> bool:
        for severity in _GO_FIRST:
            if self._lanes[severity]:
                self._forget(self._lanes[severity].popleft())
                return True
        if self._is_over(_RESERVE) and self._lanes[1]:
            self._forget(self._lanes[1].pop())
            return True
        return False

    def _forget(self, ticket: int) -> None:
        line = self._lines.pop(ticket)
        self._bytes -= len(line.body)
        self.dropped.add(line.event)
        if line.standing is not None:
            alarm, state = line.standing
            self._orphans[alarm] = max((ticket, state), self._orphans.get(alarm, (0, None)), key=itemgetter(0))
