"""Whether a device is there, how well it answers, and what it said last."""

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

from daemon.field.scheduler import QUICK_MISSES
from gatehouse.driver import Device, Listener, Question

SETTLES = 3.0
"""Seconds within which a device that came to life takes the settings it is owed."""
LOST_AFTER = 5.0
LOST_AFTER_SAFETY = 2.0
"""Seconds without a good answer, besides three misses in a row, after which a device is lost."""


@dataclass(slots=True)
class Last:
    """What a scan brought last."""

    answer: bytes
    good: bool
    at: float


@dataclass(slots=True, eq=False)
class Presence:
    """One device on a line."""

    name: str
    device: Device | Listener
    safety: bool
    good_at: float
    """When it last answered, or when we began to ask."""
    online: bool | None = None
    why: str = "not asked yet"
    fault: str = ""
    """Set for good when its driver is broken."""
    doubt: bool = False
    """The next reading is not to be trusted: it may be the answer to an earlier question."""
    misses: int = 0
    owed: deque[Question] = field(default_factory=deque)
    """Writes that it needs before it is as the profile wants it."""
    prepare_at: float = 0.0
    """Not before this; one that ignores its settings is still read in between."""
    alive_since: float = 0.0
    last: dict[str, Last] = field(default_factory=dict)
    tally: Counter[str] = field(default_factory=Counter)
    trips: deque[float] = field(default_factory=lambda: deque(maxlen=512))
    worst_age: float = 0.0

    @property
    def lost_after(self) -> float:
        """Seconds."""
        return LOST_AFTER_SAFETY if self.safety else LOST_AFTER

    def answered(self, now: float, trip: float) -> None:
        """It spoke."""
        self.misses = 0
        self.good_at = now
        self.trips.append(trip)
        self.tally["polls"] += 1

    def unsettled(self, now: float) -> bool:
        """Not yet as the profile wants it: its inputs may still drive its relays. One that never takes its settings
        counts as settled all the same, or its fire contact would never be heard."""
        return bool(self.owed) and now - self.alive_since < SETTLES

    def missed(self) -> None:
        """It did not."""
        self.misses += 1
        self.doubt = True
        self.tally["polls"] += 1
        self.tally["misses"] += 1

    def overdue(self, now: float) -> bool:
        """Silent for so long that it is lost, wherever the fault is."""
        return self.online is not False and now - self.good_at >= self.lost_after

    def lost(self, now: float) -> bool:
        """Lost needs time and misses."""
        return self.misses >= QUICK_MISSES and self.overdue(now)

    def landed(self, scan: str, last: Last, period: float) -> None:
        """Remember what a scan brought, and the longest that its values have been without renewal."""
        before = self.last.get(scan)
        if before is not None:
            self.worst_age = max(self.worst_age, last.at - before.at - period)
        self.last[scan] = last

    def status(self, now: float) -> dict[str, Any]:
        """For people; times in milliseconds, ages in seconds."""
        trips = sorted(self.trips)
        return {
            "online": self.online,
            "why": self.why,
            "last_answer": round(now - self.good_at, 3),
            "worst_lateness": round(self.worst_age, 3),
            "round_trip_p50": round(1000 * trips[len(trips) // 2], 2) if trips else None,
            "round_trip_p99": round(1000 * trips[len(trips) * 99 // 100], 2) if trips else None,
            **{name: self.tally[name] for name in _COUNTERS},
        }


_COUNTERS = ("polls", "misses", "writes", "refused", "noise", "foreign", "echo", "crc", "half")
