"""Whether a device is there, how well it answers, and what it said last."""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from daemon.field.scheduler import QUICK_MISSES
from gatehouse.driver import Device, Question, Scan, ScanClass

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


@dataclass(slots=True)
class Age:
    """When a scan last landed, and the longest that its values have been without renewal, in seconds."""

    at: float
    worst: float = 0.0


@dataclass(slots=True, eq=False)
class Presence:
    """One device on a line."""

    name: str
    device: Device
    good_at: float
    """When it last answered, or when we began to ask."""
    scans: tuple[Scan, ...] = ()
    """What it is asked at present."""
    online: bool | None = None
    why: str = "not asked yet"
    fault: str = ""
    """Set for good when its driver is broken."""
    held: str = ""
    """Why it is out of service though it answers: its map is not the one that its driver knows."""
    alive: bool = False
    """It has answered since it was lost; whether it is online is another matter."""
    doubt: bool = False
    """The next reading is not to be trusted: it may be the answer to an earlier question."""
    discard: bool = False
    """Nor worth telling: it is asked again at once."""
    misses: int = 0
    owed: deque[Question] = field(default_factory=deque)
    """Writes that it needs before it is as the profile wants it."""
    prepare_at: float = 0.0
    """Not before this; one that ignores its settings is still read in between."""
    alive_since: float = 0.0
    last: dict[str, Last] = field(default_factory=dict)
    ages: dict[str, Age] = field(default_factory=dict)
    tally: Counter[str] = field(default_factory=Counter)
    trips: deque[float] = field(default_factory=lambda: deque(maxlen=512))
    worst_age: float = 0.0

    @property
    def lost_after(self) -> float:
        """Seconds."""
        safety = any(scan.kind is ScanClass.SAFETY for scan in self.scans)
        return LOST_AFTER_SAFETY if safety else LOST_AFTER

    @property
    def ready(self) -> bool:
        """What it is asked brings values: it may be told something, too."""
        return not self.held and (not self.scans or any(scan.points for scan in self.scans))

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

    def missed(self, *, aside: bool) -> None:
        """It did not; `aside`: nor was it expected to answer this."""
        self.tally["polls"] += 1
        self.tally["misses"] += 1
        self.doubt = True
        self.discard = aside
        self.misses += not aside

    def overdue(self, now: float) -> bool:
        """Silent for so long that it is lost, wherever the fault is."""
        return (self.online is not False or self.alive or bool(self.held)) and now - self.good_at >= self.lost_after

    def lost(self, now: float) -> bool:
        """Lost needs time and misses."""
        return self.misses >= QUICK_MISSES and self.overdue(now)

    def gone(self) -> None:
        """Nothing of what it said holds any more."""
        self.owed.clear()
        self.last.clear()
        for age in self.ages.values():
            age.at = float("-inf")

    def planned(self, scans: Sequence[Scan]) -> None:
        """It is asked other things from now on, and what it answers may mean something else."""
        self.scans = tuple(scans)
        self.last.clear()
        names = {scan.name for scan in scans}
        self.ages = {name: age for name, age in self.ages.items() if name in names}

    def landed(self, scan: Scan, now: float) -> None:
        """It said what a scan wants to know; remember the longest that this has taken."""
        age = self.ages.get(scan.name)
        if age is None:
            self.ages[scan.name] = Age(now)
            return
        passed = now - age.at
        age.at = now
        if age.worst < passed < float("inf"):
            age.worst = passed
            self.worst_age = max(self.worst_age, passed - scan.period)

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
            "scans": {scan.name: self._scan(scan, now) for scan in self.scans},
        }

    def _scan(self, scan: Scan, now: float) -> dict[str, Any]:
        age = self.ages.get(scan.name)
        known = age is not None and age.at > float("-inf")
        return {
            "kind": scan.kind.name.lower(),
            "period": scan.period,
            "worst_age": round(age.worst, 3) if age else None,
            "age": round(now - age.at, 3) if age and known else None,
        }


_COUNTERS = ("polls", "misses", "writes", "refused", "noise", "foreign", "echo", "crc", "half", "late", "doubled")
